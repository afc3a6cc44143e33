"""Repairs the times of samples: outliers, clocks that are set during an activity, samples out of order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from strava_assets.archive.fit_decoder import Flags, Values

DAY_S = 86_400.0
# Times that are this rare and this far from all others are faults of the clock, not a part of the activity.
_MAX_OUTLIER_SHARE = 0.01
_MAX_OUTLIERS = 60
_MINUTE_S = 60.0
# Devices that write their sensors in turn step back all the time; a clock is set once or twice.
_MAX_SET_BACK = 3


def outliers(times: Values) -> Flags:
    """Which times do not belong to the recording: a few that are far from their neighbors.

    Times are outliers if a few are more than a day from all others, if less than half of them are more than a
    year from the others, or if a single one leaves the sequence by more than a minute and the next one
    continues it.

    Args:
        times: Seconds in the order of the file.
    """
    few = max(1.0, min(_MAX_OUTLIERS, _MAX_OUTLIER_SHARE * len(times)))
    far = _far_from_all(times, DAY_S, few)
    # Of the others, so that both together never drop every sample.
    near = np.flatnonzero(~far)
    far[near] = _far_from_all(times[near], 365 * DAY_S, len(near) / 2)
    is_outlier = far.copy()
    is_outlier[np.flatnonzero(~far)[_out_of_sequence(times[~far])]] = True
    return is_outlier if is_outlier.sum() - far.sum() <= few else far


def _far_from_all(times: Values, gap_s: float, most: float) -> Flags:
    """Which times belong to a group of at most `most` times that is more than `gap_s` from every other."""
    order = np.argsort(times, kind="stable")
    group = np.cumsum(np.diff(times[order], prepend=times[order[0]]) > gap_s)
    sizes = np.bincount(group)
    far = np.empty(len(times), bool)
    far[order] = ((sizes <= most) & (sizes < sizes.max()))[group]
    return far


def _out_of_sequence(times: Values) -> Flags:
    is_outlier = np.zeros(len(times), bool)
    if len(times) > 2:
        before, inner, after = times[:-2], times[1:-1], times[2:]
        resumes = (after >= before) & (after - before <= _MINUTE_S)
        is_outlier[1:-1] = resumes & ((inner < before - _MINUTE_S) | (inner > after + _MINUTE_S))
    return is_outlier


def join_unset_clock(times: Values, first_date: float) -> tuple[Values, int]:
    """Move the samples from before the clock was set to directly before the first one after it.

    Args:
        times: Seconds in the order of the file.
        first_date: Smaller times are not a date.

    Returns:
        The times, and the number of samples that were moved. If no time is a date, nothing is moved.
    """
    dated = np.flatnonzero(times >= first_date)
    if not len(dated) or not dated[0]:
        return times, 0
    first = dated[0]
    moved = times.copy()
    moved[:first] += times[first] - 1 - times[first - 1]
    return moved, int(first)


def join_clock_set_back(times: Values) -> tuple[Values, int]:
    """Let times continue where the clock was set back by a minute or more, as time itself does.

    Args:
        times: Seconds in the order in which they were recorded.

    Returns:
        The times, and how often the clock was set back.
    """
    steps = np.diff(times)
    set_back = np.flatnonzero(steps <= -_MINUTE_S)
    if not len(set_back) or len(set_back) > _MAX_SET_BACK:
        return times, 0
    shifts = np.zeros(len(times))
    shifts[set_back + 1] = 1 - steps[set_back]
    return times + np.cumsum(shifts), len(set_back)


def first_in_each_second(seconds: Values, values: Values) -> Values:
    """The first value of each second.

    Args:
        seconds: Whole seconds, in order; a second may occur several times.
        values: The values, NaN where missing.
    """
    starts = np.flatnonzero(np.diff(seconds, prepend=seconds[0] - 1))
    rows = np.arange(len(values))
    first = np.minimum.reduceat(np.where(np.isfinite(values), rows, len(values)), starts)
    return np.where(first < len(values), values[np.minimum(first, len(values) - 1)], np.nan)
