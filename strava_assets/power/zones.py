"""Time in zones of power (shares of FTP) and of heart rate (shares of the heart rate at threshold)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from strava_assets.power.seconds import Floats, Integers

POWER_ZONES_PCT = (55, 75, 90, 105, 120, 150)
"""Lower limits of zones 2 to 7, % of FTP (Coggan)."""
HEARTRATE_ZONES_PCT = (68, 83, 94, 105)
"""Lower limits of zones 2 to 5, % of the heart rate at threshold (Coggan)."""


def zone_seconds(values: Integers | Floats, threshold: float, begin_pct: tuple[int, ...]) -> tuple[int, ...]:
    """Seconds in each zone; a value on a limit belongs to the upper zone.

    Args:
        values: one per second, without unknown ones.
        threshold: 100 %, in the same unit.
        begin_pct: lower limits of all zones but the first, increasing, %.
    """
    # Compared without a division, so that 110 of 200 W is exactly 55 %.
    zones = np.searchsorted(np.array(begin_pct) * threshold, 100 * values, side="right")
    return tuple(np.bincount(zones, minlength=len(begin_pct) + 1).tolist())
