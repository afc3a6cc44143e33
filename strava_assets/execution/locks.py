"""Lock files that show whether a process is alive.

A process holds its lock until it ends, and the operating system releases the lock in any case. So if a lock
can be taken, its owner has ended. Process ids in the files are only for people, as containers reuse them.
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
_PAUSE_S = 0.05
# How often `take` may find an owner: one that releases its lock, or removes an abandoned file, is gone by the
# next attempt. Those who only look are no owners, and are waited for longer.
_OWNERS, _ATTEMPTS = 10, 200


class LockedError(Exception):
    """Another process holds the lock; the message is its note."""


class ProcessLock:
    """A lock file that a process holds until it ends; its folder must exist."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._handle: int | None = None

    def __repr__(self) -> str:
        return f"ProcessLock({str(self.path)!r})"

    def take(self, note: str = "") -> None:
        """Take the lock.

        Args:
            note: One line about the owner for people; by default this process.

        Raises:
            LockedError: Another process holds the lock.
        """
        owners = 0
        for attempt in range(_ATTEMPTS):
            time.sleep(_PAUSE_S if attempt else 0)
            handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
            # The previous owner may have removed the file in the meantime.
            if try_lock(handle, fcntl.LOCK_EX) and self._is_current(handle):
                os.ftruncate(handle, 0)
                os.pwrite(handle, (note or this_process()).encode(), 0)
                self._handle = handle
                return
            owners += not try_lock(handle, fcntl.LOCK_SH)
            os.close(handle)
            if owners == _OWNERS:
                break
        raise LockedError(self.note())

    def release(self) -> None:
        """Release the lock and remove the file."""
        if self._handle is not None:
            self.path.unlink(missing_ok=True)
            os.close(self._handle)
            self._handle = None

    def remove_if_abandoned(self) -> None:
        """Remove the file if no process holds the lock.

        It is removed under the lock: a process that takes it at this moment would hold a file that is gone.
        """
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        try:
            if try_lock(handle, fcntl.LOCK_EX) and self._is_current(handle):
                self.path.unlink(missing_ok=True)
        finally:
            os.close(handle)

    def note(self) -> str:
        """The note of the latest owner, or an empty string if there is no file."""
        with suppress(OSError):
            return self.path.read_text(encoding="utf-8", errors="replace").strip()
        return ""

    def is_held(self) -> bool:
        """Whether any process holds the lock, including this one."""
        if self._handle is not None:
            return True
        try:
            handle = os.open(self.path, os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            # Shared, so that those who look are in nobody's way but for an instant in that of a new owner.
            return not try_lock(handle, fcntl.LOCK_SH)
        finally:
            os.close(handle)

    def _is_current(self, handle: int) -> bool:
        try:
            return os.fstat(handle).st_ino == self.path.stat().st_ino
        except FileNotFoundError:
            return False


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Wait for an exclusive lock on a file and hold it for a block. The file remains."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def try_lock(handle: int, kind: int) -> bool:
    """Take a lock on an open file, `fcntl.LOCK_SH` or `fcntl.LOCK_EX`; False where another one forbids it."""
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def this_process() -> str:
    """This process for people, e.g. `process 4711 on myhost`."""
    return f"process {os.getpid()} on {socket.gethostname()}"
