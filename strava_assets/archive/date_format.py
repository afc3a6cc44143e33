"""Reads dates in an unknown language by their digits; what digits leave open is learned from recordings."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

_NUMBER = re.compile(r"\d+")
_WORD = re.compile(r"[^\W\d_]+")
_YEAR_DIGITS = 4
# Two or three numbers for the date, then hour, minute and second.
_CLOCK_NUMBERS = 3
_MONTHS = range(1, 13)
_HALF_DAY_H = 12
_FILES_A_KEY = 3
# The export and the device may differ by a time zone and by a corrected start, never by a month.
_SAME_ACTIVITY = timedelta(hours=36)
Words = tuple[str, ...]
Value = TypeVar("Value")


class _Parts(NamedTuple):
    """The parts of a date: year, the other one or two numbers of the date, words, and clock."""

    year: int
    is_year_first: bool
    numbers: tuple[int, ...]
    date_words: Words
    clock: tuple[int, ...]
    clock_words: Words
    has_points: bool


@dataclass(frozen=True)
class DateFormat:
    """How one file writes dates.

    Args:
        day_first: whether the day is before the month where the year is last; None if nothing shows it.
        months: the month by the words of a date that names it.
        afternoon: whether the words beside a 12-hour clock mean the afternoon; None for a 24-hour clock.
        is_ambiguous: whether the order of day and month matters and is unknown.
    """

    day_first: bool | None = None
    months: Mapping[Words, int] = field(default_factory=dict)
    afternoon: Mapping[Words, bool] | None = None
    is_ambiguous: bool = False

    def moment(self, text: str) -> datetime | None:
        """The UTC time of a cell, or None if it cannot be read."""
        parts = _parts(text)
        if parts is None or (self.afternoon is not None and parts.clock_words not in self.afternoon):
            return None
        afternoon = None if self.afternoon is None else self.afternoon[parts.clock_words]
        if len(parts.numbers) == 1:
            month = self.months.get(parts.date_words)
            return None if month is None else _moment(parts, month, parts.numbers[0], afternoon)
        first, second = parts.numbers
        if parts.is_year_first or first == second or self.day_first is False:
            return _moment(parts, first, second, afternoon)
        return _moment(parts, second, first, afternoon) if self.day_first else None


def is_date(text: str) -> bool:
    """Whether a cell has the numbers of a date with a clock."""
    return _parts(text) is not None


def learn_date_format(
    cells: Sequence[tuple[str, str]], recording_start: Callable[[str], datetime | None]
) -> DateFormat:
    """The format of a file's dates.

    Args:
        cells: date and recording of each row; the recording is empty if there is none.
        recording_start: the start of a recording, aware UTC; None if it cannot be read.
    """
    dated = [(parts, file) for text, file in cells if (parts := _parts(text))]
    hours = {parts.clock[0] for parts, _ in dated}
    # Words beside the clock that differ are the halves of the day.
    clock_words = {parts.clock_words for parts, _ in dated}
    is_twelve_hour = len(clock_words) > 1 and hours <= {*range(1, _HALF_DAY_H + 1)}
    votes = _Votes(is_twelve_hour=is_twelve_hour)
    for parts, file in _needed(dated, is_twelve_hour=is_twelve_hour):
        if start := recording_start(file):
            votes.add(parts, start)
    year_last = [p for p, _ in dated if len(p.numbers) > 1 and not p.is_year_first]
    day_first = _day_first(year_last, votes.day_first)
    return DateFormat(
        day_first=day_first,
        months=_most_common(votes.months),
        afternoon=_most_common(votes.afternoon) if is_twelve_hour else None,
        is_ambiguous=day_first is None and any(len({*parts.numbers}) > 1 for parts in year_last),
    )


class _Votes:
    """What recordings say about the dates of their activities."""

    def __init__(self, *, is_twelve_hour: bool) -> None:
        self._halves = (False, True) if is_twelve_hour else (None,)
        self.day_first: Counter[bool] = Counter()
        self.months: defaultdict[Words, Counter[int]] = defaultdict(Counter)
        self.afternoon: defaultdict[Words, Counter[bool]] = defaultdict(Counter)

    def add(self, parts: _Parts, start: datetime) -> None:
        """Find the reading of a date that is closest to the start of its recording."""
        readings = [
            (abs(moment - start), month, day, half)
            for (month, day), half in product(_readings(parts), self._halves)
            if (moment := _moment(parts, month, day, half))
        ]
        if not readings or min(readings)[0] > _SAME_ACTIVITY:
            return
        _, month, day, half = min(readings)
        if half is not None:
            self.afternoon[parts.clock_words][half] += 1
        if len(parts.numbers) == 1:
            self.months[parts.date_words][month] += 1
        elif month != day and not parts.is_year_first:
            self.day_first[(day, month) == parts.numbers] += 1


def _needed(dated: Iterable[tuple[_Parts, str]], *, is_twelve_hour: bool) -> Iterator[tuple[_Parts, str]]:
    """A few recordings for each group of dates whose digits do not say everything."""
    taken: Counter[tuple[Words, Words]] = Counter()
    for parts, file in dated:
        is_open = len(parts.numbers) == 1 or is_twelve_hour or not parts.is_year_first
        key = parts.date_words if len(parts.numbers) == 1 else (), parts.clock_words
        if file and is_open and taken[key] < _FILES_A_KEY:
            taken[key] += 1
            yield parts, file


def _readings(parts: _Parts) -> list[tuple[int, int]]:
    """The possible pairs of month and day."""
    if len(parts.numbers) == 1:
        return [(month, parts.numbers[0]) for month in _MONTHS]
    first, second = parts.numbers
    return [(first, second)] if parts.is_year_first else [(first, second), (second, first)]


def _day_first(dated: Sequence[_Parts], votes: Counter[bool]) -> bool | None:
    if any(parts.numbers[0] not in _MONTHS for parts in dated):
        return True
    if any(parts.numbers[1] not in _MONTHS for parts in dated):
        return False
    if votes:
        return votes.most_common(1)[0][0]
    # No country writes the month first in a date with points.
    return True if dated and all(parts.has_points for parts in dated) else None


def _most_common(votes: Mapping[Words, Counter[Value]]) -> dict[Words, Value]:
    return {words: counter.most_common(1)[0][0] for words, counter in votes.items()}


def _parts(text: str) -> _Parts | None:
    numbers = list(_NUMBER.finditer(text))
    dated, clock = numbers[:-_CLOCK_NUMBERS], numbers[-_CLOCK_NUMBERS:]
    years = [index for index, number in enumerate(dated) if len(number[0]) == _YEAR_DIGITS]
    if len(years) != 1 or len(dated) not in (2, 3):
        return None
    year = years[0]
    if 0 < year < len(dated) - 1:
        return None
    return _Parts(
        int(dated[year][0]),
        year == 0,
        tuple(int(number[0]) for number in dated if number is not dated[year]),
        _words(text[: clock[0].start()]),
        tuple(int(number[0]) for number in clock),
        _words(text[dated[-1].end() :]),
        "." in text[: dated[-1].end()],
    )


def _words(text: str) -> Words:
    return tuple(_WORD.findall(text.casefold()))


def _moment(parts: _Parts, month: int, day: int, afternoon: bool | None) -> datetime | None:
    hour, minute, second = parts.clock
    if afternoon is not None:
        hour = hour % _HALF_DAY_H + _HALF_DAY_H * afternoon
    try:
        return datetime(parts.year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
