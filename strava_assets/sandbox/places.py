"""The places of the sample athlete, with time zone, elevation and weather.

The places are plateaus and dunes, so that no track is near anybody's home.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from datetime import date

    from strava_assets.sandbox.invented_activity import LatLng

_WARMEST_DAY = 203


@dataclass(frozen=True)
class Place:
    """A region: center, elevation, time zone, and mean temperature with its yearly amplitude."""

    name: str
    zone: str
    middle: LatLng
    height_m: float
    mean_c: float
    swing_c: float

    def temperature_c(self, day: date, rng: random.Random) -> int:
        """The temperature on a day. In the southern hemisphere `swing_c` is negative."""
        season = math.cos(2 * math.pi * (day.timetuple().tm_yday - _WARMEST_DAY) / 365.25)
        return round(self.mean_c + self.swing_c * season + rng.gauss(0, 3))


HOME = Place("home", "Europe/Paris", (44.23, 3.43), 960.0, 11.0, 9.5)
VIRTUAL = Place("virtual", "Europe/Paris", (-11.64, 166.95), 20.0, 19.0, 0.0)
ISLAND_CAMP = Place("the island", "Atlantic/Canary", (28.25, -16.61), 2_050.0, 19.0, 4.0)
SOUTHERN_CAMP = Place("the south", "Europe/Madrid", (37.06, -2.75), 620.0, 19.0, 8.0)
COLORADO = Place("Colorado", "America/Denver", (37.73, -105.58), 2_490.0, 9.0, 13.0)
NEPAL = Place("Nepal", "Asia/Kathmandu", (28.95, 83.86), 3_800.0, 6.0, 6.0)
AUSTRALIA = Place("Australia", "Australia/Adelaide", (-31.47, 138.60), 490.0, 18.0, -8.0)
JAPAN = Place("Japan", "Asia/Tokyo", (32.89, 131.06), 780.0, 14.0, 10.0)
