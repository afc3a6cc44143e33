"""Recordings, second by second, in Parquet files: their form, storage, index and removal.

Add here what concerns storing and reading recordings. Fetching them belongs in `history`.
"""

from strava_assets.streams.entries import Key, Status, StreamEntry
from strava_assets.streams.folder import StreamsError
from strava_assets.streams.recording_table import UnreadableRecordingError, from_channels, from_streams
from strava_assets.streams.soundness import PartReport, fault_of
from strava_assets.streams.stream_store import StreamStore, StreamWriter

__all__ = [
    "Key",
    "PartReport",
    "Status",
    "StreamEntry",
    "StreamStore",
    "StreamWriter",
    "StreamsError",
    "UnreadableRecordingError",
    "fault_of",
    "from_channels",
    "from_streams",
]
