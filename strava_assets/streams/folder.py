"""The files of the streams under one address: list them, open one, put one in place whole, remove one.

Only files whose names have the form that is written here are read or removed. stream_store.py decides what is
in them.
"""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from strava_assets.errors import StravaAssetsError
from strava_assets.file_modes import modes_at
from strava_assets.storage_folder import PARTIAL, StorageFolder, is_write_test

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

# The folders' names are no columns of the files, so that no reader finds one twice.
_FOLDER = r"athlete=[^/]+/year=[0-9]{4}"
_NAME = r"part-[0-9]{8}T[0-9]{6}\.[0-9]{6}Z-[0-9a-f]{6}\.parquet"
_PART = re.compile(f"{_FOLDER}/{_NAME}")
_DRAFT = re.compile(rf"{_FOLDER}/{_NAME}-[0-9a-f]{{6}}{re.escape(PARTIAL)}")


class StreamsError(StravaAssetsError):
    """The streams cannot be written or read as they stand."""


class Folder:
    """Parts under one address.

    Args:
        address: a folder path or any fsspec URL, e.g. `gs://my-bucket/streams`.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._folder = StorageFolder(address, self._unusable)

    def parts(self) -> list[str]:
        """Every part's path below the address, in order."""
        return [path for path in self._folder.files() if _PART.fullmatch(path)]

    def foreign(self) -> list[str]:
        """What is here and not this project's, below the address; it is never read and never removed."""
        foreign = set()
        for path in self._folder.files(links=True):
            if _PART.fullmatch(path) or _DRAFT.fullmatch(path) or is_write_test(path):
                continue
            first, slash, _ = path.partition("/")
            foreign.add(path if first.startswith("athlete=") else first + slash)
        return sorted(foreign)

    def reading(self, part: str) -> AbstractContextManager[BinaryIO]:
        """One part, open.

        Raises:
            FileNotFoundError: there is none.
        """
        return self._folder.reading(part)

    def new_part(self, athlete_id: str, year: int) -> str:
        """The path of a part that is not there yet; parts sort by the time they were written."""
        name = f"part-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(3)}.parquet"
        return f"athlete={athlete_id}/year={year:04d}/{name}"

    def draft(self, part: str) -> Path:
        """A file of this machine to write a part into, before `place` puts it where readers see it."""
        target = self._folder.local_path(part)
        try:
            if target is None:
                handle, name = tempfile.mkstemp(prefix="strava-assets-", suffix=PARTIAL)
                os.close(handle)
                return Path(name)
            draft = target.with_name(f"{target.name}-{secrets.token_hex(3)}{PARTIAL}")
            with modes_at(self.address):
                target.parent.mkdir(parents=True, exist_ok=True)
                # Made here, so that whoever writes into it need not know which modes belong there.
                draft.touch()
        except OSError as error:
            raise self._unusable(error) from error
        return draft

    def place(self, draft: Path, part: str) -> None:
        """Put a part in place whole or not at all: a rename on a disk, one upload to an object store."""
        self._folder.place(draft, part)

    def remove(self, part: str) -> None:
        """Remove a part; nothing happens where there is none."""
        self._folder.remove([part])

    def remove_athlete(self, athlete_id: str) -> int:
        """Remove an athlete's parts and the drafts of writers that died; returns the number of files."""
        own = [
            path
            for path in self._folder.files()
            if path.startswith(f"athlete={athlete_id}/") and (_PART.fullmatch(path) or _DRAFT.fullmatch(path))
        ]
        self._folder.remove(own)
        for folder in sorted({path.rsplit("/", 1)[0] for path in own}):
            self._folder.remove_if_empty(folder)
        self._folder.remove_if_empty(f"athlete={athlete_id}")
        return len(own)

    def sweep(self, before: float) -> None:
        """Remove drafts of a writer that died.

        Args:
            before: how old they must be, epoch seconds, so that no running one loses its own.
        """
        leftovers = [path for path in self._folder.files() if _DRAFT.fullmatch(path) or is_write_test(path)]
        self._folder.remove([path for path in leftovers if self._folder.modified(path) < before])

    def check_writable(self) -> None:
        """Write and remove a small file.

        Raises:
            StreamsError: it cannot be written.
        """
        self._folder.check_writable()

    def _unusable(self, error: Exception) -> StreamsError:
        return StreamsError(
            f"The streams' address {self.address} cannot be used: {error}.",
            means="Nothing of what is there was changed.",
            remedy="Make the place writable (permissions, free space, the bucket's name and role), or "
            "set STRAVA_ASSETS_STREAMS_URL to another folder or bucket.",
        )
