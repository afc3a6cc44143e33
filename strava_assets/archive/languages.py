"""The languages of exports, each defined by a JSON file in `languages/`.

A file contains only what real exports contain: headers with their English names, month names, the decimal
sign of display values, and activity types with Strava's sport types.
"""

from __future__ import annotations

import json
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from strava_assets.schema.sports import SPORTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strava_assets.archive.date_format import DateFormat

_SPORTS = {sport.sport_type.casefold(): sport.sport_type for sport in SPORTS}


@dataclass(frozen=True, eq=False)
class Language:
    """One language.

    Args:
        name: The English name.
        decimal: The decimal sign of display values.
        headers: English names by normalized header.
        months: Month numbers by lowercase abbreviation without a point.
        activity_types: Strava's sport types by normalized display text.
        dates: How dates are written in a language without a file.
    """

    name: str
    decimal: str
    headers: Mapping[str, str]
    months: Mapping[str, int]
    activity_types: Mapping[str, str]
    dates: DateFormat | None = None

    def sport_type(self, text: str) -> str | None:
        """The sport type of a display text, e.g. `VirtualRide` for Virtual Ride, or None if it is unknown."""
        sport_type = self.activity_types.get(normalize(text))
        # English display texts are the sport types with spaces and hyphens.
        return sport_type or _SPORTS.get(re.sub(r"[^a-z]", "", text.casefold()))

    def month(self, word: str) -> int | None:
        """A month's number by its name or abbreviation."""
        name = word.casefold().rstrip(".")
        prefixes = [prefix for prefix in self.months if name.startswith(prefix)]
        return self.months[max(prefixes, key=len)] if prefixes else None


def normalize(text: str) -> str:
    """A text for comparison: lowercase, one kind of apostrophe, single spaces."""
    plain = unicodedata.normalize("NFC", text).replace("’", "'").replace("\N{NO-BREAK SPACE}", " ")  # noqa: RUF001 - the apostrophe in question
    return " ".join(plain.casefold().split())


@lru_cache
def all_languages() -> tuple[Language, ...]:
    """All languages that have a file."""
    return tuple(_language(_read_json(name)) for name in _names())


@lru_cache
def layout() -> tuple[str, ...]:
    """The English column names in the order that all known exports share.

    Complete headers in English, German, French and Dutch, with 80 to 105 columns, agree up to the last one.
    """
    return tuple(_read_json("en.json")["layout"])


def _names() -> list[str]:
    folder = files("strava_assets.archive") / "languages"
    return sorted(file.name for file in folder.iterdir() if file.name.endswith(".json"))


def _read_json(name: str) -> dict[str, Any]:
    text = (files("strava_assets.archive") / "languages" / name).read_text(encoding="utf-8")
    document: dict[str, Any] = json.loads(text)
    return document


def _language(document: dict[str, Any]) -> Language:
    headers = {name: name for name in document.get("layout", ())} | document["headers"]
    return Language(
        name=document["language"],
        decimal=document["decimal"],
        headers={normalize(header): english for header, english in headers.items()},
        months=document["months"],
        activity_types={normalize(text): sport for text, sport in document["activity_types"].items()},
    )
