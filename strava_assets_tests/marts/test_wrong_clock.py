"""A ride of a device whose clock is years ahead counts only when its date comes, one of 1970 never."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from strava_assets.checks.activities import no_date_is_in_the_future
from strava_assets.data_checks import Subject
from strava_assets.landing import Landing
from strava_assets.streams import StreamStore
from strava_assets_tests.marts.histories import MONDAY, activity
from strava_assets_tests.marts.seconds import power_and_bests

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets.marts import Mart
    from strava_assets.warehouse.duckdb import DuckDBWarehouse
    from strava_assets_tests.marts.conftest import Marts

Row = dict[str, Any]
HISTORY = [activity(MONDAY + timedelta(days=n), str(n)) for n in range(0, 60, 3)]
TODAY = MONDAY + timedelta(days=60)
ASTRAY = activity(date(2099, 7, 1), "astray", distance_m=300_000.0)


ANCIENT = activity(date(1970, 1, 1), "ancient", distance_m=300_000.0)
LAST_ANCIENT = activity(date(1989, 12, 31), "last ancient", distance_m=300_000.0)
# It lists what the others leave out.
LISTS_THEM = "suspicious_activities"


@pytest.mark.deep
def test_rides_of_the_years_2099_and_1970_change_no_mart(marts: Marts, catalog: dict[str, Mart]) -> None:
    astray = [ASTRAY, ANCIENT, LAST_ANCIENT]
    minutes = power_and_bests({row["activity_id"]: {60: 400, 1200: 300} for row in [*HISTORY, *astray]})
    options: dict[str, Any] = {"as_of": TODAY, **minutes}
    others = [name for name in catalog if name != LISTS_THEM]
    before = marts(HISTORY, *others, **options)
    assert marts([*HISTORY, *astray], *others, **options) == before


def test_a_ride_of_1970_is_no_first_week_and_holds_no_record(marts: Marts) -> None:
    # Equal to the best of the others: the earliest day would hold it.
    tie = ANCIENT | {"distance_m": HISTORY[0]["distance_m"]}
    both = "weekly_watts", "personal_records"
    weeks, records = marts([*HISTORY, tie], *both, as_of=TODAY)
    assert weeks[0]["week"] == MONDAY
    assert tie["activity_id"] not in {row["activity_id"] for row in records}
    assert [weeks, records] == marts(HISTORY, *both, as_of=TODAY)


def test_the_first_day_of_1990_counts(marts: Marts) -> None:
    [rows] = marts([activity(date(1990, 1, 1), "1"), LAST_ANCIENT], "activity_measures", as_of=TODAY)
    assert [row["activity_id"] for row in rows] == ["1"]


@pytest.mark.deep
def test_an_athlete_with_nothing_but_a_wrong_clock_has_no_rows(
    marts: Marts, catalog: dict[str, Mart]
) -> None:
    answers = dict(zip(catalog, marts([ASTRAY, ANCIENT], *catalog, as_of=TODAY), strict=True))
    assert [row["activity_id"] for row in answers.pop(LISTS_THEM)] == ["ancient", "astray"]
    assert not any(answers.values())


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


def test_the_check_of_dates_names_the_rides_that_the_marts_leave_out(
    marts: Marts, warehouse: DuckDBWarehouse, tmp_path: Path
) -> None:
    # The date of the first zone is always later than that of the last.
    first, last = "Pacific/Kiritimati", "Pacific/Pago_Pago"
    today = datetime.now(ZoneInfo(last)).date()
    rides = [activity(today + timedelta(days=n), f"in {n}") for n in (0, 1, 2)]
    [listed] = marts(rides, LISTS_THEM, as_of=today)
    subject = Subject(warehouse, Landing(str(tmp_path / "landing")), StreamStore(str(tmp_path / "streams")))

    finding = no_date_is_in_the_future(last)(subject)

    assert [row["activity_id"] for row in finding.rows] == [row["activity_id"] for row in listed] == ["in 2"]
    assert no_date_is_in_the_future(first)(subject).passed
