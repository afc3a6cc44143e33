"""Recordings get the calls that are left after all turns, in even shares."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from strava_assets.strava.turns.quota_room import QuotaRoom

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from strava_assets.strava.limits import Quota
    from strava_assets.strava.turns.athlete_state import TurnRules

STREAMS_KEPT_OF_DAY = 0.7
"""What recordings leave to listings: this share of the calls of the rest of the day."""


def calls_for_streams(quota: Quota | None, now: datetime, rules: TurnRules, athletes: int) -> int | None:
    """The calls that recordings may take now; None if only the limits bound them, as with one athlete.

    Args:
        quota: the rate limits of the latest response, if any.
        now: aware UTC.
        rules: the settings; recordings may have a reserve of their own.
        athletes: number of athletes.
    """
    room = QuotaRoom.of(quota, now, rules.reserve_calls)
    if athletes <= 1 or room is None:
        return None
    calls = room.allowed(STREAMS_KEPT_OF_DAY)
    return None if math.isinf(calls) else int(calls)


def share_calls(calls: int, wanted: Mapping[str, int]) -> dict[str, int]:
    """Divide calls evenly; what one athlete does not need goes to the others.

    Args:
        calls: the calls to divide.
        wanted: the most that each athlete can use.
    """
    shares = {}
    # Those who want least come first, so that what they leave of an even share is divided again.
    for position, (athlete_id, most) in enumerate(sorted(wanted.items(), key=lambda item: item[::-1])):
        shares[athlete_id] = min(most, calls // (len(wanted) - position))
        calls -= shares[athlete_id]
    return shares
