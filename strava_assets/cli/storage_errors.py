"""Turns what a full or failing disk does to Dagster's own records into one sentence.

Every step of a run is written down there. The assets' own files have errors of their own.
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
    """Dagster's own records cannot be written or read."""


def as_storage_error(error: BaseException) -> RecordsError | None:
    """The sentence for an error that comes from the disk; None for any other."""
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
    """The sentence for an error that Dagster has written down as text; None for any other."""
    if "database or disk is full" in text or "No space left on device" in text:
        return _full()
    if "disk I/O error" in text or "Input/output error" in text:
        return _failing("disk I/O error")
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error, what it was raised from, and what SQLAlchemy wraps."""
    visited: set[int] = set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in visited:
            visited.add(id(cause))
            yield cause
            waiting += [getattr(cause, "orig", None), cause.__cause__, cause.__context__]


def _full() -> RecordsError:
    return RecordsError(
        "The disk is full.",
        means="What a run does could not be written down, so it was given up. What was committed before is "
        "safe.",
        remedy="Make room on the disk of STRAVA_ASSETS_HOME and run the same command again: it goes on from "
        "there.",
    )


def _failing(reason: str) -> RecordsError:
    return RecordsError(
        f"Dagster's records in STRAVA_ASSETS_HOME cannot be written or read: {reason}.",
        means="The run was given up. What was committed before is safe.",
        remedy="Check that the disk is there, writable and healthy, and run the same command again.",
    )


def _damaged(reason: str) -> RecordsError:
    return RecordsError(
        f"Dagster's records in STRAVA_ASSETS_HOME are damaged: {reason}.",
        means="They hold the list of runs and events only; your activities are elsewhere and untouched.",
        remedy="Move the folder dagster of the home away and run the same command again: it makes a new one.",
    )
