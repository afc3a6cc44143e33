"""From Strava into the landing: decides what to list, lists it, and commits it as one batch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, cast

from strava_assets.history.page_shift import find_skipped
from strava_assets.landing import Manifest
from strava_assets.strava.errors import ForeignAthleteError
from strava_assets.strava.sync import KnownHistory, Listing, ListingWindow, Plan, SyncMode, plan, run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from strava_assets.landing import Landing
    from strava_assets.landing.manifest import Kind
    from strava_assets.strava.client import StravaClient
    from strava_assets.strava.limits import Quota


class AthleteIdStore(Protocol):
    """Stores the id of the token's athlete, beside the token."""

    def read(self) -> dict[str, str]:
        """Return all values, including `athlete_id` once it is known."""

    def write(self, values: dict[str, str]) -> None:
        """Store values durably."""

    @property
    def writable(self) -> bool:
        """Whether `write` stores anything."""


@dataclass(frozen=True)
class FetchResult:
    """The result of a sync: its plan, its listing, and the manifest of its batch."""

    plan: Plan
    listing: Listing
    manifest: Manifest


@dataclass(frozen=True)
class SyncRequest:
    """The requested sync.

    Args:
        mode: the kind of sync; auto decides by the history.
        window: the range of a window sync.
        overlap_days: how far before the newest start an incremental sync begins.
        full_every_hours: age of the last full listing at which auto makes a new one.
        athlete_id: the athlete whose tokens are to be used; None takes whose they are.
    """

    mode: SyncMode = SyncMode.AUTO
    window: ListingWindow | None = None
    overlap_days: int = 30
    full_every_hours: int = 24
    athlete_id: str | None = None


def fetch(
    client: StravaClient,
    memory: AthleteIdStore,
    landing: Landing,
    request: SyncRequest,
    *,
    clock: Callable[[], datetime],
    progress: Callable[[int, int, Quota | None], None] | None = None,
    announce: Callable[[str], None] | None = None,
) -> FetchResult:
    """Sync once: one listing, one committed batch.

    Args:
        client: sends the requests.
        memory: stores the id of the token's athlete.
        landing: receives the pages as they arrive.
        request: the requested sync.
        clock: returns the current aware UTC time.
        progress: called with `(pages, records, quota)` after each page.
        announce: called with the decision and its reason before the first call.

    Raises:
        ForeignAthleteError: the tokens belong to another athlete; nothing was committed.
        StravaError: the listing failed; nothing was committed, and earlier batches are unchanged.
        LandingError: the landing cannot be written; no request was sent.
    """
    landing.check_writable()
    athlete_id = memory.read().get("athlete_id") or None
    manifests = [manifest for manifest in landing.manifests(athlete_id) if manifest.source == "api"]
    # Strava is asked only if the history might belong to another athlete.
    if not athlete_id and (manifests or request.athlete_id):
        athlete_id = athlete_of_token(client, memory)
    _require_athlete(request.athlete_id, athlete_id)
    decided = plan(
        request.mode,
        known_history(manifests, athlete_id),
        clock(),
        overlap_days=request.overlap_days,
        full_every_hours=request.full_every_hours,
        window=request.window,
    )
    if announce:
        announce(f"{decided.kind.capitalize()} listing. {decided.reason}")
    batch = landing.begin(cast("Kind", decided.kind.value), clock(), athlete_id)
    listing = run(client, decided, batch, progress, clock)
    _require_athlete(request.athlete_id, listing.athlete_id)
    athlete_id = athlete_id or listing.athlete_id
    own = [manifest for manifest in manifests if manifest.athlete_id == athlete_id]
    if skipped := find_skipped(client, listing, own):
        listing = replace(listing, complete=False)
        if announce:
            announce(
                f"The listing skipped activity {skipped} between two pages, because another one was deleted "
                "meanwhile. No deletions are concluded from it; the next sync lists everything again."
            )
    if athlete_id and memory.writable and memory.read().get("athlete_id") != athlete_id:
        memory.write({"athlete_id": athlete_id})
    manifest = Manifest(
        batch_id=batch.batch_id,
        kind=cast("Kind", decided.kind.value),
        source="api",
        athlete_id=athlete_id,
        started_at=listing.started_at,
        finished_at=listing.finished_at,
        complete=listing.complete,
        after=decided.window.after,
        before=decided.window.before,
        pages=tuple(batch.pages),
        records=listing.records,
        activity_ids=tuple(listing.ids),
        oldest_start=listing.oldest_start,
        newest_start=listing.newest_start,
        resume_before=listing.resume_before if decided.kind is SyncMode.FULL and listing.stopped else None,
        history_complete_at=_history_complete_at(decided, listing),
        calls=client.calls,
    )
    return FetchResult(decided, listing, batch.commit(manifest))


def _require_athlete(expected_id: str | None, owner_id: str | None) -> None:
    if expected_id and owner_id and owner_id != expected_id:
        raise ForeignAthleteError(expected_id, owner_id)


def known_history(manifests: Sequence[Manifest], athlete_id: str | None) -> KnownHistory:
    """The history of an athlete according to the API's committed batches, given in order."""
    own = [manifest for manifest in manifests if manifest.athlete_id == athlete_id is not None]
    if not own:
        return KnownHistory()
    complete_at = [m.history_complete_at for m in own if m.history_complete_at]
    in_one_listing = [m.history_complete_at for m in own if m.history_complete_at and m.before is None]
    starts = [m.newest_start for m in own if m.newest_start]
    listed_fully = [m for m in own if m.kind in ("full", "compacted")]
    return KnownHistory(
        newest_start=max(starts, default=None),
        last_complete_full_at=max(in_one_listing, default=None),
        history_complete=bool(complete_at),
        resume_before=listed_fully[-1].resume_before if listed_fully else None,
    )


def _history_complete_at(decided: Plan, listing: Listing) -> datetime | None:
    """When this listing completed the history: a full listing that reached its end, resumed or not."""
    done = decided.kind is SyncMode.FULL and listing.complete and listing.ids
    return listing.finished_at if done else None


def athlete_of_token(client: StravaClient, memory: AthleteIdStore) -> str:
    """The id of the token's athlete, from memory or else from Strava; it is stored then.

    Raises:
        StravaError: the request failed.
    """
    stored = memory.read().get("athlete_id")
    if stored:
        return stored
    _, athlete = client.athlete()
    athlete_id = str(athlete["id"])
    if memory.writable:
        memory.write({"athlete_id": athlete_id})
    return athlete_id
