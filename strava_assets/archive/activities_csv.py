"""`activities.csv`: its language found, its doubled columns told apart, its rows read one by one."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from strava_assets.archive import cells
from strava_assets.archive.errors import ArchiveError, UnreadableFileError
from strava_assets.archive.export import ACTIVITIES
from strava_assets.archive.languages import all_languages, folded, layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from strava_assets.archive.export import Export
    from strava_assets.archive.languages import Language

# Fifty thousand activities with long descriptions.
MOST_BYTES = 256 * 1024 * 1024
REQUIRED = ("Activity ID", "Activity Date", "Activity Type", "Filename")
# Shown in kilometres or miles first, then in metres; the other doubled columns have one unit.
_TWO_UNITS = "Distance"
# So many headers that stand where they always stood are no coincidence.
_ENOUGH_IN_PLACE = 10
_OFFERED = 13


@dataclass(frozen=True)
class Header:
    """The first row, understood.

    Args:
        language: whose headers they are.
        names: each column's English name, or the header itself where that is not known.
    """

    language: Language
    names: tuple[str, ...]

    @cached_property
    def places(self) -> dict[str, list[int]]:
        """Where the columns of a name stand; doubled ones twice."""
        found: dict[str, list[int]] = {}
        for at, name in enumerate(self.names):
            found.setdefault(name, []).append(at)
        return found

    def is_shown(self, at: int) -> bool:
        """Whether a column is the first of a doubled one: what Strava displays of the exact value."""
        same = self.places[self.names[at]]
        return len(same) > 1 and at == same[0]


class Row:
    """One activity's row."""

    def __init__(self, header: Header, values: Sequence[str]) -> None:
        self._header = header
        self._values = values

    @property
    def language(self) -> Language:
        """The language its cells are written in."""
        return self._header.language

    @property
    def activity_id(self) -> str | None:
        """Strava's id of the activity; None where the cell holds none, as after a spreadsheet rounded it."""
        text = self.text("Activity ID")
        return text if text.isdecimal() else None

    def text(self, name: str) -> str:
        """A cell by its column's English name, of a doubled one the exact; empty where there is none."""
        places = self._header.places.get(name, [])
        if name == _TWO_UNITS and len(places) == 1:
            return ""
        found = [self._values[at].strip() for at in reversed(places) if at < len(self._values)]
        if name == _TWO_UNITS:
            found = found[:1]
        return next((value for value in found if value), "")

    def number(self, name: str) -> float | None:
        """A cell as a number."""
        return cells.number(self.text(name), self.language)

    def flag(self, name: str) -> bool | None:
        """A cell as yes or no."""
        return cells.flag(self.text(name))

    def moment(self, name: str) -> datetime | None:
        """A cell as a time, aware UTC."""
        return cells.moment(self.text(name), self.language)

    def others(self, used: set[str]) -> dict[str, str]:
        """Every cell that is not empty, but for the columns named; what is shown of those stays in."""
        cells: dict[str, str] = {}
        names = self._header.names
        for at, value in enumerate(self._values[: len(names)]):
            is_shown = self._header.is_shown(at)
            if value.strip() and (is_shown or names[at] not in used):
                cells[f"{names[at]} (shown)" if is_shown else names[at]] = value
        return cells


def read_activities(export: Export) -> list[Row]:
    """The rows of an export's `activities.csv`.

    Raises:
        ArchiveError: it cannot be read, or its language is not known.
    """
    try:
        content = export.read(ACTIVITIES, MOST_BYTES)
        rows = list(_rows(content.decode("utf-8-sig")))
    except UnreadableFileError as reason:
        raise _unusable(export, str(reason)) from reason
    except UnicodeDecodeError as error:
        raise _unusable(export, "it is not UTF-8, as Strava writes it") from error
    except csv.Error as error:
        raise _unusable(export, f"it is no table: {error}") from error
    if not rows:
        raise _unusable(export, "it is empty")
    header = understood(rows[0])
    return [Row(header, values) for values in rows[1:]]


def understood(headers: Sequence[str]) -> Header:
    """The header row in English.

    Where a language's file lacks a header but all the others stand in the order of every export, the order
    tells what it is.

    Raises:
        ArchiveError: no language has the headers that are needed.
    """
    found = {language: _named(headers, language) for language in all_languages()}
    fitting = {language: names for language, names in found.items() if set(REQUIRED) <= set(names)}
    if not fitting:
        raise _unknown_language(headers)
    language = max(fitting, key=lambda each: sum(name is not None for name in fitting[each]))
    names = fitting[language]
    order = layout()
    named = [(at, name) for at, name in enumerate(names) if name and at < len(order)]
    if len(named) >= _ENOUGH_IN_PLACE and all(order[at] == name for at, name in named):
        names = [name or (order[at] if at < len(order) else None) for at, name in enumerate(names)]
    return Header(
        language, tuple(name or header.strip() for name, header in zip(names, headers, strict=True))
    )


def _named(headers: Sequence[str], language: Language) -> list[str | None]:
    return [language.headers.get(folded(header)) for header in headers]


def _rows(text: str) -> Iterator[list[str]]:
    before = csv.field_size_limit(MOST_BYTES)  # a long description is no fault
    try:
        for values in csv.reader(io.StringIO(text, newline=""), strict=True):
            if any(value.strip() for value in values):
                yield values
    finally:
        csv.field_size_limit(before)


def _unusable(export: Export, why: str) -> ArchiveError:
    return ArchiveError(
        f"{ACTIVITIES} of {export.path} cannot be used: {why}.",
        means="Without it nobody can say which recording belongs to which activity. Nothing was imported.",
        remedy="pass the export as Strava sent it; a spreadsheet program that saved the file again may have "
        "changed it.",
    )


def _unknown_language(headers: Sequence[str]) -> ArchiveError:
    named = ", ".join(sorted(language.name for language in all_languages()))
    offered = dict(zip((header.strip() for header in headers), layout()[:_OFFERED], strict=False))
    return ArchiveError(
        f"{ACTIVITIES} is written in a language that is not known here. Its first headers: "
        f"{', '.join(header.strip() for header in headers[:_OFFERED])}.",
        means=f"Known are {named}. Nothing was imported.",
        remedy="set Strava's language to one of these and ask for the export again; or add yours: a file "
        "strava_assets/archive/languages/<language>.json like those that are there (docs/archive.md). "
        "By their order its headers probably are\n" + json.dumps(offered, ensure_ascii=False, indent=2),
    )
