"""Secrets in a file: mode 0600 in a folder of mode 0700, replaced atomically, locked across processes.

A symbolic link is never followed, because what it points at may belong to somebody else. The credentials of
the environment are added in `seeded.py`.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import logging
import os
import secrets
import stat
import threading
import time
from typing import TYPE_CHECKING

from strava_assets.durable_files import make_folder, replace, sync, sync_folders_of
from strava_assets.secrets.document import values_in
from strava_assets.secrets.errors import SecretStoreBusyError, SecretStoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

logger = logging.getLogger("strava_assets.secrets")

# A refresh is one request with a read timeout of 30 s, and may be tried a few times.
LOCK_WAIT_S = 120.0
LOCK_POLL_S = 0.05
# Tokens take some hundred bytes.
MOST_BYTES = 64 * 1024
_DRAFT_SUFFIX = "[0-9a-f]" * 16


class FileStore:
    """Credentials and tokens of one athlete in a JSON file.

    Args:
        path: the file; its folder is created with mode 0700 on the first write.
        sleep: waits the given seconds between two looks at a lock that is held.
        lock_wait_s: how long to wait for a lock in all.
    """

    settling_waits_s: tuple[float, ...] = ()

    def __init__(
        self, path: Path, *, sleep: Callable[[float], None] = time.sleep, lock_wait_s: float = LOCK_WAIT_S
    ) -> None:
        self.path = path
        self._sleep = sleep
        self._lock_wait_s = lock_wait_s
        self._holders: set[int] = set()
        self.name = f"the token file {path}"
        self.location = str(path)

    def __repr__(self) -> str:
        return f"FileStore({str(self.path)!r})"

    def read(self) -> dict[str, str]:
        """All values; empty where there is no file yet.

        Raises:
            SecretStoreError: the file cannot be read, or not be closed to others, or is not ours.
        """
        try:
            with os.fdopen(self._open(self.path, os.O_RDONLY), "rb") as file:
                content = file.read(MOST_BYTES + 1)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._unusable("cannot be read", error) from error
        values = values_in(content) if len(content) <= MOST_BYTES else None
        if values is None:
            raise SecretStoreError(
                f"{self.path} is not a token file of this project.",
                means="It was edited or is another program's. It was left as it is.",
                remedy="Move it away and run `strava-assets login`.",
            )
        return values

    def replace(self, values: Mapping[str, str]) -> None:
        """Put `values` in the place of everything the file holds; on disk when this returns, and never half.

        Raises:
            SecretStoreError: the file or its folder cannot be written.
        """
        self._make_folder()
        if self.path.is_symlink():
            raise self._not_a_file(self.path, "a symbolic link")
        draft = self._new_draft()
        try:
            self._remove_drafts()
            try:
                self._write_draft(draft, json.dumps(dict(values), indent=1, sort_keys=True))
                replace(draft, self.path)
            except BaseException:
                draft.unlink(missing_ok=True)
                raise
        except OSError as error:
            raise self._unusable("cannot be written", error) from error

    def check_writable(self) -> None:
        """See that there is room for a file of the largest size.

        Raises:
            SecretStoreError: there is not, or the folder cannot be written.
        """
        draft = self._new_draft()
        try:
            try:
                self._write_draft(draft, " " * MOST_BYTES)
                sync(draft)
            finally:
                draft.unlink(missing_ok=True)
        except OSError as error:
            raise self._unusable("cannot be written", error) from error

    def clear(self) -> None:
        """Remove the file, and what a killed process left of one.

        Raises:
            SecretStoreError: it cannot be removed.
        """
        try:
            self.path.unlink(missing_ok=True)
            self._remove_drafts()
            sync_folders_of([self.path])
        except OSError as error:
            raise self._unusable("cannot be removed", error) from error

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Exclude other processes and threads that would refresh at the same time.

        The lock ends with the process that holds it, however that ends; the thread that holds it may take it
        again.

        Raises:
            SecretStoreBusyError: it was not released in time.
        """
        holder = threading.get_ident()
        if holder in self._holders:
            yield
            return
        self._make_folder()
        try:
            descriptor = self._open(self.path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT)
        except OSError as error:
            raise self._unusable("cannot be locked", error) from error
        try:
            self._wait_for(descriptor)
            self._holders.add(holder)
            yield
        finally:
            self._holders.discard(holder)
            os.close(descriptor)

    def _wait_for(self, descriptor: int) -> None:
        waited_s = 0.0
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if waited_s >= self._lock_wait_s:
                    raise SecretStoreBusyError(
                        f"Another process has held {self.name} for {self._lock_wait_s:g} seconds.",
                        means="A token refresh takes a second or two, so that process probably hangs.",
                        remedy="End the other strava-assets or Dagster run, then try again.",
                    ) from None
                self._sleep(LOCK_POLL_S)
                waited_s += LOCK_POLL_S
            else:
                return

    def _make_folder(self) -> None:
        folder = self.path.parent
        try:
            make_folder(folder, 0o700)
        except OSError as error:
            raise self._unusable("cannot be written", error) from error

    def _new_draft(self) -> Path:
        return self.path.with_name(f".{self.path.name}.{secrets.token_hex(8)}")

    @staticmethod
    def _write_draft(draft: Path, text: str) -> None:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)

    def _remove_drafts(self) -> None:
        """Remove the drafts of writers that were killed; whoever writes now holds the lock."""
        for draft in self.path.parent.glob(f".{self.path.name}.{_DRAFT_SUFFIX}"):
            draft.unlink(missing_ok=True)

    def _open(self, path: Path, flags: int) -> int:
        """Open a plain file, closed to others from then on; returns its descriptor.

        Raises:
            OSError: it cannot be opened.
            SecretStoreError: it is a link, a folder or a device.
        """
        try:
            # Without O_NONBLOCK, opening a named pipe would wait for whoever writes into it.
            descriptor = os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise self._not_a_file(path, "a symbolic link") from error
            if error.errno == errno.EISDIR:
                raise self._not_a_file(path, "a folder") from error
            raise
        try:
            self._close_to_others(descriptor, path)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _close_to_others(self, descriptor: int, path: Path) -> None:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise self._not_a_file(path, "a folder" if stat.S_ISDIR(status.st_mode) else "no plain file")
        mode = stat.S_IMODE(status.st_mode)
        if mode & ~0o600:
            os.fchmod(descriptor, mode & 0o600)
            logger.warning(
                "%s was open to others (mode %o); it is now closed (%o).", path, mode, mode & 0o600
            )

    def _not_a_file(self, path: Path, kind: str) -> SecretStoreError:
        return SecretStoreError(
            f"{path} is {kind}.",
            means="Tokens are kept in a plain file only. Nothing was changed, and Strava is not asked.",
            remedy="Move it away and run `strava-assets login`; to keep everything elsewhere, set "
            "STRAVA_ASSETS_HOME.",
        )

    def _unusable(self, what: str, error: OSError) -> SecretStoreError:
        return SecretStoreError(
            f"{self.path} {what}: {error.strerror}.",
            means="Tokens cannot be kept there, so Strava is not asked for any.",
            remedy="Let the user that runs this own the file and its folder, or choose another place.",
        )
