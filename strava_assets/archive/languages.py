"""The languages an export may be written in: one JSON file each, beside this module, in `languages/`.

A file holds what was found in real exports and nothing else: the headers with their English names, the months
as dates write them, the decimal sign of displayed numbers, the activity types with Strava's names for them.
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

_SPORTS = {sport.sport_type.casefold(): sport.sport_type for sport in SPORTS}


@dataclass(frozen=True, eq=False)
class Language:
    """One language.

    Args:
        name: in English.
        decimal: the decimal sign of displayed numbers.
        headers: English name by header, folded.
        months: number by abbreviation, in small letters and without a point.
        activity_types: Strava's sport by display text, folded.
    """

    name: str
    decimal: str
    headers: Mapping[str, str]
    months: Mapping[str, int]
    activity_types: Mapping[str, str]

    def sport_type(self, text: str) -> str | None:
        """Strava's name of a sport by its display text, e.g. `VirtualRide` for Virtual Ride.

        Returns:
            None where the text is not known.
        """
        sport_type = self.activity_types.get(folded(text))
        # English texts are Strava's names with blanks and hyphens in them.
        return sport_type or _SPORTS.get(re.sub(r"[^a-z]", "", text.casefold()))

    def month(self, word: str) -> int | None:
        """A month's number by its name or abbreviation."""
        name = word.casefold().rstrip(".")
        fitting = [short for short in self.months if name.startswith(short)]
        return self.months[max(fitting, key=len)] if fitting else None


def folded(text: str) -> str:
    """A text as it is compared: small letters, one kind of apostrophe, no doubled blanks."""
    plain = unicodedata.normalize("NFC", text).replace("’", "'").replace("\N{NO-BREAK SPACE}", " ")  # noqa: RUF001 - the apostrophe in question
    return " ".join(plain.casefold().split())


@lru_cache
def all_languages() -> tuple[Language, ...]:
    """Every language there is a file of."""
    return tuple(_language(_stored(name)) for name in _names())


@lru_cache
def layout() -> tuple[str, ...]:
    """The columns by their English names in the order every export has had them, as far as they agree.

    Complete headers in English, German, French and Dutch, of 80 to 105 columns, agree up to here.
    """
    return tuple(_stored("en.json")["layout"])


def _names() -> list[str]:
    folder = files("strava_assets.archive") / "languages"
    return sorted(file.name for file in folder.iterdir() if file.name.endswith(".json"))


def _stored(name: str) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(
        (files("strava_assets.archive") / "languages" / name).read_text(encoding="utf-8")
    )
    return stored


def _language(stored: dict[str, Any]) -> Language:
    headers = {name: name for name in stored.get("layout", ())} | stored["headers"]
    return Language(
        name=stored["language"],
        decimal=stored["decimal"],
        headers={folded(header): english for header, english in headers.items()},
        months=stored["months"],
        activity_types={folded(text): sport for text, sport in stored["activity_types"].items()},
    )
