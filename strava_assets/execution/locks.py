"""Lock files that show whether a process is alive.

A process holds its lock for as long as it lives, and the operating system releases it however the process
ends. So a lock that can be taken means that its owner is gone. Process ids are written into the file for
people to read only: containers reuse them.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MODE = 0o600
# Whoever looks whether a lock is held takes it for an instant, so a lock is refused only after a while.
_ATTEMPTS, _PAUSE_S = 10, 0.05


class LockedError(Exception):
    """Another process holds the lock; the message is what it wrote into the file."""


class ProcessLock:
    """A lock file that a process holds until it ends.

    Args:
        path: the file; its folder must exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def __repr__(self) -> str:
        return f"ProcessLock({str(self.path)!r})"

    def take(self, note: str = "") -> None:
        """Hold the lock from now on.

        Args:
            note: what a person who finds the lock held should read, in one line; by default this process.

        Raises:
            LockedError: another process holds it.
        """
        for attempt in range(_ATTEMPTS):
            time.sleep(_PAUSE_S if attempt else 0)
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
            # Where the last owner has removed the file since, the lock is on a file that nobody sees.
            if _lock(handle) and self._is_current(handle):
                os.ftruncate(handle, 0)
                os.pwrite(handle, (note or this_process()).encode(), 0)
                self._handle = handle
                return
            os.close(handle)
        raise LockedError(self.note())

    def release(self) -> None:
        """Remove the file and give the lock up."""
        if self._handle is not None:
            self.path.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = None

    def note(self) -> str:
        """What the last owner wrote; empty where there is no file."""
        with suppress(OSError):
            return self.path.read_text(encoding="utf-8", errors="replace").strip()
        return ""

    def is_held(self) -> bool:
        """Whether a living process, this one included, holds the lock."""
        if self._handle is not None:
            return True
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            return not _lock(handle)
        finally:
            os.close(handle)

    @contextmanager
    def held(self, note: str = "") -> Iterator[None]:
        """Hold the lock for a block.

        Raises:
            LockedError: another process holds it.
        """
        self.take(note)
        try:
            yield
        finally:
            self.release()

    def _is_current(self, handle: int) -> bool:
        try:
            return os.fstat(handle).st_ino == self.path.stat().st_ino
        except FileNotFoundError:
            return False


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Do a block alone: wait until no other process is in it. The file stays."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def this_process() -> str:
    """This process as a person finds it: `process 4711 on myhost`."""
    return f"process {os.getpid()} on {socket.gethostname()}"
