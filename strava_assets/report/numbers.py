"""Numbers for people: rounding, thousands, units metric or imperial, signs and dates. No HTML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

NBSP = "\u00a0"
NOTHING = "\u2013"
_MINUS = "\u2212"


@dataclass(frozen=True)
class Units:
    """How lengths are told; storage is metric.

    Args:
        distance: unit of distances.
        distance_m: its metres.
        climb: unit of climbing.
        climb_m: its metres.
    """

    distance: str
    distance_m: float
    climb: str
    climb_m: float

    def far(self, metres: float | None) -> float | None:
        """Metres as the unit of distances."""
        return None if metres is None else metres / self.distance_m

    def high(self, metres: float | None) -> float | None:
        """Metres as the unit of climbing."""
        return None if metres is None else metres / self.climb_m


METRIC = Units("km", 1000.0, "m", 1.0)
IMPERIAL = Units("mi", 1609.344, "ft", 0.3048)
UNITS = {"metric": METRIC, "imperial": IMPERIAL}


def hours(seconds: float | None) -> float | None:
    """Seconds as hours."""
    return None if seconds is None else seconds / 3600


def number(value: float | None, digits: int = 0) -> str:
    """A number with thousands apart and a real minus; a dash where there is none."""
    if value is None:
        return NOTHING
    text = f"{value:,.{digits}f}"
    # A rounded-away minus would read as "below nothing".
    if text.startswith("-"):
        text = text[1:] if not text.strip("-0.,") else _MINUS + text[1:]
    return text


def quantity(value: float | None, unit: str, digits: int = 0) -> str:
    """A number and its unit, never parted by a line's end."""
    return NOTHING if value is None else f"{number(value, digits)}{NBSP}{unit}"


def compact_hours(seconds: float | None) -> str:
    """A duration in hours, with one decimal below a hundred."""
    value = hours(seconds)
    return NOTHING if value is None else quantity(value, "h", 1 if value < 99.95 else 0)


def duration(seconds: float | None) -> str:
    """A duration as hours and minutes: 3:07 h."""
    if seconds is None:
        return NOTHING
    minutes = round(seconds / 60)
    return f"{minutes // 60}:{minutes % 60:02d}{NBSP}h"


def stretch(seconds: int) -> str:
    """How long an effort lasted, in the largest units that tell it: 5 s, 1:30 min, 20 min, 1 h, 1:30 h."""
    if seconds < 60:
        return quantity(seconds, "s")
    unit, size = ("min", 60) if seconds < 3600 else ("h", 3600)
    whole, rest = divmod(seconds, size)
    return f"{whole}:{rest * 60 // size:02d}{NBSP}{unit}" if rest * 60 // size else quantity(whole, unit)


def day(value: date | None) -> str:
    """A date: 3 Nov 2026."""
    return f"{value.day}{NBSP}{value:%b}{NBSP}{value:%Y}" if value else NOTHING


def month(value: date | None) -> str:
    """A month: Nov 2026."""
    return f"{value:%b}{NBSP}{value:%Y}" if value else NOTHING


def counted(count: int, one: str, many: str = "") -> str:
    """A count with its noun: 1 ride, 2 rides."""
    return f"{number(count)}{NBSP}{one if count == 1 else many or one + 's'}"


def rounded(value: float | None, digits: int = 1) -> float | None:
    """A number short enough to travel in the page."""
    return None if value is None else round(value, digits)
