"""The store of recordings: Parquet parts by athlete and year, one row group per activity.

Each part's footer lists its content, so there is no separate index that could disagree. Parts are written
atomically. Recordings that a newer part replaces are then removed from the older one; if a crash prevents
that, readers use the newer part and the next writer cleans up.
"""

from __future__ import annotations

import contextlib
import time
from itertools import chain, groupby
from typing import TYPE_CHECKING, Self

from strava_assets.streams.entries import Key, StreamEntry, effective_entries
from strava_assets.streams.folder import Folder
from strava_assets.streams.part import PartDraft, StreamsChangedError, open_part
from strava_assets.streams.soundness import PartReport, verify_part

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from types import TracebackType

    import pyarrow as pa

    from strava_assets.shards import Shard

# Usually two days of syncs: merging fewer would rewrite a year to save a handful of files.
_MIN_PARTS_TO_MERGE = 8
_ABANDONED_AFTER_S = 86_400


class StreamStore:
    """The recordings under one address, a folder path or any fsspec URL, e.g. `gs://my-bucket/streams`.

    Args:
        address: where they are.
        shard: the athletes whose recordings are read; None for all.
    """

    def __init__(self, address: str, shard: Shard | None = None) -> None:
        self.address = address
        self._folder = Folder(address, shard)

    def __repr__(self) -> str:
        return f"StreamStore({self.address!r})"

    def entries(self, athlete_id: str | None = None) -> dict[Key, StreamEntry]:
        """The effective entry of each activity: the archive's recording before the latest one from the API.

        Args:
            athlete_id: whose; only their parts are read. All athletes' if None.

        Raises:
            StreamsError: a part is damaged, or the address cannot be read.
        """
        return effective_entries(chain.from_iterable(self._by_part(athlete_id).values()))

    def writer(self) -> StreamWriter:
        """A context manager for adding recordings; they become visible when it ends, or never if it fails."""
        return StreamWriter(self, self._folder)

    def read(
        self, entries: Iterable[StreamEntry], columns: Sequence[str] | None = None
    ) -> Iterator[tuple[StreamEntry, pa.Table]]:
        """Yield the samples of the entries that have some; memory holds one recording.

        Args:
            entries: the entries to read.
            columns: the columns to decode; all by default.

        Raises:
            StreamsError: a part is damaged.
            StreamsChangedError: a part was replaced or removed since the entries were read.
        """
        for part, group in groupby(sorted(entries, key=_position), key=lambda entry: entry.part):
            with_samples = [entry for entry in group if entry.samples]
            if part and with_samples:
                try:
                    with open_part(self._folder, part) as opened:
                        for entry in with_samples:
                            yield entry, opened.recording(entry, columns)
                except FileNotFoundError as error:
                    raise StreamsChangedError(f"{self.address}/{part}") from error

    def remove(self, keys: Collection[Key]) -> int:
        """Remove activities permanently; returns how many were removed."""
        # Afterwards each activity is in one part only, and no older version reappears if this is interrupted.
        self.drop_superseded()
        by_part = self._by_part()
        removed = {entry.key for entry in chain.from_iterable(by_part.values())} & set(keys)
        self._drop(by_part, lambda entry: entry.key in removed)
        return len(removed)

    def athletes(self) -> set[str]:
        """The athletes with parts, read from folder names, so that damaged files are included."""
        return self._folder.athletes()

    def remove_athlete(self, athlete_id: str) -> int:
        """Remove all files of an athlete permanently, damaged or not; returns the number of files."""
        return self._folder.remove_athlete(athlete_id)

    def foreign_files(self) -> list[str]:
        """The paths below the address that this project did not write; they are never read or removed."""
        return self._folder.foreign_files()

    def compact(self) -> int:
        """Merge the parts of each athlete and year with eight parts or more, and drop superseded recordings.

        Returns:
            The number of parts that were merged.
        """
        self._folder.sweep(time.time() - _ABANDONED_AFTER_S)
        self.drop_superseded()
        merged = 0
        for _, group in groupby(self._folder.parts(), key=lambda part: part.rsplit("/", 1)[0]):
            parts = list(group)
            if len(parts) >= _MIN_PARTS_TO_MERGE:
                self._merge_parts(parts)
                merged += len(parts)
        return merged

    def drop_superseded(self) -> None:
        """Remove from every part what a later one replaces, so that each activity is stored once."""
        by_part = self._by_part()
        effective = effective_entries(chain.from_iterable(by_part.values()))
        self._drop(by_part, lambda entry: effective[entry.key] != entry)

    def verify(self) -> Iterator[PartReport]:
        """Read every part completely and compare it with its footer.

        Raises:
            StreamsError: the address cannot be read.
        """
        for part in self._folder.parts():
            # Removed since the listing: another writer has moved its content into a new part.
            with contextlib.suppress(FileNotFoundError):
                yield verify_part(self._folder, part)

    def check_writable(self) -> None:
        """Write and remove a small file.

        Raises:
            StreamsError: it cannot be written.
        """
        self._folder.check_writable()

    def _by_part(self, athlete_id: str | None = None) -> dict[str, list[StreamEntry]]:
        """The entries of every part, in the order in which the parts were written."""
        entries = {}
        for part in sorted(self._folder.parts(athlete_id), key=lambda part: part.rsplit("/", 1)[1]):
            # Removed since the listing: another writer has merged it into a new part, read next time.
            with contextlib.suppress(FileNotFoundError), open_part(self._folder, part) as opened:
                entries[part] = opened.entries
        return entries

    def _drop(self, by_part: dict[str, list[StreamEntry]], unwanted: Callable[[StreamEntry], bool]) -> None:
        for part, entries in by_part.items():
            remaining = [entry for entry in entries if not unwanted(entry)]
            if not remaining:
                self._folder.remove(part)
            elif len(remaining) < len(entries):
                with open_part(self._folder, part) as opened, PartDraft(self._folder, part) as draft:
                    for entry in remaining:
                        draft.add(entry, opened.recording(entry))
                    draft.finish()
                    draft.place()

    def _merge_parts(self, parts: list[str]) -> None:
        """Write the parts as one; the old ones are superseded and removed when the writer ends."""
        with self.writer() as writer:
            for part in parts:
                with open_part(self._folder, part) as opened:
                    for entry in opened.entries:
                        writer.add(entry, opened.recording(entry))


class StreamWriter:
    """New parts under construction, one per athlete and year."""

    def __init__(self, store: StreamStore, folder: Folder) -> None:
        self._store = store
        self._folder = folder
        self._drafts: dict[tuple[str, int], PartDraft] = {}
        self._open = contextlib.ExitStack()

    def add(self, entry: StreamEntry, recording: pa.Table | None) -> None:
        """Add one activity, without the fields that the store sets; `recording` is None without samples."""
        folder = entry.athlete_id, entry.year
        if folder not in self._drafts:
            draft = PartDraft(self._folder, self._folder.new_part(*folder))
            self._drafts[folder] = self._open.enter_context(draft)
        self._drafts[folder].add(entry, recording)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._open:
            if kind or not self._drafts:
                return
            for draft in self._drafts.values():
                draft.finish()
            for draft in self._drafts.values():
                draft.place()
        self._store.drop_superseded()


def _position(entry: StreamEntry) -> tuple[str, int]:
    return entry.part or "", entry.row_group or 0
