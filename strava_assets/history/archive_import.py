"""Imports a bulk export: its recordings into the stream store, its rows into the landing.

An import can be repeated at any time. Stored recordings are not decoded again, only new or changed rows
become a batch, and an interrupted import continues where it stopped.
"""

from __future__ import annotations

import json
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from strava_assets.archive import READER_VERSION, Facts, athlete_of, read_activities, record_of
from strava_assets.history.decoding import DecodingTask, decode
from strava_assets.history.landed_records import digest, landed_records
from strava_assets.landing import Manifest
from strava_assets.streams import StreamEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from strava_assets.archive import Export, Row
    from strava_assets.history.decoding import Decoded
    from strava_assets.landing import Landing
    from strava_assets.landing.manifest import Source
    from strava_assets.streams import Key, StreamStore

_RECORDS_A_PAGE = 1_000
# A killed import loses at most this many decoded files, some seconds of work of one core.
FILES_A_PART = 100
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


class Progress(NamedTuple):
    """Progress of decoding: files read, their total, and how many of them were rejected."""

    done: int
    total: int
    set_aside: int


@dataclass
class ImportReport:
    """The result of an import.

    Args:
        athlete_id: the athlete of the export.
        made_at: when the export was made, UTC.
        language: the language of the export.
        activities: number of its rows.
        new: activities that no earlier export contained.
        changed: activities that differ from an earlier export.
        decoded: recordings decoded and stored by this import.
        stored: recordings of this export that are stored, including those of earlier imports.
        without: activities entered manually, which have no recording.
        empty: the reason for each recording that has no samples, as of a pool swim counted in lengths.
        set_aside: the reason for each rejected recording.
        repaired: the notes of each recording decoded now that was repaired. These three are by the
            activity's name, date and file.
        beside: recordings that activities.csv does not name or that lie outside of the export's folder.
        unknown_types: texts of unknown activity types, with their number of activities.
        manifest: the batch; None if there was nothing new.
    """

    athlete_id: str
    made_at: datetime
    language: str = ""
    activities: int = 0
    new: int = 0
    changed: int = 0
    decoded: int = 0
    stored: int = 0
    without: int = 0
    empty: dict[str, str] = field(default_factory=dict)
    set_aside: dict[str, str] = field(default_factory=dict)
    repaired: dict[str, str] = field(default_factory=dict)
    beside: list[str] = field(default_factory=list)
    unknown_types: Counter[str] = field(default_factory=Counter)
    manifest: Manifest | None = None

    @property
    def unchanged(self) -> int:
        """Activities that are the same as in an earlier export."""
        return self.activities - self.new - self.changed


def import_archive(  # noqa: PLR0913 - each is a choice of the caller
    export: Export,
    landing: Landing,
    store: StreamStore,
    *,
    clock: Callable[[], datetime],
    home: str,
    athlete: str | None = None,
    processes: int = 2,
    progress: Callable[[Progress], None] | None = None,
) -> ImportReport:
    """Import an export: decode its recordings, land its rows.

    Args:
        export: the opened export.
        landing: receives the rows as one batch.
        store: receives the recordings.
        clock: returns the current aware UTC time.
        home: the athlete's time zone.
        athlete: the athlete's id, if the export does not contain it.
        processes: number of processes that decode.
        progress: called after each recording.

    Raises:
        ArchiveError: the export cannot be used, or a decoding process ended; decoded recordings are kept.
        LandingError: the landing cannot be read or written.
        StreamsError: the store cannot be read or written.
    """
    started_at = clock()
    landing.check_writable()
    store.check_writable()
    rows = _distinct(read_activities(export))
    imported = ImportReport(athlete_of(export, athlete), export.made_at, activities=len(rows))
    imported.beside = export.recordings_beside({row.text("Filename") for row in rows})
    imported_versions = latest_imported(landing, imported.athlete_id)
    recordings = _Recordings(rows, store, imported_versions, imported, home)
    with closing(decode(export, recordings.tasks, processes)) as results:
        recordings.store(results, progress or (lambda _: None))
    entries = store.entries()
    records = [_record(row, entries, imported, home) for row in rows]
    _land(records, landing, imported_versions, imported, (started_at, clock))
    return imported


class ImportedVersion(NamedTuple):
    """One version of an activity in an export; the greater of two is the later.

    Args:
        made_at: when its export was made.
        batch_id: the batch that contains it.
        digest: digest of the record.
        span: its start and elapsed seconds, which tell whether it was cropped.
    """

    made_at: datetime
    batch_id: str
    digest: str
    span: tuple[Any, Any]


