"""Parses the cells of `activities.csv`: numbers, dates and booleans in each language."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strava_assets.archive.languages import Language

_CLOCK = r",?\s+(\d{1,2}):(\d{2}):(\d{2})(?:\s*([ap])\.?\s?m\.?)?"
_ISO = re.compile(r"(\d{4})-(\d{2})-(\d{2})" + _CLOCK)
_BY_NUMBERS = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})" + _CLOCK)
_DAY_FIRST = re.compile(r"(\d{1,2})\s+(?:de\s+)?([^\W\d]+)\.?\s+(?:de\s+)?(\d{4})" + _CLOCK)
_MONTH_FIRST = re.compile(r"([^\W\d]+)\.?\s+(\d{1,2}),?\s+(\d{4})" + _CLOCK)


def number(text: str, language: Language) -> float | None:
    """A number, or None if the cell does not hold one.

    Display values use the language's decimal sign; exact values use a point in every language. If a cell has
    both signs, the last one is the decimal sign.
    """
    plain = "".join(text.split())
    point, comma = plain.rfind("."), plain.rfind(",")
    if comma > point and (point >= 0 or language.decimal == ","):
        plain = plain.replace(".", "").replace(",", ".")
    else:
        plain = plain.replace(",", "")
    try:
        value = float(plain)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def flag(text: str) -> bool | None:
    """A boolean, which exports write as true or 1.0 in every language, or None for any other text."""
    return {"true": True, "1": True, "1.0": True, "false": False, "0": False, "0.0": False}.get(
        text.strip().casefold()
    )


def moment(text: str, language: Language) -> datetime | None:
    """A date and time, which exports write in UTC, or None if it cannot be parsed."""
    if language.dates:
        return language.dates.moment(text)
    plain = " ".join(text.split()).casefold()
    year: str | int
    month: str | int | None
    if match := _ISO.fullmatch(plain):
        year, month, day, *clock = match.groups()
    elif match := _BY_NUMBERS.fullmatch(plain):
        day, month, year, *clock = match.groups()
    elif match := _DAY_FIRST.fullmatch(plain):
        day, word, year, *clock = match.groups()
        month = language.month(word)
    elif match := _MONTH_FIRST.fullmatch(plain):
        word, day, year, *clock = match.groups()
        month = language.month(word)
    else:
        return None
    if month is None:
        return None
    hour, minute, second, half = clock
    hours = int(hour) % 12 + 12 * (half == "p") if half else int(hour)
    try:
        return datetime(int(year), int(month), int(day), hours, int(minute), int(second), tzinfo=UTC)
    except ValueError:
        return None
