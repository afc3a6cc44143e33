"""The sync of a home with webhooks: when Strava is asked, what events change about it, and deauthorization.

While events can be expected, a scheduled sync asks Strava only if the last full listing is a week old. A
receiver without a sign of life is none, and then everything is as without webhooks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from strava_assets.history.event_listing import Changes, fetch_for_events
from strava_assets.history.fetch import known_history
from strava_assets.strava.errors import InvalidAccessTokenError, InvalidRefreshTokenError
from strava_assets.strava.sync import SyncMode, plan
from strava_assets.webhooks.event_store import MORE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from strava_assets.history.fetch import AthleteIdStore, FetchResult, SyncRequest
    from strava_assets.landing import Landing
    from strava_assets.strava.client import StravaClient
    from strava_assets.webhooks.event_store import EventStore
    from strava_assets.webhooks.events import Event
    from strava_assets.webhooks.state import WebhookState

WEEK_HOURS = 7 * 24
MOST_TRIES = 3
"""How many runs look for an activity that Strava has and does not list."""


@dataclass(frozen=True)
class EventRequest:
    """What a run was launched for.

    Args:
        names: the events to settle.
        only_if_due: ask Strava only if events wait, or if the last full listing is a week old.
    """

    names: tuple[str, ...] = ()
    only_if_due: bool = False


@dataclass(frozen=True)
class WebhookSync:
    """The result of a sync in a home with webhooks.

    Args:
        fetched: the listings; none if Strava was not asked.
        reason: why Strava was not asked.
        events: number of events that were read.
        refuted: number of events that Strava did not confirm.
        unlisted: number of events that are tried again, because the activity is not listed yet.
        given_up: number of events after whose last try the activity was not listed.
    """

    fetched: tuple[FetchResult, ...]
    reason: str = ""
    events: int = 0
    refuted: int = 0
    unlisted: int = 0
    given_up: int = 0

    @property
    def is_stopped(self) -> bool:
        """Whether the rate limit ended a listing, so that the events are not settled."""
        return any(result.listing.stopped for result in self.fetched)


@dataclass(frozen=True)
class Webhooks:
    """The folders of a home with webhooks."""

    events: EventStore
    state: WebhookState

    def sync(
        self,
        client: StravaClient,
        memory: AthleteIdStore,
        landing: Landing,
        request: SyncRequest,
        event_request: EventRequest,
        *,
        clock: Callable[[], datetime],
        announce: Callable[[str], None],
    ) -> WebhookSync:
        """Sync once.

        Args:
            client: sends the requests.
            memory: stores the id of the token's athlete.
            landing: receives the pages.
            request: the sync as it would be without webhooks.
            event_request: the events to settle, and whether Strava is asked in any case.
            clock: returns the current aware UTC time.
            announce: called with each decision.

        Raises:
            StravaError: a call failed. If the athlete has taken the access back, that is noted.
        """
        owner_id = request.athlete_id or memory.read().get("athlete_id", "")
        names: Sequence[str] = event_request.names
        if self.state.is_listening(clock()) and (event_request.only_if_due or names):
            request = replace(request, full_every_hours=max(request.full_every_hours, WEEK_HOURS))
        if event_request.only_if_due and owner_id:
            names = self.events.waiting(owner_id)
            if not names and (reason := self._not_due(landing, request, owner_id, clock())):
                announce(reason)
                return WebhookSync((), reason)
        events = self.events.read(owner_id, names) if owner_id else []
        changes = Changes([event for event in events if event.subject == "activity"], MORE in names)
        try:
            listing = fetch_for_events(
                client,
                memory,
                landing,
                request,
                changes,
                clock=clock,
                announce=announce,
            )
        except (InvalidRefreshTokenError, InvalidAccessTokenError):
            if owner_id and any(event.deauthorized for event in events):
                self.state.write_logged_out(owner_id, clock())
            raise
        if owner_id and self.state.logged_out(owner_id):
            self.state.clear_logged_out(owner_id)
        given_up = self._try_again(listing.unlisted)
        return WebhookSync(
            listing.fetched,
            events=len(events) + (MORE in names),
            refuted=listing.refuted,
            unlisted=len(listing.unlisted) - given_up,
            given_up=given_up,
        )

    def _not_due(self, landing: Landing, request: SyncRequest, owner_id: str, now: datetime) -> str:
        """Why a scheduled sync need not ask Strava; empty if it has to."""
        if not self.state.is_listening(now) or self.state.logged_out(owner_id):
            return ""
        manifests = [manifest for manifest in landing.manifests(owner_id) if manifest.source == "api"]
        history = known_history(manifests, owner_id)
        decided = plan(SyncMode.AUTO, history, now, full_every_hours=request.full_every_hours)
        if decided.kind is not SyncMode.INCREMENTAL or not history.last_complete_full_at:
            return ""
        return (
            "No event waits, the receiver is alive, and everything was listed on "
            f"{history.last_complete_full_at:%Y-%m-%d}, so Strava is not asked."
        )

    def _try_again(self, unlisted: Sequence[Event]) -> int:
        """Store events for another try; returns the number of those that had enough."""
        given_up = 0
        for event in unlisted:
            if event.tries + 1 < MOST_TRIES:
                self.events.add(replace(event, tries=event.tries + 1))
            else:
                given_up += 1
        return given_up
