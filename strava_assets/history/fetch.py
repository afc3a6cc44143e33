"""From Strava into the landing: decide what to list, list it, commit it as one batch.

The decision and the listing are the strava room's, the batch is the landing's; here they meet.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, cast

from strava_assets.history.page_shift import find_skipped
from strava_assets.landing import Manifest
from strava_assets.strava.sync import KnownHistory, Listing, ListingWindow, Plan, SyncMode, plan, run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from strava_assets.landing import Landing
    from strava_assets.landing.manifest import Kind
    from strava_assets.strava.client import StravaClient
    from strava_assets.strava.limits import Quota


class AthleteMemory(Protocol):
    """Where the athlete whose token it is was noted, beside the token."""

    def read(self) -> dict[str, str]:
        """All values; `athlete_id` among them once it is known."""

    def write(self, values: dict[str, str]) -> None:
        """Note values for good."""

    @property
    def writable(self) -> bool:
        """Whether `write` keeps anything."""


@dataclass(frozen=True)
class Fetched:
    """One sync: what was planned, what came, and the batch that holds it."""

    plan: Plan
    listing: Listing
    manifest: Manifest


@dataclass(frozen=True)
class SyncRequest:
    """What a launch asks for.

    Args:
        mode: auto lets the history decide.
        window: the range of a window sync.
        overlap_days: how far an incremental sync looks back.
        full_every_hours: how old a full listing may become in auto mode.
    """

    mode: SyncMode = SyncMode.AUTO
    window: ListingWindow | None = None
    overlap_days: int = 30
    full_every_hours: int = 24


def fetch(
    client: StravaClient,
    memory: AthleteMemory,
    landing: Landing,
    request: SyncRequest,
    *,
    clock: Callable[[], datetime],
    progress: Callable[[int, int, Quota | None], None] | None = None,
    announce: Callable[[str], None] | None = None,
) -> Fetched:
    """Sync once: one listing, one committed batch.

    Args:
        client: asks Strava.
        memory: knows, and learns, whose token it is.
        landing: takes the pages as they come.
        request: what was asked for.
        clock: gives the aware UTC time.
        progress: told `(pages, records, quota)` after each page.
        announce: told what was decided, and why, before the first call.

    Raises:
        StravaError: the listing failed; nothing was committed and the earlier batches are as they were.
        LandingError: the landing cannot be written; nothing was asked of Strava.
    """
    landing.check_writable()
    manifests = [manifest for manifest in landing.manifests() if manifest.source == "api"]
    # Asked of Strava only where a history could be taken for someone else's.
    athlete_id = athlete_of_token(client, memory) if manifests else memory.read().get("athlete_id")
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
    batch = landing.begin(cast("Kind", decided.kind.value), clock())
    listing = run(client, decided, batch, progress, clock)
    athlete_id = athlete_id or listing.athlete_id
    own = [manifest for manifest in manifests if manifest.athlete_id == athlete_id]
    if missed := find_skipped(client, listing, own):
        listing = replace(listing, complete=False)
        if announce:
            announce(
                f"Activity {missed} slipped past between two pages, as happens when another one is deleted "
                "meanwhile. Nothing is concluded from this listing; the next sync lists everything again."
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
    return Fetched(decided, listing, batch.commit(manifest))


def known_history(manifests: Sequence[Manifest], athlete_id: str | None) -> KnownHistory:
    """What an athlete's committed batches have shown so far.

    Args:
        manifests: the API's batches in order.
        athlete_id: whose; batches without an athlete (empty listings) say nothing of anyone.
    """
    own = [manifest for manifest in manifests if manifest.athlete_id == athlete_id is not None]
    if not own:
        return KnownHistory()
    complete_at = [m.history_complete_at for m in own if m.history_complete_at]
    in_one_go = [m.history_complete_at for m in own if m.history_complete_at and m.before is None]
    starts = [m.newest_start for m in own if m.newest_start]
    listed_fully = [m for m in own if m.kind in ("full", "compacted")]
    return KnownHistory(
        newest_start=max(starts, default=None),
        last_complete_full_at=max(in_one_go, default=None),
        history_complete=bool(complete_at),
        resume_before=listed_fully[-1].resume_before if listed_fully else None,
    )


def _history_complete_at(decided: Plan, listing: Listing) -> datetime | None:
    """A full listing that reached its end completes the history, also when it went on after a stop."""
    done = decided.kind is SyncMode.FULL and listing.complete and listing.ids
    return listing.finished_at if done else None


def athlete_of_token(client: StravaClient, memory: AthleteMemory) -> str:
    """Whose token it is; asked of Strava where it was not noted, and noted then.

    Raises:
        StravaError: it could not be asked.
    """
    noted = memory.read().get("athlete_id")
    if noted:
        return noted
    _, athlete = client.athlete()
    athlete_id = str(athlete["id"])
    if memory.writable:
        memory.write({"athlete_id": athlete_id})
    return athlete_id
