"""What a sync asks of Strava and what may be concluded from the answers.

No storage of its own: pages go to a sink, knowledge comes from the landing, committing is the caller's.
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

# A full listing every 24 hours from a 6-hour schedule must not slip to 30 because a run began seconds early.
FULL_SLACK = timedelta(minutes=30)


class SyncMode(StrEnum):
    """What a launch asks for; a plan is never AUTO."""

    AUTO = "auto"
    INCREMENTAL = "incremental"
    FULL = "full"
    WINDOW = "window"


@dataclass(frozen=True)
class ListingWindow:
    """The range of starts that is asked for, in epoch seconds, both ends exclusive; `None` is open."""

    after: int | None = None
    before: int | None = None


class BatchSink(Protocol):
    """A landing batch under construction."""

    def write_page(self, number: int, body: bytes, fetched_at: datetime, records: int) -> None:
        """Keep one page exactly as received; `records` is how many activities it holds."""


@dataclass(frozen=True)
class KnownHistory:
    """What earlier committed listings have shown.

    Attributes:
        newest_start: start of the newest activity seen, aware UTC.
        last_complete_full_at: when the last complete listing of everything ended, aware UTC.
        history_complete: whether every age was listed at least once, in one go or in several.
        resume_before: where a first listing that the quota stopped goes on (epoch seconds, exclusive).
    """

    newest_start: datetime | None = None
    last_complete_full_at: datetime | None = None
    history_complete: bool = False
    resume_before: int | None = None


@dataclass(frozen=True)
class Plan:
    """One listing to be made, and why this one."""

    kind: SyncMode
    window: ListingWindow
    reason: str


@dataclass(frozen=True)
class Listing:
    """What a listing brought.

    Attributes:
        kind: INCREMENTAL, FULL or WINDOW.
        window: the range that was asked for.
        started_at: aware UTC time before the first call.
        finished_at: aware UTC time after the last.
        complete: whether the empty page was reached: what is absent inside `window` is absent on Strava.
        pages: pages written to the sink.
        records: activities in them, repetitions and malformed ones included.
        ids: distinct activity ids, in the order received.
        newest_start: latest readable start seen, aware UTC.
        oldest_start: earliest readable start seen, aware UTC.
        athlete_id: whose activities they are; None where no record said so.
        descending: whether the starts came newest first throughout; only then is everything from
            `oldest_start` on known after a stop.
        calls: HTTP requests sent during this listing, by kind.
        quota: the rate limits as last seen.
        stopped: the rate limit that ended it early, if one did.
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
        """Where a stopped listing goes on (epoch seconds, exclusive); `None` where that cannot be said.

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
        mode: what was asked for; AUTO lets the history decide.
        history: what the landing knows.
        now: aware UTC time.
        overlap_days: how far before the newest start an incremental listing begins (late uploads, edits).
        full_every_hours: age at which AUTO renews the complete listing.
        window: the range, for WINDOW.

    Raises:
        ConfigurationError: WINDOW without a usable range.
    """
    if mode is SyncMode.WINDOW:
        return _window_plan(window)
    if mode is SyncMode.FULL:
        return Plan(SyncMode.FULL, ListingWindow(), "A full listing was asked for.")
    if history.newest_start is None:
        return Plan(SyncMode.FULL, ListingWindow(), "No activity is known yet, so everything is listed.")
    if mode is SyncMode.AUTO:
        full = _full_reason(history, now, full_every_hours)
        if full:
            return full
    # An activity dated in the future by a wrong device clock must not push the window beyond today.
    newest = min(history.newest_start, now)
    after = int((newest - timedelta(days=overlap_days)).timestamp())
    reason = f"From {overlap_days:g} days before the newest known activity ({newest:%Y-%m-%d})."
    return Plan(SyncMode.INCREMENTAL, ListingWindow(after=after), reason)


def run(
    client: StravaClient,
    plan: Plan,
    sink: BatchSink,
    progress: Callable[[int, int, Quota | None], None] | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Listing:
    """Make the listing, writing each page to the sink as it arrives.

    The sink is called from a thread of its own, one page at a time and in order; all pages are written when
    this returns. A rate limit ends the listing early with `complete=False`; any other failure, of Strava or
    of the sink, propagates.

    Args:
        client: the Strava client.
        plan: which listing.
        sink: the batch under construction.
        progress: told `(pages, records, quota)` after each page.
        clock: gives the aware UTC time.
    """
    started_at = clock()
    calls_before = client.calls
    ids: list[str] = []
    starts = _Starts()
    pages = records = 0
    stopped: QuotaExhaustedError | None = None
    # One page is written while the next is asked for: disk and bucket are waited for beside Strava.
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
                starts.see(page.records)
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
            "A window sync was asked for without a window.",
            remedy="Give the launch an `after`, a `before` or both.",
        )
    if window.after is not None and window.before is not None and window.after >= window.before:
        raise ConfigurationError(
            f"The window ends ({window.before}) before it begins ({window.after}).",
            remedy="Swap `after` and `before`, or widen the window.",
        )
    return Plan(SyncMode.WINDOW, window, "A chosen window was asked for.")


def _full_reason(history: KnownHistory, now: datetime, full_every_hours: float) -> Plan | None:
    """The full listing that AUTO owes, if it owes one."""
    if not history.history_complete:
        if history.resume_before is None:
            reason = "The history was never listed to its end."
        else:
            since = datetime.fromtimestamp(history.resume_before, UTC)
            reason = f"The first listing was stopped by the rate limit; it goes on before {since:%Y-%m-%d}."
        return Plan(SyncMode.FULL, ListingWindow(before=history.resume_before), reason)
    if history.last_complete_full_at is None:
        return Plan(SyncMode.FULL, ListingWindow(), "The history was not yet listed in one go.")
    age = now - history.last_complete_full_at
    due = timedelta(hours=full_every_hours) - FULL_SLACK
    if age >= due or age < timedelta(0):
        reason = f"The last full listing ended {history.last_complete_full_at:%Y-%m-%d %H:%M} UTC."
        return Plan(SyncMode.FULL, ListingWindow(), reason)
    return None


class _Starts:
    """Follows the records seen: whose they are, the range of their starts and its order."""

    def __init__(self) -> None:
        self.newest: datetime | None = None
        self.oldest: datetime | None = None
        self.descending = True
        self.athlete_id: str | None = None

    def see(self, records: list[Any]) -> None:
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
    """The UTC start of a record; `None` where it has none that can be read."""
    text = record.get("start_date") if isinstance(record, dict) else None
    try:
        start = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    if start is None:
        return None
    return start.replace(tzinfo=UTC) if start.tzinfo is None else start.astimezone(UTC)
