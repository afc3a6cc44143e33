"""Numbers as people read them."""

from __future__ import annotations

from datetime import date

import pytest

from strava_assets.report.number_format import (
    IMPERIAL,
    METRIC,
    compact_hours,
    counted,
    day,
    duration,
    number,
    quantity,
)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (1078.4, 0, "1,078"),
        (-0.2, 0, "0"),
        (-0.04, 1, "0.0"),
        (-12.0, 0, "\u221212"),
        (0.0, 1, "0.0"),
        (None, 0, "\u2013"),
    ],
)
def test_numbers_have_separators_and_a_true_minus(value: float | None, digits: int, text: str) -> None:
    assert number(value, digits) == text


def test_a_unit_never_leaves_its_number() -> None:
    assert quantity(157.3, "W") == "157\u00a0W"
    assert quantity(None, "W") == "\u2013"


def test_hours_are_short_and_durations_exact() -> None:
    assert compact_hours(17_640) == "4.9\u00a0h"
    assert compact_hours(360_000) == "100\u00a0h"
    assert duration(11_220) == "3:07\u00a0h"
    assert duration(3_599) == "1:00\u00a0h"


def test_one_is_singular() -> None:
    assert counted(1, "ride") == "1\u00a0ride"
    assert counted(2, "ride") == "2\u00a0rides"


def test_lengths_are_told_in_the_chosen_units() -> None:
    assert METRIC.far(1609.344) == pytest.approx(1.609344)
    assert IMPERIAL.far(1609.344) == pytest.approx(1)
    assert IMPERIAL.high(0.3048) == pytest.approx(1)


def test_a_day_is_unmistakable() -> None:
    assert day(date(2026, 11, 3)) == "3\u00a0Nov\u00a02026"
    assert day(None) == "\u2013"
