"""A disk that stops at the n-th call: killed, without power, full, or broken.

`Disk` stands between Python and one folder. It counts each call that changes the folder, and it knows what a
power cut may undo: content that was not synced, and names in a folder that was not synced since. POSIX
promises no order among those, so any part of them may survive. Nothing is synced for real.

What libraries write in C (a Parquet file, DuckDB's file) is not counted. Of a Parquet file the model knows
the content at its sync; DuckDB's file belongs outside of the folder.
"""

from __future__ import annotations

import builtins
import errno
import io
import os
import shutil
import stat
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from unittest.mock import patch

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from random import Random
    from types import TracebackType

Tree = dict[str, bytes | None]
"""The content of a folder by relative path; None is a folder."""


class Stop(StrEnum):
    """What happens at a call."""

    kill = "kill"
    """The process ends; what it wrote stays."""
    power_cut = "power cut"
    """The machine ends; what was not synced may be lost."""
    full = "full disk"
    """This call and every later one that needs room fails."""
    broken = "input/output error"
    """This call alone fails."""


class Survival(StrEnum):
    """What is left of the changes that were not synced."""

    nothing = "nothing"
    names = "names without content"
    removals = "removals only"
    chance = "by chance"


class PowerCut(BaseException):
    """The process or the machine ended here."""


@dataclass(eq=False)
class _Node:
    """A file or folder, whatever its name is.

    Attributes:
        synced: The content that a power cut cannot undo; None if there is none.
        names: The entries of a folder that a power cut cannot undo.
        is_changed: Whether the content may differ from what was synced.
        live: The content when the disk stopped.
    """

    path: str
    is_folder: bool
    synced: bytes | None = None
    names: dict[str, _Node] = field(default_factory=dict)
    is_changed: bool = False
    live: bytes = b""


@dataclass(frozen=True)
class _Change:
    """A change of names that was not synced."""

    removed: tuple[_Node, str] | None = None
    added: tuple[_Node, str, _Node] | None = None

    def apply(self, names: Mapping[_Node, dict[str, _Node]]) -> None:
        if self.removed:
            names[self.removed[0]].pop(self.removed[1], None)
        if self.added:
            folder, name, node = self.added
            names[folder][name] = node

    def without(self, folder: _Node) -> _Change | None:
        """What is left to sync of it once this folder is."""
        removed = None if self.removed and self.removed[0] is folder else self.removed
        added = None if self.added and self.added[0] is folder else self.added
        return _Change(removed, added) if removed or added else None


