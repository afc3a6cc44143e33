"""The calendar periods of local dates. They are computed once, at load; no mart truncates a timestamp."""

from __future__ import annotations

from datetime import date, timedelta

# A Monday and a Sunday long before any activity; counting from them needs no negative remainders.
ANCHORS = {"monday": date(1899, 12, 25), "sunday": date(1899, 12, 24)}


def week_of(day: date, week_start: str = "monday") -> date:
    """The first day of the calendar week of `day`; `week_start` is `monday` or `sunday`."""
    return day - timedelta(days=(day - ANCHORS[week_start]).days % 7)


def quarter_of(day: date) -> date:
    """The first day of the calendar quarter of `day`."""
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
