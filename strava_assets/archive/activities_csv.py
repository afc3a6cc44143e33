"""Reads `activities.csv`: detects its language, separates columns with the same name, parses its rows."""

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
from strava_assets.archive.languages import all_languages, layout, normalize

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from strava_assets.archive.export import Export
    from strava_assets.archive.languages import Language

# Enough for fifty thousand activities with long descriptions.
MAX_BYTES = 256 * 1024 * 1024
REQUIRED = ("Activity ID", "Activity Date", "Activity Type", "Filename")
# The first Distance column is in kilometers or miles, the second in meters. Other duplicates share one unit.
_TWO_UNITS = "Distance"
# The column order of a file is trusted when at least this many known headers are at their usual position.
_MIN_HEADERS_IN_ORDER = 10
_SUGGESTED_HEADERS = 13


@dataclass(frozen=True)
class Header:
    """The header row with the English name of each column, or the header itself if it is unknown."""

    language: Language
    names: tuple[str, ...]

    @cached_property
    def positions(self) -> dict[str, list[int]]:
        """The column indexes of each name; some names occur twice."""
        positions: dict[str, list[int]] = {}
        for index, name in enumerate(self.names):
            positions.setdefault(name, []).append(index)
        return positions

    def is_display_value(self, index: int) -> bool:
        """Whether a column is the first of two with the same name: the rounded value that Strava displays."""
        duplicates = self.positions[self.names[index]]
        return len(duplicates) > 1 and index == duplicates[0]


class Row:
    """One activity's row."""

    def __init__(self, header: Header, values: Sequence[str]) -> None:
        self._header = header
        self._values = values

    @property
    def language(self) -> Language:
        """The language of the cells."""
        return self._header.language

    @property
    def activity_id(self) -> str | None:
        """The activity's id, or None if the cell is not an id, for example after a spreadsheet rounded it."""
        text = self.text("Activity ID")
        return text if text.isdecimal() else None

    def text(self, name: str) -> str:
        """The cell of a column by its English name, the exact value if there are two; empty if missing."""
        positions = self._header.positions.get(name, [])
        if name == _TWO_UNITS and len(positions) == 1:
            return ""
        values = [self._values[index].strip() for index in reversed(positions) if index < len(self._values)]
        if name == _TWO_UNITS:
            values = values[:1]
        return next((value for value in values if value), "")

    def number(self, name: str) -> float | None:
        """A cell as a number."""
        return cells.number(self.text(name), self.language)

    def flag(self, name: str) -> bool | None:
        """A cell as a boolean."""
        return cells.flag(self.text(name))

    def moment(self, name: str) -> datetime | None:
        """A cell as an aware UTC time."""
        return cells.moment(self.text(name), self.language)

    def others(self, used: set[str]) -> dict[str, str]:
        """All cells with content, without the exact values of the used columns."""
        cells: dict[str, str] = {}
        names = self._header.names
        for index, value in enumerate(self._values[: len(names)]):
            is_display_value = self._header.is_display_value(index)
            if value.strip() and (is_display_value or names[index] not in used):
                cells[f"{names[index]} (shown)" if is_display_value else names[index]] = value
        return cells


def read_activities(export: Export) -> list[Row]:
    """The rows of an export's `activities.csv`.

    Raises:
        ArchiveError: The file cannot be read, or its language is unknown.
    """
    try:
        content = export.read(ACTIVITIES, MAX_BYTES)
        rows = list(_rows(content.decode("utf-8-sig")))
    except UnreadableFileError as reason:
        raise _unusable(export, str(reason)) from reason
    except UnicodeDecodeError as error:
        raise _unusable(export, "it is not UTF-8, the encoding that Strava uses") from error
    except csv.Error as error:
        raise _unusable(export, f"it is not valid CSV: {error}") from error
    if not rows:
        raise _unusable(export, "it is empty")
    header = parse_header(rows[0])
    return [Row(header, values) for values in rows[1:]]


def parse_header(headers: Sequence[str]) -> Header:
    """Translate the header row to English.

    An unknown header is identified by its position if all known headers are in the usual order.

    Raises:
        ArchiveError: No language has the required headers.
    """
    translations = {language: _translate(headers, language) for language in all_languages()}
    candidates = {language: names for language, names in translations.items() if set(REQUIRED) <= set(names)}
    if not candidates:
        raise _unknown_language(headers)
    language = max(candidates, key=lambda each: sum(name is not None for name in candidates[each]))
    names = candidates[language]
    order = layout()
    translated = [(index, name) for index, name in enumerate(names) if name and index < len(order)]
    if len(translated) >= _MIN_HEADERS_IN_ORDER and all(order[index] == name for index, name in translated):
        names = [name or (order[index] if index < len(order) else None) for index, name in enumerate(names)]
    return Header(
        language, tuple(name or header.strip() for name, header in zip(names, headers, strict=True))
    )


def _translate(headers: Sequence[str], language: Language) -> list[str | None]:
    return [language.headers.get(normalize(header)) for header in headers]


def _rows(text: str) -> Iterator[list[str]]:
    before = csv.field_size_limit(MAX_BYTES)  # the default rejects long descriptions
    try:
        for values in csv.reader(io.StringIO(text, newline=""), strict=True):
            if any(value.strip() for value in values):
                yield values
    finally:
        csv.field_size_limit(before)


def _unusable(export: Export, reason: str) -> ArchiveError:
    return ArchiveError(
        f"{ACTIVITIES} of {export.path} cannot be used: {reason}.",
        means="Recordings cannot be matched to activities without this file. Nothing was imported.",
        remedy="Pass the export as Strava sent it. A spreadsheet program may have changed the file.",
    )


def _unknown_language(headers: Sequence[str]) -> ArchiveError:
    supported = ", ".join(sorted(language.name for language in all_languages()))
    suggestions = dict(
        zip((header.strip() for header in headers), layout()[:_SUGGESTED_HEADERS], strict=False)
    )
    return ArchiveError(
        f"The language of {ACTIVITIES} is not supported. The first headers are: "
        f"{', '.join(header.strip() for header in headers[:_SUGGESTED_HEADERS])}.",
        means=f"The supported languages are {supported}. Nothing was imported.",
        remedy="Set Strava's language to one of these and request the export again, or add your language in "
        "a new file strava_assets/archive/languages/<language>.json (see docs/archive.md). "
        "Judging by their order, the headers mean\n" + json.dumps(suggestions, ensure_ascii=False, indent=2),
    )
