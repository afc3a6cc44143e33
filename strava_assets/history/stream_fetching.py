"""Fetches streams from the API: selects activities, requests within the quota, and writes the index table.

Fetched streams are stored before anything else happens. A run that is stopped by the quota or killed
continues with the next one; `quota_plan` estimates the completion.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from strava_assets.history.fetch import athlete_of_token
from strava_assets.history.landed_records import digest
from strava_assets.schema.columns import ColumnType
from strava_assets.schema.sports import sports_with_power
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
from strava_assets.warehouse.engine import Typed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from strava_assets.errors import StravaAssetsError
    from strava_assets.history.fetch import AthleteIdStore
    from strava_assets.strava.client import StravaClient
    from strava_assets.strava.limits import Quota
    from strava_assets.streams import Key, Status, StreamStore, StreamWriter
    from strava_assets.warehouse.engine import Warehouse

logger = logging.getLogger("strava_assets.history")

# A killed run loses at most this many calls.
_ACTIVITIES_A_PART = 25
# The marts wait for the streams: with an unusually large quota the rest is left to the next run.
LONGEST_RUN = timedelta(minutes=5)
# A single failure is left for the next run; this many in a row are an outage.
_MAX_FAILURES_IN_A_ROW = 5
# Rides with a power meter have streams. If this many have none and no other has any, the API is at fault.
_MAX_WITHOUT_STREAMS = 20
# A new upload is listed before its streams are available.
_STREAMS_READY_AFTER = timedelta(days=1)
# "No streams" and "no such activity" are the same response, and the activity may have been restored.
_RETRY_NONE_AFTER = timedelta(days=30)

_ACTIVE = """
SELECT
  athlete_id, activity_id, year, COALESCE(device_watts, FALSE) AS has_power,
  start_date, elapsed_time_s, moving_time_s, distance_m, average_watts, device_watts
FROM bq_activities
WHERE deleted_at IS NULL AND source = 'api' AND NOT COALESCE(manual, FALSE)
  AND (device_watts OR @all)
ORDER BY
  has_power AND sport_type IN UNNEST(@power_sports) DESC, has_power DESC, start_date DESC, activity_id DESC
"""


@dataclass(frozen=True)
class Wanted:
    """An activity whose streams are to be fetched.

    Args:
        athlete_id: the athlete.
        activity_id: the activity.
        year: year of its local start.
        fingerprint: digest of its current summary.
        expects_streams: whether it has a power meter and was never requested before.
    """

    athlete_id: str
    activity_id: str
    year: int
    fingerprint: str
    expects_streams: bool


@dataclass
class StreamsReport:
    """The result of fetching streams.

    Args:
        stored: activities whose recordings were stored.
        none: activities without streams.
        unreadable: activities whose recordings were rejected.
        failed: activities whose requests failed; they are requested again.
        remaining: activities whose streams are still to be fetched.
        stopped: the error that ended it early, if any.
        out_of_time: whether it ended because of the time limit.
        quota: the rate limits of the latest response.
        calls: number of requests sent, by kind.
    """

    stored: int = 0
    none: int = 0
    unreadable: int = 0
    failed: int = 0
    remaining: int = 0
    stopped: StravaAssetsError | None = None
    out_of_time: bool = False
    quota: Quota | None = None
    calls: dict[str, int] = field(default_factory=dict)

    @property
    def answered(self) -> int:
        """Number of activities that need not be requested again."""
        return self.stored + self.none + self.unreadable

    @property
    def needs_a_person(self) -> bool:
        """Whether the error that stopped it needs action by the user."""
        return self.stopped is not None and not isinstance(
            self.stopped, QuotaExhaustedError | TransientStravaError | RequestRefusedError
        )


class NoStreamsAtAllError(RequestRefusedError):
    """Strava reports no streams for many rides in a row, although each has a power meter."""

    MEANS = "This is probably an error of the API. Nothing was stored, and these rides are requested again."
    REMEDY = (
        "Usually nothing. If the problem persists, check whether Strava still offers streams to your "
        "application (https://developers.strava.com), and check STRAVA_API_BASE_URL. "
        "STRAVA_ASSETS_STREAMS=none stops the requests; the bulk export has every recording."
    )


def fingerprint_of(row: Mapping[str, Any]) -> str:
    """A digest of the fields of a row of `bq_activities` that change with its recording, as by a crop."""
    start: datetime = row["start_date"]
    measures = ("elapsed_time_s", "moving_time_s", "distance_m", "average_watts", "device_watts")
    return digest([start.astimezone(UTC).isoformat(), *(row[name] for name in measures)])


def wanted(
    warehouse: Warehouse,
    entries: Mapping[Key, StreamEntry],
    which: str,
    now: datetime,
    *,
    power_sports: Sequence[str] | None = None,
) -> list[Wanted]:
    """The activities whose streams are missing or outdated, those that most marts use first.

    These are the rides of power sports with a power meter. Then come others with power (runs, e-bikes), of
    which only `recording_zones` is made, then the rest; each newest first.

    Only activities from the API are included, without those that have a recording from a bulk export or file.

    Args:
        warehouse: contains `bq_activities`.
        entries: the recording of each activity (`recordings_by_activity`).
        which: `power` for activities with a power meter, `all`, or `none`.
        now: aware UTC.
        power_sports: the sports whose measured watts count; every cycle without a motor by default.
    """
    if which == "none":
        return []
    due = []
    sports = Typed(sports_with_power(power_sports), ColumnType.TEXT)
    parameters = {"all": which == "all", "power_sports": sports}
    for batch in warehouse.query_batches(_ACTIVE, parameters):
        for row in batch.to_pylist():
            key, fingerprint = (row["athlete_id"], row["activity_id"]), fingerprint_of(row)
            entry = entries.get(key)
            if _is_due(entry, fingerprint, row, now):
                due.append(Wanted(*key, row["year"], fingerprint, row["has_power"] and entry is None))
    return due


def fetch_streams(
    client: StravaClient,
    memory: AthleteIdStore,
    store: StreamStore,
    activities: Sequence[Wanted],
    *,
    clock: Callable[[], datetime],
    announce: Callable[[str], None] | None = None,
) -> StreamsReport:
    """Fetch the streams of activities in the given order.

    The rate limit and failures of Strava end it without an exception: fetched streams are kept, and the
    report contains the error.

    Args:
        client: sends the requests; its pacer keeps the reserve.
        memory: stores the id of the token's athlete.
        store: receives the recordings, a few at a time.
        activities: the result of `wanted`; those of other athletes are skipped.
        clock: returns the current aware UTC time.
        announce: called with the progress after each few activities.

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
            _StreamFetch(client, store, report, clock).run(own, announce or logger.info)
    report.quota, report.calls = client.quota, client.calls
    return report


