"""Files under one address of any fsspec filesystem (`file`, `gs`, `s3`, `abfs`, `memory`).

Files are written atomically. Buckets and containers are never created: a misspelt one is an error. Callers
name each file to remove, and folders are removed only if empty.
Symbolic links are not followed.
"""

from __future__ import annotations

import contextlib
import io
import math
import os
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from typing_extensions import override

from strava_assets.cloud_failures import cloud_failure
from strava_assets.durable_files import make_folder, replace, sync, sync_folders_of, write
from strava_assets.file_modes import modes_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from fsspec import AbstractFileSystem

    from strava_assets.errors import StravaAssetsError

READ_AHEAD_BYTES = 2**20
"""About ten recordings of two hours."""

_OBJECT_STORES = {"s3", "gs", "abfs"}
"""fsspec's names of filesystems that have no folders, only objects; making a folder would make a bucket."""
_WRITE_TEST = re.compile(r"\.write-test-[0-9a-f]{8}(?:\.partial)?")


class Entry(NamedTuple):
    """An entry of a folder; a symbolic link is `other`."""

    name: str
    kind: Literal["file", "folder", "other"]


@dataclass(frozen=True)
class Problem:
    """Why files cannot be used.

    Args:
        reason: What the filesystem or its cloud says.
        remedy: What to do, if that is clear.
        is_transient: Whether it may pass without any action.
    """

    reason: str
    remedy: str = ""
    is_transient: bool = False

    @classmethod
    def of(cls, error: Exception) -> Problem:
        """The problem behind an error of a filesystem."""
        if failure := cloud_failure(error):
            return cls(failure.message, failure.remedy, failure.is_transient)
        return cls(str(error))


def is_write_test(name: str) -> bool:
    """Whether a file was left behind by a `check_writable` that was killed."""
    return bool(_WRITE_TEST.fullmatch(name))


