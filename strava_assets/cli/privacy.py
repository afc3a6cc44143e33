"""Keeps a home to its owner: closes what was open to others when a command starts, and says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.cli.console import say
from strava_assets.file_modes import close_to_others

if TYPE_CHECKING:
    from pathlib import Path


def close_home(home: Path) -> None:
    """Close an existing home to other users of the machine; says what was open."""
    closed = close_to_others(home)
    if closed.paths:
        say("ok", f"Closed {counted(len(closed.paths))} in {home.absolute()} to other users of this machine.")
    if closed.refused:
        say(
            "warning",
            f"{counted(len(closed.refused))} in {home.absolute()} cannot be closed to other users of this "
            f"machine, because they belong to one of them, e.g. {closed.refused[0]}. What to do: have them "
            "given to you with chown.",
        )


def counted(number: int) -> str:
    """A number of files, folders included."""
    return "1 file or folder" if number == 1 else f"{number:,} files and folders"
