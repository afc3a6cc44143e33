"""Numbers, durations, dates and comparisons as text, in metric or imperial units.

Add here how a kind of value is written for people. No HTML and no markdown; what a number means stays with
its section.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

NBSP = "\u00a0"
NOTHING = "\u2013"
_MINUS = "\u2212"


@dataclass(frozen=True)
class Units:
    """The units of lengths on the page; tables hold meters.

    Args:
        distance: unit of distances.
        distance_m: its meters.
        climb: unit of climbing.
        climb_m: its meters.
    """

    distance: str
    distance_m: float
    climb: str
    climb_m: float

    def far(self, meters: float | None) -> float | None:
        """Meters in the unit of distances."""
        return None if meters is None else meters / self.distance_m

    def high(self, meters: float | None) -> float | None:
        """Meters in the unit of climbing."""
        return None if meters is None else meters / self.climb_m


METRIC = Units("km", 1000.0, "m", 1.0)
IMPERIAL = Units("mi", 1609.344, "ft", 0.3048)
UNITS = {"metric": METRIC, "imperial": IMPERIAL}


def hours(seconds: float | None) -> float | None:
    """Seconds in hours."""
    return None if seconds is None else seconds / 3600


def number(value: float | None, digits: int = 0) -> str:
    """A number with a separator of thousands and a real minus; a dash for null."""
    if value is None:
        return NOTHING
    text = f"{value:,.{digits}f}"
    # A minus before zero would read as "below zero".
    if text.startswith("-"):
        text = text[1:] if not text.strip("-0.,") else _MINUS + text[1:]
    return text


def signed(value: float | None, digits: int = 0) -> str:
    """A number with its sign, also where it is above zero."""
    text = number(value, digits)
    return f"+{text}" if value is not None and text[0] != _MINUS and text.strip("0.,") else text


def quantity(value: float | None, unit: str, digits: int = 0) -> str:
    """A number and its unit, between which no line breaks."""
    return NOTHING if value is None else f"{number(value, digits)}{NBSP}{unit}"


def compared(change: float, amount: str, *, than: str, level: float = 0.5, equal: str = "the same as") -> str:
    """A difference in words: `5 W above 2023`.

    Args:
        change: the difference.
        amount: its absolute value as text.
        than: what the comparison is with.
        level: the size below which a difference counts as none.
        equal: the words for no difference.
    """
    if abs(change) < level:
        return f"{equal} {than}"
    return f"{amount} {'above' if change > 0 else 'below'} {than}"


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


def effort_duration(seconds: int) -> str:
    """The duration of an effort in its largest unit: 5 s, 1:30 min, 20 min, 1 h, 1:30 h."""
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


def instant(value: datetime | None) -> str:
    """A time in UTC, to the minute."""
    return f"{day(value)}, {value:%H:%M}{NBSP}UTC" if (value := value and value.astimezone(UTC)) else "never"


def ordinal(place: int) -> str:
    """A place in an order: 1st, 2nd, 3rd, 4th, 11th."""
    ending = "th" if place % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(place % 10, "th")
    return f"{place}{ending}"


def counted(count: int, one: str, many: str = "") -> str:
    """A count with its noun: 1 ride, 2 rides."""
    return f"{number(count)}{NBSP}{one if count == 1 else many or one + 's'}"


def rounded(value: float | None, digits: int = 1) -> float | None:
    """A number without digits that no chart shows, so that the page stays small."""
    return None if value is None else round(value, digits)
