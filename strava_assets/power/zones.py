"""Time in zones of power (shares of threshold power) and of heart rate (shares of that at threshold)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from strava_assets.power.seconds import Floats, Integers

Zones = tuple[int, ...]
"""Seconds in each zone, the lowest first."""

POWER_ZONES_PCT = (55, 75, 90, 105, 120, 150)
"""Lower limits of zones 2 to 7, % of FTP (Coggan)."""
HEARTRATE_ZONES_PCT = (68, 83, 94, 105)
"""Lower limits of zones 2 to 5, % of the heart rate at threshold (Coggan)."""
SEVEN_HEARTRATE_ZONES_PCT = (81, 90, 94, 100, 103, 106)
"""Lower limits of zones 2 to 7 (Friel's 2, 3, 4, 5a, 5b and 5c), % of the heart rate at threshold."""
SEVEN_HEARTRATE_ZONES_OF_RUNS_PCT = (85, 90, 95, 100, 103, 106)
"""The same of runs."""

# How many of seven zones the low and the moderate one of three hold.
_LOW_AND_MODERATE = (2, 2)


def zone_seconds(values: Integers | Floats, threshold: float, begin_pct: tuple[int, ...]) -> Zones:
    """Seconds in each zone; a value on a limit belongs to the upper zone.

    Args:
        values: one per second, without unknown ones.
        threshold: 100 %, in the same unit.
        begin_pct: lower limits of all zones but the first, increasing, %.
    """
    # Compared without a division, so that 110 of 200 W is exactly 55 %.
    percent_of_threshold = 100 * values
    below = [int(np.count_nonzero(percent_of_threshold < limit * threshold)) for limit in begin_pct]
    return tuple(above - under for under, above in pairwise((0, *below, len(values))))


def three_zones(seven: Zones) -> Zones:
    """Seconds in the low, moderate and high zone: zones 1 and 2 of seven, 3 and 4, and the rest.

    Three zones are separated by the two thresholds of lactate. The upper one is 100 %, or 105 % of power; the
    lower one is at 75 % of threshold power and at 90 % of the heart rate at threshold.
    Source: Seiler & Kjerland, Scandinavian Journal of Medicine & Science in Sports 16, 2006, for three zones.
    """
    low, moderate = _LOW_AND_MODERATE
    return sum(seven[:low]), sum(seven[low : low + moderate]), sum(seven[low + moderate :])
