"""`planned_form`: what a plan leads to, held against the recursion of fitness and fatigue itself."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets_tests.marts.histories import MONDAY, activity

if TYPE_CHECKING:
    from strava_assets_tests.marts.conftest import Marts

Row = dict[str, Any]
FTP = [{"athlete_id": "7", "valid_from": MONDAY, "valid_to": None, "ftp_w": 200.0}]
TODAY = MONDAY + timedelta(60)
HISTORY = [activity(MONDAY + timedelta(n), str(n)) for n in range(0, 60, 3)]


def planned(ahead: int, load: float, goal: str | None = None, athlete: str = "7") -> Row:
    return {"athlete_id": athlete, "day": TODAY + timedelta(ahead), "planned_load": load, "goal": goal}


def test_the_projection_continues_the_recursion_from_today(marts: Marts) -> None:
    plan = [
        planned(1, 120),
        planned(2, 80),
        planned(5, 200),
        planned(9, 0, "Ronde"),
        planned(0, 900),
        planned(-3, 900),
    ]
    days, rows = marts(HISTORY, "daily_load", "planned_form", figures=FTP, planned=plan, as_of=TODAY)
    fitness, fatigue = days[-1]["fitness_ctl"], days[-1]["fatigue_atl"]
    loads = {1: 120, 2: 80, 5: 200}
    assert [row["days_ahead"] for row in rows] == list(range(1, 10))
    for row in rows:
        assert row["projected_form_tsb"] == pytest.approx(fitness - fatigue)
        load = loads.get(row["days_ahead"], 0)
        fitness += (1 - math.exp(-1 / 42)) * (load - fitness)
        fatigue += (1 - math.exp(-1 / 7)) * (load - fatigue)
        assert (row["day"], row["planned_load"]) == (TODAY + timedelta(row["days_ahead"]), load)
        assert row["projected_fitness_ctl"] == pytest.approx(fitness)
        assert row["projected_fatigue_atl"] == pytest.approx(fatigue)
    assert [row["goal"] for row in rows] == [None] * 8 + ["Ronde"]


def test_a_plan_of_two_years_stays_finite(marts: Marts) -> None:
    plan = [planned(n, 100) for n in range(1, 733)]
    [rows] = marts(HISTORY, "planned_form", figures=FTP, planned=plan, as_of=TODAY)
    assert rows[-1]["projected_fitness_ctl"] == pytest.approx(100, abs=1e-4)
    assert rows[-1]["projected_form_tsb"] == pytest.approx(0, abs=1e-3)


def test_a_plan_changes_nothing_that_happened(marts: Marts) -> None:
    without, none = marts(HISTORY, "daily_load", "planned_form", figures=FTP, as_of=TODAY)
    [with_plan] = marts(HISTORY, "daily_load", figures=FTP, planned=[planned(3, 100)], as_of=TODAY)
    assert (without, none) == (with_plan, [])


def test_a_plan_of_somebody_without_activities_projects_nothing(marts: Marts) -> None:
    assert marts(HISTORY, "planned_form", planned=[planned(3, 100, athlete="8")], as_of=TODAY) == [[]]
