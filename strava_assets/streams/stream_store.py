"""Where recordings are kept: Parquet parts by athlete and year, one row group an activity.

Each part's footer says what it holds, so no index beside the files can disagree with them. A part is in place
whole or not at all; what a newer one replaces is taken out of the older one afterwards, and where a crash
prevented that, readers go by the newer one and the next writer makes up for it.
"""

from __future__ import annotations

import contextlib
import time
from itertools import chain, groupby
from typing import TYPE_CHECKING, Self

from strava_assets.streams.entries import Key, StreamEntry, in_force
from strava_assets.streams.folder import Folder
from strava_assets.streams.part import PartDraft, open_part
from strava_assets.streams.soundness import PartReport, verify_part

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from types import TracebackType

    import pyarrow as pa

# Two days of syncs, as a rule: folding fewer would rewrite a year to save a handful of files.
_WORTH_FOLDING = 8
_ABANDONED_AFTER_S = 86_400


class StreamStore:
    """Recordings under one address.

    Args:
        address: a folder path or any fsspec URL, e.g. `gs://my-bucket/streams`.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._folder = Folder(address)

    def __repr__(self) -> str:
        return f"StreamStore({self.address!r})"

    def entries(self) -> dict[Key, StreamEntry]:
        """The one entry that counts of each activity: the archive's recording before the newest of the API's.

        Raises:
            StreamsError: a part is damaged, or the address cannot be read.
        """
        return in_force(chain.from_iterable(self._by_part().values()))

    def writer(self) -> StreamWriter:
        """A context in which recordings are added; all are put in place when it ends, none if it fails."""
        return StreamWriter(self, self._folder)

    def read(
        self, entries: Iterable[StreamEntry], columns: Sequence[str] | None = None
    ) -> Iterator[tuple[StreamEntry, pa.Table]]:
        """The samples of the entries that have some, each part opened once; memory holds one recording.

        Args:
            entries: which.
            columns: only these; the others are not even decoded.

        Raises:
            StreamsError: a part is damaged.
            StreamsChangedError: a part was replaced since the entries were read.
        """
        for part, group in groupby(sorted(entries, key=_place), key=lambda entry: entry.part):
            wanted = [entry for entry in group if entry.samples]
            if part and wanted:
                with open_part(self._folder, part) as opened:
                    for entry in wanted:
                        yield entry, opened.recording(entry, columns)

    def remove(self, keys: Collection[Key]) -> int:
        """Take activities away for good; returns how many there were."""
        # Then each stands in one part alone, and none reappears in an older form if this is cut short.
        self.drop_superseded()
        by_part = self._by_part()
        removed = {entry.key for entry in chain.from_iterable(by_part.values())} & set(keys)
        self._drop(by_part, lambda entry: entry.key in removed)
        return len(removed)

    def athletes(self) -> set[str]:
        """Whose parts are here; told by the folders, so that a damaged file hides nobody."""
        return {part.split("/", 1)[0].removeprefix("athlete=") for part in self._folder.parts()}

    def remove_athlete(self, athlete_id: str) -> int:
        """Take everything of an athlete away for good, damaged or not; returns how many files that were."""
        return self._folder.remove_athlete(athlete_id)

    def foreign(self) -> list[str]:
        """What is here and not this project's, below the address; it is never read and never removed."""
        return self._folder.foreign()

    def compact(self) -> int:
        """Put one part in the place of an athlete's and year's many small ones, and drop what is superseded.

        A folder of fewer than eight parts is left as it is.

        Returns:
            How many parts were folded.
        """
        self._folder.sweep(time.time() - _ABANDONED_AFTER_S)
        self.drop_superseded()
        folded = 0
        for _, group in groupby(self._folder.parts(), key=lambda part: part.rsplit("/", 1)[0]):
            parts = list(group)
            if len(parts) >= _WORTH_FOLDING:
                self._merge_parts(parts)
                folded += len(parts)
        return folded

    def drop_superseded(self) -> None:
        """Take out of every part what a later one replaces, so that nobody reads an activity twice."""
        by_part = self._by_part()
        counting = in_force(chain.from_iterable(by_part.values()))
        self._drop(by_part, lambda entry: counting[entry.key] != entry)

    def verify(self) -> Iterator[PartReport]:
        """Read every part whole and compare it with what its footer says.

        Raises:
            StreamsError: the address cannot be read.
        """
        for part in self._folder.parts():
            # Gone since the listing: another writer has put its content into a new part.
            with contextlib.suppress(FileNotFoundError):
                yield verify_part(self._folder, part)

    def check_writable(self) -> None:
        """Write and remove a small file.

        Raises:
            StreamsError: it cannot be written.
        """
        self._folder.check_writable()

    def _by_part(self) -> dict[str, list[StreamEntry]]:
        """The entries of every part, in the order in which the parts were written."""
        entries = {}
        for part in sorted(self._folder.parts(), key=lambda part: part.rsplit("/", 1)[1]):
            # Gone since the listing: another writer has folded it, and its new part is read next time.
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
        """Write all of them as one; the old ones, superseded entry by entry, go when the writer ends."""
        with self.writer() as writer:
            for part in parts:
                with open_part(self._folder, part) as opened:
                    for entry in opened.entries:
                        writer.add(entry, opened.recording(entry))


class StreamWriter:
    """New parts under construction, one an athlete and year."""

    def __init__(self, store: StreamStore, folder: Folder) -> None:
        self._store = store
        self._folder = folder
        self._drafts: dict[tuple[str, int], PartDraft] = {}
        self._open = contextlib.ExitStack()

    def add(self, entry: StreamEntry, recording: pa.Table | None) -> None:
        """Add what is known of one activity; memory holds no more than this one.

        Args:
            entry: without what the store sets.
            recording: its samples; None where there are none.
        """
        place = entry.athlete_id, entry.year
        if place not in self._drafts:
            draft = PartDraft(self._folder, self._folder.new_part(*place))
            self._drafts[place] = self._open.enter_context(draft)
        self._drafts[place].add(entry, recording)

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


def _place(entry: StreamEntry) -> tuple[str, int]:
    return entry.part or "", entry.row_group or 0
