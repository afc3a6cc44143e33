"""One Parquet file of recordings: written as a draft, read one activity at a time.

A row group is one activity; the footer says which, and what is known of those without samples.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import pyarrow as pa
import pyarrow.parquet as pq

from strava_assets.streams.entries import from_footer, to_footer
from strava_assets.streams.folder import StreamsError
from strava_assets.streams.recording_table import SCHEMA, channels_of, version_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from strava_assets.streams.entries import StreamEntry
    from strava_assets.streams.folder import Folder

FOOTER_KEY = b"strava_assets.entries"

# Encodings every reader of Parquet has. Dictionaries only where values repeat: places and distances never do,
# and would grow by a quarter. Bounds only of the keys, by which a reader finds a row group.
_FORM: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 6,
    "use_dictionary": ["athlete_id", "activity_id", "watts", "heartrate_bpm", "cadence_rpm", "temp_c"],
    "write_statistics": ["athlete_id", "activity_id"],
    "write_page_checksum": True,
}


class StreamsChangedError(StreamsError):
    """A part is no longer what its reader was told."""

    transient = True


class DamagedPartError(StreamsError):
    """A file of the streams is not what was written."""


class PartDraft:
    """A part being written, on this machine and not yet in place; a context that leaves no draft behind."""

    def __init__(self, folder: Folder, part: str) -> None:
        self._folder = folder
        self._part = part
        self._path: Path = folder.draft(part)
        self._entries: list[StreamEntry] = []
        self._row_groups = 0
        self._file = pq.ParquetWriter(self._path, SCHEMA, **_FORM)

    def add(self, entry: StreamEntry, recording: pa.Table | None) -> None:
        """Add one activity; memory holds no more than this one."""
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
                row_group=self._row_groups,
            )
        )
        self._row_groups += 1

    def finish(self) -> None:
        """Write the footer; nothing can be added any more."""
        self._file.add_key_value_metadata({FOOTER_KEY: to_footer(self._entries)})
        self._file.close()

    def place(self) -> None:
        """Put the finished part where readers see it."""
        self._folder.place(self._path, self._part)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)


class OpenPart:
    """A part being read; its footer is, its samples only when asked for."""

    def __init__(self, address: str, part: str, file: pq.ParquetFile) -> None:
        self._address = f"{address}/{part}"
        self._file = file
        with damage_told(self._address):
            self.entries = from_footer(file.metadata.metadata[FOOTER_KEY], part)
            _check_complete(file, self.entries)

    def recording(self, entry: StreamEntry, columns: Sequence[str] | None = None) -> pa.Table | None:
        """The samples of one of its entries; None where it has none.

        Args:
            entry: which.
            columns: only these; the others are not even decoded.

        Raises:
            StreamsError: the file is damaged.
            StreamsChangedError: the part holds that recording no more.
        """
        if not entry.samples:
            return None
        # Asked of this very footer: the one the entry was read from may have been replaced since.
        here = next((e for e in self.entries if e.key == entry.key and e.version == entry.version), None)
        if here is None or here.row_group is None:
            raise StreamsChangedError(
                f"The streams' file {self._address} was changed while it was being read.",
                means="Two runs met; nothing is lost.",
                remedy="run it again.",
            )
        with damage_told(self._address):
            return self._file.read_row_group(here.row_group, columns)


def _check_complete(file: pq.ParquetFile, entries: Sequence[StreamEntry]) -> None:
    """See that the footer and the file speak of the same recordings: what no entry names would be dropped.

    Raises:
        ValueError: they do not.
    """
    named = sorted(entry.row_group for entry in entries if entry.row_group is not None)
    if named != list(range(file.num_row_groups)):
        raise ValueError(f"its footer does not name each of its {file.num_row_groups} recordings once")
    schema = file.schema_arrow
    for field in SCHEMA:
        if field.name not in schema.names or schema.field(field.name).type != field.type:
            raise ValueError(f"the column {field.name} is missing or of another type")


@contextmanager
def open_part(folder: Folder, part: str) -> Iterator[OpenPart]:
    """A part, open for reading.

    Raises:
        FileNotFoundError: there is none.
        StreamsError: it is damaged or cannot be reached.
    """
    with folder.reading(part) as stream:
        with damage_told(f"{folder.address}/{part}"):
            # Buffered ahead, the columns of a row group are one request to an object store.
            file = pq.ParquetFile(stream, pre_buffer=True, page_checksum_verification=True)
        with file:
            yield OpenPart(folder.address, part, file)


@contextmanager
def damage_told(address: str) -> Iterator[None]:
    """Tell what a reader trips over as what it is: a damaged file."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise DamagedPartError(
            f"The streams' file {address} is damaged: {error}.",
            means="The recordings in it cannot be read; the others and all tables were left as they were.",
            remedy="Restore the file from a backup, or remove it: what came from the API is then fetched "
            "again, and what came from a bulk export comes back when you import it again.",
        ) from error
