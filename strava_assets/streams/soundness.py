"""Verifies that stored recordings match the footers of their parts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from strava_assets.streams.part import DamagedPartError, open_part
from strava_assets.streams.recording_table import UnreadableRecordingError, check, version_of

if TYPE_CHECKING:
    import pyarrow as pa

    from strava_assets.streams.entries import StreamEntry
    from strava_assets.streams.folder import Folder


class PartReport(NamedTuple):
    """The result of verifying one part.

    Args:
        part: its path below the store's address.
        recordings: number of recordings in it.
        faults: one sentence per defect.
    """

    part: str
    recordings: int
    faults: list[str]


def fault_of(entry: StreamEntry, recording: pa.Table) -> str | None:
    """The defect of a recording that was read for an entry; None if it has none."""
    try:
        check(recording)
    except UnreadableRecordingError as reason:
        return str(reason)
    if recording.num_rows != entry.samples or version_of(recording) != entry.version:
        return "its samples differ from those that were stored"
    if {entry.activity_id} != set(recording.column("activity_id").unique().to_pylist()):
        return "it contains samples of another activity"
    return None


def verify_part(folder: Folder, part: str) -> PartReport:
    """Read every recording of a part and compare it with its digest.

    Raises:
        FileNotFoundError: the part does not exist.
        StreamsError: the address cannot be read.
    """
    recordings, faults = 0, []
    try:
        with open_part(folder, part) as opened:
            for entry in opened.entries:
                if not part.startswith(f"athlete={entry.athlete_id}/year={entry.year:04d}/"):
                    faults.append(f"{part}: activity {entry.activity_id} is in the wrong folder.")
                recording = opened.recording(entry)
                if recording is not None:
                    recordings += 1
                    if fault := fault_of(entry, recording):
                        faults.append(f"{part}: activity {entry.activity_id}: {fault}.")
    except DamagedPartError as error:
        faults.append(error.happened)
    return PartReport(part, recordings, faults)
