"""Restricts the files of a home to its owner when a command starts, and prints what was open to others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.cli.console import say
from strava_assets.file_modes import close_to_others
from strava_assets.plurals import counted

if TYPE_CHECKING:
    from pathlib import Path


def close_home(home: Path) -> None:
    """Close an existing home to other users of the machine, and print what was open."""
    closed = close_to_others(home)
    place = home.absolute()
    if closed.paths:
        say("ok", f"Closed {counted_files(len(closed.paths))} in {place} to other users of this machine.")
    if closed.refused:
        say(
            "warning",
            f"{counted_files(len(closed.refused))} in {place} cannot be closed to other users of this "
            f"machine, because they belong to one of them, e.g. {closed.refused[0]}. What to do: Have them "
            "given to you with chown.",
        )


def counted_files(number: int) -> str:
    """A number of files, folders included."""
    return counted(number, "file or folder", "files and folders")
