"""Reads a file that the athlete writes: the figures or the plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


def read_text(path: Path, name: str) -> str:
    """The text of a file in UTF-8, with or without a byte order mark; empty if there is no such file.

    Args:
        path: the file.
        name: what it is, for the message.

    Raises:
        ConfigurationError: the file cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The {name} {path} cannot be read: {error}",
            remedy="Make it a text file in UTF-8 that this user may read, or remove it.",
        ) from error
