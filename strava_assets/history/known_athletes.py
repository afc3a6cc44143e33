"""Adds to the index of the athletes whoever has data or tokens here and is not in it.

Homes of earlier versions have no index, and an import can bring an athlete who never logged in.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from strava_assets.history.adoption import LOCAL
from strava_assets.landing.athlete_index import Athlete

if TYPE_CHECKING:
    from strava_assets.landing import Landing
    from strava_assets.landing.athlete_index import AthleteIndex


def add_athlete(index: AthleteIndex, athlete_id: str) -> None:
    """Add an athlete whose data was imported, unless there is one of this id."""
    if athlete_id != LOCAL and not index.athlete(athlete_id):
        index.put(Athlete(athlete_id, datetime.now(UTC)))


def add_known_athletes(
    index: AthleteIndex, landing: Landing, token_athlete_id: str | None, now: datetime
) -> list[Athlete]:
    """Add the athletes of the landing and of the usual token store; returns those that were missing.

    An athlete whose export was imported first, and whose tokens are in the usual store, is logged in from
    then on; otherwise nobody would ask Strava for them any more once there are several.

    Args:
        index: the index, which no other process changes meanwhile.
        landing: contains the batches of all athletes.
        token_athlete_id: the athlete of the usual token store, if it is known.
        now: the current time, UTC.

    Raises:
        LandingError: the landing cannot be read.
    """
    entries = {athlete.athlete_id: athlete for athlete in index.athletes()}
    landed = dict.fromkeys(m.athlete_id for m in landing.manifests() if m.athlete_id not in (None, LOCAL))
    if token_athlete_id:
        # Who logged in comes first: with one athlete this is the one.
        landed = {token_athlete_id: None} | landed
    added = []
    for athlete_id in landed:
        if athlete_id and athlete_id not in entries:
            athlete = Athlete(athlete_id, now, logged_in=athlete_id == token_athlete_id)
            index.put(athlete)
            added.append(athlete)
    of_token = entries.get(token_athlete_id or "")
    if of_token and not of_token.logged_in and not of_token.has_own_store:
        index.put(replace(of_token, logged_in=True))
    return added
