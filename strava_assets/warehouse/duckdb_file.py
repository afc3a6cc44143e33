"""The DuckDB file as a thing on a disk: opening it, waiting for its lock, what DuckDB's failures mean.

No SQL and no tables: those are duckdb.py's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import duckdb

from strava_assets.warehouse.errors import MissingTableError, StatementFailedError, WarehouseError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LOOK_AGAIN_S = 0.25
_HOLDER = re.compile(r"\(PID (\d+)\)")
_MISSING = re.compile(r"Table with name (\w+) does not exist")
_DISK_FULL = ("no space left", "file too large", "disk quota exceeded", "max_temp_directory_size")


class WarehouseLockedError(WarehouseError):
    """Another process has the file open for writing."""

    transient = True

    def __init__(self, path: Path, waited_s: float, pid: int | None) -> None:
        self.pid = pid
        holder = f"process {pid}" if pid else "another process"
        super().__init__(
            f"{path} is in use by {holder}; waited {waited_s:.0f} s.",
            means="A DuckDB file has one writer at a time. Nothing was changed.",
            remedy=f"Wait for {holder} or end it (often a DuckDB shell or a notebook), then run again.",
        )


class NotAWarehouseError(WarehouseError):
    """The file is not a DuckDB database, or not one this version reads."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot be opened as a DuckDB file: {reason}",
            means="It was not touched.",
            remedy="Move it away or name another file; the warehouse is then rebuilt from the landing.",
        )


class WarehouseMissingError(WarehouseError):
    """There is no file to read."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"There is no warehouse at {path}.",
            means="Nothing has been loaded here yet, or the path is another one.",
            remedy="Materialize the assets once, or correct the path.",
        )


class WarehouseUnwritableError(WarehouseError):
    """The file or its folder cannot be written."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"{path} cannot be written: {reason}",
            means="Nothing was stored.",
            remedy=f"Let this user write in {path.parent}, or name another file for the warehouse.",
        )


class DiskFullError(WarehouseError):
    """There is no room for what had to be written."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"There is no room left for {path}: {reason}",
            means="The change was undone; the tables are as they were before.",
            remedy=f"Make room on the disk of {path.parent}; large changes also spill there. Then run again.",
        )


class MemoryLimitReachedError(WarehouseError):
    """DuckDB needed more memory than it may use."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"DuckDB ran out of the memory it may use for {path}: {reason}",
            means="The change was undone; the tables are as they were before.",
            remedy="Raise the warehouse's memory limit, then run again.",
        )


def open_file(
    path: Path, *, read_only: bool, wait_s: float, clock: Callable[[], float], sleep: Callable[[float], None]
) -> duckdb.DuckDBPyConnection:
    """Connect to the file, waiting up to `wait_s` seconds while another process writes it."""
    if not read_only:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise WarehouseUnwritableError(path, str(error.strerror)) from error
    began = clock()
    while True:
        try:
            return duckdb.connect(path, read_only=read_only)
        except duckdb.Error as error:
            waited = clock() - began
            if "could not set lock" not in str(error).lower():
                raise _unopened(error, path) from error
            if waited >= wait_s:
                holder = _HOLDER.search(str(error))
                raise WarehouseLockedError(path, waited, int(holder[1]) if holder else None) from error
            sleep(min(_LOOK_AGAIN_S, wait_s - waited))


def _unopened(error: duckdb.Error, path: Path) -> WarehouseError:
    reason = _first_line(error)
    said = reason.lower()
    if "does not exist" in said and "read-only" in said:
        return WarehouseMissingError(path)
    if any(sign in said for sign in _DISK_FULL):
        return DiskFullError(path, reason)
    if "permission denied" in said or "read-only file system" in said:
        return WarehouseUnwritableError(path, reason)
    return NotAWarehouseError(path, reason)


def explained(error: duckdb.Error, path: Path) -> WarehouseError:
    """What a failed statement means to a person."""
    reason = _first_line(error)
    if any(sign in reason.lower() for sign in _DISK_FULL):
        return DiskFullError(path, reason)
    if isinstance(error, duckdb.OutOfMemoryException):
        return MemoryLimitReachedError(path, reason)
    if isinstance(error, duckdb.CatalogException) and (missing := _MISSING.search(reason)):
        return MissingTableError(missing[1], str(path))
    return StatementFailedError(
        f"DuckDB refused a statement: {reason}",
        means="What the statement would have changed is as it was before.",
        remedy="If the statement is one of yours, correct it; if not, please report it with this message.",
    )


def _first_line(error: duckdb.Error) -> str:
    return str(error).splitlines()[0]
