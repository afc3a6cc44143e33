"""What paths and addresses in the settings may look like, and the expansion of `~`.

Each function raises ValueError with the end of a sentence that begins with the variable and its value.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

# Dagster looks for dagster.yaml, and landing and report for their files, by patterns: with one of these in a
# path they find nothing, or other files.
_PATTERN = re.compile(r"[*?\[]")
# SQLAlchemy decodes this in the address of an SQLite file, so that Dagster would use another folder.
_PERCENT_CODE = re.compile(r"%[0-9A-Fa-f]{2}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def expand_user(value: str) -> str:
    """The path with `~` replaced by the user's own folder; anything else unchanged.

    Raises:
        ValueError: there is no such user, or the path begins with a variable that nobody replaces.
    """
    expanded = os.path.expanduser(value)  # noqa: PTH111 - an address is not a path
    if expanded.startswith("~"):
        raise ValueError("begins with ~, and there is no such user; write the whole path")
    if expanded.startswith("$"):
        raise ValueError("begins with $, which is not replaced here; write the whole path, or ~ for your own")
    return expanded


def check_address(value: str) -> str:
    """The path or address itself, where it names one place that can be searched for files.

    Raises:
        ValueError: it holds a character that stands for others in a search, or a control character, or it is
            a scheme alone.
    """
    if match := _PATTERN.search(value):
        raise ValueError(f"holds {match[0]}, which stands for other characters where files are searched")
    if _CONTROL.search(value):
        raise ValueError("holds a control character")
    if value.endswith("://"):
        raise ValueError("names no place behind ://")
    return value


def local_path(address: str) -> Path | None:
    """The path on this machine that an fsspec address names; None where it names another place."""
    scheme, is_url, path = address.rpartition("://")
    return None if is_url and scheme not in ("file", "local") else Path(path)


def refuse_unusable_home(home: Path) -> Path:
    """The home itself, where everything in it can be opened by its path.

    Raises:
        ValueError: Dagster, DuckDB or fsspec would read its path as something else.
    """
    try:
        path = str(home.absolute())
    except OSError:
        raise ValueError("is relative to the current folder, which does not exist any more") from None
    check_address(path)
    if "::" in path:
        raise ValueError("holds ::, which joins two addresses in fsspec")
    if "\\" in path:
        raise ValueError("holds a backslash, which DuckDB reads as a slash")
    if match := _PERCENT_CODE.search(path):
        raise ValueError(f"holds {match[0]}, which Dagster's storage reads as another character")
    return home


def refuse_file_as_home(home: Path) -> None:
    """See that the home is a folder, or can become one.

    Raises:
        ValueError: it, or a part of its path, is a file.
    """
    try:
        home = home.absolute()
        nearest = next(path for path in (home, *home.parents) if path.exists())
    except OSError as error:
        raise ValueError(f"cannot be used: {error.strerror}") from None
    if not nearest.is_dir():
        raise ValueError(f"is to be a folder, and {nearest} is a file")


def check_web_address(value: str) -> SplitResult:
    """The parts of an address for HTTP.

    Raises:
        ValueError: it is none.
    """
    if not value.startswith(("https://", "http://")):
        raise ValueError("must begin with https:// (or http:// on your own network)")
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or any(character.isspace() for character in value):
        raise ValueError("is not the address of a host")
    return parts
