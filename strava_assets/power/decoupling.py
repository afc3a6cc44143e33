"""Decoupling (Pw:Hr): the loss of power per heartbeat from the first half of a steady ride to the second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from strava_assets.power.normalized import normalized_power_w

if TYPE_CHECKING:
    from strava_assets.power.seconds import Floats, Integers

SHORTEST_S = 3600
MOST_VARIABLE = 1.10
LEAST_HEARTRATE_SHARE = 0.95


def decoupling_pct(watts: Integers | Floats, heartrate_bpm: Floats) -> float | None:
    """Loss of normalized power per heartbeat between the halves, %; positive if heart rate drifted up.

    Uses the normalized power of each half, as TrainingPeaks does; with mean power the same rides differ by up
    to 17 points. None if a half has no normalized power or no heart rate. The caller decides whether the ride
    is steady enough.

    Args:
        watts: mean power of each recorded second, W; of a run, its speed in any unit.
        heartrate_bpm: heart rate of the same seconds, NaN where unknown.
    """
    middle = len(watts) // 2
    first = _watts_per_heartbeat(watts[:middle], heartrate_bpm[:middle])
    second = _watts_per_heartbeat(watts[middle:], heartrate_bpm[middle:])
    if not first or second is None:
        return None
    return 100 * (first - second) / first


def _watts_per_heartbeat(watts: Integers | Floats, heartrate_bpm: Floats) -> float | None:
    power_w = normalized_power_w(watts)
    beats = heartrate_bpm[~np.isnan(heartrate_bpm)]
    if power_w is None or not len(beats):
        return None
    return power_w / float(beats.mean())
