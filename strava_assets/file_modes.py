"""Who may read what this project writes: the home belongs to one user, other places follow that user's umask.

A process of ours starts with a umask that closes every new file to others, whatever library makes it, and so
do its children. An address that is set outside the home is shared as its owner wishes: `modes_at` gives what
is made there the modes it would have had without us.
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
"""What group and others may do."""

# What this project makes in a home. Anything else there is its owner's and is left alone.
OWN_ENTRIES = (
    *("archive", "athlete.toml", "dagster", "landing", "logs", "report", "sample", "streams"),
    *("tokens.json", "tokens.lock", ".tokens.json.*"),
    *("warehouse.duckdb", "warehouse.duckdb.*", ".warehouse.duckdb.*"),
)
# A folder without any of these is not taken for a home: `data` is a name that others use too.
_SIGNS = ("tokens.json", "warehouse.duckdb", "dagster/dagster.yaml")

_one_umask_at_a_time = threading.RLock()


def start_private(environ: MutableMapping[str, str] = os.environ) -> None:
    """Have this process, and all it starts, make files that only this user can open.

    Args:
        environ: remembers the umask from before for `modes_at`, in the children too.
    """
    before = os.umask(PRIVATE_UMASK)
    environ.setdefault(UMASK, f"{before:03o}")


@contextmanager
def modes_at(address: str) -> Iterator[None]:
    """Give what is made in the block the modes that belong at an address.

    The umask is the whole process's: what another thread makes meanwhile in the home is protected by the
    home's own mode.

    Args:
        address: a path or an fsspec URL; in the home, and on no disk, nothing changes.
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
class Closed:
    """What was open to others.

    Attributes:
        paths: closed now.
        refused: still open, because they belong to another user.
    """

    paths: list[Path] = field(default_factory=list)
    refused: list[Path] = field(default_factory=list)


def open_to_others(home: Path) -> Iterator[Path]:
    """What of a home others may read or write, the home itself first; links are not followed.

    A home that is more than a home, such as the working directory, is left as it is, and what this project
    keeps in it is not.

    Args:
        home: the folder; one that holds nothing of this project has nothing to hide.
    """
    home = home.resolve()
    if not any((home / sign).exists() for sign in _SIGNS):
        return
    if not _is_shared(home):
        yield from _itself(home)
    with os.scandir(home) as entries:
        own = sorted(entry.name for entry in entries if any(fnmatch(entry.name, own) for own in OWN_ENTRIES))
    for name in own:
        yield from _itself(home / name)
        if (home / name).is_symlink():
            continue
        # A folder is closed before it is looked into, so nobody exchanges what is in it meanwhile.
        for folder, folders, files in os.walk(home / name):
            for entry in (*folders, *files):
                yield from _itself(Path(folder, entry))


def close_to_others(home: Path) -> Closed:
    """Take from group and others what they may do in a home.

    Args:
        home: the folder; what `open_to_others` finds there is closed, from the outside to the inside.
    """
    closed = Closed()
    for path in open_to_others(home):
        with suppress(FileNotFoundError):
            try:
                path.chmod(stat.S_IMODE(path.lstat().st_mode) & ~OTHERS)
            except PermissionError:
                closed.refused.append(path)
            else:
                closed.paths.append(path)
    return closed


def _itself(path: Path) -> Iterator[Path]:
    """The path, if others may do anything with it."""
    with suppress(FileNotFoundError):
        mode = path.lstat().st_mode
        if not stat.S_ISLNK(mode) and mode & OTHERS:
            yield path


def _is_shared(home: Path) -> bool:
    """Whether a home also holds what is none of this project's: a user's folder, a checkout, `/tmp`."""
    more_than_a_home = (Path.cwd(), Path.home(), Path(__file__).parents[1])
    return any(other.is_relative_to(home) for other in more_than_a_home) or bool(
        home.stat().st_mode & stat.S_ISVTX
    )


def _is_outside_home(address: str) -> bool:
    path = local_path(address)
    if path is None:
        return False
    home = Path(os.environ.get(HOME) or DEFAULT_HOME).expanduser()
    return not Path(os.path.abspath(path.expanduser())).is_relative_to(os.path.abspath(home))  # noqa: PTH100 - `resolve` would follow links
