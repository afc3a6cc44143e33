"""Writes generated files into a new folder, whole or not at all."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from strava_assets.errors import ConfigurationError, StravaAssetsError
from strava_assets.file_modes import modes_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_new_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Write files by their paths into a folder that is empty or does not exist.

    Args:
        folder: the folder; its parents are made.
        files: texts by paths below it.

    Raises:
        ConfigurationError: something is there already, which may have been changed by hand.
        StravaAssetsError: it cannot be written.
    """
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigurationError(
            f"{folder} is there already and not empty.",
            means="Its files may have been changed since, so nothing is written.",
            remedy="Name another folder with --out, or remove this one first.",
        )
    unfinished = folder.with_name(f".{folder.name}.unfinished")
    try:
        with modes_at(str(folder)):
            shutil.rmtree(unfinished, ignore_errors=True)
            for path, text in files.items():
                target = unfinished / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8", newline="\n")
            _put_in_place(unfinished, folder)
    except OSError as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise StravaAssetsError(
            f"{folder} cannot be written: {error.strerror or error}",
            means="No file was left behind.",
            remedy="Name a folder that you may write with --out.",
        ) from error


def _put_in_place(unfinished: Path, folder: Path) -> None:
    """Give the finished files their folder; an empty one stays, since it may be where a shell stands."""
    if not folder.exists():
        unfinished.rename(folder)
        return
    for path in unfinished.iterdir():
        path.rename(folder / path.name)
    unfinished.rmdir()
