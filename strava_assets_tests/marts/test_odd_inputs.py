"""Bad input, settings, and the wrong ways to average: what is told apart, and what is never divided by."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets_tests.marts.histories import MONDAY, activity

if TYPE_CHECKING:
    from strava_assets.warehouse.duckdb import DuckDBWarehouse
    from strava_assets_tests.marts.conftest import Marts

Row = dict[str, Any]
NOTHING = dict.fromkeys(
    (
        "sport_type",
        "distance_m",
        "moving_time_s",
        "total_elevation_gain_m",
        "device_watts",
        "average_watts",
        "weighted_average_watts",
        "average_heartrate_bpm",
    )
)


def the_week(marts: Marts, *history: Row, **options: Any) -> Row:
    [weeks] = marts(history, "weekly_watts", **{"as_of": MONDAY + timedelta(days=6)} | options)
    [week] = weeks
    return week


def test_no_activity_at_all_is_no_row(marts: Marts) -> None:
    assert marts([], "weekly_watts", "quarterly_overview", "activity_measures") == [[], [], []]


@pytest.mark.deep
@pytest.mark.parametrize(
    "fields",
    [
        {"average_watts": -200.0},
        {"average_watts": 0.0, "kilojoules": 0.0},
        {"average_watts": 9_000.0},
        {"average_watts": math.nan, "kilojoules": math.nan},
        {"average_watts": math.inf, "kilojoules": math.inf},
        {"kilojoules": None},
        {"kilojoules": 1e9},
        {"moving_time_s": 0},
        {"moving_time_s": -3600},
        {"moving_time_s": None},
        {"moving_time_s": 10**15},
        {"manual": True},
        NOTHING,
    ],
    ids=str,
)
def test_an_impossible_value_is_no_power_and_stains_no_average(marts: Marts, fields: Row) -> None:
    week = the_week(marts, activity(MONDAY, "1"), activity(MONDAY, "2", **fields))
    assert (week["power_rides"], week["average_watts"], week["work_kj"]) == (1, 200, 720)
    assert week["weighted_average_watts"] == pytest.approx(210)
    alone = the_week(marts, activity(MONDAY, "2", **fields))
    assert (alone["power_rides"], alone["average_watts"], alone["weighted_average_watts"]) == (0, None, None)
    assert [value for value in alone.values() if isinstance(value, float) and not math.isfinite(value)] == []


def test_one_ride_gives_a_week_and_a_quarter_and_nothing_to_compare_with(marts: Marts) -> None:
    weeks, quarters = marts([activity(MONDAY, "1")], "weekly_watts", "quarterly_overview", as_of=MONDAY)
    for [row] in (weeks, quarters):
        assert (row["rides"], row["average_watts"], row["best_ride_id"]) == (1, 200, "1")
        assert {name for name in row if name.endswith("_pct") and row[name] is not None} == set()


def test_an_athlete_without_a_power_meter_among_others_has_weeks_and_no_watts(marts: Marts) -> None:
    history = [
        activity(MONDAY, "1"),
        activity(MONDAY, "2", athlete_id="8", average_watts=None, weighted_average_watts=None),
        activity(MONDAY, "3", athlete_id="9", sport_type="Run"),
    ]
    [weeks] = marts(history, "weekly_watts", as_of=MONDAY)
    by_athlete = {
        row["athlete_id"]: (row["rides"], row["average_watts"], row["average_heartrate_bpm"]) for row in weeks
    }
    assert by_athlete == {"7": (1, 200, 140), "8": (1, None, 140), "9": (0, None, None)}


def test_estimated_watts_are_separate(marts: Marts) -> None:
    week = the_week(
        marts, activity(MONDAY, "1"), activity(MONDAY, "2", device_watts=False, average_watts=120.0)
    )
    assert (week["average_watts"], week["estimated_average_watts"]) == (200, 120)
    assert (week["power_coverage"], week["estimated_rides"]) == (0.5, 1)


def test_indoor_climbing_and_ebikes_are_separate(marts: Marts) -> None:
    week = the_week(
        marts,
        activity(MONDAY, "1"),
        activity(MONDAY, "2", sport_type="VirtualRide", total_elevation_gain_m=900.0),
        activity(MONDAY, "3", trainer=True, total_elevation_gain_m=None, distance_m=None),
        activity(MONDAY, "4", sport_type="EBikeRide", average_watts=400.0),
    )
    assert (week["rides"], week["climb_m"], week["virtual_climb_m"]) == (3, 300, 900)
    assert week["indoor_share"] == pytest.approx(2 / 3)
    assert (week["ebike_rides"], week["ebike_share"], week["average_watts"]) == (1, 0.25, 200)


def test_commutes_and_virtual_rides_count_only_where_the_settings_say_so(marts: Marts) -> None:
    history = [
        activity(MONDAY, "1"),
        activity(MONDAY, "2", commute=True, average_watts=100.0),
        activity(MONDAY, "3", sport_type="VirtualRide", average_watts=300.0),
    ]
    assert the_week(marts, *history)["average_watts"] == 200
    assert the_week(marts, *history, count_commutes=False)["average_watts"] == 250
    assert the_week(marts, *history, count_virtual=False)["average_watts"] == 150
    neither = the_week(marts, *history, count_commutes=False, count_virtual=False)
    assert (neither["rides"], neither["average_watts"]) == (1, 200)


def test_a_sport_chosen_for_power_brings_its_time_too(marts: Marts) -> None:
    history = [activity(MONDAY, "1"), activity(MONDAY, "2", sport_type="Rowing", average_watts=100.0)]
    assert the_week(marts, *history)["rides"] == 1
    chosen = the_week(marts, *history, power_sports=["Ride", "Rowing"])
    assert (chosen["rides"], chosen["average_watts"], chosen["power_coverage"]) == (2, 150, 1)


def test_a_flagged_ride_counts_and_is_never_a_best(marts: Marts) -> None:
    flagged = activity(
        MONDAY, "1", flagged=True, weighted_average_watts=500.0, distance_m=9e5, max_watts=1500.0
    )
    history = [flagged, activity(MONDAY, "2", max_watts=700.0)]
    weeks, quarters = marts(history, "weekly_watts", "quarterly_overview", as_of=MONDAY)
    for [row] in (weeks, quarters):
        assert (row["rides"], row["best_ride_id"], row["max_watts"]) == (2, "2", 700)
    assert (quarters[0]["longest_ride_m"], quarters[0]["longest_ride_by_distance_id"]) == (30_000, "2")


def test_a_typed_in_ride_counts_and_is_no_quarter_s_longest(marts: Marts) -> None:
    typed = activity(
        MONDAY, "1", manual=True, distance_m=9e5, moving_time_s=90_000, total_elevation_gain_m=9e3
    )
    quarters, records = marts(
        [typed, activity(MONDAY, "2")], "quarterly_overview", "personal_records", as_of=MONDAY
    )
    [quarter] = quarters
    assert (quarter["rides"], quarter["distance_m"]) == (2, 930_000)
    ever = {row["record"]: row["value"] for row in records if row["period"] == "all_time"}
    assert quarter["longest_ride_m"] == ever["longest_distance"] == 30_000
    assert quarter["longest_ride_s"] == ever["longest_time"] == 3600
    assert quarter["most_climbing_ride_m"] == ever["most_climbing"] == 300
    names = ("longest_ride_by_distance_id", "longest_ride_by_time_id", "most_climbing_ride_id")
    assert [quarter[name] for name in names] == ["2", "2", "2"]


def test_figures_that_overlap_do_not_double_an_activity(marts: Marts) -> None:
    older: Row = {"athlete_id": "7", "valid_from": MONDAY, "weight_kg": 80.0, "ftp_w": 250.0}
    newer = older | {"valid_from": MONDAY + timedelta(days=1), "weight_kg": 50.0}
    history = [activity(MONDAY, "1"), activity(MONDAY + timedelta(days=2), "2")]
    week = the_week(marts, *history, figures=[older, newer])
    assert (week["rides"], week["average_watts_per_kg"]) == (2, pytest.approx((200 / 80 + 200 / 50) / 2))


def test_without_a_known_weight_and_ftp_there_is_no_ratio_and_no_load(marts: Marts) -> None:
    week = the_week(marts, activity(MONDAY, "1"))
    assert (week["average_watts_per_kg"], week["training_load"], week["load_source"]) == (None, None, "none")


@pytest.mark.deep
@pytest.mark.parametrize("resting", [119.999, 130.0, 129.999, 150.0, None, -50.0, math.nan])
def test_an_impossible_heart_gives_no_load_and_never_an_infinite_one(
    marts: Marts, resting: float | None
) -> None:
    profile = {
        "athlete_id": "7",
        "valid_from": MONDAY,
        "max_heartrate_bpm": 130.0,
        "resting_heartrate_bpm": resting,
    }
    week = the_week(marts, activity(MONDAY, "1"), figures=[profile])
    assert (week["training_load"], week["load_source"]) == (None, "none")


@pytest.mark.deep
def test_a_best_quarter_starts_at_ten_hours_of_power_and_equal_bikes_are_told_by_name(marts: Marts) -> None:
    history = [
        activity(MONDAY, str(n), moving_time_s=18_000, gear_id=gear, distance_m=9e4)
        for n, gear in enumerate(["b2", "b1"])
    ]
    [[quarter]] = marts(history, "quarterly_overview", as_of=MONDAY)
    assert (quarter["best_average_watts_so_far"], quarter["top_gear_id"]) == (200, "b1")
    history[0]["moving_time_s"] -= 1
    [[quarter]] = marts(history, "quarterly_overview", as_of=MONDAY)
    assert quarter["best_average_watts_so_far"] is None


def test_the_mean_of_ride_means_is_seen_to_be_wrong(marts: Marts, warehouse: DuckDBWarehouse) -> None:
    history = [
        activity(MONDAY, "1", moving_time_s=3600, average_watts=200.0),
        activity(MONDAY, "2", moving_time_s=10_800, average_watts=100.0),
    ]
    week = the_week(marts, *history)
    [wrong] = warehouse.query("SELECT AVG(average_watts) AS watts FROM bq_activities").to_pylist()
    # An hour of 720 kJ and three hours of 1,080 kJ: 1,800 kJ in four hours.
    assert week["average_watts"] == 125
    assert wrong["watts"] == 150


def test_a_year_and_week_number_are_seen_to_mix_weeks(marts: Marts, warehouse: DuckDBWarehouse) -> None:
    history = [activity(date(2024, 1, 1), "1"), activity(date(2024, 12, 30), "2")]
    [weeks] = marts(history, "weekly_watts", as_of=date(2024, 12, 30))
    assert [row["week"] for row in weeks if row["rides"]] == [date(2024, 1, 1), date(2024, 12, 30)]
    wrong = warehouse.query(
        "SELECT year, EXTRACT(WEEK FROM activity_date) AS number, COUNT(*) AS rides"
        " FROM bq_activities GROUP BY year, number"
    ).to_pylist()
    assert [row["rides"] for row in wrong] == [2]
