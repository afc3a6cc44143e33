"""Reads `activities.csv`: parses its rows, and separates columns with the same name."""

from __future__ import annotations

import csv
import io
from functools import cache
from typing import TYPE_CHECKING

from strava_assets.archive import cells
from strava_assets.archive.errors import ArchiveError, UnreadableFileError
from strava_assets.archive.export import ACTIVITIES
from strava_assets.archive.file_formats import MAX_BYTES as MAX_RECORDING_BYTES
from strava_assets.archive.file_formats import read_recording
from strava_assets.archive.header import RecordedFacts, parse_header
from strava_assets.archive.recorded_sport import recorded_sport
from strava_assets.archive.unpacking import decompress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from strava_assets.archive.export import Export
    from strava_assets.archive.header import Header
    from strava_assets.archive.languages import Language

# Enough for fifty thousand activities with long descriptions.
MAX_BYTES = 256 * 1024 * 1024
# The first Distance column is in kilometers or miles, the second in meters. Other duplicates share one unit.
_TWO_UNITS = "Distance"


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
        if name == _TWO_UNITS and len(positions) == 1 and not self._header.is_distance_exact:
            return ""
        values = [self._values[index].strip() for index in reversed(positions) if index < len(self._values)]
        if name == _TWO_UNITS:
            values = values[:1]
        return next((value for value in values if value), "")

    def has(self, name: str) -> bool:
        """Whether the export has a column."""
        return name in self._header.positions

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
        ArchiveError: The file cannot be read, or a required column is ambiguous.
    """
    try:
        content = export.read(ACTIVITIES, MAX_BYTES)
        rows = list(_rows(content))
    except UnreadableFileError as reason:
        raise _unusable(export, str(reason)) from reason
    except UnicodeDecodeError as error:
        raise _unusable(export, "it is not UTF-8, the encoding that Strava uses") from error
    except csv.Error as error:
        raise _unusable(export, f"it is not valid CSV: {error}") from error
    if not rows:
        raise _unusable(export, "it is empty")

    @cache
    def read(file: str) -> RecordedFacts:
        return _recorded_facts(export, file)

    header = parse_header(rows[0], rows[1:], read)
    return [Row(header, values) for values in rows[1:]]


def _recorded_facts(export: Export, file: str) -> RecordedFacts:
    try:
        content = decompress(export.read(file, MAX_RECORDING_BYTES), MAX_RECORDING_BYTES)
        return RecordedFacts(read_recording(content).start, recorded_sport(content))
    except UnreadableFileError:
        return RecordedFacts()


def _rows(content: bytes) -> Iterator[list[str]]:
    # Decoded by and by: one emoji in the whole text would make each of its characters four bytes.
    text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig", newline="")
    before = csv.field_size_limit(MAX_BYTES)  # the default rejects long descriptions
    try:
        for values in csv.reader(text, strict=True):
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
