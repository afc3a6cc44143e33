"""The file `.env`: read here and nowhere else.

python-dotenv skips a line that it cannot read. The setting on that line would then silently have its default,
so such a file is refused instead.
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
"""Relative, so the file of the folder in which a command is started."""


def read_env_file(path: Path) -> dict[str, str]:
    """The variables that the file sets; empty where there is no file.

    Raises:
        ConfigurationError: the file cannot be read, or a line of it would be lost. The message names the line
            and never quotes it, because it may hold a secret.
    """
    text = _read_text(path)
    for binding in parse_stream(StringIO(text)):
        if binding.error or (binding.key is not None and binding.value is None):
            raise _refusal(
                f"Line {_line_number(binding)} of {path} is not NAME=VALUE.",
                "Correct the line, or put # before it. A value with a space, a quotation mark or # goes "
                'between double quotation marks: NAME="my value".',
            )
    values = dotenv_values(stream=StringIO(text))
    return {name: value for name, value in values.items() if value is not None}


def export_env_file(path: Path = ENV_FILE) -> None:
    """Add the file's variables to this process's environment; a variable that is set there stays.

    Raises:
        ConfigurationError: as `read_env_file` raises it.
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
            f"{path} is a folder, and the settings are read from a file of that name.",
            "Rename the folder, or start from another folder.",
        ) from None
    except OSError as error:
        raise _refusal(
            f"{path} cannot be read: {error.strerror}.", "Make it readable for the user that runs this."
        ) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _refusal(
            f"{path} is not UTF-8: line {line} holds bytes of another encoding.",
            "Save the file as UTF-8 in your editor.",
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise _refusal(
            f"Line {line} of {path} holds a NUL character, which no setting can hold.",
            "Remove the character; if the file was damaged, write it anew from .env.example.",
        )
    return text


def _line_number(binding: Binding) -> int:
    """The line on which the statement itself stands; its text may begin with empty lines."""
    original = binding.original
    leading = original.string[: len(original.string) - len(original.string.lstrip())]
    return original.line + len(re.findall(r"\r\n|\n|\r", leading))


def _refusal(happened: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(
        happened,
        means="A setting that is not read would silently have its default, so nothing was started.",
        remedy=remedy,
    )
