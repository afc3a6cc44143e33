"""Reads Strava's bulk export: the zip, `activities.csv` in any language, and FIT, GPX and TCX files.

Nothing is stored here; `history/archive_import.py` lands what this package reads.
"""

from strava_assets.archive.activities_csv import Row, read_activities
from strava_assets.archive.athlete import athlete_of
from strava_assets.archive.decoded_file import DecodedFile
from strava_assets.archive.errors import ArchiveError, NoSamplesError, UnreadableFileError
from strava_assets.archive.export import (
    Export,
    FilesToImport,
    Recordings,
    is_recording,
    newest_export,
    open_import,
    printable_name,
)
from strava_assets.archive.file_formats import READER_VERSION, read_recording
from strava_assets.archive.recorded_activity import (
    FileIdentity,
    RecordedPower,
    file_activity_id,
    record_of_recording,
    refuse_other_files,
    refuse_undated,
)
from strava_assets.archive.several_activities import Part, split_activities
from strava_assets.archive.summary_records import Facts, record_of
from strava_assets.archive.unpacking import decompress, is_unfinished

__all__ = [
    "READER_VERSION",
    "ArchiveError",
    "DecodedFile",
    "Export",
    "Facts",
    "FileIdentity",
    "FilesToImport",
    "NoSamplesError",
    "Part",
    "RecordedPower",
    "Recordings",
    "Row",
    "UnreadableFileError",
    "athlete_of",
    "decompress",
    "file_activity_id",
    "is_recording",
    "is_unfinished",
    "newest_export",
    "open_import",
    "printable_name",
    "read_activities",
    "read_recording",
    "record_of",
    "record_of_recording",
    "refuse_other_files",
    "refuse_undated",
    "split_activities",
]