class Disk:
    """A block in which the calls that change one folder are counted, and one of them fails.

    Args:
        root: the folder; everything in it counts as synced at the beginning.
        stop: what happens; None to count only.
        at: the number of the call, from 1.
        on_stop: called when the process or machine ends, before anything is undone.

    Attributes:
        calls: The calls so far, e.g. `rename tokens.json`.
        has_stopped: Whether the call came.
    """

    def __init__(
        self, root: Path, stop: Stop | None = None, at: int = 0, on_stop: Callable[[], None] | None = None
    ) -> None:
        self.root = root.absolute()
        self.calls: list[str] = []
        self.has_stopped = False
        self._stop = stop
        self._at = at
        self._on_stop = on_stop
        self._is_off = False
        self._is_paused = False
        self._by_inode: dict[int, _Node] = {}
        self._pending: list[_Change] = []
        self._live: Tree = {}
        self._tree = self._known_tree(self.root)
        self._patches: list[Any] = []
        self._real = {name: getattr(os, name) for name in _OS_CALLS}
        self._real_open = io.open

    def __enter__(self) -> Self:
        replacements = {name: getattr(self, f"_{name}") for name in _OS_CALLS}
        self._patches = [patch.object(os, name, call) for name, call in replacements.items()]
        self._patches += [patch.object(io, "open", self._open_file)]
        self._patches += [patch.object(builtins, "open", self._open_file)]
        for each in self._patches:
            each.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for each in reversed(self._patches):
            each.stop()

    @contextmanager
    def paused(self, stop: Stop) -> Iterator[None]:
        """Let the calls of a block happen uncounted under this kind of stop, as those of another process."""
        before, self._is_paused = self._is_paused, self._is_paused or self._stop is stop
        try:
            yield
        finally:
            self._is_paused = before

    def count_statement(self) -> None:
        """Count a statement of DuckDB, before which the process or machine may end too."""
        if self._stop in (Stop.kill, Stop.power_cut):
            self._count("statement", self.root)

    # What is left

    def restore(self, survival: Survival | None, chance: Random) -> None:
        """Give the folder a content that it may have after the stop.

        Args:
            survival: what a power cut leaves; None after a kill, which leaves everything.
            chance: draws what survives by chance.
        """
        tree = self._live if survival is None else self.tree_after(survival, chance)
        write_tree(self.root, tree)

    def tree_after(self, survival: Survival, chance: Random) -> Tree:
        """One content that the folder may have after a power cut at the stop."""
        nodes = set(_below(self._tree))
        for change in self._pending:
            for part in (change.removed, change.added):
                if part:
                    nodes.add(part[0])
            if change.added:
                nodes |= set(_below(change.added[2]))
        names = {node: dict(node.names) for node in nodes if node.is_folder}
        for change in self._pending:
            if (
                survival is Survival.names
                or (survival is Survival.removals and change.added is None)
                or (survival is Survival.chance and chance.random() < 0.5)
            ):
                change.apply(names)
        tree: Tree = {}

        def add(folder: _Node, prefix: str) -> None:
            for name, node in sorted(names[folder].items()):
                path = f"{prefix}{name}"
                if node.is_folder:
                    tree[path] = None
                    add(node, f"{path}/")
                else:
                    tree[path] = _surviving(node, survival, chance)

        add(self._tree, "")
        return tree

    # The calls

    def _open(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        open_: Callable[..., int] = self._real["open"]
        if dir_fd is not None or not self._has(path):
            return open_(path, flags, mode, dir_fd=dir_fd)
        exists = os.path.lexists(path)
        creates = bool(flags & os.O_CREAT) and not exists
        truncates = exists and bool(flags & os.O_TRUNC)
        if creates or truncates:
            self._count("create" if creates else "truncate", path)
        if truncates:
            self._remember(path)
        descriptor = open_(path, flags, mode)
        if creates:
            self._add(path, _Node(_absolute(path), is_folder=False, is_changed=True))
        elif truncates:
            self._node_at(path).is_changed = True
        return descriptor

    def _open_private(self, path: Any, flags: int) -> int:
        return self._open(path, flags, 0o666)

    def _write(self, descriptor: int, data: Any) -> int:
        return self._written(descriptor, data, lambda part: self._real["write"](descriptor, part))

    def _sendfile(self, out: int, source: int, offset: int, count: int) -> int:
        node = self._node_of(out)
        if node:
            self._count("write", node.path)
            self._change_content(out, node)
        sent: int = self._real["sendfile"](out, source, offset, count)
        return sent

    def _fsync(self, descriptor: int) -> None:
        status = os.fstat(descriptor)
        node = self._by_inode.get(status.st_ino)
        if node is None:
            if stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode):
                self._real["fsync"](descriptor)
            return
        self._count("sync", node.path)
        if node.is_folder:
            self._sync_names(node, descriptor)
        else:
            node.synced = Path(f"/proc/self/fd/{descriptor}").read_bytes()
            node.is_changed = False

    _fdatasync = _fsync

    def _replace(self, source: Any, target: Any) -> None:
        if not self._has(source):
            self._real["replace"](source, target)
            return
        self._count("rename", target)
        if os.path.lexists(target):
            self._remember(target)
            self._by_inode.pop(os.lstat(target).st_ino, None)
        node = self._node_at(source)
        self._real["replace"](source, target)
        node.path = _absolute(target)
        removed, added = (self._parent(source), _name(source)), (self._parent(target), _name(target), node)
        self._pending.append(_Change(removed, added))

    _rename = _replace

    def _link(self, source: Any, target: Any, **options: Any) -> None:
        if self._has(target):
            self._count("link", target)
        self._real["link"](source, target, **options)
        if self._has(target):
            self._pending.append(_Change(None, (self._parent(target), _name(target), self._node_at(source))))

    def _unlink(self, path: Any, *, dir_fd: int | None = None) -> None:
        self._removed("unlink", path, dir_fd)

    def _remove(self, path: Any, *, dir_fd: int | None = None) -> None:
        self._removed("remove", path, dir_fd)

    def _rmdir(self, path: Any, *, dir_fd: int | None = None) -> None:
        self._removed("rmdir", path, dir_fd)

    def _removed(self, call: str, path: Any, dir_fd: int | None) -> None:
        if dir_fd is not None or not self._has(path) or not os.path.lexists(path):
            self._real[call](path, dir_fd=dir_fd)
            return
        self._count(call, path)
        self._remember(path)
        status = os.lstat(path)
        is_last = stat.S_ISDIR(status.st_mode) or status.st_nlink == 1
        self._real[call](path)
        self._pending.append(_Change((self._parent(path), _name(path))))
        if is_last:
            # The number may be given to the next file.
            self._by_inode.pop(status.st_ino, None)

    def _mkdir(self, path: Any, mode: int = 0o777, *, dir_fd: int | None = None) -> None:
        tracked = dir_fd is None and self._has(path) and not os.path.lexists(path)
        if tracked and Path(path).parent.is_dir():
            self._count("mkdir", path)
        self._real["mkdir"](path, mode, dir_fd=dir_fd)
        if tracked:
            self._add(path, _Node(_absolute(path), is_folder=True))

    def _open_file(  # noqa: PLR0917 - the parameters of `open`
        self,
        file: Any,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
        closefd: bool = True,
        opener: Any = None,
    ) -> Any:
        is_ours = self._node_of(file) is not None if isinstance(file, int) else self._has(file)
        if not is_ours or not set(mode) & set("wxa+"):
            return self._real_open(file, mode, buffering, encoding, errors, newline, closefd, opener)
        plain = mode.replace("b", "").replace("t", "")
        raw = _CountedFile(self, file, plain, closefd=closefd, opener=opener or self._open_private)
        buffered = io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)
        return buffered if "b" in mode else io.TextIOWrapper(buffered, encoding, errors, newline)

    # What they share

    def written(self, descriptor: int, data: Any, write: Callable[[Any], int]) -> int:
        """Write through a file object."""
        return self._written(descriptor, data, write)

    def _written(self, descriptor: int, data: Any, write: Callable[[Any], int]) -> int:
        node = self._node_of(descriptor)
        if node is None:
            return write(data)
        if self._is_off:
            # What a buffer holds when the machine ends goes nowhere, and raises nothing.
            return len(memoryview(data).cast("B"))
        view = memoryview(data).cast("B")
        self._change_content(descriptor, node)
        try:
            self._count("write", node.path)
        except OSError:
            if half := view[: len(view) // 2]:
                write(half)
            raise
        return write(data)

    def _count(self, call: str, path: Any) -> None:
        if self._is_off:
            raise PowerCut
        if self._is_paused:
            return
        self.calls.append(f"{call} {os.path.relpath(os.fspath(path), self.root)}")
        number = len(self.calls)
        needs_room = call in ("create", "write", "mkdir", "link", "rename")
        if self._stop is Stop.full and number >= self._at > 0 and needs_room:
            self.has_stopped = True
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), os.fspath(path))
        if number != self._at or self._stop in (None, Stop.full):
            return
        self.has_stopped = True
        if self._stop is Stop.broken:
            raise OSError(errno.EIO, os.strerror(errno.EIO), os.fspath(path))
        self.cut_now()

    def cut_now(self) -> None:
        """End the process or the machine, between two calls.

        Raises:
            PowerCut: always.
        """
        self._is_off = True
        self._live = read_tree(self.root)
        for folder, _, names in os.walk(self.root):
            for name in names:
                path_of_file = Path(folder, name)
                node = self._by_inode.get(os.lstat(path_of_file).st_ino)
                if node is not None:
                    node.live = self._live[os.path.relpath(path_of_file, self.root)] or b""
                    if not node.is_changed:
                        node.synced = node.live
        if self._on_stop:
            self._on_stop()
        raise PowerCut

    def _has(self, path: Any) -> bool:
        if isinstance(path, int):
            return False
        return _absolute(path).startswith(f"{self.root}{os.sep}")

    def _known_tree(self, folder: Path) -> _Node:
        """The nodes of a folder that is on disk; contents are read when they change."""
        node = _Node(str(folder), is_folder=True)
        self._by_inode[folder.stat().st_ino] = node
        for entry in os.scandir(folder):
            if entry.is_dir(follow_symlinks=False):
                node.names[entry.name] = self._known_tree(Path(entry.path))
            else:
                node.names[entry.name] = self._by_inode.setdefault(
                    entry.inode(), _Node(entry.path, is_folder=False)
                )
        return node

    def _node_at(self, path: Any) -> _Node:
        status = os.lstat(path)
        # Made by a library in C, if it is not known.
        unknown = _Node(_absolute(path), is_folder=stat.S_ISDIR(status.st_mode), is_changed=True)
        return self._by_inode.setdefault(status.st_ino, unknown)

    def _node_of(self, descriptor: int) -> _Node | None:
        return self._by_inode.get(os.fstat(descriptor).st_ino)

    def _parent(self, path: Any) -> _Node:
        return self._node_at(Path(_absolute(path)).parent)

    def _add(self, path: Any, node: _Node) -> None:
        self._by_inode[os.lstat(path).st_ino] = node
        self._pending.append(_Change(None, (self._parent(path), _name(path), node)))

    def _remember(self, path: Any) -> None:
        """Keep the synced content of a file that is about to lose it."""
        node = self._node_at(path)
        if not node.is_folder and not node.is_changed:
            node.synced = Path(path).read_bytes()
        elif not node.is_folder:
            node.live = Path(path).read_bytes()

    def _change_content(self, descriptor: int, node: _Node) -> None:
        if not node.is_changed:
            node.synced = Path(f"/proc/self/fd/{descriptor}").read_bytes()
            node.is_changed = True

    def _sync_names(self, node: _Node, descriptor: int) -> None:
        node.names = {
            entry.name: self._by_inode.setdefault(
                entry.inode(),
                _Node(
                    f"{node.path}/{entry.name}",
                    is_folder=entry.is_dir(follow_symlinks=False),
                    is_changed=True,
                ),
            )
            for entry in os.scandir(f"/proc/self/fd/{descriptor}")
        }
        left = [change.without(node) for change in self._pending]
        self._pending = [change for change in left if change]


