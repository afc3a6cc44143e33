"""Speed of a run as on flat ground, from distance and altitude."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from strava_assets.power.seconds import HOLD_S

if TYPE_CHECKING:
    from strava_assets.power.seconds import Flags, Floats, Integers, Timeline

# The cost of running a meter in J/kg, a polynomial in the slope, measured between -45 % and +45 %.
_COST = np.array([155.4, -30.4, -43.3, 46.3, 19.5, 3.6])
_STEEPEST = 0.45
# Over less time and way the altitude's noise is as large as its change.
_HALF_WINDOW_S = 15
_LEAST_WAY_M = 10.0
# Nobody runs faster; a jump of the position does.
_FASTEST_MPS = 12.0
# With less of the distance, a mean speed would be that of another run.
_LEAST_DISTANCE_SHARE = 0.9


@dataclass(frozen=True, eq=False)
class FlatGroundSpeed:
    """Speed as on flat ground, second by second.

    Args:
        recorded_mps: one value a recorded second, m/s.
        running_mps: the same with all seconds of gaps in which the runner went on, m/s.
    """

    recorded_mps: Floats
    running_mps: Floats


def flat_ground_speed(
    t_s: Integers, distance_m: Floats, altitude_m: Floats | None, line: Timeline
) -> FlatGroundSpeed | None:
    """Speed of each second times the energy cost of its slope over that of flat ground.

    The slope is that of the 30 s around a sample. Without an altitude the ground counts as flat. Up to ten
    seconds between two samples count as run if the distance grew; a recorder that saves memory leaves them
    out. Other gaps are rest. An unknown distance is interpolated; outside its readings the runner stands.

    Source: Minetti et al., Journal of Applied Physiology 93, 2002, whose cost of running on slopes is
    155.4 i^5 - 30.4 i^4 - 43.3 i^3 + 46.3 i^2 + 19.5 i + 3.6 J/(kg m).

    Args:
        t_s: elapsed seconds of each sample.
        distance_m: distance since the start, NaN where unknown.
        altitude_m: NaN where unknown; None without this channel.
        line: the seconds of the recording.

    Returns:
        None if the distance is unknown in more than a tenth of the recorded seconds, or never grows.
    """
    has_value = np.flatnonzero(~np.isnan(distance_m))
    if len(has_value) < 2 or _known_share(t_s, has_value, line) < _LEAST_DISTANCE_SHARE:
        return None
    way_m = np.maximum.accumulate(np.interp(t_s, t_s[has_value], distance_m[has_value]))
    if way_m[-1] == way_m[0]:
        return None
    steps_s, covered_m = np.diff(t_s), np.diff(way_m)
    is_run_gap = line.is_pause & (steps_s <= HOLD_S) & (covered_m > 0)
    is_rest = line.is_pause & ~is_run_gap
    steps_mps = np.minimum(covered_m / np.where(is_rest, np.inf, steps_s), _FASTEST_MPS)
    # Nothing follows the last sample: it is as fast as the one before.
    speed_mps = np.append(steps_mps, steps_mps[-1])
    slope = None if altitude_m is None else _slope(t_s, way_m, altitude_m)
    if slope is not None:
        speed_mps *= cost_share(slope)
    recorded_mps = line.spread(speed_mps)
    return FlatGroundSpeed(recorded_mps, _with_gaps(speed_mps, is_run_gap, steps_s, line, recorded_mps))


def _known_share(t_s: Integers, has_value: Integers, line: Timeline) -> float:
    """Share of the recorded seconds with a distance, or between two readings at most ten seconds apart."""
    read_s = t_s[has_value]
    before = np.searchsorted(read_s, t_s, side="right") - 1
    after = np.searchsorted(read_s, t_s)
    is_between = (before >= 0) & (after < len(read_s))
    apart_s = read_s[np.minimum(after, len(read_s) - 1)] - read_s[before]
    return float(line.spread((is_between & (apart_s <= HOLD_S)).astype(np.float64)).mean())


def _with_gaps(
    speed_mps: Floats, is_run_gap: Flags, steps_s: Integers, line: Timeline, recorded_mps: Floats
) -> Floats:
    """The speed of samples as that of seconds, with all seconds of the gaps that were run."""
    if not is_run_gap.any():
        return recorded_mps
    valid_s = np.ones(len(speed_mps), np.int64) if line.valid_s is None else line.valid_s
    return np.repeat(speed_mps, np.append(np.where(is_run_gap, steps_s, valid_s[:-1]), valid_s[-1]))


def cost_share(slope: Floats) -> Floats:
    """The energy cost of running a meter at a slope (0.1 is 10 %), over that on flat ground."""
    share: Floats = np.polyval(_COST, np.clip(slope, -_STEEPEST, _STEEPEST)) / _COST[-1]
    return share


def _slope(t_s: Integers, way_m: Floats, altitude_m: Floats) -> Floats | None:
    has_value = np.flatnonzero(~np.isnan(altitude_m))
    if len(has_value) < 2:
        return None
    height_m = np.interp(t_s, t_s[has_value], altitude_m[has_value])
    first = np.searchsorted(t_s, t_s - _HALF_WINDOW_S)
    last = np.searchsorted(t_s, t_s + _HALF_WINDOW_S, side="right") - 1
    covered_m, climbed_m = way_m[last] - way_m[first], height_m[last] - height_m[first]
    has_way = covered_m >= _LEAST_WAY_M
    return np.where(has_way, climbed_m / np.where(has_way, covered_m, 1.0), 0.0)
