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


def witness(
    activities: Sequence[Judged], settings: Settings, names: dict[str, str], distances_m: dict[str, float]
) -> list[Row]:
    """The mart of one athlete by its definition, with the names and distances of the profile."""
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
                "gear_name": names.get(gear),
                "strava_distance_m": distances_m.get(gear),
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
                "average_watts": ratio(joules, sum(r.measured_s for r in measured)),
                "power_s": sum(r.measured_s for r in measured),
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


def observed(athlete_id: str, gear_id: str, name: str) -> Row:
    return {
        "athlete_id": athlete_id,
        "gear_id": gear_id,
        "name": name,
        "distance_m": 1_000.0,
        "observed_on": MONDAY,
    }


@some(max_examples=examples(12))
@given(data=st.data())
def test_every_piece_of_gear_is_what_a_second_implementation_says(marts: Marts, data: st.DataObject) -> None:
    history = data.draw(histories())
    bikes = ["b1", "b2", "g5", None]
    history = [row | {"gear_id": bikes[n % 4]} for n, row in enumerate(history)]
    athletes_gear = [("7", "b1"), ("7", "g5"), ("8", "b2"), ("7", "unused")]
    gear = [observed(athlete, gear_id, f"{gear_id} of {athlete}") for athlete, gear_id in athletes_gear]
    settings = Settings(
        todays(history, data.draw(st.integers(0, 99))), data.draw(st.booleans()), data.draw(st.booleans())
    )
    [rows] = marts(history, "gear_use", gear=gear, **vars(settings))
    athletes = judge(history, settings)
    wanted = [
        row
        for name in sorted(athletes)
        for row in witness(
            athletes[name],
            settings,
            {g["gear_id"]: g["name"] for g in gear if g["athlete_id"] == name},
            {g["gear_id"]: g["distance_m"] for g in gear if g["athlete_id"] == name},
        )
    ]
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


def test_a_name_is_the_profiles_or_else_the_newest_of_the_export(marts: Marts) -> None:
    history = [
        activity(MONDAY + timedelta(days), f"{days}", gear_id=gear_id, gear_name=name)
        for days, gear_id, name in (
            *((0, "b1", "Old name"), (1, "b1", "New name"), (2, "b1", None)),
            *((3, "b2", "Of the export"), (4, "b3", None)),
        )
    ]

    [rows] = marts(
        history, "gear_use", gear=[observed("7", "b2", "Of the profile")], as_of=MONDAY + timedelta(5)
    )

    assert {row["gear_id"]: row["gear_name"] for row in rows} == {
        "b1": "New name",
        "b2": "Of the profile",
        "b3": None,
    }
    assert [row["strava_distance_m"] for row in rows] == [None, 1_000, None]
