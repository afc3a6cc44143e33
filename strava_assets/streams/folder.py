"""The files of the streams under one address: list them, open one, put one in place whole, take one away.

Any fsspec address serves (`file`, `gs`, `s3`, `abfs`, `memory`). What is in the files is store.py's matter.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from strava_assets.errors import StravaAssetsError
from strava_assets.file_modes import modes_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fsspec import AbstractFileSystem

# The folders' names are no columns of the files, so that no reader finds one twice.
_PART = re.compile(r"athlete=[^/]+/year=\d{4}/part-[^/]+\.parquet$")
_PARTIAL = ".partial"


class StreamsError(StravaAssetsError):
    """The streams cannot be written or read as they stand."""


class Folder:
    """Parts under one address.

    Args:
        address: a folder path or any fsspec URL, e.g. `gs://my-bucket/streams`.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._opened: tuple[AbstractFileSystem, str] | None = None

    def parts(self) -> list[str]:
        """Every part's path below the address, in order."""
        fs, root = self._open()
        with self._told(), contextlib.suppress(FileNotFoundError):
            return sorted(found[0] for path in fs.find(root) if (found := _PART.search(path)))
        return []

    @contextlib.contextmanager
    def reading(self, part: str) -> Iterator[BinaryIO]:
        """One part, open.

        Raises:
            FileNotFoundError: there is none.
        """
        fs, root = self._open()
        with self._told(lets_through=FileNotFoundError):
            # Parquet says itself what it needs; reading ahead would fetch other rides.
            file = fs.open(f"{root}/{part}", "rb", cache_type="none")
        with file:
            yield cast("BinaryIO", file)

    def draft(self, part: str) -> Path:
        """A file of this machine to write a part into, before `place` puts it where readers see it."""
        fs, root = self._open()
        with self._told():
            if _is_local(fs):
                target = Path(root, part)
                target.parent.mkdir(parents=True, exist_ok=True)
                draft = target.with_name(f"{target.name}-{secrets.token_hex(3)}{_PARTIAL}")
                # Made here, so that whoever writes into it need not know which modes belong there.
                draft.touch()
                return draft
            handle, name = tempfile.mkstemp(prefix="strava-assets-", suffix=_PARTIAL)
            os.close(handle)
            return Path(name)

    def place(self, draft: Path, part: str) -> None:
        """Put a part in place whole or not at all: a rename on a disk, one upload to an object store."""
        fs, root = self._open()
        with self._told():
            if _is_local(fs):
                _make_durable(draft)
                target = Path(root, part)
                draft.replace(target)
                for folder in (target.parent, target.parent.parent, Path(root)):
                    _make_durable(folder)
                return
            full = f"{root}/{part}"
            fs.makedirs(full.rsplit("/", 1)[0], exist_ok=True)
            fs.put_file(str(draft), full)
            draft.unlink()

    def take_away(self, path: str) -> None:
        """Remove a part, or a folder with all that is in it; nothing happens where there is none."""
        fs, root = self._open()
        with self._told(), contextlib.suppress(FileNotFoundError):
            fs.rm(f"{root}/{path}".rstrip("/"), recursive=True)

    def sweep(self, before: float) -> None:
        """Remove drafts of a writer that died.

        Args:
            before: how old they must be, epoch seconds, so that no running one loses its own.
        """
        fs, root = self._open()
        if not _is_local(fs):
            return
        with self._told():
            for path in Path(root).glob(f"*/*/*{_PARTIAL}"):
                if path.stat().st_mtime < before:
                    path.unlink(missing_ok=True)

    def check_writable(self) -> None:
        """Write and remove a small file.

        Raises:
            StreamsError: it cannot be written.
        """
        fs, root = self._open()
        name = f".write-test-{secrets.token_hex(4)}"
        with self._told():
            fs.pipe_file(f"{root}/{name}", b"")
        self.take_away(name)

    def _open(self) -> tuple[AbstractFileSystem, str]:
        if self._opened is None:
            from fsspec.core import url_to_fs

            # gcsfs reads it when it is first imported, and warns at every file where it is not set.
            os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")

            with self._told():
                fs, root = url_to_fs(self.address, use_listings_cache=False)
                fs.makedirs(root, exist_ok=True)
            self._opened = fs, root.rstrip("/")
        return self._opened

    @contextlib.contextmanager
    def _told(self, lets_through: type[Exception] | tuple[()] = ()) -> Iterator[None]:
        try:
            with modes_at(self.address):
                yield
        except lets_through:
            raise
        except Exception as error:  # every filesystem of fsspec's brings errors of its own
            raise StreamsError(
                f"The streams' address {self.address} cannot be used: {error}.",
                means="Nothing of what is there was changed.",
                remedy="make the place writable (permissions, free space, the bucket's name and role), or "
                "set STRAVA_ASSETS_STREAMS_URL to another folder or bucket.",
            ) from error


def _is_local(fs: AbstractFileSystem) -> bool:
    return "file" in ((fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol))


def _make_durable(path: Path) -> None:
    """Have a disk keep a file, or that a folder holds it, for good."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
