"""The arithmetic of one ride's seconds: normalized power, bests, zones, critical power.

Arrays go in, numbers come out; where a ride's samples come from and where its figures go is not known here.
"""

from strava_assets.power.bests import Bests
from strava_assets.power.critical import CriticalPower, fit_critical_power
from strava_assets.power.durations import DURATIONS_S
from strava_assets.power.measure import METHOD, Quality, RidePower, measure

__all__ = [
    "DURATIONS_S",
    "METHOD",
    "Bests",
    "CriticalPower",
    "Quality",
    "RidePower",
    "fit_critical_power",
    "measure",
]