def latest_imported(landing: Landing, athlete_id: str) -> dict[str, ImportedVersion]:
    """The latest imported version of every activity, by id, or by digest if it has none.

    Raises:
        LandingError: a page is damaged.
    """
    imported_versions: dict[str, ImportedVersion] = {}
    for manifest in landing.manifests(athlete_id):
        if manifest.source != "archive":
            continue
        for page in landed_records(landing, manifest):
            for landed in page:
                origin, record = landed.origin, landed.record
                span = record.get("start_date"), record.get("elapsed_time")
                version = ImportedVersion(origin.fetched_at, origin.batch_id, digest(record), span)
                identity = _identity(record)
                imported_versions[identity] = max(imported_versions.get(identity, version), version)
    return imported_versions


class _Recordings:
    """Selects the recordings to decode, and stores the results."""

    def __init__(
        self,
        rows: Sequence[Row],
        store: StreamStore,
        imported_versions: Mapping[str, ImportedVersion],
        imported: ImportReport,
        home: str,
    ) -> None:
        self._store = store
        self._imported = imported
        self._home = home
        self._entries = store.entries()
        self._rows = {row.activity_id: row for row in rows}
        tasks = [self._task(row, row.activity_id) for row in rows if row.activity_id and row.text("Filename")]
        # Newest first: the user looks at those first.
        self.tasks = sorted(
            (task for task in tasks if self._must_decode(task, imported_versions.get(task.activity_id))),
            key=lambda task: task.start or _LONG_AGO,
            reverse=True,
        )

    def store(self, results: Iterable[Decoded], progress: Callable[[Progress], None]) -> None:
        """Store the decoded recordings, one part of them at a time."""
        remaining, total = iter(results), len(self.tasks)
        for first in range(0, total, FILES_A_PART):
            with self._store.writer() as writer:
                for done in range(first + 1, min(first + FILES_A_PART, total) + 1):
                    result = next(remaining)
                    record = self._record(result)
                    entry = self._entry(result, record)
                    if _replaces(entry, self._entries.get(entry.key)):
                        writer.add(entry, result.recording)
                    self._report(result, record)
                    progress(Progress(done, total, len(self._imported.set_aside)))

    def _report(self, result: Decoded, record: Mapping[str, Any]) -> None:
        imported, label = self._imported, _label(record, result.task.file)
        if result.status == "unreadable":
            imported.set_aside[label] = result.reason or ""
        elif result.status == "none":
            imported.empty[label] = result.reason or ""
        else:
            imported.decoded += 1
            if result.notes:
                imported.repaired[label] = " ".join(result.notes)

    def _task(self, row: Row, activity_id: str) -> DecodingTask:
        elapsed = row.number("Elapsed Time")
        return DecodingTask(
            self._imported.athlete_id,
            activity_id,
            row.text("Filename"),
            row.moment("Activity Date"),
            None if elapsed is None else round(elapsed),
        )

    def _must_decode(self, task: DecodingTask, imported: ImportedVersion | None) -> bool:
        stored = self._entries.get((task.athlete_id, task.activity_id))
        if stored is None or stored.source != "archive" or stored.status != "stored":
            # A rejected recording is tried again: that costs little, and the decoder may have improved.
            return True
        if stored.fetched_at <= self._imported.made_at and stored.reader < READER_VERSION:
            return True
        if stored.fetched_at >= self._imported.made_at or imported is None:
            return False
        # It may have been cropped on Strava between two exports.
        start = f"{task.start:%Y-%m-%dT%H:%M:%SZ}" if task.start else None
        return imported.span != (start, task.elapsed_s)

    def _record(self, result: Decoded) -> dict[str, Any]:
        facts = Facts(has_power=False, timezone=result.timezone, utc_offset_s=result.utc_offset_s)
        return record_of(self._rows[result.task.activity_id], self._imported.athlete_id, facts, self._home)

    def _entry(self, result: Decoded, record: Mapping[str, Any]) -> StreamEntry:
        task, imported = result.task, self._imported
        local = record.get("start_date_local") or f"{result.began or imported.made_at:%Y}"
        return StreamEntry(
            athlete_id=imported.athlete_id,
            activity_id=task.activity_id,
            year=int(local[:4]),
            status=result.status,
            source="archive",
            fetched_at=imported.made_at,
            fingerprint="",
            utc_offset_s=result.utc_offset_s,
            timezone=result.timezone,
            origin=task.file,
            reason=result.reason,
            notes=result.notes,
            reader=READER_VERSION,
        )


