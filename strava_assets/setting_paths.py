"""Validates paths and addresses in the settings, and expands `~`.

The text of each ValueError completes a sentence that starts with the variable and its value.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

# Dagster, landing and report search files with glob patterns. With one of these characters in a path they
# would find nothing, or other files.
_PATTERN = re.compile(r"[*?\[]")
# SQLAlchemy decodes this in the URL of an SQLite file, so Dagster would use another folder.
_PERCENT_CODE = re.compile(r"%[0-9A-Fa-f]{2}")
_MOST_CHARACTERS = 100
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def expand_user(value: str) -> str:
    """Replace `~` at the start of a path with the user's home folder.

    Raises:
        ValueError: The user does not exist, or the path starts with a variable, which is not supported.
    """
    expanded = os.path.expanduser(value)  # noqa: PTH111 - an address is not a path
    if expanded.startswith("~"):
        raise ValueError("begins with ~, but there is no such user; write the full path")
    if expanded.startswith("$"):
        raise ValueError("begins with $, but variables are not replaced; write the full path, or use ~")
    return expanded


def check_address(value: str) -> str:
    """Validate a path or URL and return it unchanged.

    Raises:
        ValueError: It contains a wildcard or a control character, or is only a scheme.
    """
    if match := _PATTERN.search(value):
        raise ValueError(f"contains {match[0]}, which is a wildcard in file searches")
    if _CONTROL.search(value):
        raise ValueError("contains a control character")
    if value.endswith("://"):
        raise ValueError("has nothing after ://")
    return value


def scheme_of(address: str) -> str:
    """The scheme of an address, `file` for a path."""
    scheme, is_url, _ = address.partition("://")
    return "file" if not is_url or scheme == "local" else scheme


def local_path(address: str) -> Path | None:
    """The path on this machine that an fsspec address names; None where it names another place."""
    scheme, is_url, path = address.rpartition("://")
    return None if is_url and scheme not in ("file", "local") else Path(path)


def refuse_unusable_home(home: Path) -> Path:
    """Return the home if all tools can open files in it by path.

    Raises:
        ValueError: Dagster, DuckDB or fsspec would misinterpret the path.
    """
    try:
        path = str(home.absolute())
    except OSError:
        raise ValueError("is relative to the current folder, which no longer exists") from None
    check_address(path)
    if "::" in path:
        raise ValueError("contains ::, which joins two URLs in fsspec")
    if "\\" in path:
        raise ValueError("contains a backslash, which DuckDB reads as a slash")
    if match := _PERCENT_CODE.search(path):
        raise ValueError(f"contains {match[0]}, which Dagster's storage reads as another character")
    return home


def refuse_file_as_home(home: Path) -> None:
    """Check that the home is a folder or can be created.

    Raises:
        ValueError: The home or one of its parents is a file.
    """
    try:
        home = home.absolute()
        nearest = next(path for path in (home, *home.parents) if path.exists())
    except OSError as error:
        raise ValueError(f"cannot be used: {error.strerror}") from None
    if not nearest.is_dir():
        raise ValueError(f"must be a folder, but {nearest} is a file")


def check_web_address(value: str) -> SplitResult:
    """Parse an HTTP URL.

    Raises:
        ValueError: The value is not an HTTP URL.
    """
    if not value.startswith(("https://", "http://")):
        raise ValueError("must begin with https:// (or http:// on your own network)")
    try:
        url = urlsplit(value)
        host, _ = url.hostname, url.port
    except ValueError:
        host = None
    if not host or any(character.isspace() for character in value):
        raise ValueError("is not a valid URL")
    return url


def printable(value: str) -> str:
    """A value as a message can show it: on one line, not too long, without what may be a password."""
    *hidden, rest = value.rsplit("@", 1)
    text = f"***@{rest}" if hidden else rest
    text = text if text.isprintable() else text.encode("unicode_escape").decode()
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"
