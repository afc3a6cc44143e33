"""Fitness and form ahead follow the mart's own recursion."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from strava_assets.report.load_projection import PROJECTED_DAYS, project, usual_loads
from strava_assets.report.number_format import METRIC
from strava_assets.report.sections import build_sections
from strava_assets.report.sections.training_load import form_range

if TYPE_CHECKING:
    from strava_assets.report import Figures


def test_the_projection_of_days_past_is_what_the_mart_made_of_them(figures: Figures) -> None:
    load = figures.rows("daily_load")
    then, since = load[-31], load[-30:]

    days = project(then, [row["training_load"] for row in since])

    for projected, row in zip(days, since, strict=True):
        assert projected.day == row["day"]
        assert projected.fitness == pytest.approx(row["fitness_ctl"], abs=1e-6)
        assert projected.fatigue == pytest.approx(row["fatigue_atl"], abs=1e-6)
        assert projected.form == pytest.approx(row["form_tsb"], abs=1e-6)


def test_a_usual_day_is_the_mean_of_its_weekday_in_six_weeks(figures: Figures) -> None:
    load = figures.rows("daily_load")

    loads = usual_loads(load)

    tomorrow = load[-1]["day"] + timedelta(days=1)
    same = [row["training_load"] for row in load[-42:] if row["day"].weekday() == tomorrow.weekday()]
    assert len(same) == 6
    assert loads[0] == loads[7] == pytest.approx(sum(same) / 6)
    assert len(loads) == PROJECTED_DAYS


def test_a_day_that_has_just_begun_is_no_usual_day(figures: Figures) -> None:
    load = [row | {"training_load": 100.0} for row in figures.rows("daily_load")[-80:]]
    load[-1] |= {"training_load": 0.0}

    assert usual_loads(load) == [100.0] * PROJECTED_DAYS
    assert usual_loads(load[-1:]) == [0.0] * PROJECTED_DAYS


@pytest.mark.parametrize(
    ("form", "name"),
    [
        (-30.1, "high risk"),
        (-30, "optimal"),
        (-10.1, "optimal"),
        (-10, "gray zone"),
        (4.9, "gray zone"),
        (5, "fresh"),
        (19.9, "fresh"),
        (20, "transition"),
    ],
)
def test_a_limit_belongs_to_the_fresher_range(form: float, name: str) -> None:
    assert form_range(form) == name


def test_lines_ahead_begin_today_and_end_in_two_weeks(figures: Figures) -> None:
    load = next(section for section in build_sections(figures, METRIC) if section.name == "load")
    today = figures.rows("daily_load")[-1]["day"]

    ahead = [point for point in load.data["load"] if "cr" in point]

    assert [ahead[0]["w"], ahead[-1]["w"]] == [str(today), str(today + timedelta(days=PROJECTED_DAYS))]
    assert ahead[0]["cr"] == ahead[0]["cu"] == ahead[0]["c"]
    assert ahead[-1]["cr"] < ahead[-1]["cu"]
    assert len(load.tables[1].rows) == PROJECTED_DAYS