def _replaces(entry: StreamEntry, stored: StreamEntry | None) -> bool:
    """Whether an entry replaces the stored one; a rejected recording never replaces a readable one."""
    if stored is None or entry.status == "stored":
        return True
    both_reasons = stored.source == "archive" and stored.status != "stored"
    return both_reasons and (stored.origin, stored.reason) != (entry.origin, entry.reason)


def _label(record: Mapping[str, Any], file: str) -> str:
    """An activity as its athlete knows it, and its file."""
    date = str(record.get("start_date_local") or record.get("start_date") or "no date")[:10]
    return f"{record.get('name') or record['id']}, {date} ({file})"


def _distinct(rows: Sequence[Row]) -> list[Row]:
    """The last row of each activity, and all rows without an id, which are rejected later with a reason."""
    last: dict[object, Row] = {row.activity_id or row: row for row in rows}
    return list(last.values())


def _record(
    row: Row, entries: Mapping[Key, StreamEntry], imported: ImportReport, home: str
) -> dict[str, Any]:
    """Make an activity's record and update the counts."""
    imported.language = row.language.name
    sport_text = row.text("Activity Type")
    if row.language.sport_type(sport_text) is None:
        imported.unknown_types[sport_text] += 1
    entry = entries.get((imported.athlete_id, row.activity_id or ""))
    facts = None
    if not row.text("Filename"):
        imported.without += 1
    elif entry and entry.source == "archive" and entry.status == "stored":
        imported.stored += 1
        facts = Facts("watts" in entry.channels, entry.timezone, entry.utc_offset_s)
    return record_of(row, imported.athlete_id, facts, home)


def _land(
    records: Sequence[dict[str, Any]],
    landing: Landing,
    imported_versions: Mapping[str, ImportedVersion],
    imported: ImportReport,
    times: tuple[datetime, Callable[[], datetime]],
) -> None:
    """Commit one batch of the new and changed records, if there are any."""
    fresh = []
    for record in records:
        version = imported_versions.get(_identity(record))
        # An earlier export does not replace what a later one contains.
        if version and (version.made_at > imported.made_at or version.digest == digest(record)):
            continue
        fresh.append(record)
        imported.new += version is None
        imported.changed += version is not None
    started_at, clock = times
    athlete_id, made_at = imported.athlete_id, imported.made_at
    imported.manifest = land(fresh, landing, "archive", athlete_id, started_at, clock, made_at)


def land(
    records: Sequence[dict[str, Any]],
    landing: Landing,
    source: Literal["archive", "file"],
    athlete_id: str,
    started_at: datetime,
    clock: Callable[[], datetime],
    made_at: datetime | None = None,
) -> Manifest | None:
    """Commit one batch of imported records, if there are any.

    Args:
        records: the records in the API's format.
        landing: receives the batch.
        source: where the records came from.
        athlete_id: the athlete.
        started_at: when the import began, aware UTC.
        clock: returns the current aware UTC time.
        made_at: when the records were made, aware UTC; the start of the import by default.
    """
    if not records:
        return None
    batch = landing.begin(source, started_at, athlete_id)
    for first in range(0, len(records), _RECORDS_A_PAGE):
        page = records[first : first + _RECORDS_A_PAGE]
        body = json.dumps(page, ensure_ascii=False, separators=(",", ":")).encode()
        batch.write_page(len(batch.pages) + 1, body, made_at or started_at, len(page))
    starts = [start for record in records if (start := _start(record))]
    return batch.commit(
        Manifest(
            batch_id=batch.batch_id,
            kind=source,
            source=source,
            athlete_id=athlete_id,
            started_at=started_at,
            finished_at=clock(),
            # It contains only new records, so absence from it means nothing.
            complete=False,
            pages=tuple(batch.pages),
            records=len(records),
            activity_ids=tuple(str(record["id"]) for record in records if record.get("id")),
            oldest_start=min(starts, default=None),
            newest_start=max(starts, default=None),
        )
    )


def landed_ids(landing: Landing, source: Source, athlete_id: str) -> set[str]:
    """The ids of all activities that have landed from a source."""
    return {
        activity_id
        for manifest in landing.manifests(athlete_id)
        if manifest.source == source
        for activity_id in manifest.activity_ids
    }


def _identity(record: Mapping[str, Any]) -> str:
    return str(record["id"]) if record.get("id") else digest(record)


def _start(record: Mapping[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(str(record.get("start_date")))
    except ValueError:
        return None
