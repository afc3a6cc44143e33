"""One Parquet file of recordings: written as a draft, read one activity at a time.

A row group is one activity. The footer lists the activities, including those without samples.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from strava_assets.streams.entries import from_footer, to_footer
from strava_assets.streams.folder import StreamsError
from strava_assets.streams.recording_table import SCHEMA, channels_of, extent_of, version_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from strava_assets.storage_folder import OpenFile
    from strava_assets.streams.entries import StreamEntry
    from strava_assets.streams.folder import Folder

FOOTER_KEY = b"strava_assets.entries"

# Only encodings that every Parquet reader supports. Dictionaries only for repeating values: positions and
# distances would grow by a quarter. Statistics only for the keys, by which a reader finds a row group.
_WRITER_OPTIONS: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 6,
    "use_dictionary": ["athlete_id", "activity_id", "watts", "heartrate_bpm", "cadence_rpm", "temp_c"],
    "write_statistics": ["athlete_id", "activity_id"],
    "write_page_checksum": True,
}


class StreamsChangedError(StreamsError):
    """A part has changed since its entries were read."""

    transient = True

    def __init__(self, address: str) -> None:
        super().__init__(
            f"The stream file {address} was changed while it was being read.",
            means="Another run changed it. Nothing is lost.",
            remedy="Run it again.",
        )


class DamagedPartError(StreamsError):
    """A stream file differs from what was written."""


class PartDraft:
    """A part being written to a local draft; a context manager that removes the draft."""

    def __init__(self, folder: Folder, part: str) -> None:
        self._folder = folder
        self._part = part
        self._path: Path = folder.draft(part)
        self._entries: list[StreamEntry] = []
        self._row_groups = 0
        self._file = pq.ParquetWriter(self._path, SCHEMA, **_WRITER_OPTIONS)

    def add(self, entry: StreamEntry, recording: pa.Table | None) -> None:
        """Add one activity; memory holds only this one."""
        if recording is None or not recording.num_rows:
            self._entries.append(replace(entry, row_group=None))
            return
        self._file.write_table(recording, row_group_size=recording.num_rows)
        self._entries.append(
            replace(
                entry,
                version=entry.version or version_of(recording),
                samples=recording.num_rows,
                channels=entry.channels or channels_of(recording),
                extent=entry.extent or extent_of(recording),
                row_group=self._row_groups,
            )
        )
        self._row_groups += 1

    def finish(self) -> None:
        """Write the footer; nothing can be added afterwards."""
        self._file.add_key_value_metadata({FOOTER_KEY: to_footer(self._entries)})
        self._file.close()

    def place(self) -> None:
        """Make the finished part visible to readers."""
        self._folder.place(self._path, self._part)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)


class OpenPart:
    """A part open for reading; the footer is read at once, samples on request."""

    def __init__(self, address: str, stream: OpenFile, file: pq.ParquetFile, part: str) -> None:
        self._address = address
        self._stream = stream
        self._file = file
        with _as_damaged(address, stream):
            self.entries = from_footer(file.metadata.metadata[FOOTER_KEY], part)
            _check_complete(file, self.entries)
        # The first of equal ones; looked up once for each activity of the part.
        self._by_version = {(entry.key, entry.version): entry for entry in reversed(self.entries)}

    def recording(self, entry: StreamEntry, columns: Sequence[str] | None = None) -> pa.Table | None:
        """The samples of an entry; None if it has none. Only the given columns are decoded.

        Raises:
            StreamsError: the file is damaged.
            StreamsChangedError: the part no longer contains the recording.
        """
        if not entry.samples:
            return None
        # Looked up in this footer: the one that the entry was read from may have been replaced.
        current = self._by_version.get((entry.key, entry.version))
        if current is None or current.row_group is None:
            raise StreamsChangedError(self._address)
        with _as_damaged(self._address, self._stream):
            # An Arrow thread that still holds a piece of the Python file aborts a process that ends.
            return self._file.read_row_group(current.row_group, columns, use_threads=False)


def _check_complete(file: pq.ParquetFile, entries: Sequence[StreamEntry]) -> None:
    """Check that the footer lists each recording once: one that is not listed would be dropped later.

    Raises:
        ValueError: it does not, or a column is missing or has another type.
    """
    listed = sorted(entry.row_group for entry in entries if entry.row_group is not None)
    if listed != list(range(file.num_row_groups)):
        raise ValueError(f"its footer does not list each of its {file.num_row_groups} recordings once")
    schema = file.schema_arrow
    for field in SCHEMA:
        if field.name not in schema.names or schema.field(field.name).type != field.type:
            raise ValueError(f"the column {field.name} is missing or has another type")


@contextmanager
def open_part(folder: Folder, part: str) -> Iterator[OpenPart]:
    """Open a part for reading.

    Raises:
        FileNotFoundError: it does not exist, or no longer.
        StreamsChangedError: another run replaced it meanwhile.
        StreamsError: it is damaged or cannot be reached.
    """
    address = f"{folder.address}/{part}"
    with folder.reading(part) as stream:
        with _as_damaged(address, stream):
            file = pq.ParquetFile(stream, pre_buffer=False, page_checksum_verification=True)
        with file:
            yield OpenPart(address, stream, file, part)


@contextmanager
def _as_damaged(address: str, stream: OpenFile) -> Iterator[None]:
    """Raise the errors of reading a file as a damaged part; those of its disk or bucket are no damage."""
    try:
        yield
    except FileNotFoundError:
        raise
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        if stream.was_replaced():
            raise StreamsChangedError(address) from error
        raise DamagedPartError(
            f"The stream file {address} is damaged: {error}.",
            means="The recordings in it cannot be read. Other recordings and all tables were not changed.",
            remedy="Restore the file from a backup, or remove it: recordings from the API are then fetched "
            "again, and those from a bulk export are restored by importing it again.",
        ) from error
