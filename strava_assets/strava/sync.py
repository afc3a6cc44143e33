"""What a sync requests from Strava and what may be concluded from the responses.

Nothing is stored here: pages go to a sink, the history comes from the landing, and the caller commits.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from strava_assets.errors import ConfigurationError
from strava_assets.strava.errors import QuotaExhaustedError
from strava_assets.strava.tokens import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from strava_assets.strava.client import StravaClient
    from strava_assets.strava.limits import Quota

# With a 6-hour schedule, a listing due every 24 hours must not wait 30 because a run began seconds early.
FULL_SLACK = timedelta(minutes=30)


class SyncMode(StrEnum):
    """The requested kind of sync; a plan is never AUTO."""

    AUTO = "auto"
    INCREMENTAL = "incremental"
    FULL = "full"
    WINDOW = "window"


@dataclass(frozen=True)
class ListingWindow:
    """The requested range of start times, in epoch seconds, both ends exclusive; `None` is open."""

    after: int | None = None
    before: int | None = None


class BatchSink(Protocol):
    """A landing batch under construction."""

    def write_page(self, number: int, body: bytes, fetched_at: datetime, records: int) -> None:
        """Store one page exactly as received; `records` is the number of activities in it."""


@dataclass(frozen=True)
class KnownHistory:
    """The athlete's history according to earlier committed listings.

    Attributes:
        newest_start: start of the newest activity seen, aware UTC.
        last_complete_full_at: end of the last complete listing of everything, aware UTC.
        history_complete: whether the whole history was listed at least once, in one or several listings.
        resume_before: where to resume a first listing that the quota stopped (epoch seconds, exclusive).
    """

    newest_start: datetime | None = None
    last_complete_full_at: datetime | None = None
    history_complete: bool = False
    resume_before: int | None = None


@dataclass(frozen=True)
class Plan:
    """The listing to make, and the reason for it."""

    kind: SyncMode
    window: ListingWindow
    reason: str


@dataclass(frozen=True)
class Listing:
    """The result of a listing.

    Attributes:
        kind: INCREMENTAL, FULL or WINDOW.
        window: the requested range.
        started_at: aware UTC time before the first call.
        finished_at: aware UTC time after the last call.
        complete: whether the empty page was reached: what is absent inside `window` is absent on Strava.
        pages: number of pages written to the sink.
        records: number of activities in them, repeated and malformed ones included.
        ids: distinct activity ids, in the order received.
        newest_start: latest readable start seen, aware UTC.
        oldest_start: earliest readable start seen, aware UTC.
        athlete_id: the athlete of the activities; None if no record contained it.
        descending: whether all starts came newest first; only then has a stopped listing covered everything
            from `oldest_start` on.
        calls: number of HTTP requests sent during this listing, by kind.
        quota: the rate limits of the latest response.
        stopped: the rate limit that ended it early, if any.
    """

    kind: SyncMode
    window: ListingWindow
    started_at: datetime
    finished_at: datetime
    complete: bool
    pages: int
    records: int
    ids: list[str] = field(repr=False)
    newest_start: datetime | None
    oldest_start: datetime | None
    athlete_id: str | None
    descending: bool
    calls: dict[str, int]
    quota: Quota | None
    stopped: QuotaExhaustedError | None = None

    @property
    def resume_before(self) -> int | None:
        """Where to resume a stopped listing (epoch seconds, exclusive); `None` if that is unknown.

        One second later than the oldest start seen: other activities may share that second.
        """
        if self.complete or not self.descending or self.oldest_start is None:
            return None
        return int(self.oldest_start.timestamp()) + 1


def plan(
    mode: SyncMode,
    history: KnownHistory,
    now: datetime,
    *,
    overlap_days: float = 30,
    full_every_hours: float = 24,
    window: ListingWindow | None = None,
) -> Plan:
    """Decide which listing to make.

    Args:
        mode: the requested mode; AUTO decides by the history.
        history: what earlier listings have shown.
        now: aware UTC time.
        overlap_days: how far before the newest start an incremental listing begins (late uploads, edits).
        full_every_hours: age of the last full listing at which AUTO makes a new one.
        window: the range, for WINDOW.

    Raises:
        ConfigurationError: WINDOW without a usable range.
    """
    if mode is SyncMode.WINDOW:
        return _window_plan(window)
    if mode is SyncMode.FULL:
        return Plan(SyncMode.FULL, ListingWindow(), "A full listing was requested.")
    if history.newest_start is None:
        return Plan(
            SyncMode.FULL, ListingWindow(), "No activities were listed before, so everything is listed."
        )
    if mode is SyncMode.AUTO:
        full = _full_reason(history, now, full_every_hours)
        if full:
            return full
    # An activity dated in the future by a wrong device clock must not move the window beyond today.
    newest = min(history.newest_start, now)
    after = int((newest - timedelta(days=overlap_days)).timestamp())
    reason = f"It begins {overlap_days:g} days before the newest known activity ({newest:%Y-%m-%d})."
    return Plan(SyncMode.INCREMENTAL, ListingWindow(after=after), reason)


def run(
    client: StravaClient,
    plan: Plan,
    sink: BatchSink,
    progress: Callable[[int, int, Quota | None], None] | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Listing:
    """Make the listing and write each page to the sink as it arrives.

    The sink is called from a separate thread, one page at a time and in order; all pages are written when
    this returns. A rate limit ends the listing early with `complete=False`; other failures propagate.

    Args:
        client: the Strava client.
        plan: the listing to make.
        sink: the batch under construction.
        progress: called with `(pages, records, quota)` after each page.
        clock: returns the current aware UTC time.
    """
    started_at = clock()
    calls_before = client.calls
    ids: list[str] = []
    starts = _Starts()
    pages = records = 0
    stopped: QuotaExhaustedError | None = None
    # One page is written while the next is requested, so that storage and Strava are awaited in parallel.
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="landing") as writer:
        written: Future[None] | None = None
        try:
            for page in client.pages(after=plan.window.after, before=plan.window.before):
                if written:
                    written.result()
                written = writer.submit(
                    sink.write_page, page.number, page.body, page.fetched_at, len(page.records)
                )
                pages += 1
                records += len(page.records)
                ids += page.new_ids
                starts.add(page.records)
                if progress:
                    progress(pages, records, page.quota)
        except QuotaExhaustedError as reached:
            stopped = reached
        if written:
            written.result()
    return Listing(
        kind=plan.kind,
        window=plan.window,
        started_at=started_at,
        finished_at=clock(),
        complete=stopped is None,
        pages=pages,
        records=records,
        ids=ids,
        newest_start=starts.newest,
        oldest_start=starts.oldest,
        athlete_id=starts.athlete_id,
        descending=starts.descending,
        calls={kind: count - calls_before.get(kind, 0) for kind, count in client.calls.items()},
        quota=client.quota,
        stopped=stopped,
    )


def _window_plan(window: ListingWindow | None) -> Plan:
    if window is None or (window.after is None and window.before is None):
        raise ConfigurationError(
            "A window sync was requested without a window.",
            remedy="Set `after`, `before` or both in the launch configuration.",
        )
    if window.after is not None and window.before is not None and window.after >= window.before:
        raise ConfigurationError(
            f"The end of the window ({window.before}) is not after its beginning ({window.after}).",
            remedy="Swap `after` and `before`, or widen the window.",
        )
    return Plan(SyncMode.WINDOW, window, "A window was requested.")


def _full_reason(history: KnownHistory, now: datetime, full_every_hours: float) -> Plan | None:
    """The full listing that AUTO makes, if one is due."""
    if not history.history_complete:
        if history.resume_before is None:
            reason = "The history was never listed completely."
        else:
            since = datetime.fromtimestamp(history.resume_before, UTC)
            reason = f"The rate limit stopped the first listing; it resumes before {since:%Y-%m-%d}."
        return Plan(SyncMode.FULL, ListingWindow(before=history.resume_before), reason)
    if history.last_complete_full_at is None:
        return Plan(SyncMode.FULL, ListingWindow(), "The history was not yet listed in one listing.")
    age = now - history.last_complete_full_at
    due = timedelta(hours=full_every_hours) - FULL_SLACK
    if age >= due or age < timedelta(0):
        reason = f"The last full listing ended {history.last_complete_full_at:%Y-%m-%d %H:%M} UTC."
        return Plan(SyncMode.FULL, ListingWindow(), reason)
    return None


class _Starts:
    """Collects from the records seen: the athlete, the range of their starts, and its order."""

    def __init__(self) -> None:
        self.newest: datetime | None = None
        self.oldest: datetime | None = None
        self.descending = True
        self.athlete_id: str | None = None

    def add(self, records: list[Any]) -> None:
        for record in records:
            self.athlete_id = self.athlete_id or _athlete(record)
            start = _start(record)
            if start is None:
                continue
            if self.oldest is not None and start > self.oldest:
                self.descending = False
            self.oldest = start if self.oldest is None else min(self.oldest, start)
            self.newest = start if self.newest is None else max(self.newest, start)


def _athlete(record: Any) -> str | None:
    athlete = record.get("athlete") if isinstance(record, dict) else None
    identity = athlete.get("id") if isinstance(athlete, dict) else None
    return str(identity) if isinstance(identity, int) and not isinstance(identity, bool) else None


def _start(record: Any) -> datetime | None:
    """The UTC start of a record; `None` if it has no readable one."""
    text = record.get("start_date") if isinstance(record, dict) else None
    try:
        start = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    if start is None:
        return None
    return start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC)
