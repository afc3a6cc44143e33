"""Files under one address of any fsspec filesystem (`file`, `gs`, `s3`, `abfs`, `memory`).

Files are written atomically. Callers name each file to remove, and folders are removed only if empty.
Symbolic links are not followed.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, NamedTuple, cast

from strava_assets.file_modes import modes_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from fsspec import AbstractFileSystem

    from strava_assets.errors import StravaAssetsError

PARTIAL = ".partial"
"""The suffix of files that are being written."""
READ_AHEAD_BYTES = 2**20
"""About ten recordings of two hours."""

_WRITE_TEST = re.compile(r"\.write-test-[0-9a-f]{8}(?:\.partial)?")


class Entry(NamedTuple):
    """An entry of a folder; a symbolic link is `other`."""

    name: str
    kind: Literal["file", "folder", "other"]


def is_write_test(name: str) -> bool:
    """Whether a file was left behind by a `check_writable` that was killed."""
    return bool(_WRITE_TEST.fullmatch(name))


class StorageFolder:
    """Files under one address; the folder is created with the first file.

    Args:
        address: A folder path or any fsspec URL, e.g. `gs://my-bucket/landing`.
        unusable: Converts an error of the filesystem.
    """

    def __init__(self, address: str, unusable: Callable[[Exception], StravaAssetsError]) -> None:
        self.address = address
        self._unusable = unusable
        self._opened: tuple[AbstractFileSystem, str] | None = None

    def local_path(self, path: str = "") -> Path | None:
        """The local path of a file, or None if the address is not on this machine."""
        fs, root = self._open()
        return Path(root, path) if _is_local(fs) else None

    def entries(self, path: str = "") -> list[Entry]:
        """The entries of a folder by name; empty if the folder does not exist."""
        fs, root = self._open()
        full = f"{root}/{path}".rstrip("/")
        with self._explained(), contextlib.suppress(FileNotFoundError):
            entries = [
                Entry(info["name"].rstrip("/").rsplit("/", 1)[-1], _kind(info))
                for info in fs.ls(full, detail=True)
                # Object stores may list the folder itself.
                if info["name"].strip("/") != full.strip("/")
            ]
            return sorted(entries)
        return []

    def files(self, *, links: bool = False) -> list[str]:
        """The paths of all files below the address, in order; with `links` also symbolic links."""
        fs, root = self._open()
        with self._explained(), contextlib.suppress(FileNotFoundError):
            infos = fs.find(root, detail=True).values()
            kinds = ("file", "other") if links else ("file",)
            return sorted(_below(root, info["name"]) for info in infos if _kind(info) in kinds)
        return []

    def modified(self, path: str) -> float:
        """The modification time of a file in epoch seconds, or infinity if it is unknown."""
        with self._explained():
            local = self.local_path(path)
            return local.lstat().st_mtime if local and local.exists() else math.inf

    def read(self, path: str) -> bytes:
        """Read a file.

        Raises:
            FileNotFoundError: The file does not exist.
        """
        fs, root = self._open()
        with self._explained(lets_through=FileNotFoundError):
            content: bytes = fs.cat_file(f"{root}/{path}")
        return content

    @contextlib.contextmanager
    def reading(self, path: str) -> Iterator[BinaryIO]:
        """Open a file for random access.

        Raises:
            FileNotFoundError: The file does not exist.
        """
        fs, root = self._open()
        with self._explained(lets_through=FileNotFoundError):
            # A Parquet reader asks for each column; read ahead, a recording takes one request to a bucket.
            file = fs.open(f"{root}/{path}", "rb", block_size=READ_AHEAD_BYTES, cache_type="readahead")
        with file:
            yield cast("BinaryIO", file)

    def put(self, path: str, content: bytes, *, durable: bool = True) -> None:
        """Write a file atomically: by rename on a disk, by a single PUT on an object store.

        Without `durable` the file is not synced to disk; `make_durable` syncs many files at once.
        """
        fs, root = self._open()
        target = self.local_path(path)
        with self._explained():
            if target is None:
                full = f"{root}/{path}"
                fs.makedirs(full.rsplit("/", 1)[0], exist_ok=True)
                fs.pipe_file(full, content)
                return
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_name(f"{target.name}{PARTIAL}")
            with partial.open("wb") as file:
                file.write(content)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            partial.replace(target)

    def place(self, draft: Path, path: str) -> None:
        """Move a local file to its place atomically."""
        fs, root = self._open()
        target = self.local_path(path)
        with self._explained():
            if target is None:
                full = f"{root}/{path}"
                fs.makedirs(full.rsplit("/", 1)[0], exist_ok=True)
                fs.put_file(str(draft), full)
                draft.unlink()
                return
            _make_durable(draft)
            draft.replace(target)
        self.make_durable([str(parent) for parent in Path(path).parents])

    def make_durable(self, paths: Iterable[str]) -> None:
        """Sync files and folders to disk; object stores need no sync."""
        with self._explained():
            for path in paths:
                if (local := self.local_path(path)) is not None:
                    _make_durable(local)

    def remove(self, paths: Sequence[str]) -> None:
        """Remove files; missing files are ignored."""
        fs, root = self._open()
        with self._explained():
            for path in paths:
                with contextlib.suppress(FileNotFoundError):
                    fs.rm_file(f"{root}/{path}")

    def remove_if_empty(self, path: str = "") -> None:
        """Remove a folder if it is empty; object stores have no folders."""
        fs, root = self._open()
        if _is_local(fs) or (path and "memory" in _protocols(fs)):
            with contextlib.suppress(OSError):
                fs.rmdir(f"{root}/{path}".rstrip("/"))
        if not path:
            self._opened = None

    def check_writable(self) -> None:
        """Write and remove a small file."""
        name = f".write-test-{secrets.token_hex(4)}"
        self.put(name, b"", durable=False)
        self.remove([name])

    @contextlib.contextmanager
    def _explained(self, lets_through: type[Exception] | tuple[()] = ()) -> Iterator[None]:
        try:
            with modes_at(self.address):
                yield
        except lets_through:
            raise
        except Exception as error:  # fsspec filesystems raise many kinds of errors
            raise self._unusable(error) from error

    def _open(self) -> tuple[AbstractFileSystem, str]:
        if self._opened is None:
            from fsspec.core import url_to_fs

            # gcsfs reads it at import, and warns for every file if it is not set.
            os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")

            with self._explained():
                fs, root = url_to_fs(self.address, use_listings_cache=False)
            self._opened = fs, root.rstrip("/")
        return self._opened


def _protocols(fs: AbstractFileSystem) -> tuple[str, ...]:
    protocol = fs.protocol
    return (protocol,) if isinstance(protocol, str) else tuple(protocol)


def _is_local(fs: AbstractFileSystem) -> bool:
    return "file" in _protocols(fs)


def _below(root: str, name: str) -> str:
    """The path below the root; some filesystems omit the leading slash."""
    return name.lstrip("/").removeprefix(root.lstrip("/")).lstrip("/")


def _kind(info: dict[str, object]) -> Literal["file", "folder", "other"]:
    if info.get("islink"):
        return "other"
    kinds: dict[object, Literal["file", "folder"]] = {"file": "file", "directory": "folder"}
    return kinds.get(info["type"], "other")


def _make_durable(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
