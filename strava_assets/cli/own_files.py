"""Which files of the home are this project's, Dagster's and DuckDB's, by the form of their names.

Only these are removed; whatever has another name is a person's and stays. A file that Dagster or a command of
ours starts to write there needs its form here, or `forget` leaves it behind.
"""

from __future__ import annotations

import contextlib
import re
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

_RUN = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SQLITE = r"\.db(?:-wal|-shm|-journal)?"
IN_DAGSTER_HOME = re.compile(
    "|".join(
        (
            r"dagster\.yaml(?:\.shipped)?",
            r"(?:preparing|up)\.lock",
            r"services/[a-z_]+\.lock",
            rf"running/(?:id|{_RUN}\.lock)",
            rf"history/runs{_SQLITE}",
            rf"history/runs/(?:index|{_RUN}){_SQLITE}",
            rf"schedules/schedules{_SQLITE}",
            rf"storage/{_RUN}/.+",
            r"(?:\.telemetry|\.logs_queue|\.nux)/[^/]+",
            r"logs/event\.log",
        )
    )
)
IN_LOGS = re.compile(r"(?:code_server|host|webserver|daemon)\.log(?:\.1)?")
SCRATCH_FOLDER = re.compile(r"verify-[0-9a-f]{8}")
IN_SCRATCH_FOLDER = re.compile(r"scratch\.duckdb(?:\.wal|\.tmp/duckdb_temp_[^/]+)?")


class SortedFiles(NamedTuple):
    """The files of a folder, by their paths below it: those of the form asked for, and the others."""

    own: list[str]
    foreign: list[str]


def sort_files(folder: Path, form: re.Pattern[str]) -> SortedFiles:
    """Sort a folder's files by the form of their paths.

    The folder need not exist. Symbolic links are not followed, and never count as our own.
    """
    files = SortedFiles([], [])
    for path in sorted(folder.rglob("*")):
        if path.is_dir() and not path.is_symlink():
            continue
        below = path.relative_to(folder).as_posix()
        is_own = form.fullmatch(below) and not path.is_symlink()
        (files.own if is_own else files.foreign).append(below)
    return files


def scratch_folders(home: Path) -> list[Path]:
    """The scratch folders of `verify` in the home: of one that runs, or of one that died."""
    if not home.is_dir():
        return []
    return sorted(
        path
        for path in home.iterdir()
        if SCRATCH_FOLDER.fullmatch(path.name) and path.is_dir() and not path.is_symlink()
    )


def remove_files(folder: Path, form: re.Pattern[str]) -> bool:
    """Remove a folder's own files, and each folder that is empty then, the one itself included.

    The folder need not exist. Returns whether there were any.
    """
    own = sort_files(folder, form).own
    for path in own:
        (folder / path).unlink(missing_ok=True)
    emptied = {folder.joinpath(*parent.parts) for path in own for parent in PurePath(path).parents}
    for parent in sorted(emptied, reverse=True):
        # What still holds something stays, and so does a symbolic link in the folder's place.
        with contextlib.suppress(OSError):
            parent.rmdir()
    return bool(own)
