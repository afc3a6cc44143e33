"""The DuckDB file as a thing on a disk: opening it, waiting for its lock, what DuckDB's failures mean.

No SQL and no tables: those are duckdb.py's.
"""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import duckdb

from strava_assets.durable_files import make_folder, sync, sync_folders_of
from strava_assets.warehouse.errors import MissingTableError, StatementFailedError, WarehouseError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# DuckDB fetches an extension from the internet and runs it wherever a statement or a file could use one.
# Those that somebody has installed are not looked for: with one, DuckDB opens SQLite's files too.
NO_EXTENSIONS: dict[str, Any] = {
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "extension_directory": "/nonexistent",
}

_LOOK_AGAIN_S = 0.25
_HOLDER = re.compile(r"\(PID (\d+)\)")
_MISSING = re.compile(r"Table with name (\w+) does not exist")
_DISK_FULL = ("no space left", "file too large", "disk quota exceeded", "max_temp_directory_size")
_DAMAGED = ("could not read enough bytes", "corrupt database file", "failed to deserialize", "replaying wal")
# A DuckDB file has these letters behind the checksum of its first block.
_MAGIC_AT, _MAGIC = 8, b"DUCK"
_SQLITE = b"SQLite format 3\0"

_MADE_ANEW = (
    "Its tables can be made anew from the landing and the streams, except for the FTP and weight that your "
    "Strava profile showed on earlier days."
)


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
            means="It was not touched. " + _MADE_ANEW,
            remedy="Move it away and run `strava-assets rebuild`, or set STRAVA_ASSETS_HOME elsewhere.",
        )


class DamagedWarehouseError(WarehouseError):
    """Part of the DuckDB file is missing or garbled."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(
            f"The warehouse {path} is damaged: {reason}",
            means=f"What it holds cannot be trusted, so it is not used. {_MADE_ANEW}",
            remedy=f"Move {path} away, together with {path.name}.wal if there is one, and run "
            "`strava-assets rebuild`.",
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
            make_folder(path.parent)
            if not path.exists():
                _create(path)
        except OSError as error:
            raise WarehouseUnwritableError(path, str(error.strerror)) from error
    began = clock()
    while True:
        try:
            return connect(path, read_only=read_only)
        except duckdb.Error as error:
            waited = clock() - began
            if "could not set lock" not in str(error).lower():
                raise _unopened(error, path) from error
            if waited >= wait_s:
                holder = _HOLDER.search(str(error))
                raise WarehouseLockedError(path, waited, int(holder[1]) if holder else None) from error
            sleep(min(_LOOK_AGAIN_S, wait_s - waited))


def connect_in_memory(**options: Any) -> duckdb.DuckDBPyConnection:
    """A connection without a file, without extensions and with these options."""
    return duckdb.connect(config={**NO_EXTENSIONS, **options})


def connect(path: Path, *, read_only: bool = False) -> duckdb.DuckDBPyConnection:
    """Connect as every connection of this project does: without extensions, which come from the internet."""
    return duckdb.connect(path, read_only=read_only, config=NO_EXTENSIONS)


def foreign_tables(path: Path) -> list[str]:
    """The tables of the file, once ours are dropped: those that somebody else keeps there."""
    with connect(path, read_only=True) as connection:
        rows = connection.execute("SELECT table_name FROM information_schema.tables ORDER BY ALL").fetchall()
    return [name for (name,) in rows]


def remove_file(path: Path) -> None:
    """Remove the file and what DuckDB writes beside it; dropping tables leaves their pages in the file."""
    # Behind a symbolic link as well, because the file is ours wherever it is.
    real = path.resolve()
    spill = real.with_name(f"{real.name}.tmp")
    for part in (real, real.with_name(f"{real.name}.wal"), path, *spill.glob("duckdb_temp_*")):
        part.unlink(missing_ok=True)
    # A power cut must not bring back a file that another one replaces.
    sync_folders_of([real, path])
    # What still holds something stays.
    with suppress(OSError):
        spill.rmdir()


def _create(path: Path) -> None:
    """Make an empty database under another name first: a process killed meanwhile leaves no half file."""
    for abandoned in path.parent.glob(f".{path.name}.????????.new"):
        abandoned.unlink(missing_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}.new")
    try:
        # It fails where another process was faster, where the disk has no links and where there is no room:
        # DuckDB then opens or makes the file itself, or says what is wrong.
        with suppress(OSError, duckdb.Error):
            connect(draft).close()
            os.link(draft, path)
            sync(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def _unopened(error: duckdb.Error, path: Path) -> WarehouseError:
    reason = _first_line(error)
    text = reason.lower()
    if "does not exist" in text and "read-only" in text:
        return WarehouseMissingError(path)
    if any(sign in text for sign in _DISK_FULL):
        return DiskFullError(path, reason)
    if any(sign in text for sign in _DAMAGED):
        return DamagedWarehouseError(path, reason)
    if "permission denied" in text or "read-only file system" in text:
        return WarehouseUnwritableError(path, reason)
    kind = _kind_of(path) if isinstance(error, duckdb.IOException) else ""
    return NotAWarehouseError(path, kind or reason)


def _kind_of(path: Path) -> str:
    """What a file is that DuckDB could not open, in words of our own; empty where it may be DuckDB's.

    Never to be called while DuckDB has the file open in this process: closing it here would give up DuckDB's
    lock.
    """
    if path.is_dir():
        return "it is a folder."
    try:
        with path.open("rb") as file:
            start = file.read(len(_SQLITE))
    except OSError:
        return ""
    if not start:
        return "it is empty."
    if start == _SQLITE:
        return "it is a SQLite database."
    return "" if start[_MAGIC_AT:].startswith(_MAGIC) else "it is some other kind of file."


def explained(error: duckdb.Error, path: Path) -> WarehouseError:
    """What a failed statement means to a person."""
    reason = _first_line(error)
    if any(sign in reason.lower() for sign in _DISK_FULL):
        return DiskFullError(path, reason)
    if any(sign in reason.lower() for sign in _DAMAGED):
        return DamagedWarehouseError(path, reason)
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
