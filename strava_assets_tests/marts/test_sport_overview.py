"""`sport_overview` against a second implementation, and as a runner reads it."""

from __future__ import annotations

import math
from datetime import date, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strava_assets_tests.depth import examples
from strava_assets_tests.marts.every_sport import differences, judge, some
from strava_assets_tests.marts.histories import MONDAY, activity, figures, histories, todays, week_of
from strava_assets_tests.marts.judged import Ride, Settings, family, heartrate, ratio, sum_of_known
from strava_assets_tests.marts.seconds import random_zones

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from strava_assets_tests.marts.conftest import Marts
    from strava_assets_tests.marts.every_sport import Judged

Row = dict[str, Any]


def witness(activities: Sequence[Judged], settings: Settings, week: Callable[[date], date]) -> list[Row]:
    """The mart of one athlete by its definition."""
    today = max(settings.as_of, *(a.day for a in activities))
    sports: dict[str, list[Judged]] = {}
    for each in activities:
        if each.is_counted:
            sports.setdefault(each.row["sport_type"] or "unknown", []).append(each)
    answer = []
    for sport, of_sport in sports.items():
        first = week(min(a.day for a in of_sport))
        for number in range((today - first).days // 7 + 1):
            start = first + timedelta(weeks=number)
            mine = [a.ride for a in of_sport if week(a.day) == start]
            four = [a.ride for a in of_sport if 0 <= (start - week(a.day)).days < 28]
            meters = math.fsum(r.meters for r in mine)
            seconds = sum(r.seconds for r in mine if r.meters)
            pace = ratio(seconds, meters)
            answer.append(
                {
                    "athlete_id": of_sport[0].row["athlete_id"],
                    "week": start,
                    "sport_type": sport,
                    "family": family(of_sport[0].row),
                    "is_partial": (today - start).days < 7,
                    "days_elapsed": min(7, (today - start).days + 1),
                    "activities": len(mine),
                    "active_days": len({r.day for r in mine}),
                    "moving_time_s": sum(r.seconds for r in mine),
                    "indoor_time_s": sum(r.seconds for r in mine if r.indoor),
                    "distance_m": meters,
                    "climb_m": math.fsum(r.climb for r in mine if not r.indoor),
                    "virtual_climb_m": math.fsum(r.climb for r in mine if r.indoor),
                    "average_speed_m_per_s": ratio(meters, seconds),
                    "distance_time_s": seconds,
                    "heartbeats": math.fsum(r.seconds * (r.heartrate or 0) / 60 for r in mine),
                    "heartrate_s": sum(r.seconds for r in mine if r.heartrate),
                    "average_pace_s_per_km": None if pace is None else 1000 * pace,
                    "average_heartrate_bpm": heartrate(mine),
                    "relative_effort": sum_of_known(r.effort for r in mine),
                    "training_load": sum_of_known(r.load for r in mine if not r.ebike),
                    "pace_load": sum_of_known(r.load for r in mine if r.load_source == "pace"),
                    **_of_seconds(mine),
                    "activities_4w": len(four),
                    "moving_time_4w_s": sum(r.seconds for r in four),
                    "distance_4w_m": math.fsum(r.meters for r in four),
                    "climb_4w_m": math.fsum(r.climb for r in four if not r.indoor),
                }
            )
    return sorted(answer, key=lambda row: (row["week"], row["sport_type"]))


def _of_seconds(mine: list[Ride]) -> Row:
    adjusted = ratio(sum(r.grade_adjusted_s for r in mine), math.fsum(r.grade_adjusted_m for r in mine))
    steady = [r for r in mine if r.steady_drift is not None]
    drift = math.fsum((r.steady_drift or 0) * r.seconds for r in steady)
    return {
        "grade_adjusted_pace_s_per_km": None if adjusted is None else 1000 * adjusted,
        "steady_activities": len(steady),
        "steady_decoupling_pct": ratio(drift, sum(r.seconds for r in steady)),
    }


@pytest.mark.parametrize("week_start", ["monday", "sunday"])
@some(max_examples=examples(10))
@given(data=st.data())
def test_every_week_of_every_sport_is_what_a_second_implementation_says(
    marts: Marts, week_start: str, data: st.DataObject
) -> None:
    history, profile = data.draw(histories(week_start)), data.draw(figures())
    settings = Settings(
        todays(history, data.draw(st.integers(0, 99))), data.draw(st.booleans()), data.draw(st.booleans())
    )
    zones = random_zones(len(history), history)
    [rows] = marts(
        history, "sport_overview", figures=profile, zones=zones, week_start=week_start, **vars(settings)
    )
    athletes = judge(history, settings, profile, zones=zones)
    week = partial(week_of, week_start=week_start)
    wanted = [row for name in sorted(athletes) for row in witness(athletes[name], settings, week)]
    assert differences(rows, wanted, "athlete_id", "week", "sport_type") == []


def test_a_runner_gets_a_pace(marts: Marts) -> None:
    run: Row = {"sport_type": "Run", "average_watts": None}
    history = [
        activity(MONDAY, "1", distance_m=10_000.0, moving_time_s=3000, **run),
        activity(MONDAY, "2", distance_m=5_000.0, moving_time_s=1800, **run),
        # On a treadmill without a sensor: time without distance slows nobody down.
        activity(MONDAY, "3", distance_m=0.0, moving_time_s=1200, trainer=True, **run),
    ]
    [[row]] = marts(history, "sport_overview", as_of=MONDAY)
    assert (row["family"], row["activities"], row["moving_time_s"]) == ("run", 3, 6000)
    assert row["average_pace_s_per_km"] == pytest.approx(320)


def test_a_swimmer_and_a_sport_strava_invents_tomorrow_are_rows(marts: Marts) -> None:
    history = [activity(MONDAY, name, sport_type=name) for name in ("Swim", "Quidditch", "EBikeRide")]
    history.append(activity(MONDAY, "nameless", sport_type=None))
    [rows] = marts(history, "sport_overview", as_of=MONDAY)
    assert [(row["sport_type"], row["family"]) for row in rows] == [
        ("EBikeRide", "ride"),
        ("Quidditch", "other"),
        ("Swim", "swim"),
        ("unknown", "other"),
    ]


@some(max_examples=examples(4))
@given(history=histories())
def test_sports_and_activities_add_up_to_the_same(marts: Marts, history: list[Row]) -> None:
    weeks, activities = marts(history, "sport_overview", "activity_measures", as_of=MONDAY)
    counted = [row for row in activities if row["is_counted"]]
    for name in ("moving_time_s", "distance_m", "climb_m", "virtual_climb_m"):
        assert math.fsum(row[name] for row in weeks) == pytest.approx(math.fsum(r[name] for r in counted))
    assert sum(row["activities"] for row in weeks) == len(counted)
