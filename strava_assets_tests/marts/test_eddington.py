"""`eddington` against a count by hand, day after day."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strava_assets_tests.depth import examples
from strava_assets_tests.marts.every_sport import differences, judge, some
from strava_assets_tests.marts.histories import MONDAY, activity, histories
from strava_assets_tests.marts.judged import Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets_tests.marts.conftest import Marts
    from strava_assets_tests.marts.every_sport import Judged

Row = dict[str, Any]


LATER = MONDAY + timedelta(days=700)


def witness(activities: Sequence[Judged], unit: str) -> list[Row]:
    """One athlete's numbers: the count is made again after every day."""
    meters: dict[date, float] = defaultdict(float)
    for each in activities:
        if each.is_ride and not each.ride.flagged:
            meters[each.day] += each.ride.meters
    lengths: list[int] = []
    reached: dict[int, date] = {}
    for day in sorted(meters):
        lengths.append(math.floor(round(meters[day] / (1000 if unit == "km" else 1609.344), 9)))
        while sum(length > len(reached) for length in lengths) > len(reached):
            reached[len(reached) + 1] = day
    answer = []
    for number in range(1, len(reached) + 11):
        days = sum(length >= number for length in lengths)
        answer.append(
            {
                "athlete_id": activities[0].row["athlete_id"],
                "unit": unit,
                "number": number,
                "eddington_number": len(reached),
                "is_current": number == len(reached),
                "days": days,
                "days_missing": max(0, number - days),
                "reached_on": reached.get(number),
            }
        )
    return answer


@some(max_examples=examples(12))
@given(history=histories(), scale=st.sampled_from([0.05, 0.3, 1]))
def test_every_number_is_what_a_count_by_hand_says(marts: Marts, history: list[Row], scale: float) -> None:
    scaled = [r | {"distance_m": r["distance_m"] and r["distance_m"] * scale} for r in history]
    [rows] = marts(scaled, "eddington", as_of=LATER)
    athletes = judge(scaled, Settings(LATER))
    wanted = [
        row for name in sorted(athletes) for unit in ("km", "mi") for row in witness(athletes[name], unit)
    ]
    assert differences(rows, wanted, "athlete_id", "unit", "number") == []


def ridden(*kilometers: float) -> list[Row]:
    return [
        activity(MONDAY + timedelta(n), str(n), distance_m=1000.0 * km) for n, km in enumerate(kilometers)
    ]


def numbers(marts: Marts, history: list[Row], unit: str = "km") -> list[Row]:
    [rows] = marts(history, "eddington", as_of=LATER)
    return [row for row in rows if row["unit"] == unit]


def test_three_days_of_three_are_a_three(marts: Marts) -> None:
    rows = numbers(marts, ridden(3, 50, 1, 3.9))
    assert {row["eddington_number"] for row in rows} == {3}
    assert [row["number"] for row in rows if row["is_current"]] == [3]
    assert [row["reached_on"] for row in rows[:4]] == [
        MONDAY,
        MONDAY + timedelta(1),
        MONDAY + timedelta(3),
        None,
    ]
    assert [(row["days"], row["days_missing"]) for row in rows[:5]] == [
        (4, 0),
        (3, 0),
        (3, 0),
        (1, 3),
        (1, 4),
    ]


def test_several_rides_of_a_day_count_together(marts: Marts) -> None:
    history = [activity(MONDAY, str(n), distance_m=meters) for n, meters in enumerate([600.1, 100.1, 299.8])]
    assert numbers(marts, history)[0]["reached_on"] == MONDAY


@pytest.mark.parametrize("miles", [1, 7, 14, 28])
def test_whole_miles_are_whole_though_their_quotient_is_not(marts: Marts, miles: int) -> None:
    # 7 * 1609.344 / 1609.344 is a hair below 7.
    history = ridden(*[miles * 1609.344 / 1000] * miles)
    assert numbers(marts, history, "mi")[0]["eddington_number"] == miles


@pytest.mark.parametrize(
    "fields", [{"sport_type": "EBikeRide"}, {"flagged": True}, {"sport_type": "Run"}, {"distance_m": None}]
)
def test_what_is_no_ride_of_ones_own_counts_for_nothing(marts: Marts, fields: Row) -> None:
    rows = numbers(marts, [activity(MONDAY, "1", **fields)])
    assert [(row["number"], row["days"], row["days_missing"]) for row in rows] == [
        (n, 0, n) for n in range(1, 11)
    ]
    assert not any(row["is_current"] for row in rows)


def test_a_longer_ride_than_any_number_needs_no_row_a_kilometer(marts: Marts) -> None:
    assert len(numbers(marts, ridden(19_000))) == 11


def test_years_of_riding_are_dated_as_a_count_by_hand_dates_them(marts: Marts) -> None:
    # Good years and bad ones: what one year reached alone is left out of the dating of the next.
    history = [
        activity(date(2018 + n // 60, 1, 1) + timedelta(n % 60 * 6), str(n), distance_m=700.0 * (n * 37 % 91))
        for n in range(360)
    ]
    athletes = judge(history, Settings(LATER))
    for unit in ("km", "mi"):
        wanted = witness(athletes["7"], unit)
        assert differences(numbers(marts, history, unit), wanted, "number") == []
        assert len({row["reached_on"] for row in wanted}) > 20
