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
    from collections.abc import Collection

    from strava_assets.landing import Landing
    from strava_assets.landing.athlete_index import AthleteIndex


def add_athlete(index: AthleteIndex, athlete_id: str) -> None:
    """Add an athlete whose data was imported, unless there is one of this id."""
    if athlete_id != LOCAL and not index.athlete(athlete_id):
        index.put(Athlete(athlete_id, datetime.now(UTC)))


def is_incomplete(
    index: AthleteIndex, landing: Landing, token_athlete_id: str | None, own_stores: Collection[str]
) -> bool:
    """Whether there are several athletes, and the index lacks one or does not know that one is logged in.

    Args and errors are those of `add_known_athletes`; manifests are read in the root of the landing alone.
    """
    with_tokens = {*own_stores, token_athlete_id} - {None}
    here = with_tokens | (landing.athletes() - {LOCAL})
    athletes = index.athletes()
    listed = {
        athlete.athlete_id
        for athlete in athletes
        if athlete.logged_in or athlete.has_own_store or athlete.athlete_id not in with_tokens
    }
    return len(here | {athlete.athlete_id for athlete in athletes}) > 1 and not here <= listed


def add_known_athletes(
    index: AthleteIndex,
    landing: Landing,
    token_athlete_id: str | None,
    now: datetime,
    own_stores: Collection[str] = (),
) -> list[Athlete]:
    """Add the athletes of the landing and of the token stores; returns those that were missing.

    An athlete whose export was imported first, and whose tokens are in the usual store, is logged in from
    then on; otherwise nobody would ask Strava for them any more once there are several.

    Args:
        index: the index, which no other process changes meanwhile.
        landing: contains the batches of all athletes.
        token_athlete_id: the athlete of the usual token store, if it is known.
        now: the current time, UTC.
        own_stores: the athletes with a token store of their own, as far as they can be found.

    Raises:
        LandingError: the landing cannot be read.
    """
    entries = {athlete.athlete_id: athlete for athlete in index.athletes()}
    landed = dict.fromkeys(m.athlete_id for m in landing.manifests() if m.athlete_id not in (None, LOCAL))
    if token_athlete_id:
        # Who logged in comes first: with one athlete this is the one.
        landed = {token_athlete_id: None} | landed
    added = []
    for athlete_id in landed | dict.fromkeys(own_stores):
        if not athlete_id:
            continue
        is_usual = athlete_id == token_athlete_id
        has_tokens = is_usual or athlete_id in own_stores
        entry = entries.get(athlete_id)
        if entry is None:
            entry = Athlete(athlete_id, now, logged_in=has_tokens, has_own_store=has_tokens and not is_usual)
            index.put(entry)
            added.append(entry)
        elif has_tokens and not entry.logged_in and not entry.has_own_store:
            index.put(replace(entry, logged_in=True, has_own_store=not is_usual))
    return added
