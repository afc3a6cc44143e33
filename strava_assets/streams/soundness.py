"""Whether a stored recording is what its part's footer says of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from strava_assets.streams.part import DamagedPartError, open_part
from strava_assets.streams.recording_table import UnreadableRecordingError, check, version_of

if TYPE_CHECKING:
    import pyarrow as pa

    from strava_assets.streams.entries import StreamEntry
    from strava_assets.streams.folder import Folder


class PartReport(NamedTuple):
    """What reading a whole part showed.

    Args:
        part: its path below the store's address.
        recordings: how many it holds.
        faults: what is wrong, a sentence each.
    """

    part: str
    recordings: int
    faults: list[str]


def fault_of(entry: StreamEntry, recording: pa.Table) -> str | None:
    """What is wrong with a recording; None where nothing is.

    Args:
        entry: what is known of it.
        recording: its samples as they were read.
    """
    try:
        check(recording)
    except UnreadableRecordingError as reason:
        return str(reason)
    if recording.num_rows != entry.samples or version_of(recording) != entry.version:
        return "its samples are not those that were stored"
    if {entry.activity_id} != set(recording.column("activity_id").unique().to_pylist()):
        return "it holds samples of another activity"
    return None


def verify_part(folder: Folder, part: str) -> PartReport:
    """Read every recording of a part and compare it with its digest.

    Raises:
        FileNotFoundError: the part is gone.
        StreamsError: the address cannot be read.
    """
    recordings, faults = 0, []
    try:
        with open_part(folder, part) as opened:
            for entry in opened.entries:
                if not part.startswith(f"athlete={entry.athlete_id}/year={entry.year:04d}/"):
                    faults.append(f"{part}: activity {entry.activity_id} is in a folder of others.")
                recording = opened.recording(entry)
                if recording is not None:
                    recordings += 1
                    if fault := fault_of(entry, recording):
                        faults.append(f"{part}: activity {entry.activity_id}: {fault}.")
    except DamagedPartError as error:
        faults.append(error.happened)
    return PartReport(part, recordings, faults)
