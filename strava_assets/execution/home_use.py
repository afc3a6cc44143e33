"""Who uses a home: many commands at once, or one that removes everything and must be alone.

The lock file stays in the home; the operating system releases a lock when its process ends, however that is.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from strava_assets.errors import StravaAssetsError
from strava_assets.execution.locks import try_lock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_NAME = "in_use.lock"
_MODE = 0o600
# By home; never closed, so that it is held until this process ends.
_held: dict[Path, int] = {}


class HomeInUseError(StravaAssetsError):
    """Another command uses the home, and one of the two must be alone there."""


def use_home(home: Path) -> None:
    """Say that this process uses a home, until it ends. The folder must exist.

    Raises:
        HomeInUseError: everything in it is being removed.
    """
    home = home.absolute()
    if home in _held:
        return
    handle = _open(home)
    if not try_lock(handle, fcntl.LOCK_SH):
        os.close(handle)
        raise HomeInUseError(
            f"strava-assets forget is removing what is in {home}.",
            means="Nothing was started.",
            remedy="When it has ended, run the command again to begin anew.",
        )
    _held[home] = handle


@contextmanager
def alone_in_home(home: Path) -> Iterator[None]:
    """See that nobody else uses a home during the block. The folder must exist.

    Raises:
        HomeInUseError: another command uses it.
    """
    handle = _open(home.absolute())
    try:
        if not try_lock(handle, fcntl.LOCK_EX):
            raise HomeInUseError(
                f"Another command is at work in {home.absolute()}.",
                means="It could bring back what is being removed, so nothing was removed.",
                remedy="Wait until it has ended, or stop it with Ctrl-C, and try again.",
            )
        yield
    finally:
        os.close(handle)


def _open(home: Path) -> int:
    return os.open(home / _NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
