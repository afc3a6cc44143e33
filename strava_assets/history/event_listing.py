"""Turns the events of a push subscription into listings, which confirm or refute them.

The usual incremental listing covers what starts in its range. An activity that starts earlier needs a full
listing; so does one that is not known here, if Strava has it and the incremental listing does not. Nothing
that an event says is stored.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from strava_assets.history.fetch import FetchResult, SyncRequest, athlete_of_token, fetch, known_history
from strava_assets.history.landed_records import landed_records
from strava_assets.strava.errors import ActivityNotFoundError
from strava_assets.strava.sync import SyncMode, plan

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from strava_assets.history.fetch import AthleteIdStore
    from strava_assets.landing import Landing, Manifest
    from strava_assets.strava.client import StravaClient
    from strava_assets.webhooks.events import Event

# One call each tells a forged event from a late upload; a full listing settles any number.
MOST_CONFIRMED = 5


@dataclass(frozen=True)
class Changes:
    """What events say.

    Args:
        events: those about activities.
        has_more: whether more changed than they tell, so that only a full listing covers it.
    """

    events: Sequence[Event]
    has_more: bool


@dataclass(frozen=True)
class EventListing:
    """What a run made of its events.

    Args:
        fetched: the listings, one or two.
        refuted: events about activities that Strava does not have and that are not known here.
        unlisted: events about activities that Strava has but does not list yet; they are worth another try.
    """

    fetched: tuple[FetchResult, ...]
    refuted: int
    unlisted: tuple[Event, ...]


def fetch_for_events(
    client: StravaClient,
    memory: AthleteIdStore,
    landing: Landing,
    request: SyncRequest,
    changes: Changes,
    *,
    clock: Callable[[], datetime],
    announce: Callable[[str], None],
) -> EventListing:
    """List what the events are about.

    Args:
        client: sends the requests.
        memory: stores the id of the token's athlete.
        landing: receives the pages.
        request: the sync as it would be without events.
        changes: what the events say about the token's athlete.
        clock: returns the current aware UTC time.
        announce: called with each decision.

    Raises:
        StravaError: a listing failed.
        LandingError: the landing cannot be used.
    """
    events = changes.events
    athlete_id = athlete_of_token(client, memory)
    own = [manifest for manifest in landing.manifests(athlete_id) if manifest.source == "api"]
    starts = starts_of(landing, own, {event.object_id for event in events})
    range_start = _range_start(request, own, athlete_id, clock())
    if changes.has_more or any(start.timestamp() <= range_start for start in starts.values()):
        announce("An event is about an activity before the usual range, so everything is listed.")
        request = replace(request, mode=SyncMode.FULL)
    first = fetch(client, memory, landing, request, clock=clock, announce=announce)
    listed = set(first.listing.ids)
    # Deletions of unknown activities need no confirmation: there is nothing to delete.
    open_events = [
        event
        for event in events
        if event.change != "delete" and event.object_id not in listed and event.object_id not in starts
    ]
    if not open_events or first.listing.stopped:
        return EventListing((first,), 0, ())
    unknown = {event.object_id for event in open_events}
    is_asked = len(unknown) <= MOST_CONFIRMED
    existing = _existing(client, unknown, athlete_id) if is_asked else unknown
    fetched: tuple[FetchResult, ...] = (first,)
    if existing and first.plan.kind is not SyncMode.FULL:
        announce("An activity may start before the usual range, so everything is listed.")
        full = replace(request, mode=SyncMode.FULL)
        fetched = (first, fetch(client, memory, landing, full, clock=clock, announce=announce))
        listed |= set(fetched[-1].listing.ids)
    unlisted = tuple(event for event in open_events if event.object_id in existing - listed)
    refuted = sum(event.object_id not in existing for event in open_events)
    # Where nobody asked for each, a full listing without them is the answer.
    return EventListing(fetched, refuted, unlisted) if is_asked else EventListing(fetched, len(unlisted), ())


def starts_of(landing: Landing, own: Sequence[Manifest], ids: Collection[str]) -> dict[str, datetime]:
    """The latest landed start of each activity that is known; `own` are an athlete's batches in order."""
    starts: dict[str, datetime] = {}
    for manifest in reversed(own):
        wanted = set(ids) - starts.keys()
        if not wanted:
            break
        if wanted.isdisjoint(manifest.activity_ids):
            continue
        for page in landed_records(landing, manifest):
            for landed in page:
                record = landed.record if isinstance(landed.record, dict) else {}
                activity_id = str(record.get("id"))
                if activity_id in wanted and (start := _start(record.get("start_date"))):
                    starts[activity_id] = start
    return starts


def _range_start(request: SyncRequest, own: Sequence[Manifest], athlete_id: str, now: datetime) -> float:
    """The epoch seconds after which the sync lists; minus infinity for everything."""
    decided = plan(
        request.mode,
        known_history(own, athlete_id),
        now,
        overlap_days=request.overlap_days,
        full_every_hours=request.full_every_hours,
        window=request.window,
    )
    # A resumed first listing begins at its other end; the next one covers the rest.
    return float("-inf") if decided.window.after is None else decided.window.after


def _existing(client: StravaClient, ids: Collection[str], athlete_id: str) -> set[str]:
    """Those of the activities that Strava has of this athlete; one call each."""
    existing = set()
    for activity_id in ids:
        try:
            _, activity = client.activity(activity_id)
        except ActivityNotFoundError:
            continue
        athlete = activity.get("athlete")
        if isinstance(athlete, dict) and str(athlete.get("id")) == athlete_id:
            existing.add(activity_id)
    return existing


def _start(text: object) -> datetime | None:
    try:
        start = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return start and (start if start.tzinfo else start.replace(tzinfo=UTC))