def write_stream_index(warehouse: Warehouse, entries: Mapping[Key, StreamEntry]) -> int:
    """Replace `activity_streams` by the recordings of the activities; returns the number of rows."""
    rows = [_index_row(key, entry) for key, entry in sorted(entries.items())]
    return warehouse.replace(
        ACTIVITY_STREAMS, pa.Table.from_pylist(rows, schema=arrow_schema(ACTIVITY_STREAMS.columns))
    )


def _is_due(entry: StreamEntry | None, fingerprint: str, row: Mapping[str, Any], now: datetime) -> bool:
    """Whether an activity's streams should be requested."""
    if entry is None:
        return True
    if entry.source != "api":
        return entry.status != "stored"
    if entry.fingerprint != fingerprint:
        return True
    ended_at: datetime = row["start_date"] + timedelta(seconds=row["elapsed_time_s"] or 0)
    fetched_too_early = entry.fetched_at < ended_at + _STREAMS_READY_AFTER <= now
    return entry.status == "none" and (fetched_too_early or now - entry.fetched_at >= _RETRY_NONE_AFTER)


class _StreamFetch:
    """The requests of one run, and their report."""

    def __init__(
        self, client: StravaClient, store: StreamStore, report: StreamsReport, clock: Callable[[], datetime]
    ) -> None:
        self._client = client
        self._store = store
        self._report = report
        self._clock = clock
        self._ends_at = clock() + LONGEST_RUN
        self._failures = 0

    def run(self, activities: Sequence[Wanted], announce: Callable[[str], None]) -> None:
        """Fetch a few activities at a time, and store them before the next ones."""
        report = self._report
        for first in range(0, len(activities), _ACTIVITIES_A_PART):
            before = replace(report)
            try:
                with self._store.writer() as writer:
                    completed = self._fetch_part(activities[first : first + _ACTIVITIES_A_PART], writer)
            except NoStreamsAtAllError as failure:
                report.none, report.unreadable = before.none, before.unreadable
                report.stopped, completed = failure, False
            announce(f"Streams: {report.answered} of {len(activities)} activities so far")
            if not completed:
                break
        report.remaining = len(activities) - report.answered

    def _fetch_part(self, activities: Sequence[Wanted], writer: StreamWriter) -> bool:
        """Fetch a few activities; returns whether all were requested.

        Raises:
            NoStreamsAtAllError: none of these results may be stored.
        """
        without_streams = 0
        for activity in activities:
            if self._clock() >= self._ends_at:
                self._report.out_of_time = True
                return False
            try:
                answer = self._client.streams(activity.activity_id, STRAVA_KEYS)
            except (TransientStravaError, RequestRefusedError) as failure:
                self._report.failed += 1
                self._failures += 1
                if self._failures >= _MAX_FAILURES_IN_A_ROW:
                    self._report.stopped = failure
                    return False
            except StravaError as failure:
                self._report.stopped = failure
                return False
            else:
                self._failures = 0
                entry, recording = self._read(activity, answer)
                writer.add(entry, recording)
                without_streams += activity.expects_streams and entry.status == "none"
            if without_streams >= _MAX_WITHOUT_STREAMS and not self._report.stored:
                raise NoStreamsAtAllError(
                    f"Strava has no streams of {without_streams} rides with a power meter."
                )
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


def _index_row(key: Key, entry: StreamEntry) -> dict[str, Any]:
    has_samples = entry.status == "stored"
    extent = entry.extent
    return {
        "athlete_id": key[0],
        "activity_id": key[1],
        "status": entry.status,
        "source": entry.source,
        "fetched_at": entry.fetched_at,
        "fingerprint": entry.fingerprint,
        "version": entry.version,
        "samples": entry.samples,
        "has_watts": "watts" in entry.channels,
        "has_heartrate": "heartrate_bpm" in entry.channels,
        "watts_samples": extent and extent.watts_samples,
        "heartrate_samples": extent and extent.heartrate_samples,
        "cadence_samples": extent and extent.cadence_samples,
        "elapsed_s": extent and extent.elapsed_s,
        "distance_m": extent and extent.distance_m,
        "part": entry.part if has_samples else None,
        "origin": entry.origin,
        "reason": entry.reason,
        "notes": " ".join(entry.notes) or None,
    }
