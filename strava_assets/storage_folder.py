"""Files under one address of any fsspec filesystem (`file`, `gs`, `s3`, `abfs`, `memory`).

A file is put in place whole or not at all. Which names are whose is not decided here: callers name the files
that are removed, and no folder is removed with what is in it. Symbolic links are not followed.
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
"""Ends the name of a file that is being written."""

_WRITE_TEST = re.compile(r"\.write-test-[0-9a-f]{8}(?:\.partial)?")


class Entry(NamedTuple):
    """What a folder holds: a name and what it stands for; a symbolic link is `other`."""

    name: str
    kind: Literal["file", "folder", "other"]


def is_write_test(name: str) -> bool:
    """Whether a file was left behind by a `check_writable` that died."""
    return bool(_WRITE_TEST.fullmatch(name))


class StorageFolder:
    """Files under one address; the folder is made with the first file.

    Args:
        address: a folder path or any fsspec URL, e.g. `gs://my-bucket/landing`.
        unusable: makes the error that is raised where the filesystem fails, from the failure.
    """

    def __init__(self, address: str, unusable: Callable[[Exception], StravaAssetsError]) -> None:
        self.address = address
        self._unusable = unusable
        self._opened: tuple[AbstractFileSystem, str] | None = None

    def local_path(self, path: str = "") -> Path | None:
        """Where a file is on this machine's disk; None where the address is elsewhere."""
        fs, root = self._open()
        return Path(root, path) if _is_local(fs) else None

    def entries(self, path: str = "") -> list[Entry]:
        """What a folder holds, by name; nothing where there is no such folder."""
        fs, root = self._open()
        full = f"{root}/{path}".rstrip("/")
        with self._explained(), contextlib.suppress(FileNotFoundError):
            listed = [
                Entry(info["name"].rstrip("/").rsplit("/", 1)[-1], _kind(info))
                for info in fs.ls(full, detail=True)
                # An object store may name the folder itself among what is in it.
                if info["name"].strip("/") != full.strip("/")
            ]
            return sorted(listed)
        return []

    def files(self, *, links: bool = False) -> list[str]:
        """Every file at any depth, as its path below the address, in order.

        Args:
            links: whether symbolic links are listed too, as what they are.
        """
        fs, root = self._open()
        with self._explained(), contextlib.suppress(FileNotFoundError):
            infos = fs.find(root, detail=True).values()
            kinds = ("file", "other") if links else ("file",)
            return sorted(_below(root, info["name"]) for info in infos if _kind(info) in kinds)
        return []

    def modified(self, path: str) -> float:
        """When a file was last written, in epoch seconds; infinity where that cannot be known."""
        with self._explained():
            local = self.local_path(path)
            return local.lstat().st_mtime if local and local.exists() else math.inf

    def read(self, path: str) -> bytes:
        """A whole file.

        Raises:
            FileNotFoundError: there is none.
        """
        fs, root = self._open()
        with self._explained(lets_through=FileNotFoundError):
            content: bytes = fs.cat_file(f"{root}/{path}")
        return content

    @contextlib.contextmanager
    def reading(self, path: str) -> Iterator[BinaryIO]:
        """A file, open for reading here and there in it.

        Raises:
            FileNotFoundError: there is none.
        """
        fs, root = self._open()
        with self._explained(lets_through=FileNotFoundError):
            # Parquet says itself what it needs; reading ahead would fetch what nobody asked for.
            file = fs.open(f"{root}/{path}", "rb", cache_type="none")
        with file:
            yield cast("BinaryIO", file)

    def put(self, path: str, content: bytes, *, durable: bool = True) -> None:
        """Put a file in place whole or not at all: a rename on a disk, a single PUT on an object store.

        Args:
            path: where, below the address.
            content: all of it.
            durable: whether a disk has it for good when this returns; `make_durable` does many at once.
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
        """Put a finished file of this machine in place whole or not at all; the draft is gone afterwards."""
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
        """Have a disk keep files, and that folders hold them, for good; an object store does so by itself."""
        with self._explained():
            for path in paths:
                if (local := self.local_path(path)) is not None:
                    _make_durable(local)

    def remove(self, paths: Sequence[str]) -> None:
        """Remove files; nothing happens for one that is not there."""
        fs, root = self._open()
        with self._explained():
            for path in paths:
                with contextlib.suppress(FileNotFoundError):
                    fs.rm_file(f"{root}/{path}")

    def remove_if_empty(self, path: str = "") -> None:
        """Remove a folder that holds nothing; an object store has none, and its bucket stays."""
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
        except Exception as error:  # every filesystem of fsspec's brings errors of its own
            raise self._unusable(error) from error

    def _open(self) -> tuple[AbstractFileSystem, str]:
        if self._opened is None:
            from fsspec.core import url_to_fs

            # gcsfs reads it when it is first imported, and warns at every file where it is not set.
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
    """A path as callers know it; some filesystems name files without the slash that begins their root."""
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