class StorageFolder:
    """Files under one address; the folder is created with the first file.

    Args:
        address: A folder path or any fsspec URL, e.g. `gs://my-bucket/landing`.
        unusable: Makes the error for a problem of the filesystem.
    """

    def __init__(self, address: str, unusable: Callable[[Problem], StravaAssetsError]) -> None:
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
        local = self.local_path(path)
        with self._explained(), contextlib.suppress(FileNotFoundError, NotADirectoryError):
            if local is not None:
                # fsspec would ask for the size and time of every entry.
                with os.scandir(local) as scanned:
                    return sorted(Entry(entry.name, _local_kind(entry)) for entry in scanned)
            entries = [
                Entry(info["name"].rstrip("/").rsplit("/", 1)[-1], _kind(info))
                for info in fs.ls(full, detail=True)
                # Object stores may list the folder itself.
                if info["name"].strip("/") != full.strip("/")
            ]
            return sorted(entries)
        return []

    def tree(self, path: str, into: Callable[[str], bool]) -> list[Entry]:
        """All entries below a folder, with their paths below the address; a folder comes before its entries.

        On an object store this is one recursive listing, in which folders are not entries. Elsewhere one
        folder is listed after the other, and an entry that vanishes meanwhile is left out.

        Args:
            path: the folder.
            into: whether a folder, given by its path, is looked into where that is a listing of its own.
        """
        fs, root = self._open()
        full = f"{root}/{path}".rstrip("/")
        if _OBJECT_STORES & set(_protocols(fs)):
            infos: Iterable[dict[str, Any]] = ()
            with self._explained(), contextlib.suppress(FileNotFoundError):
                infos = fs.find(full, detail=True).values()
            return [Entry(_below(root, info["name"]), _kind(info)) for info in infos]
        if _is_local(fs):
            with self._explained():
                return list(_local_tree(root, path, into))
        entries = []
        # Symbolic links are no folders, so the listing ends.
        for name, kind in self.entries(path):
            below = f"{path}/{name}".lstrip("/")
            entries.append(Entry(below, kind))
            if kind == "folder" and into(below):
                entries += self.tree(below, into)
        return entries

    def is_link(self, path: str) -> bool:
        """Whether a path is a symbolic link; only local folders have them."""
        local = self.local_path(path)
        return local is not None and local.is_symlink()

    def files(self, path: str = "", *, links: bool = False) -> list[str]:
        """The paths of all files below the address or a folder in it, in order.

        Args:
            path: the folder.
            links: whether symbolic links are among them.
        """
        kinds = ("file", "other") if links else ("file",)
        return sorted(name for name, kind in self.tree(path, lambda _: True) if kind in kinds)

    def modified_files(self) -> dict[str, float]:
        """The files of `files`, with their modification times in epoch seconds, or infinity if unknown."""
        fs, root = self._open()
        if _is_local(fs):
            return {path: self.modified(path) for path in self.files()}
        with self._explained(), contextlib.suppress(FileNotFoundError):
            infos = fs.find(root, detail=True).values()
            return {_below(root, i["name"]): _modified(i) for i in infos if _kind(i) == "file"}
        return {}

    def modified(self, path: str) -> float:
        """The modification time of a file in epoch seconds, or infinity if it is unknown."""
        fs, root = self._open()
        with self._explained(), contextlib.suppress(FileNotFoundError):
            return _modified(fs.info(f"{root}/{path}"))
        return math.inf

    def read(self, path: str) -> bytes:
        """Read a file.

        Raises:
            FileNotFoundError: The file does not exist.
        """
        fs, root = self._open()
        with self._explained(lets_through=FileNotFoundError):
            content: bytes = fs.cat_file(f"{root}/{path}")
        return content

    def read_all(self, paths: Sequence[str]) -> dict[str, bytes]:
        """Read many files, from an object store at the same time; missing files are left out."""
        fs, root = self._open()
        with self._explained():
            # Not by `on_error="omit"`, which would hide every other failure as well.
            answers = fs.cat([f"{root}/{path}" for path in paths], on_error="return") if paths else {}
            contents = {_below(root, name): content for name, content in answers.items()}
            for content in contents.values():
                if isinstance(content, Exception) and not isinstance(content, FileNotFoundError):
                    raise content
        return {path: content for path, content in contents.items() if isinstance(content, bytes)}

    @contextlib.contextmanager
    def reading(self, path: str) -> Iterator[OpenFile]:
        """Open a file for random access; what goes wrong while it is read is this folder's error too.

        Raises:
            FileNotFoundError: The file does not exist, or no longer.
        """
        fs, root = self._open()
        with self._explained(lets_through=FileNotFoundError):
            # A Parquet reader asks for each column; read ahead, a recording takes one request to a bucket.
            file = fs.open(f"{root}/{path}", "rb", block_size=READ_AHEAD_BYTES, cache_type="readahead")
        with file:
            yield OpenFile(file, self._explained)

    def put(self, path: str, content: bytes, *, durable: bool = True) -> None:
        """Write a file atomically: by rename on a disk, by a single PUT on an object store.

        Without `durable` neither the file nor its name is synced to disk; `make_durable` syncs many files at
        once.
        """
        fs, root = self._open()
        target = self.local_path(path)
        with self._explained():
            if target is None:
                full = f"{root}/{path}"
                make_parents(fs, full)
                fs.pipe_file(full, content)
                return
            make_folder(target.parent)
            write(target, content, durable=durable)

    def place(self, draft: Path, path: str) -> None:
        """Move a local file to its place atomically."""
        fs, root = self._open()
        target = self.local_path(path)
        with self._explained():
            if target is None:
                full = f"{root}/{path}"
                make_parents(fs, full)
                fs.put_file(str(draft), full)
                draft.unlink()
                return
            replace(draft, target)

    def make_durable(self, paths: Iterable[str]) -> None:
        """Sync files and folders to disk; object stores need no sync."""
        with self._explained():
            for path in paths:
                if (local := self.local_path(path)) is not None:
                    sync(local)

    def remove(self, paths: Sequence[str], *, durable: bool = True) -> None:
        """Remove files; missing files are ignored.

        Without `durable` the removal is not synced to disk, and a power cut may bring the files back.
        """
        fs, root = self._open()
        with self._explained():
            for path in paths:
                with contextlib.suppress(FileNotFoundError):
                    fs.rm_file(f"{root}/{path}")
            if durable and _is_local(fs):
                sync_folders_of(Path(root, path) for path in paths)

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
        self.remove([name], durable=False)

    @contextlib.contextmanager
    def _explained(self, lets_through: type[Exception] | tuple[()] = ()) -> Iterator[None]:
        try:
            with modes_at(self.address):
                yield
        except lets_through:
            raise
        except Exception as error:  # fsspec filesystems raise many kinds of errors
            problem = Problem.of(error)
            unusable = self._unusable(problem)
            unusable.transient = problem.is_transient
            raise unusable from error

    def _open(self) -> tuple[AbstractFileSystem, str]:
        if self._opened is None:
            from fsspec.core import url_to_fs

            # gcsfs reads it at import, and warns for every file if it is not set.
            os.environ.setdefault("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")

            with self._explained():
                fs, root = url_to_fs(self.address, use_listings_cache=False)
            self._opened = fs, root.rstrip("/")
        return self._opened


