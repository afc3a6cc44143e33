"""Converts errors of a full or failing disk in Dagster's records to user errors.

The files of the assets have errors of their own.
"""

from __future__ import annotations

import errno
import sqlite3
from typing import TYPE_CHECKING

from strava_assets.errors import StravaAssetsError

if TYPE_CHECKING:
    from collections.abc import Iterator

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FAILING = {errno.EIO, errno.EROFS, errno.ENXIO}
# By SQLite's primary result code, https://sqlite.org/rescode.html
_SQLITE_FULL = {sqlite3.SQLITE_FULL}
_SQLITE_FAILING = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN}
_SQLITE_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_PRIMARY = 0xFF


class RecordsError(StravaAssetsError):
    """Dagster's records cannot be written or read."""


def as_storage_error(error: BaseException) -> RecordsError | None:
    """The user error for a disk error, or None for any other error."""
    for cause in _causes(error):
        if isinstance(cause, OSError) and cause.errno in _FULL | _FAILING:
            return _full() if cause.errno in _FULL else _failing(cause.strerror or "the disk failed")
        if isinstance(cause, sqlite3.Error):
            code = getattr(cause, "sqlite_errorcode", 0) & _PRIMARY
            if code in _SQLITE_FULL:
                return _full()
            if code in _SQLITE_FAILING:
                return _failing(str(cause))
            if code in _SQLITE_DAMAGED:
                return _damaged(str(cause))
    return None


def stored_as_storage_error(text: str) -> RecordsError | None:
    """The user error for a disk error that Dagster has stored as text, or None for any other text."""
    if "database or disk is full" in text or "No space left on device" in text:
        return _full()
    if "disk I/O error" in text or "Input/output error" in text:
        return _failing("disk I/O error")
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error, its causes and contexts, and the errors that SQLAlchemy wraps."""
    visited: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        cause = pending.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in visited:
            visited.add(id(cause))
            yield cause
            pending += [getattr(cause, "orig", None), cause.__cause__, cause.__context__]


def _full() -> RecordsError:
    return RecordsError(
        "The disk is full.",
        means="The run could not be recorded, so it was stopped. Everything committed before is safe.",
        remedy="Free space on the disk of STRAVA_ASSETS_HOME and run the same command again. It continues "
        "where it stopped.",
    )


def _failing(reason: str) -> RecordsError:
    return RecordsError(
        f"Dagster's records in STRAVA_ASSETS_HOME cannot be written or read: {reason}.",
        means="The run was stopped. Everything committed before is safe.",
        remedy="Check that the disk is mounted, writable and healthy, and run the same command again.",
    )


def _damaged(reason: str) -> RecordsError:
    return RecordsError(
        f"Dagster's records in STRAVA_ASSETS_HOME are damaged: {reason}.",
        means="They contain only runs and events. Your activities are stored elsewhere and not affected.",
        remedy="Move the folder dagster out of the home and run the same command again.",
    )
