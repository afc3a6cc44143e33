"""A ride's samples laid out as seconds: spikes and dropouts repaired or counted, pauses found.

Everything else in this room works on these seconds and looks at no sample again.
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

# A reading of one second is a fault when it towers over both its neighbours. In recorded rides so do single
# strokes of the pedals between coasting, at up to 260 W: below this nothing is called a fault for that.
_SPIKE_FROM_W = 500.0
_SPIKE_RATIO = 3.0
HOLD_S = 10
"""For so long a silent meter is taken at a reading beside the silence, seconds."""
LONGEST_STEP_S = 2
"""A recording is regular while its usual step is no longer, seconds."""
# One sample lost is no pause: a sample stands for up to twice the usual step.
_LOST = 2


@dataclass(frozen=True)
class Seconds:
    """The recorded seconds of a ride, pauses left out.

    Args:
        at_s: which second of the ride's elapsed time each one is, strictly increasing.
        watts: mean power, whole watts (so that energy adds up exactly); 0 where unknown.
        power_known: where power was read, or held over a short silence.
        heartrate_bpm: NaN where unknown or impossible; None without a heart rate.
        usual_step_s: the recording's own rhythm, the median step between samples.
        pauses: how many pauses.
        spikes: readings rejected.
        max_watts: the highest reading, spikes rejected; NaN without any.
    """

    at_s: Integers
    watts: Integers
    power_known: Flags
    heartrate_bpm: Floats | None
    usual_step_s: int
    pauses: int
    spikes: int
    max_watts: float

    @property
    def recorded_s(self) -> int:
        """How many seconds were recorded."""
        return len(self.at_s)

    @property
    def elapsed_s(self) -> int:
        """Seconds from the first to the last, pauses included."""
        return int(self.at_s[-1] - self.at_s[0]) + 1 if len(self.at_s) else 0

    @property
    def power_missing_s(self) -> int:
        """Recorded seconds without power."""
        return self.recorded_s - int(np.count_nonzero(self.power_known))


def lay_out(t_s: Integers, watts: Floats, heartrate_bpm: Floats | None = None) -> Seconds:
    """Lay samples out as seconds.

    A sample stands until the next one, but for no longer than twice the recording's usual step (a sample may
    be lost) and never for more than ten seconds; a longer hole is a pause. Readings that are no rider's are
    rejected, which leaves them missing. A meter that is silent for up to ten seconds between two readings,
    without a pause between them, is taken at the lower of the two: a transmission lost in a sprint must not
    become a record. A longer silence is zero watts, and counted.

    Args:
        t_s: elapsed seconds of each sample, strictly increasing.
        watts: power, NaN where missing.
        heartrate_bpm: heart rate, NaN where missing; None where there is no such channel.

    Raises:
        ValueError: the arrays differ in length, or time does not increase.
    """
    if any(len(channel) != len(t_s) for channel in (watts, heartrate_bpm) if channel is not None):
        raise ValueError("the channels of a ride differ in length")
    steps_s = np.diff(t_s)
    if np.any(steps_s < 1):
        raise ValueError("time must increase from sample to sample")
    usual_s = math.ceil(np.median(steps_s)) if len(steps_s) else 1
    is_pause = steps_s > min(_LOST * usual_s, HOLD_S)
    readings, spikes = _believable(watts, is_pause, usual_s)
    beats = None if heartrate_bpm is None else _possible(heartrate_bpm)
    at_s = t_s
    stands_s = np.full(len(t_s), min(usual_s, HOLD_S))
    stands_s[:-1] = np.where(is_pause, stands_s[:-1], steps_s)
    if np.any(stands_s != 1):
        seconds_before = np.cumsum(stands_s) - stands_s
        at_s = np.repeat(t_s - seconds_before, stands_s)
        at_s += np.arange(len(at_s))
        readings = np.repeat(readings, stands_s)
        beats = None if beats is None else np.repeat(beats, stands_s)
    known = ~np.isnan(readings)
    max_watts = float(np.max(readings, where=known, initial=-1))
    if not known.all():
        readings = _held(readings, known, at_s)
        known = ~np.isnan(readings)
    return Seconds(
        at_s=at_s,
        watts=np.where(known, np.rint(readings), 0).astype(np.int64),
        power_known=known,
        heartrate_bpm=beats,
        usual_step_s=usual_s,
        pauses=int(np.count_nonzero(is_pause)),
        spikes=spikes,
        max_watts=max_watts if max_watts >= 0 else np.nan,
    )


def _believable(watts: Floats, is_pause: Flags, usual_s: int) -> tuple[Floats, int]:
    """The readings with NaN for those that are no rider's, and how many those are."""
    # A comparison with NaN is false, and a missing reading is no fault.
    is_fault = (watts < 0) | (watts > MOST_WATTS)
    if usual_s <= LONGEST_STEP_S and len(watts) > 2:
        inner, neighbours = watts[1:-1], np.fmax(watts[:-2], watts[2:])
        towers = (inner >= _SPIKE_FROM_W) & (inner > _SPIKE_RATIO * neighbours)
        is_fault[1:-1] |= towers & ~is_pause[:-1] & ~is_pause[1:]
    spikes = int(np.count_nonzero(is_fault))
    return (np.where(is_fault, np.nan, watts) if spikes else watts), spikes


def _possible(heartrate_bpm: Floats) -> Floats:
    lowest, highest = HEARTRATE_BPM
    return np.where((heartrate_bpm >= lowest) & (heartrate_bpm <= highest), heartrate_bpm, np.nan)


def _held(readings: Floats, known: Flags, at_s: Integers) -> Floats:
    """The readings, with short silences between two of them filled by the lower one."""
    read = np.flatnonzero(known)
    if not len(read):
        return readings
    silent = np.flatnonzero(~known)
    after = np.searchsorted(read, silent)
    silent, after = (each[(after > 0) & (after < len(read))] for each in (silent, after))
    former, latter = read[after - 1], read[after]
    is_short = (latter - former - 1 <= HOLD_S) & (at_s[latter] - at_s[former] == latter - former)
    held = readings.copy()
    held[silent[is_short]] = np.minimum(readings[former], readings[latter])[is_short]
    return held
