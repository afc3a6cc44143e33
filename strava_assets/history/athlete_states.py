"""The planner's state of each athlete: read from what the last fetches stored, and stored after a turn."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from strava_assets.history.fetch import known_history
from strava_assets.landing.athlete_index import FetchState
from strava_assets.strava.client import PER_PAGE
from strava_assets.strava.errors import QuotaExhaustedError
from strava_assets.strava.turns import AthleteState
from strava_assets.webhooks.event_store import MORE
from strava_assets.webhooks.events import event_time_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.history.webhook_sync import Webhooks
    from strava_assets.landing import Landing
    from strava_assets.landing.athlete_index import Athlete, AthleteIndex
    from strava_assets.secrets.errors import SecretStoreError
    from strava_assets.strava.errors import StravaError
    from strava_assets.strava.sync import Listing


def athlete_states(
    index: AthleteIndex, landing: Landing, athletes: Sequence[Athlete], webhooks: Webhooks | None
) -> dict[str, AthleteState]:
    """What the planner has to know of athletes, by id.

    Args:
        index: knows how the last fetches ended.
        landing: read for an athlete whose last fetch is not known.
        athletes: those to look at.
        webhooks: the folders of the events; None in a home without webhooks.
    """
    stored = index.states([athlete.athlete_id for athlete in athletes])
    states = {}
    for athlete in athletes:
        athlete_id = athlete.athlete_id
        fetches = stored.get(athlete_id)
        state = _of_fetches(athlete_id, fetches) if fetches else _of_batches(athlete_id, landing)
        waiting = webhooks.events.waiting(athlete_id) if webhooks else []
        states[athlete_id] = replace(state, events_waiting=len(waiting), events_since=_oldest(waiting))
    return states


def _oldest(names: Sequence[str]) -> datetime | None:
    """When the oldest of the waiting events happened, as their names say."""
    times = [event_time_of(name) for name in names if name != MORE]
    return datetime.fromtimestamp(min(times), UTC) if times else None


def _of_fetches(athlete_id: str, fetches: FetchState) -> AthleteState:
    return AthleteState(
        athlete_id,
        last_listing_at=fetches.listed_at,
        last_full_listing_at=fetches.listed_fully_at,
        history_complete=fetches.history_complete,
        expected_pages=fetches.expected_pages,
        loaded_pages=fetches.loaded_pages,
        last_turn_at=fetches.attempted_at,
        refused_since=fetches.refused_since,
        failures=fetches.failures,
        cut_short=fetches.cut_short,
    )


def _of_batches(athlete_id: str, landing: Landing) -> AthleteState:
    """The same from the batches, which takes longer: the first time, or after a state was lost."""
    own = [manifest for manifest in landing.manifests(athlete_id) if manifest.source == "api"]
    history = known_history(own, athlete_id)
    activities = len({activity_id for manifest in own for activity_id in manifest.activity_ids})
    return AthleteState(
        athlete_id,
        last_listing_at=max((m.finished_at for m in own if m.complete), default=None),
        last_full_listing_at=history.last_complete_full_at,
        history_complete=history.history_complete,
        expected_pages=-(-activities // PER_PAGE) if history.history_complete else 0,
    )


def fetch_state_after(
    state: AthleteState,
    now: datetime,
    before: FetchState | None,
    error: StravaError | SecretStoreError | None,
    listing: Listing | None,
) -> FetchState:
    """What is stored about an athlete after a turn.

    Args:
        state: the planner's state after the turn.
        now: the end of the turn, aware UTC.
        before: what was stored before.
        error: what ended the turn early, if anything did.
        listing: the last listing of the turn, if it made one.
    """
    # A turn that the quota ended before anything was stored is neither a success nor a failure.
    is_success = state.last_listing_at == now
    return FetchState(
        attempted_at=now,
        succeeded_at=now if is_success else (before.succeeded_at if before else None),
        listed_at=state.last_listing_at,
        listed_fully_at=state.last_full_listing_at,
        history_complete=state.history_complete,
        expected_pages=state.expected_pages,
        loaded_pages=state.loaded_pages,
        refused_since=state.refused_since,
        failures=state.failures,
        cut_short=state.cut_short,
        problem=_problem(state, before, error, listing),
    )


def _problem(
    state: AthleteState,
    before: FetchState | None,
    error: StravaError | SecretStoreError | None,
    listing: Listing | None,
) -> str:
    """The last failure in a sentence; empty if nothing is wrong."""
    if error and not isinstance(error, QuotaExhaustedError):
        return error.happened
    if not state.failures and not state.refused_since:
        return ""
    if listing and not listing.complete and not listing.stopped:
        return "Activities moved between the pages of the list while it was read, so it is read again."
    return before.problem if before else ""
