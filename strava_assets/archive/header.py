"""The header row of `activities.csv`: its language, and the English name of each column."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from strava_assets.archive.date_format import learn_date_format
from strava_assets.archive.errors import ArchiveError
from strava_assets.archive.languages import Language, all_languages, layout, normalize
from strava_assets.archive.unknown_language import identify_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

REQUIRED = ("Activity ID", "Activity Date", "Activity Type")
_FILE = "Filename"
# The column order of a file is trusted when at least this many headers are recognized at their usual place.
_MIN_HEADERS_IN_ORDER = 10
_SUGGESTED_HEADERS = 13
_FILES_A_SPORT = 3
_TAG = re.compile(r"<[^>]*>")
# The format before mid-2019, the same in every language. Distances are in meters.
_BEFORE_2019 = {
    "id": "Activity ID",
    "date": "Activity Date",
    "name": "Activity Name",
    "type": "Activity Type",
    "description": "Activity Description",
    "elapsed_time": "Elapsed Time",
    "distance": "Distance",
    "commute": "Commute",
    "gear": "Activity Gear",
    "filename": "Filename",
}


class RecordedFacts(NamedTuple):
    """What a recording says of its activity: start, aware UTC, and sport type."""

    start: datetime | None = None
    sport_type: str | None = None


@dataclass(frozen=True)
class Header:
    """The header row with the English name of each column, or the header itself if it is unknown.

    Args:
        language: the language of the cells.
        names: the names.
        is_distance_exact: whether a single distance column is in meters, as before mid-2019.
    """

    language: Language
    names: tuple[str, ...]
    is_distance_exact: bool = False

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


def parse_header(
    headers: Sequence[str],
    rows: Sequence[Sequence[str]] = (),
    read: Callable[[str], RecordedFacts] = lambda _: RecordedFacts(),
) -> Header:
    """Translate the header row to English.

    An unknown header is identified by its position if all recognized headers are in the usual order. In an
    unknown language, columns are identified by their places and cells, and recordings tell what dates and
    sports mean.

    Args:
        headers: the header row.
        rows: the other rows.
        read: reads facts from a recording, by its name in the export.

    Raises:
        ArchiveError: A required column is ambiguous.
    """
    plain = [_TAG.sub("", header).strip() for header in headers]
    # A header in HTML is one that Strava failed to translate; its text is English.
    untranslated = {index for index, header in enumerate(headers) if _TAG.search(header)}
    if set(_BEFORE_2019) >= {normalize(header) for header in plain} >= {"id", "date", "type"}:
        names = tuple(_BEFORE_2019[normalize(header)] for header in plain)
        return Header(_english(), names, is_distance_exact=True)
    if header := _in_supported_language(plain, untranslated):
        return header
    return _in_unknown_language(plain, rows, read)


def _in_supported_language(headers: Sequence[str], untranslated: set[int]) -> Header | None:
    translations = {language: _translate(headers, untranslated, language) for language in all_languages()}
    candidates = {
        language: names for language, names in translations.items() if {*REQUIRED, _FILE} <= set(names)
    }
    if not candidates:
        return None
    language = max(candidates, key=lambda each: sum(name is not None for name in candidates[each]))
    names = candidates[language]
    order = layout()
    translated = [
        (index, name)
        for index, name in enumerate(names)
        if name and index < len(order) and index not in untranslated
    ]
    if len(translated) >= _MIN_HEADERS_IN_ORDER and all(order[index] == name for index, name in translated):
        names = [name or (order[index] if index < len(order) else None) for index, name in enumerate(names)]
    return Header(language, tuple(name or header for name, header in zip(names, headers, strict=True)))


def _translate(headers: Sequence[str], untranslated: set[int], language: Language) -> list[str | None]:
    english = _english().headers
    return [
        english.get(normalize(header), header)
        if index in untranslated
        else language.headers.get(normalize(header))
        for index, header in enumerate(headers)
    ]


def _english() -> Language:
    return next(language for language in all_languages() if language.name == "English")


def _in_unknown_language(
    headers: Sequence[str], rows: Sequence[Sequence[str]], read: Callable[[str], RecordedFacts]
) -> Header:
    names = identify_columns(headers, rows)
    if ambiguous := [name for name in REQUIRED if name not in names]:
        raise _ambiguous(ambiguous, headers, names)

    def cells(name: str) -> list[str]:
        index = names.index(name) if name in names else len(headers)
        return [row[index].strip() if index < len(row) else "" for row in rows]

    files = cells(_FILE)
    dates = learn_date_format(
        list(zip(cells("Activity Date"), files, strict=True)), lambda file: read(file).start
    )
    if dates.is_ambiguous:
        raise _ambiguous_dates(cells("Activity Date"))
    language = Language(
        name="an unknown language",
        decimal=",",
        headers={},
        months={},
        activity_types=_learn_sports(zip(cells("Activity Type"), files, strict=True), read),
        dates=dates,
    )
    return Header(language, tuple(name or header for name, header in zip(names, headers, strict=True)))


def _learn_sports(
    cells: Iterable[tuple[str, str]], read: Callable[[str], RecordedFacts]
) -> Mapping[str, str]:
    """Sport types by the text of the type, as most of a few recordings say."""
    taken: Counter[str] = Counter()
    votes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for text, file in cells:
        name = normalize(text)
        if not file or taken[name] == _FILES_A_SPORT:
            continue
        taken[name] += 1
        if sport := read(file).sport_type:
            votes[name][sport] += 1
    return {name: counter.most_common(1)[0][0] for name, counter in votes.items()}


def _ambiguous(ambiguous: Sequence[str], headers: Sequence[str], names: Sequence[str | None]) -> ArchiveError:
    unnamed = [header for header, name in zip(headers, names, strict=True) if name is None]
    suggestions = dict(zip(headers, layout()[:_SUGGESTED_HEADERS], strict=False))
    supported = ", ".join(sorted(language.name for language in all_languages()))
    return ArchiveError(
        f"activities.csv is in an unknown language, and these columns cannot be told from others: "
        f"{', '.join(ambiguous)}. Columns without a known meaning: {', '.join(unnamed)}.",
        means="Their places and cells do not show which is which. Nothing was imported.",
        remedy=f"Set Strava's language to one of {supported} and request the export again, or add your "
        "language in a new file strava_assets/archive/languages/<language>.json (see docs/archive.md). "
        "Judging by their order, the headers mean\n" + json.dumps(suggestions, ensure_ascii=False, indent=2),
    )


def _ambiguous_dates(cells: Sequence[str]) -> ArchiveError:
    return ArchiveError(
        f"The dates in activities.csv, such as {next(filter(None, cells), '')!r}, can be read in two ways.",
        means="Nothing shows whether the day or the month is first, neither a day after the 12th nor a "
        "recording. Nothing was imported.",
        remedy="Pass the export with its recordings, or set Strava's language to English and request it "
        "again.",
    )
