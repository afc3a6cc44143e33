"""Whether a recording's power can be believed, and otherwise why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from strava_assets.power.normalized import WINDOW_S
from strava_assets.power.seconds import LONGEST_STEP_S

if TYPE_CHECKING:
    from strava_assets.power.seconds import Seconds

Quality = Literal["good", "short", "irregular", "gappy", "no_power"]

# From this share on the readings say little about the ride.
_MOST_MISSING_SHARE = 0.1


def quality_of(seconds: Seconds) -> Quality:
    """Judge a recording's power.

    It is gappy if a tenth of its seconds or more has no reading of its own, even where short dropouts were
    filled.
    """
    unread_s = seconds.power_missing_s + seconds.filled_s
    if seconds.recorded_s and unread_s >= _MOST_MISSING_SHARE * seconds.recorded_s:
        return "gappy"
    if seconds.recorded_s and not seconds.watts.any():
        return "no_power"
    if seconds.usual_step_s > LONGEST_STEP_S:
        return "irregular"
    return "short" if seconds.recorded_s < WINDOW_S else "good"
