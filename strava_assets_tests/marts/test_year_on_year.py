"""`year_on_year` against a second implementation, and on leap days."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strava_assets_tests.depth import examples
from strava_assets_tests.marts.every_sport import differences, judge, some
from strava_assets_tests.marts.histories import MONDAY, activity, histories, todays
from strava_assets_tests.marts.judged import Settings, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets_tests.marts.conftest import Marts
    from strava_assets_tests.marts.every_sport import Judged

Row = dict[str, Any]
MEASURES = ("rides{}", "moving_time{}_s", "distance{}_m", "climb{}_m", "work{}_kj")


def so_far(activities: Sequence[Judged], day: date) -> list[float]:
    """The year's measures up to a day."""
    mine = [a.ride for a in activities if a.is_ride and date(day.year, 1, 1) <= a.day <= day]
    return [
        len(mine),
        sum(r.seconds for r in mine),
        math.fsum(r.meters for r in mine),
        math.fsum(r.climb for r in mine if not r.indoor),
        math.fsum(r.joules for r in mine if r.measured) / 1000,
    ]


def witness(activities: Sequence[Judged], as_of: date) -> list[Row]:
    """The mart of one athlete by its definition."""
    first = date(min(a.day for a in activities).year, 1, 1)
    answer = []
    for number in range((max(as_of, *(a.day for a in activities)) - first).days + 1):
        day = first + timedelta(number)
        last_day = 28 if (day.month, day.day) == (2, 29) else day.day
        now = so_far(activities, day)
        then: list[Any] = [None] * 5
        if day.year > first.year:
            then = so_far(activities, date(day.year - 1, day.month, last_day))
        answer.append(
            {
                "athlete_id": activities[0].row["athlete_id"],
                "day": day,
                "year": day.year,
                "common_day": day.replace(year=2000),
                **{name.format("_so_far"): value for name, value in zip(MEASURES, now, strict=True)},
                **{name.format("_year_before"): value for name, value in zip(MEASURES, then, strict=True)},
                "moving_time_change_pct": percent(now[1], then[1]),
                "distance_change_pct": percent(now[2], then[2]),
                "climb_change_pct": percent(now[3], then[3]),
                "work_change_pct": percent(now[4], then[4]),
            }
        )
    return answer


@some(max_examples=examples(8))
@given(history=histories(max_size=40), seed=st.integers(0, 99))
def test_every_day_is_what_a_second_implementation_says(marts: Marts, history: list[Row], seed: int) -> None:
    settings = Settings(todays(history, seed))
    [rows] = marts(history, "year_on_year", as_of=settings.as_of)
    athletes = judge(history, settings)
    wanted = [row for name in sorted(athletes) for row in witness(athletes[name], settings.as_of)]
    assert differences(rows, wanted, "athlete_id", "day") == []


def by_day(marts: Marts, history: list[Row], as_of: date) -> dict[date, Row]:
    [rows] = marts(history, "year_on_year", as_of=as_of)
    return {row["day"]: row for row in rows}


def test_a_ride_on_leap_day_is_in_the_next_years_base_from_march_on(marts: Marts) -> None:
    history = [activity(date(2024, 2, 29), "1"), activity(date(2025, 2, 1), "2")]
    days = by_day(marts, history, date(2025, 3, 2))
    assert days[date(2025, 2, 28)]["rides_year_before"] == 0
    assert days[date(2025, 3, 1)]["rides_year_before"] == 1
    assert days[date(2025, 3, 1)]["distance_change_pct"] == 0
    assert days[date(2025, 2, 28)]["distance_change_pct"] is None  # no base


def test_leap_day_is_compared_with_the_28th(marts: Marts) -> None:
    history = [activity(date(2023, 2, 28), "1"), activity(date(2023, 3, 1), "2")]
    assert by_day(marts, history, date(2024, 3, 1))[date(2024, 2, 29)]["rides_year_before"] == 1


def test_years_lie_on_each_other_by_month_and_day(marts: Marts) -> None:
    # By day of the year, 1 March of a leap year would lie on 2 March of the others.
    days = by_day(marts, [activity(date(2023, 1, 1), "1")], date(2024, 12, 31))
    assert days[date(2023, 3, 1)]["common_day"] == days[date(2024, 3, 1)]["common_day"]
    assert len(days) == 365 + 366


def test_every_year_begins_at_nothing(marts: Marts) -> None:
    history = [activity(date(2023, 12, 31), "1"), activity(date(2024, 1, 2), "2")]
    days = by_day(marts, history, date(2024, 1, 2))
    assert [row["rides_so_far"] for row in days.values()][-4:] == [0, 1, 0, 1]
    assert min(days) == date(2023, 1, 1)


@some(max_examples=examples(4))
@given(history=histories())
def test_the_last_days_of_all_years_add_up_to_all_rides(marts: Marts, history: list[Row]) -> None:
    days, activities = marts(history, "year_on_year", "activity_measures", as_of=MONDAY)
    last = {(row["athlete_id"], row["year"]): row for row in days}.values()
    rides = [row for row in activities if row["is_ride"]]
    assert sum(row["rides_so_far"] for row in last) == len(rides)
    for name in ("distance_m", "climb_m"):
        total = math.fsum(row[name.replace("_m", "_so_far_m")] for row in last)
        assert total == pytest.approx(math.fsum(row[name] for row in rides))
