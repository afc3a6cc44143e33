"""A ride of a device whose clock is years ahead counts only when its date comes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets_tests.marts.histories import MONDAY, activity
from strava_assets_tests.marts.seconds import power_and_bests

if TYPE_CHECKING:
    from strava_assets.marts import Mart
    from strava_assets_tests.marts.conftest import Marts

Row = dict[str, Any]
HISTORY = [activity(MONDAY + timedelta(days=n), str(n)) for n in range(0, 60, 3)]
TODAY = MONDAY + timedelta(days=60)
ASTRAY = activity(date(2099, 7, 1), "astray", distance_m=300_000.0)


@pytest.mark.deep
def test_a_ride_of_the_year_2099_changes_no_mart(marts: Marts, catalog: dict[str, Mart]) -> None:
    minutes = power_and_bests({row["activity_id"]: {60: 400} for row in [*HISTORY, ASTRAY]})
    options: dict[str, Any] = {"as_of": TODAY, **minutes}
    before = marts(HISTORY, *catalog, **options)
    assert marts([*HISTORY, ASTRAY], *catalog, **options) == before
    assert all(before)


@pytest.mark.deep
def test_an_athlete_with_nothing_but_a_wrong_clock_has_no_rows(
    marts: Marts, catalog: dict[str, Mart]
) -> None:
    assert marts([ASTRAY], *catalog, as_of=TODAY) == [[]] * len(catalog)


def test_it_counts_once_its_date_has_come(marts: Marts) -> None:
    [weeks] = marts([*HISTORY, ASTRAY], "weekly_watts", as_of=date(2099, 7, 1))
    assert weeks[-1]["distance_m"] == 300_000.0


def test_tomorrow_counts_where_the_sun_rises_first_and_the_day_after_does_not(marts: Marts) -> None:
    rides = [activity(TODAY + timedelta(days=n), f"in {n}") for n in (0, 1, 2)]
    days, measures = marts([*HISTORY, *rides], "daily_load", "activity_measures", as_of=TODAY)
    assert days[-1]["day"] == TODAY + timedelta(days=1)
    assert [row["activity_id"] for row in measures][-2:] == ["in 0", "in 1"]
    assert "in 2" not in {row["activity_id"] for row in measures}


def test_a_ride_astray_is_no_second_recording_of_another(marts: Marts) -> None:
    start = HISTORY[0]["start_date"]
    [measures] = marts([*HISTORY, ASTRAY | {"start_date": start}], "activity_measures", as_of=TODAY)
    assert not any(row["is_duplicate"] for row in measures)