class _CountedFile(io.FileIO):
    """A file whose writes reach the disk one by one."""

    def __init__(self, disk: Disk, file: Any, mode: str, *, closefd: bool, opener: Any) -> None:
        self._disk = disk
        super().__init__(file, mode, closefd, opener)

    @override
    def write(self, data: Any, /) -> int:
        return self._disk.written(self.fileno(), data, super().write)


_OS_CALLS = (
    *("open", "write", "sendfile", "fsync", "fdatasync", "replace", "rename", "link"),
    *("unlink", "remove", "rmdir", "mkdir"),
)


def read_tree(root: Path) -> Tree:
    """The content of a folder."""
    tree: Tree = {}
    for folder, folders, names in os.walk(root):
        for name in folders:
            tree[os.path.relpath(Path(folder, name), root)] = None
        for name in names:
            path = Path(folder, name)
            with io.FileIO(path) as file:
                tree[os.path.relpath(path, root)] = file.readall()
    return tree


def write_tree(root: Path, tree: Tree) -> None:
    """Give a folder this content and no other."""
    for path in root.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    for name, content in tree.items():
        path = root / name
        if content is None:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(0o600)
            path.write_bytes(content)


def _below(folder: _Node) -> Iterator[_Node]:
    yield folder
    for node in folder.names.values():
        yield from _below(node)


def _absolute(path: Any) -> str:
    return os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - links are not followed


def _name(path: Any) -> str:
    return Path(path).name


def _surviving(node: _Node, survival: Survival, chance: Random) -> bytes:
    """A content that a file may have after a power cut."""
    synced = node.synced or b""
    if not node.is_changed or survival is not Survival.chance:
        return synced
    torn = node.live[: chance.randrange(len(node.live) + 1)]
    return chance.choice([synced, node.live, torn, bytes(len(node.live))])
