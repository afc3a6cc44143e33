"""Imports recordings that no export describes: each file becomes an activity, named by its content's digest.

Two copies of one file are one activity, compressed or not. Importing again changes nothing; an interrupted
import lands what it has decoded, and the next one decodes the rest.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from strava_assets.archive import (
    READER_VERSION,
    UnreadableFileError,
    decompress,
    file_activity_id,
    is_unfinished,
    split_activities,
)
from strava_assets.archive.file_formats import MAX_BYTES
from strava_assets.history.archive_import import FILES_A_PART, Progress, land, landed_ids
from strava_assets.history.decoding import DecodingTask, decode
from strava_assets.streams import StreamEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import datetime

    from strava_assets.archive import Part, Recordings
    from strava_assets.history.decoding import Decoded
    from strava_assets.landing import Landing, Manifest
    from strava_assets.streams import StreamStore

# A file that was written within this time and is not complete may still be growing.
_GROWING = timedelta(minutes=1)


@dataclass
class FileImportReport:
    """The result of importing files.

    Args:
        athlete_id: the athlete, or `local`.
        files: number of recordings in the zip or folder.
        new: activities made by this import.
        stored_before: files that an earlier import has stored.
        copies: files with the content of another one, by name, with the name of that one.
        rejected: the reason for each file that is not imported, by name.
        repaired: the notes of each recording that was repaired, by name.
        several: the number of activities of each file that has several, by name.
        others: names of files that are not recordings.
        without_sport: names of recordings whose sport is unknown; they count as other.
        manifest: the batch; None if there was nothing new.
    """

    athlete_id: str
    files: int = 0
    new: int = 0
    stored_before: int = 0
    copies: dict[str, str] = field(default_factory=dict)
    rejected: dict[str, str] = field(default_factory=dict)
    repaired: dict[str, str] = field(default_factory=dict)
    several: dict[str, int] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)
    without_sport: list[str] = field(default_factory=list)
    manifest: Manifest | None = None


def import_files(  # noqa: PLR0913 - each is a choice of the caller
    recordings: Recordings,
    landing: Landing,
    store: StreamStore,
    *,
    athlete_id: str,
    clock: Callable[[], datetime],
    home: str,
    processes: int = 2,
    is_complete: bool = False,
    progress: Callable[[Progress], None] | None = None,
) -> FileImportReport:
    """Import the recordings of a zip or folder.

    Args:
        recordings: the opened zip or folder.
        landing: receives the activities as one batch.
        store: receives the recordings.
        athlete_id: the athlete, or `local`.
        clock: returns the current aware UTC time.
        home: the athlete's time zone.
        processes: number of processes that decode.
        is_complete: whether the files are known to grow no longer.
        progress: called after each recording.

    Raises:
        ArchiveError: a decoding process ended; what was decoded before is imported.
        LandingError: the landing cannot be read or written.
        StreamsError: the store cannot be read or written.
    """
    started_at = clock()
    landing.check_writable()
    store.check_writable()
    report = FileImportReport(athlete_id, files=len(recordings.names), others=recordings.others)
    report.rejected |= recordings.unreadable_folders
    tasks = [
        DecodingTask(athlete_id, new.activity_id, new.file, None, None, home, new.part, new.name)
        for new in _new_activities(
            recordings,
            landed_ids(landing, "file", athlete_id),
            report,
            grows_after=started_at if is_complete else started_at - _GROWING,
        )
    ]
    records: list[dict[str, Any]] = []
    try:
        with closing(decode(recordings, tasks, processes)) as results:
            for stored in _stored_parts(results, len(tasks), store, report, started_at, progress):
                records += stored
    finally:
        report.new = len(records)
        report.manifest = land(records, landing, "file", athlete_id, started_at, clock)
    return report


class _Activity(NamedTuple):
    """An activity in a file, by a name of its own, and which part of the file it is; None if the whole."""

    activity_id: str
    file: str
    name: str
    part: Part | None = None


def _new_activities(
    recordings: Recordings, stored: Collection[str], report: FileImportReport, grows_after: datetime
) -> Collection[_Activity]:
    """The activities to decode; all others are named in the report."""
    new: dict[str, _Activity] = {}
    for name in recordings.names:
        modified_at = recordings.modified_at(name)
        is_fresh = modified_at is not None and modified_at > grows_after
        try:
            content = _complete_content(recordings, name, is_fresh=is_fresh)
            activities = _activities_in(name, content, stored)
        except UnreadableFileError as reason:
            growing = "; it may still be being written, so import it again later" if is_fresh else ""
            report.rejected[name] = f"{reason}{growing}"
            continue
        if len(activities) > 1:
            report.several[name] = len(activities)
        for activity in activities:
            if activity.activity_id in new:
                report.copies[activity.name] = new[activity.activity_id].name
            elif activity.activity_id in stored:
                report.stored_before += 1
            else:
                new[activity.activity_id] = activity
    return new.values()


def _activities_in(file: str, content: bytes, stored: Collection[str]) -> list[_Activity]:
    """The activities of a file. One that was imported as a single activity earlier stays one."""
    whole = _Activity(file_activity_id(content), file, file)
    parts = [] if whole.activity_id in stored else split_activities(content)
    return [
        _Activity(file_activity_id(part.cut_from(content)), file, f"{file} ({number} of {len(parts)})", part)
        for number, part in enumerate(parts, start=1)
    ] or [whole]


def _complete_content(recordings: Recordings, name: str, *, is_fresh: bool) -> bytes:
    content = decompress(recordings.read(name, MAX_BYTES), MAX_BYTES)
    if is_fresh and is_unfinished(content):
        raise UnreadableFileError("it is not complete")
    return content


def _stored_parts(
    results: Iterator[Decoded],
    total: int,
    store: StreamStore,
    report: FileImportReport,
    now: datetime,
    progress: Callable[[Progress], None] | None,
) -> Iterator[list[dict[str, Any]]]:
    """Store the decoded recordings, one part of them at a time, and yield the records of each part."""
    for first in range(0, total, FILES_A_PART):
        records = []
        with store.writer() as writer:
            for done in range(first + 1, min(first + FILES_A_PART, total) + 1):
                result = next(results)
                if result.record is None:
                    report.rejected[result.task.name] = result.reason or ""
                else:
                    writer.add(_entry(result, result.record, now), result.recording)
                    records.append(result.record)
                    if result.notes:
                        report.repaired[result.task.name] = " ".join(result.notes)
                    if "sport_type" not in result.record:
                        report.without_sport.append(result.task.name)
                if progress:
                    progress(Progress(done, total, len(report.rejected)))
        yield records


def _entry(result: Decoded, record: dict[str, Any], now: datetime) -> StreamEntry:
    return StreamEntry(
        athlete_id=result.task.athlete_id,
        activity_id=result.task.activity_id,
        year=int(record["start_date_local"][:4]),
        status="stored",
        source="file",
        fetched_at=now,
        fingerprint="",
        utc_offset_s=result.utc_offset_s,
        timezone=result.timezone,
        origin=result.task.file,
        notes=result.notes,
        reader=READER_VERSION,
    )
