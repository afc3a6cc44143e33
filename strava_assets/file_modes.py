"""File permissions: the home is private to its user, other locations follow the user's umask.

Each process starts with a umask that makes all new files private, whichever library creates them. Its child
processes inherit the umask. `modes_at` restores the user's own umask for files outside of the home.
"""

from __future__ import annotations

import os
import stat
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from strava_assets.setting_paths import local_path

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping

DEFAULT_HOME = Path("data")
HOME = "STRAVA_ASSETS_HOME"
UMASK = "STRAVA_ASSETS_UMASK"

PRIVATE_UMASK = 0o077
OTHERS = 0o077
"""The permissions of group and others."""

# The files that this project creates in a home. All other files are left unchanged.
OWN_ENTRIES = (
    *("archive", "athlete.toml", "dagster", "events", "landing", "logs", "plan.csv", "published"),
    *("report", "sample", "streams"),
    *("in_use.lock", "tokens.json", "tokens.lock", ".tokens.json.*"),
    *("warehouse.duckdb", "warehouse.duckdb.*", ".warehouse.duckdb.*"),
    *("warehouse-*-of-*.duckdb", "warehouse-*-of-*.duckdb.*", ".warehouse-*-of-*.duckdb.*"),
)
# A folder without any of these is not a home, because other programs use the name `data` as well.
_SIGNS = ("tokens.json", "warehouse.duckdb", "dagster/dagster.yaml")

_one_umask_at_a_time = threading.RLock()


def start_private(environ: MutableMapping[str, str] = os.environ) -> None:
    """Make all new files of this process and its children private.

    The previous umask is stored in `environ` for `modes_at`.
    """
    before = os.umask(PRIVATE_UMASK)
    environ.setdefault(UMASK, f"{before:03o}")


@contextmanager
def modes_at(address: str) -> Iterator[None]:
    """Use the user's own umask for a block if the address is on disk and outside of the home.

    The umask applies to the whole process. Files that other threads create in the home at the same time are
    protected by the mode of the home itself.

    Args:
        address: A path or an fsspec URL.
    """
    umask = os.environ.get(UMASK)
    if not umask or not _is_outside_home(address):
        yield
        return
    with _one_umask_at_a_time:
        before = os.umask(int(umask, 8))
        try:
            yield
        finally:
            os.umask(before)


@dataclass(frozen=True)
class ClosedPaths:
    """Paths that others could access.

    Attributes:
        paths: Paths that are private now.
        refused: Paths that belong to another user and could not be changed.
    """

    paths: list[Path] = field(default_factory=list)
    refused: list[Path] = field(default_factory=list)


def open_to_others(home: Path) -> Iterator[Path]:
    """The paths of a home that others can access, from the outside to the inside; links are not followed.

    A home with files of other programs, e.g. the working directory, is not included itself, only the
    project's files in it. A folder without any file of the project yields nothing.
    """
    home = home.resolve()
    if not any((home / sign).exists() for sign in _SIGNS):
        return
    if not _is_shared(home):
        yield from _if_open(home)
    with os.scandir(home) as entries:
        own = sorted(entry.name for entry in entries if any(fnmatch(entry.name, own) for own in OWN_ENTRIES))
    for name in own:
        yield from _if_open(home / name)
        if (home / name).is_symlink():
            continue
        # Folders are closed before their content, so others cannot replace files in the meantime.
        for folder, folders, files in os.walk(home / name):
            for entry in (*folders, *files):
                yield from _if_open(Path(folder, entry))


def close_to_others(home: Path) -> ClosedPaths:
    """Remove the permissions of group and others from all paths of `open_to_others`."""
    closed = ClosedPaths()
    for path in open_to_others(home):
        with suppress(FileNotFoundError):
            try:
                path.chmod(stat.S_IMODE(path.lstat().st_mode) & ~OTHERS)
            except PermissionError:
                closed.refused.append(path)
            else:
                closed.paths.append(path)
    return closed


def _if_open(path: Path) -> Iterator[Path]:
    """Yield the path if others have any permission."""
    with suppress(FileNotFoundError):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & OTHERS:
            yield path


def _is_shared(home: Path) -> bool:
    """Whether a home also contains files of other programs: a user folder, a checkout, `/tmp`."""
    shared_folders = (Path.cwd(), Path.home(), Path(__file__).parents[1])
    return any(other.is_relative_to(home) for other in shared_folders) or bool(
        home.stat().st_mode & stat.S_ISVTX
    )


def _is_outside_home(address: str) -> bool:
    path = local_path(address)
    if path is None:
        return False
    home = Path(os.environ.get(HOME) or DEFAULT_HOME).expanduser()
    return not Path(os.path.abspath(path.expanduser())).is_relative_to(os.path.abspath(home))  # noqa: PTH100 - `resolve` would follow links
