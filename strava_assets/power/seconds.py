"""Converts a ride's samples to seconds, repairs or counts spikes and dropouts, and detects pauses.

The rest of this package works on these seconds only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strava_assets.schema.rules import HEARTRATE_BPM, MOST_WATTS

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

# A reading of one second is a spike if it far exceeds both neighbors. In recorded rides single pedal strokes
# between coasting do so too, at up to 260 W; below this limit a reading is never a spike.
_SPIKE_FROM_W = 500.0
_SPIKE_RATIO = 3.0
HOLD_S = 10
"""A dropout of the meter up to this length is filled with an adjacent reading, seconds."""
LONGEST_STEP_S = 2
"""The longest usual step of a regular recording, seconds."""
# One lost sample is not a pause: a sample is valid for up to twice the usual step.
_LOST = 2


@dataclass(frozen=True, eq=False)
class Timeline:
    """The recorded seconds of a recording and how its samples cover them.

    Args:
        at_s: the elapsed second of each recorded second, strictly increasing; pauses left out.
        usual_step_s: the median step between samples.
        is_pause: for each step between two samples, whether it is a pause.
        valid_s: for how many seconds each sample is valid; None if for one each.
        lost_s: seconds for which the sample before stands, because a recorder of every second lost one.
    """

    at_s: Integers
    usual_step_s: int
    is_pause: Flags
    valid_s: Integers | None
    lost_s: int

    def spread(self, values: Floats) -> Floats:
        """The values of samples as values of seconds."""
        return values if self.valid_s is None else np.repeat(values, self.valid_s)


@dataclass(frozen=True)
class Seconds:
    """The recorded seconds of a ride, pauses left out.

    Args:
        timeline: where the seconds are.
        watts: mean power in whole watts (so that energy adds up exactly); 0 where unknown.
        power_known: whether power was read, or filled over a short dropout.
        heartrate_bpm: NaN where unknown or implausible; None without a heart rate.
        filled_s: seconds whose power was filled, over a short dropout of the meter or a lost sample.
        spikes: number of rejected readings.
        max_watts: the highest reading without spikes; NaN without any.
    """

    timeline: Timeline
    watts: Integers
    power_known: Flags
    heartrate_bpm: Floats | None
    filled_s: int
    spikes: int
    max_watts: float

    @property
    def at_s(self) -> Integers:
        """The elapsed second of each value, strictly increasing."""
        return self.timeline.at_s

    @property
    def usual_step_s(self) -> int:
        """The median step between samples."""
        return self.timeline.usual_step_s

    @property
    def pauses(self) -> int:
        """Number of pauses."""
        return int(np.count_nonzero(self.timeline.is_pause))

    @property
    def recorded_s(self) -> int:
        """Number of recorded seconds."""
        return len(self.at_s)

    @property
    def elapsed_s(self) -> int:
        """Seconds from the first to the last, including pauses."""
        return int(self.at_s[-1] - self.at_s[0]) + 1 if len(self.at_s) else 0

    @property
    def power_missing_s(self) -> int:
        """Number of recorded seconds without power."""
        return self.recorded_s - int(np.count_nonzero(self.power_known))


def timeline(t_s: Integers) -> Timeline:
    """Find the recorded seconds of a recording.

    A sample is valid until the next one, but at most for twice the recording's usual step (a sample may be
    lost) and never for more than ten seconds; a longer gap is a pause.

    Args:
        t_s: elapsed seconds of each sample, strictly increasing.

    Raises:
        ValueError: time does not increase.
    """
    steps_s = np.diff(t_s)
    if np.any(steps_s < 1):
        raise ValueError("time must increase from sample to sample")
    # Most recorders write every second, and the median costs as much as the rest.
    is_every_second = 2 * np.count_nonzero(steps_s == 1) >= len(steps_s) + 1 or not len(steps_s)
    usual_s = 1 if is_every_second else math.ceil(np.median(steps_s))
    is_pause = steps_s > min(_LOST * usual_s, HOLD_S)
    valid_s = np.full(len(t_s), min(usual_s, HOLD_S))
    valid_s[:-1] = np.where(is_pause, valid_s[:-1], steps_s)
    if np.all(valid_s == 1):
        return Timeline(t_s, usual_s, is_pause, None, 0)
    seconds_before = np.cumsum(valid_s) - valid_s
    at_s = np.repeat(t_s - seconds_before, valid_s)
    at_s += np.arange(len(at_s))
    lost_s = int((valid_s - 1).sum()) if usual_s == 1 else 0
    return Timeline(at_s, usual_s, is_pause, valid_s, lost_s)


def lay_out(t_s: Integers, watts: Floats | None, heartrate_bpm: Floats | None = None) -> Seconds:
    """Convert samples to seconds, as `timeline` finds them.

    Implausible readings are rejected and count as missing. A dropout of the meter of up to ten seconds
    between two readings, without a pause between them, is filled with the lower of the two: lost data in a
    sprint must not become a record. A longer dropout is zero watts, and counted.

    Args:
        t_s: elapsed seconds of each sample, strictly increasing.
        watts: power, NaN where missing; None without this channel.
        heartrate_bpm: heart rate, NaN where missing; None without this channel.

    Raises:
        ValueError: the arrays differ in length, or time does not increase.
    """
    if any(len(channel) != len(t_s) for channel in (watts, heartrate_bpm) if channel is not None):
        raise ValueError("the channels of a ride differ in length")
    line = timeline(t_s)
    heartrates = None if heartrate_bpm is None else line.spread(_plausible(heartrate_bpm))
    if watts is None:
        nothing = np.zeros(len(line.at_s), np.int64)
        return Seconds(line, nothing, nothing.astype(np.bool_), heartrates, 0, 0, np.nan)
    readings, spikes = _without_spikes(watts, line.is_pause, line.usual_step_s)
    readings = line.spread(readings)
    has_reading = ~np.isnan(readings)
    max_watts = float(np.max(readings, where=has_reading, initial=-1))
    filled_s = line.lost_s
    if not has_reading.all():
        readings = _with_dropouts_filled(readings, has_reading, line.at_s)
        was_read, has_reading = has_reading, ~np.isnan(readings)
        filled_s += int(np.count_nonzero(has_reading & ~was_read))
    return Seconds(
        timeline=line,
        watts=np.where(has_reading, np.rint(readings), 0).astype(np.int64),
        power_known=has_reading,
        heartrate_bpm=heartrates,
        filled_s=filled_s,
        spikes=spikes,
        max_watts=max_watts if max_watts >= 0 else np.nan,
    )


def _without_spikes(watts: Floats, is_pause: Flags, usual_s: int) -> tuple[Floats, int]:
    """The readings with NaN for implausible ones, and the number of those."""
    # A comparison with NaN is false: a missing reading is not a spike.
    is_spike = (watts < 0) | (watts > MOST_WATTS)
    if usual_s <= LONGEST_STEP_S and len(watts) > 2:
        inner, neighbors = watts[1:-1], np.fmax(watts[:-2], watts[2:])
        is_peak = (inner >= _SPIKE_FROM_W) & (inner > _SPIKE_RATIO * neighbors)
        is_spike[1:-1] |= is_peak & ~is_pause[:-1] & ~is_pause[1:]
    spikes = int(np.count_nonzero(is_spike))
    return (np.where(is_spike, np.nan, watts) if spikes else watts), spikes


def _plausible(heartrate_bpm: Floats) -> Floats:
    lowest, highest = HEARTRATE_BPM
    return np.where((heartrate_bpm >= lowest) & (heartrate_bpm <= highest), heartrate_bpm, np.nan)


def _with_dropouts_filled(readings: Floats, has_reading: Flags, at_s: Integers) -> Floats:
    """The readings, with short dropouts between two of them filled with the lower one."""
    read = np.flatnonzero(has_reading)
    if not len(read):
        return readings
    missing = np.flatnonzero(~has_reading)
    following = np.searchsorted(read, missing)
    missing, following = (each[(following > 0) & (following < len(read))] for each in (missing, following))
    before, after = read[following - 1], read[following]
    is_short = (after - before - 1 <= HOLD_S) & (at_s[after] - at_s[before] == after - before)
    filled = readings.copy()
    filled[missing[is_short]] = np.minimum(readings[before], readings[after])[is_short]
    return filled
