"""The mutants that change nothing that a test could see, each with its reason: `equivalent.toml`.

A mutant is named by its file and its line before and after, so that an entry survives a change elsewhere in
the file. An entry that no longer names a mutant fails a test.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strava_assets_tests.mutation.mutant import Mutant

FILE = Path(__file__).with_name("equivalent.toml")


@dataclass(frozen=True)
class Equivalent:
    """An entry: the file, the line before and after, and why nothing changes."""

    path: str
    before: str
    after: str
    reason: str


def read(path: Path = FILE) -> list[Equivalent]:
    """The entries of the file."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return [Equivalent(**entry) for entry in document.get("mutant", [])]


def reason(entries: list[Equivalent], mutant: Mutant, text: str) -> str:
    """Why a mutant of the file with this text is equivalent; empty where nothing is known."""
    before, after = mutant.lines(text)
    for entry in entries:
        if (entry.path, entry.before, entry.after) == (mutant.path, before, after):
            return entry.reason
    return ""
