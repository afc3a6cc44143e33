"""Reads the file `.env`.

python-dotenv skips invalid lines, and their settings would silently have the defaults. So a file with an
invalid line is rejected.
"""

from __future__ import annotations

import os
import re
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from strava_assets.errors import ConfigurationError

if TYPE_CHECKING:
    from dotenv.parser import Binding

ENV_FILE = Path(".env")
"""Relative to the folder in which a command is started."""


def read_env_file(path: Path) -> dict[str, str]:
    """The variables in the file, or none if there is no file.

    Raises:
        ConfigurationError: The file cannot be read or has an invalid line. The message never quotes the line,
            because it may contain a secret.
    """
    text = _read_text(path)
    for binding in parse_stream(StringIO(text)):
        if binding.error or (binding.key is not None and binding.value is None):
            raise _refusal(
                f"Line {_line_number(binding)} of {path} is not NAME=VALUE.",
                "Correct the line, or put # before it. Put values with a space, a quotation mark or # in "
                'double quotation marks: NAME="my value".',
            )
    values = dotenv_values(stream=StringIO(text))
    return {name: value for name, value in values.items() if value is not None}


def export_env_file(path: Path = ENV_FILE) -> None:
    """Add the variables to this process's environment, without replacing existing ones.

    Raises:
        ConfigurationError: As in `read_env_file`.
    """
    for name, value in read_env_file(path).items():
        os.environ.setdefault(name, value)


def _read_text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        if path.is_symlink():
            raise _refusal(
                f"{path} is a link to a file that does not exist.", "Correct the link, or remove it."
            ) from None
        return ""
    except IsADirectoryError:
        raise _refusal(
            f"{path} is a folder, but must be a file.",
            "Rename the folder, or start from another folder.",
        ) from None
    except OSError as error:
        raise _refusal(
            f"{path} cannot be read: {error.strerror}.", "Give read permission to the user who runs this."
        ) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _refusal(
            f"{path} is not UTF-8: line {line} contains invalid bytes.",
            "Save the file as UTF-8 in your editor.",
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise _refusal(
            f"Line {line} of {path} contains a NUL character.",
            "Remove the character. If the file is damaged, create it again from .env.example.",
        )
    return text


def _line_number(binding: Binding) -> int:
    """The line of the statement itself; its text may start with empty lines."""
    original = binding.original
    leading = original.string[: len(original.string) - len(original.string.lstrip())]
    return original.line + len(re.findall(r"\r\n|\n|\r", leading))


def _refusal(happened: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(
        happened,
        means="The setting would silently have its default, so nothing was started.",
        remedy=remedy,
    )
