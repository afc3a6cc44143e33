"""`gear_use` against a second implementation; every activity counts for one piece of gear."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strava_assets_tests.depth import examples
from strava_assets_tests.marts.every_sport import differences, judge, some
from strava_assets_tests.marts.histories import MONDAY, activity, histories, todays
from strava_assets_tests.marts.judged import Settings, ratio

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets_tests.marts.conftest import Marts
    from strava_assets_tests.marts.every_sport import Judged

Row = dict[str, Any]


def witness(activities: Sequence[Judged], settings: Settings) -> list[Row]:
    """The mart of one athlete by its definition."""
    by_gear: dict[str, list[Judged]] = {}
    for each in activities:
        if not each.is_duplicate:
            by_gear.setdefault(each.ride.gear or "none", []).append(each)
    answer = []
    for gear, used in sorted(by_gear.items()):
        rides = [a.ride for a in used]
        recent = [r for r in rides if (settings.as_of - r.day).days < 90]
        measured = [a.ride for a in used if a.is_counted and a.ride.measured]
        sports: dict[str | None, list[int]] = {}
        for each in used:
            sports.setdefault(each.row["sport_type"], []).append(each.ride.seconds)
        joules = math.fsum(r.joules for r in measured)
        last = max(r.day for r in rides)
        answer.append(
            {
                "athlete_id": used[0].row["athlete_id"],
                "gear_id": gear,
                "kind": {"b": "bike", "g": "shoes", "n": "none"}.get(gear[0], "other"),
                "main_sport_type": min(sports, key=lambda s: (-sum(sports[s]), -len(sports[s]), s or "")),
                "activities": len(rides),
                "active_days": len({r.day for r in rides}),
                "moving_time_s": sum(r.seconds for r in rides),
                "indoor_time_s": sum(r.seconds for r in rides if r.indoor),
                "distance_m": math.fsum(r.meters for r in rides),
                "outdoor_distance_m": math.fsum(r.meters for r in rides if not r.indoor),
                "climb_m": math.fsum(r.climb for r in rides if not r.indoor),
                "work_kj": joules / 1000,
                "average_watts": ratio(joules, sum(r.seconds for r in measured)),
                "first_used_on": min(r.day for r in rides),
                "last_used_on": last,
                "days_since_used": max(0, (settings.as_of - last).days),
                "distance_this_year_m": math.fsum(
                    r.meters for r in rides if r.day.year == settings.as_of.year
                ),
                "distance_90d_m": math.fsum(r.meters for r in recent),
                "moving_time_90d_s": sum(r.seconds for r in recent),
            }
        )
    return answer


@some(max_examples=examples(12))
@given(data=st.data())
def test_every_piece_of_gear_is_what_a_second_implementation_says(marts: Marts, data: st.DataObject) -> None:
    history = data.draw(histories())
    bikes = ["b1", "b2", "g5", None]
    history = [row | {"gear_id": bikes[n % 4]} for n, row in enumerate(history)]
    settings = Settings(
        todays(history, data.draw(st.integers(0, 99))), data.draw(st.booleans()), data.draw(st.booleans())
    )
    [rows] = marts(history, "gear_use", **vars(settings))
    athletes = judge(history, settings)
    wanted = [row for name in sorted(athletes) for row in witness(athletes[name], settings)]
    assert differences(rows, wanted, "athlete_id", "gear_id") == []


@some(max_examples=examples(4))
@given(history=histories())
def test_all_gear_together_is_all_activities(marts: Marts, history: list[Row]) -> None:
    gear, activities = marts(history, "gear_use", "activity_measures", as_of=MONDAY)
    assert sum(row["activities"] for row in gear) == len(activities)
    for name in ("moving_time_s", "distance_m", "climb_m"):
        assert math.fsum(r[name] for r in gear) == pytest.approx(math.fsum(r[name] for r in activities))


def test_a_commute_wears_the_bike_though_it_does_not_count(marts: Marts) -> None:
    history = [activity(MONDAY, "1", gear_id="b1", commute=True)]
    [[row]] = marts(history, "gear_use", as_of=MONDAY + timedelta(3), count_commutes=False)
    assert (row["distance_m"], row["days_since_used"], row["work_kj"]) == (30_000, 3, 0)


def test_shoes_and_an_id_of_a_kind_unknown_are_told_apart(marts: Marts) -> None:
    history = [activity(MONDAY, gear, gear_id=gear) for gear in ("b1", "g1", "x1")]
    [rows] = marts([*history, activity(MONDAY, "4")], "gear_use", as_of=MONDAY)
    assert [row["kind"] for row in rows] == ["bike", "shoes", "none", "other"]


def test_the_last_ninety_days_count_today_and_a_bike_of_tomorrow_is_not_overdue(marts: Marts) -> None:
    history = [activity(MONDAY, "1", gear_id="b1")]
    for days, since, meters in ((89, 89, 30_000), (90, 90, 0), (-1, 0, 30_000)):
        [[row]] = marts(history, "gear_use", as_of=MONDAY + timedelta(days))
        assert (row["days_since_used"], row["distance_90d_m"]) == (since, meters)