class OpenFile(io.RawIOBase):
    """A file of a bucket or disk, whose errors are explained: a Parquet reader takes them for damage."""

    def __init__(self, file: Any, explained: Callable[..., AbstractContextManager[None]]) -> None:
        self._file = file
        self._explained = explained

    def was_replaced(self) -> bool:
        """Whether another file has come in its place, so that a bucket gives parts of both."""
        before = getattr(self._file, "details", None)
        if not before:  # An open file of a disk stays the same.
            return False
        with self._explained(lets_through=FileNotFoundError):
            return _identity(before) != _identity(self._file.fs.info(self._file.path))

    @override
    def read(self, size: int = -1) -> bytes:
        with self._explained(lets_through=FileNotFoundError):
            content: bytes = self._file.read(size)
        return content

    @override
    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        position: int = self._file.seek(offset, whence)
        return position

    @override
    def tell(self) -> int:
        position: int = self._file.tell()
        return position

    @override
    def readable(self) -> bool:
        return True

    @override
    def seekable(self) -> bool:
        return True


def make_parents(fs: AbstractFileSystem, path: str) -> None:
    """Create the folder of a remote file where the filesystem has folders."""
    if not _OBJECT_STORES & set(_protocols(fs)):
        fs.makedirs(path.rsplit("/", 1)[0], exist_ok=True)


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


def _local_kind(entry: os.DirEntry[str]) -> Literal["file", "folder", "other"]:
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "other"


def _local_tree(root: str, path: str, into: Callable[[str], bool]) -> Iterator[Entry]:
    """As `StorageFolder.tree`, of a local folder."""
    entries: list[Entry] = []
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), os.scandir(f"{root}/{path}") as scanned:
        prefix = f"{path}/" if path else ""
        entries = sorted(Entry(f"{prefix}{entry.name}", _local_kind(entry)) for entry in scanned)
    for entry in entries:
        yield entry
        if entry.kind == "folder" and into(entry.name):
            yield from _local_tree(root, entry.name, into)


def _identity(info: dict[str, Any]) -> list[Any]:
    """What changes with every write; each filesystem has its own word for it."""
    return [info.get(key) for key in ("size", "ETag", "etag", "generation")]


def _modified(info: dict[str, Any]) -> float:
    """When a file was written; each filesystem has its own word for it."""
    for key in ("mtime", "LastModified", "last_modified", "updated"):
        moment = info.get(key)
        if isinstance(moment, str):
            moment = datetime.fromisoformat(moment)
        if moment is not None:
            return moment.timestamp() if isinstance(moment, datetime) else float(moment)
    return math.inf
