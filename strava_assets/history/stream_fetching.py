"""The API's streams: which activities want theirs, asking within the quota, the books kept of them.

What was fetched stands in the streams' store before anything is concluded from it; a run that is stopped, by
the quota or by a kill, goes on with the next one. When that is done is told in quota_plan.py.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from strava_assets.history.fetch import athlete_of_token
from strava_assets.history.landed_records import digest
from strava_assets.schema.streams import ACTIVITY_STREAMS
from strava_assets.strava.errors import (
    QuotaExhaustedError,
    RequestRefusedError,
    StravaError,
    TransientStravaError,
)
from strava_assets.streams import StreamEntry, UnreadableRecordingError, from_streams
from strava_assets.streams.recording_table import STRAVA_KEYS
from strava_assets.warehouse.arrow import arrow_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from strava_assets.history.fetch import AthleteMemory
    from strava_assets.strava.client import StravaClient
    from strava_assets.strava.limits import Quota
    from strava_assets.streams import Key, Status, StreamStore, StreamWriter
    from strava_assets.warehouse.engine import Warehouse

logger = logging.getLogger("strava_assets.history")

# A kill loses no more calls than these.
_PIECE = 25
# The marts wait for the streams: what an unusually large quota allows beyond this is left to the next run.
LONGEST_RUN = timedelta(minutes=5)
# One activity may be Strava's own trouble and is left for the next run; so many in a row are an outage.
_FAILURES_IN_A_ROW = 5
# Rides with a meter have streams. So many without, of one piece, and none with, say something of the address.
_SILENCE = 20
# A fresh upload is listed before its streams can be had.
_SETTLED_AFTER = timedelta(days=1)
# "No streams" and "no such activity" are one answer, and an activity that was gone for a while may be back.
_BELIEVED_FOR = timedelta(days=30)

_ACTIVE = """
SELECT
  athlete_id, activity_id, year, COALESCE(device_watts, FALSE) AS has_power,
  start_date, elapsed_time_s, moving_time_s, distance_m, average_watts, device_watts
FROM bq_activities
WHERE deleted_at IS NULL AND source = 'api' AND NOT COALESCE(manual, FALSE)
  AND (device_watts OR @all)
ORDER BY has_power DESC, start_date DESC, activity_id DESC
"""


@dataclass(frozen=True)
class Wanted:
    """An activity whose streams are to be asked for.

    Args:
        athlete_id: whose.
        activity_id: which.
        year: of its local start.
        fingerprint: digest of the summary it has now.
        surely_has_some: it has a power meter, and nothing is known to the contrary.
    """

    athlete_id: str
    activity_id: str
    year: int
    fingerprint: str
    surely_has_some: bool


@dataclass
class StreamsReport:
    """What asking for streams came to.

    Args:
        stored: activities whose recordings came and are kept.
        none: activities that have no streams.
        unreadable: activities whose recordings were set aside.
        failed: activities Strava failed at; they are asked for again.
        remaining: activities that still want theirs.
        stopped: what ended it early, if anything did.
        out_of_time: whether it ended because the marts had waited long enough.
        quota: the rate limits as last seen.
        calls: requests sent, by kind.
    """

    stored: int = 0
    none: int = 0
    unreadable: int = 0
    failed: int = 0
    remaining: int = 0
    stopped: StravaError | None = None
    out_of_time: bool = False
    quota: Quota | None = None
    calls: dict[str, int] = field(default_factory=dict)

    @property
    def answered(self) -> int:
        """Activities that need not be asked for again."""
        return self.stored + self.none + self.unreadable

    @property
    def needs_a_person(self) -> bool:
        """Whether what stopped it passes neither by itself nor with the next quarter hour."""
        return self.stopped is not None and not isinstance(
            self.stopped, QuotaExhaustedError | TransientStravaError | RequestRefusedError
        )


class NoStreamsAtAllError(RequestRefusedError):
    """Strava says of one ride after another that it has no streams, though each has a power meter."""

    MEANS = "It was not taken for the truth: nothing was noted, and these rides are asked for again."
    REMEDY = (
        "Usually nothing. If it lasts, see whether Strava still offers streams to your application "
        "(https://developers.strava.com) and whether STRAVA_API_BASE_URL is right; "
        "STRAVA_ASSETS_STREAMS=none ends the asking, and the bulk export has every recording."
    )


def fingerprint_of(row: Mapping[str, Any]) -> str:
    """A digest of what changes in an activity's summary when its recording does, as by a crop.

    Args:
        row: a row of bq_activities.
    """
    start: datetime = row["start_date"]
    measures = ("elapsed_time_s", "moving_time_s", "distance_m", "average_watts", "device_watts")
    return digest([start.astimezone(UTC).isoformat(), *(row[name] for name in measures)])


def wanted(
    warehouse: Warehouse, entries: Mapping[Key, StreamEntry], which: str, now: datetime
) -> list[Wanted]:
    """The activities whose streams are not known as they are now: rides with a meter first, newest first.

    Only what the API itself lists is asked for, and never what a bulk export has given.

    Args:
        warehouse: where bq_activities is.
        entries: what is known already.
        which: `power` for those with a power meter, `all`, or `none`.
        now: aware UTC.
    """
    if which == "none":
        return []
    due = []
    for batch in warehouse.query_batches(_ACTIVE, {"all": which == "all"}):
        for row in batch.to_pylist():
            key, fingerprint = (row["athlete_id"], row["activity_id"]), fingerprint_of(row)
            entry = entries.get(key)
            if _is_due(entry, fingerprint, row, now):
                due.append(Wanted(*key, row["year"], fingerprint, row["has_power"] and entry is None))
    return due


def fetch_streams(
    client: StravaClient,
    memory: AthleteMemory,
    store: StreamStore,
    activities: Sequence[Wanted],
    *,
    clock: Callable[[], datetime],
    announce: Callable[[str], None] | None = None,
) -> StreamsReport:
    """Ask for the streams of activities, in their order, until all are there or something ends it.

    The rate limit and Strava's failures end it without an exception: what came by then is kept, and the
    report says what stopped it.

    Args:
        client: asks Strava; its pacer keeps the reserve.
        memory: knows whose token it is.
        store: where recordings go, in small pieces.
        activities: what `wanted` gave; those of other athletes than the token's are left alone.
        clock: gives the aware UTC time.
        announce: told how far it is after each piece.

    Raises:
        StreamsError: a recording cannot be written.
    """
    report = StreamsReport(remaining=len(activities))
    if activities:
        try:
            athlete_id = athlete_of_token(client, memory)
        except StravaError as failure:
            report.stopped = failure
        else:
            own = [activity for activity in activities if activity.athlete_id == athlete_id]
            _Asking(client, store, report, clock).ask_for(own, announce or logger.info)
    report.quota, report.calls = client.quota, client.calls
    return report


def write_stream_index(warehouse: Warehouse, entries: Mapping[Key, StreamEntry]) -> int:
    """Put what the store's files say in the place of `activity_streams`; returns the number of rows."""
    rows = [_book_row(entry) for _, entry in sorted(entries.items())]
    return warehouse.replace(
        ACTIVITY_STREAMS, pa.Table.from_pylist(rows, schema=arrow_schema(ACTIVITY_STREAMS.columns))
    )


