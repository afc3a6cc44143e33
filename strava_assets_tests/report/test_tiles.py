"""The headline tiles compare what can be compared."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from strava_assets.report import Figures
from strava_assets.report.number_format import IMPERIAL, METRIC
from strava_assets.report.tiles import Tile, build_tiles
from strava_assets_tests.marts.histories import activity
from strava_assets_tests.report.conftest import TODAY, Read, seasons

if TYPE_CHECKING:
    from strava_assets.report.number_format import Units

MONDAY = TODAY - timedelta(days=TODAY.weekday())


def tiles(figures: Figures, units: Units = METRIC) -> dict[str, Tile]:
    return {tile.label: tile for tile in build_tiles(figures, units)}


@pytest.mark.deep
def test_a_running_week_is_held_against_as_many_days_of_the_usual_one(read: Read) -> None:
    history = [activity(MONDAY, "now", moving_time_s=7200)]
    for back in range(1, 13):
        monday = MONDAY - timedelta(weeks=back)
        history.append(activity(monday, f"m{back}", moving_time_s=3600))
        history.append(activity(monday + timedelta(days=5), f"s{back}", moving_time_s=5 * 3600))

    tile = tiles(read(history))["This week, 3 of 7 days"]

    assert tile.value == "2.0"
    assert tile.comparison == "usual by this day: 1.0\u00a0h · last week 6.0\u00a0h"
    assert tile.direction == "up"


def test_watts_are_held_against_the_same_weeks_a_year_ago(figures: Figures) -> None:
    weeks = figures.rows("weekly_watts")
    change = weeks[-1]["average_watts_4w"] - weeks[-53]["average_watts_4w"]

    tile = tiles(figures)["Power, last 4 weeks"]

    assert tile.value == f"{weeks[-1]['average_watts_4w']:.0f}"
    assert tile.comparison == (
        "the same as a year ago" if abs(change) < 0.5 else f"{abs(change):.0f}\u00a0W above a year ago"
    )


def test_fitness_is_drawn_week_by_week_over_half_a_year(figures: Figures) -> None:
    days = figures.rows("daily_load")

    trail = tiles(figures)["Fitness (CTL)"].trail

    assert len(trail) == 26
    assert trail[-1] == days[-7]["fitness_ctl"]
    assert trail[-2] == days[-14]["fitness_ctl"]


@pytest.mark.deep
def test_fitness_is_shown_where_load_is_known_and_work_where_not(figures: Figures, read: Read) -> None:
    assert "Fitness (CTL)" in tiles(figures)
    assert "Work, last 4 weeks" in tiles(read(seasons(30)))


def test_the_quarter_is_told_in_the_chosen_unit(figures: Figures) -> None:
    distance_m = figures.rows("quarterly_overview")[-1]["distance_m"]

    tile = tiles(figures, IMPERIAL)["Q2 so far"]

    assert (tile.value, tile.unit) == (f"{distance_m / 1609.344:,.0f}", "mi")


@pytest.mark.deep
def test_without_a_ride_there_are_no_tiles(read: Read) -> None:
    assert build_tiles(Figures(), METRIC) == []
    assert build_tiles(read([activity(TODAY, "1", sport_type="Run")]), METRIC) == []
