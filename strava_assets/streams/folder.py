"""The stream files under one address: lists, opens, places and removes them.

Only files whose names have the form defined here are read or removed. `stream_store` fills them.
"""

from __future__ import annotations

import os
import re
import secrets
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from strava_assets.durable_files import PARTIAL, make_folder
from strava_assets.errors import StravaAssetsError
from strava_assets.file_modes import modes_at
from strava_assets.storage_folder import Problem, StorageFolder, is_write_test

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from strava_assets.shards import Shard
    from strava_assets.storage_folder import OpenFile

# The files have no columns with the folders' names, so that no reader finds a column twice.
_FOLDER = r"athlete=[^/]+/year=[0-9]{4}"
_NAME = r"part-[0-9]{8}T[0-9]{6}\.[0-9]{6}Z-[0-9a-f]{6}\.parquet"
_PART = re.compile(f"{_FOLDER}/{_NAME}")
_DRAFT = re.compile(rf"{_FOLDER}/{_NAME}-[0-9a-f]{{6}}{re.escape(PARTIAL)}")


def _athlete_of(part: str) -> str:
    return part.partition("/")[0].removeprefix("athlete=")


def is_own_path(path: str) -> bool:
    """Whether a path below the streams' address is a part or an abandoned draft."""
    return bool(_PART.fullmatch(path) or _DRAFT.fullmatch(path))


class StreamsError(StravaAssetsError):
    """The streams cannot be read or written."""


class Folder:
    """The parts under one address, a folder path or any fsspec URL, e.g. `gs://my-bucket/streams`.

    Args:
        address: where they are.
        shard: the athletes whose parts are listed; None for all.
    """

    def __init__(self, address: str, shard: Shard | None = None) -> None:
        self.address = address
        self._shard = shard
        self._folder = StorageFolder(address, self._unusable)

    def parts(self, athlete_id: str | None = None) -> list[str]:
        """The paths of all parts of one athlete or of the shard's, in order."""
        below = f"athlete={athlete_id}" if athlete_id else ""
        parts = [path for path in self._folder.files(below) if _PART.fullmatch(path)]
        if self._shard is None:
            return parts
        return [path for path in parts if self._shard.holds(_athlete_of(path))]

    def athletes(self) -> set[str]:
        """The athletes with parts."""
        return {_athlete_of(part) for part in self.parts()}

    def foreign_files(self) -> list[str]:
        """The paths below the address that this project did not write; they are never read or removed."""
        foreign = set()
        for path in self._folder.files(links=True):
            if is_own_path(path) or is_write_test(path):
                continue
            first, slash, _ = path.partition("/")
            foreign.add(path if first.startswith("athlete=") else first + slash)
        return sorted(foreign)

    def reading(self, part: str) -> AbstractContextManager[OpenFile]:
        """Open a part for reading.

        Raises:
            FileNotFoundError: it does not exist.
        """
        return self._folder.reading(part)

    def new_part(self, athlete_id: str, year: int) -> str:
        """The path for a new part; parts sort by the time they were written."""
        name = f"part-{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{secrets.token_hex(3)}.parquet"
        return f"athlete={athlete_id}/year={year:04d}/{name}"

    def draft(self, part: str) -> Path:
        """A local file to write a part into, before `place` makes it visible to readers."""
        target = self._folder.local_path(part)
        try:
            if target is None:
                handle, name = tempfile.mkstemp(prefix="strava-assets-", suffix=PARTIAL)
                os.close(handle)
                return Path(name)
            draft = target.with_name(f"{target.name}-{secrets.token_hex(3)}{PARTIAL}")
            with modes_at(self.address):
                make_folder(target.parent)
                # Created here, so that it has the right mode whoever writes to it.
                draft.touch()
        except OSError as error:
            raise self._unusable(Problem.of(error)) from error
        return draft

    def place(self, draft: Path, part: str) -> None:
        """Make a part visible atomically: by a rename on disk, or by one upload to an object store."""
        self._folder.place(draft, part)

    def remove(self, part: str) -> None:
        """Remove a part if it exists."""
        self._folder.remove([part])

    def remove_athlete(self, athlete_id: str) -> int:
        """Remove an athlete's parts and abandoned drafts; returns the number of files."""
        own = [
            path
            for path in self._folder.files()
            if path.startswith(f"athlete={athlete_id}/") and is_own_path(path)
        ]
        self._folder.remove(own)
        for folder in sorted({path.rsplit("/", 1)[0] for path in own}):
            self._folder.remove_if_empty(folder)
        self._folder.remove_if_empty(f"athlete={athlete_id}")
        return len(own)

    def sweep(self, before: float) -> None:
        """Remove abandoned drafts.

        Args:
            before: only drafts last modified before this time, epoch seconds; newer ones may be in use.
        """
        leftovers = [path for path in self._folder.files() if _DRAFT.fullmatch(path) or is_write_test(path)]
        self._folder.remove([path for path in leftovers if self._folder.modified(path) < before])

    def check_writable(self) -> None:
        """Write and remove a small file.

        Raises:
            StreamsError: it cannot be written.
        """
        self._folder.check_writable()

    def _unusable(self, problem: Problem) -> StreamsError:
        return StreamsError(
            f"The streams' address {self.address} cannot be used: {problem.reason}.",
            means="No stored recording was changed.",
            remedy=problem.remedy
            or "Make the folder or bucket writable (permissions, free space, bucket name and role), "
            "or set STRAVA_ASSETS_STREAMS_URL to another folder or bucket.",
        )
