"""The names and colors of the zones of power and of heart rate, as all charts show them."""

from __future__ import annotations

POWER_ZONES = (
    "1 Recovery",
    "2 Endurance",
    "3 Tempo",
    "4 Threshold",
    "5 VO\u2082max",
    "6 Anaerobic",
    "7 Sprint",
)
POWER_PALETTE = tuple(f"zone{zone}" for zone in range(1, 8))
HEARTRATE_ZONES = ("1 Recovery", "2 Endurance", "3 Tempo", "4 Threshold", "5 Above")
# The same shade is about as hard as in the seven zones of power.
HEARTRATE_PALETTE = ("zone1", "zone2", "zone3", "zone4", "zone6")