def _is_due(entry: StreamEntry | None, fingerprint: str, row: Mapping[str, Any], now: datetime) -> bool:
    """Whether an activity's streams are yet to be asked for."""
    if entry is None:
        return True
    if entry.source == "archive":
        return entry.status != "stored"
    if entry.fingerprint != fingerprint:
        return True
    settles: datetime = row["start_date"] + timedelta(seconds=row["elapsed_time_s"] or 0) + _SETTLED_AFTER
    fetched_too_early = entry.fetched_at < settles <= now
    return entry.status == "none" and (fetched_too_early or now - entry.fetched_at >= _BELIEVED_FOR)


class _Asking:
    """One run's questions, and what has come of them."""

    def __init__(
        self, client: StravaClient, store: StreamStore, report: StreamsReport, clock: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._store = store
        self._report = report
        self._clock = clock
        self._ends_at = clock() + LONGEST_RUN
        self._failures = 0

    def ask_for(self, activities: Sequence[Wanted], announce: Callable[[str], None]) -> None:
        """Ask piece by piece, each kept before the next one begins."""
        report = self._report
        for first in range(0, len(activities), _PIECE):
            before = replace(report)
            try:
                with self._store.writer() as writer:
                    goes_on = self._take(activities[first : first + _PIECE], writer)
            except NoStreamsAtAllError as silence:
                report.none, report.unreadable = before.none, before.unreadable
                report.stopped, goes_on = silence, False
            announce(f"Streams: {report.answered} of {len(activities)} activities so far")
            if not goes_on:
                break
        report.remaining = len(activities) - report.answered

    def _take(self, piece: Sequence[Wanted], writer: StreamWriter) -> bool:
        """Ask for a few activities; returns whether to go on.

        Raises:
            NoStreamsAtAllError: nothing of this piece may be kept.
        """
        silent = 0
        for activity in piece:
            if self._clock() >= self._ends_at:
                self._report.out_of_time = True
                return False
            try:
                answer = self._client.streams(activity.activity_id, STRAVA_KEYS)
            except (TransientStravaError, RequestRefusedError) as failure:
                self._report.failed += 1
                self._failures += 1
                if self._failures >= _FAILURES_IN_A_ROW:
                    self._report.stopped = failure
                    return False
            except StravaError as failure:
                self._report.stopped = failure
                return False
            else:
                self._failures = 0
                entry, recording = self._read(activity, answer)
                writer.add(entry, recording)
                silent += activity.surely_has_some and entry.status == "none"
            if silent >= _SILENCE and not self._report.stored:
                raise NoStreamsAtAllError(f"Strava has no streams of {silent} rides with a power meter.")
        return True

    def _read(
        self, activity: Wanted, answer: tuple[bytes, dict[str, Any]] | None
    ) -> tuple[StreamEntry, pa.Table | None]:
        try:
            recording = from_streams(activity.athlete_id, activity.activity_id, answer[1]) if answer else None
        except UnreadableRecordingError as reason:
            self._report.unreadable += 1
            return self._entry(activity, "unreadable", str(reason)), None
        if recording is None:
            self._report.none += 1
            return self._entry(activity, "none", "Strava has no streams of it"), None
        self._report.stored += 1
        return self._entry(activity, "stored"), recording

    def _entry(self, activity: Wanted, status: Status, reason: str | None = None) -> StreamEntry:
        return StreamEntry(
            athlete_id=activity.athlete_id,
            activity_id=activity.activity_id,
            year=activity.year,
            status=status,
            source="api",
            fetched_at=self._clock(),
            fingerprint=activity.fingerprint,
            reason=reason,
        )


def _book_row(entry: StreamEntry) -> dict[str, Any]:
    has_samples = entry.status == "stored"
    return {
        "athlete_id": entry.athlete_id,
        "activity_id": entry.activity_id,
        "status": entry.status,
        "source": entry.source,
        "fetched_at": entry.fetched_at,
        "fingerprint": entry.fingerprint,
        "version": entry.version,
        "samples": entry.samples,
        "has_watts": "watts" in entry.channels,
        "has_heartrate": "heartrate_bpm" in entry.channels,
        "part": entry.part if has_samples else None,
        "origin": entry.origin,
        "reason": entry.reason,
    }
