"""Which figures of a ride count, those of the summary or of its seconds, and what its load rests on."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets_tests.marts.histories import MONDAY, activity
from strava_assets_tests.marts.seconds import held, measured, zoned

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets_tests.marts.conftest import Marts

Row = dict[str, Any]
HEART: Row = {"max_heartrate_bpm": 190.0, "resting_heartrate_bpm": 50.0, "threshold_heartrate_bpm": 169.0}


def figures(**own: Any) -> list[Row]:
    """The athlete's figures, since long ago."""
    return [{"athlete_id": "7", "valid_from": date(2000, 1, 1), "valid_to": None} | own]


FTP = figures(ftp_w=200.0)


def measures(marts: Marts, history: Sequence[Row], power: Sequence[Row] = (), **options: Any) -> Row:
    """The last row of `activity_measures`."""
    given: dict[str, Any] = {"figures": FTP, "as_of": MONDAY + timedelta(100), "power": power} | options
    [rows] = marts(history, "activity_measures", **given)
    row: Row = rows[-1]
    return row


def test_a_ride_with_seconds_has_its_tss_as_load(marts: Marts) -> None:
    row = measures(marts, [activity(MONDAY, "1")], [measured("1", tss=121.0)])
    assert (row["training_load"], row["load_source"], row["load_method"]) == (121, "power", "tss")
    assert row["weighted_load"] == pytest.approx(100 * (210 / 200) ** 2)


@pytest.mark.parametrize(("rides", "scale"), [(4, 1.0), (5, 1.2), (6, 1.15)])
def test_a_summary_alone_is_scaled_by_the_median_ratio_of_five_rides_or_more(
    marts: Marts, rides: int, scale: float
) -> None:
    ratios = [1.0, 1.2, 1.3, 1.25, 1.1, 1.0][:rides]
    history = [activity(MONDAY, str(n), weighted_average_watts=200.0) for n in range(rides)]
    power = [measured(str(n), tss=100.0 * ratio) for n, ratio in enumerate(ratios)]
    row = measures(marts, [*history, activity(MONDAY, "9", weighted_average_watts=100.0)], power)
    assert (row["load_method"], row["load_scale_rides"]) == ("scaled_summary", rides)
    assert row["load_scale"] == pytest.approx(scale)
    assert row["training_load"] == pytest.approx(25 * scale)


def test_a_contradicted_summary_scales_no_other_ride(marts: Marts) -> None:
    history = [activity(MONDAY, str(n), weighted_average_watts=590.0) for n in range(6)]
    power = [measured(str(n), tss=100.0, work_j=720_000, xpower_w=205.0) for n in range(6)]
    assert measures(marts, history, power)["load_scale_rides"] == 0


def test_the_normalized_power_of_a_file_imported_earlier_is_no_weighted_power(marts: Marts) -> None:
    files = [activity(MONDAY, f"file-{n}", source="file", weighted_average_watts=220.0) for n in range(5)]
    power = [measured(f"file-{n}", tss=121.0, xpower_w=200.0, work_j=720_000) for n in range(5)]
    row = measures(marts, files, power)
    assert (row["weighted_average_watts"], row["figures_reason"]) == (200, "agrees")
    # Strava's rides without seconds are scaled from xPower, and not from normalized power.
    assert row["load_scale"] == pytest.approx(1.21)


def test_a_measured_ride_without_weighted_power_takes_it_from_its_seconds(marts: Marts) -> None:
    ride = activity(MONDAY, "1", weighted_average_watts=None)
    seconds = measured("1", tss=98.0, work_j=715_000, xpower_w=203.0)
    row = measures(marts, [ride], [seconds])
    assert (row["figures_from"], row["figures_reason"]) == ("seconds", "weighted_power_missing")
    assert (row["training_load"], row["weighted_average_watts"]) == (98, 203)
    assert measures(marts, [ride])["training_load"] is None  # without seconds it is unknown, and not 0


@pytest.mark.parametrize("fields", [{"average_watts": None}, {"kilojoules": None}, {"device_watts": None}])
def test_a_ride_without_a_summary_of_power_stays_in_the_power_curve(marts: Marts, fields: Row) -> None:
    seconds: Row = {"work_j": 720_000, "xpower_w": 205.0}
    curve, weeks = marts(
        [activity(MONDAY, "1", **fields)],
        "power_curve",
        "weekly_watts",
        power=[measured("1", **seconds)],
        bests=held("1", {300: 280.0}),
        as_of=MONDAY,
    )
    assert {row["watts"] for row in curve} == {280}
    assert (weeks[0]["average_watts"], weeks[0]["power_coverage"]) == (200, 1)


def test_an_absurd_summary_loses_to_good_seconds_and_sets_no_record(marts: Marts) -> None:
    absurd = activity(MONDAY, "1", weighted_average_watts=590.0, max_watts=2400.0)
    seconds = measured(
        "1", normalized_power_w=209.0, xpower_w=205.0, work_j=720_000, tss=121.0, max_watts=820.0
    )
    row = measures(marts, [absurd], [seconds])
    assert (row["figures_from"], row["figures_reason"]) == ("seconds", "weighted_power_differs")
    assert (row["training_load"], row["weighted_average_watts"], row["max_watts"]) == (121, 205, 820)
    assert (row["summary_weighted_watts"], row["seconds_weighted_watts"]) == (590, 205)
    [records] = marts([absurd], "personal_records", power=[seconds], as_of=MONDAY)
    assert {row["value"] for row in records if row["record"] == "highest_weighted_watts"} == {205}


@pytest.mark.parametrize(
    ("work_j", "xpower_w", "reason"),
    [
        (655_000, 205.0, "agrees"),  # 720 kJ are 9.9 % more
        (654_000, 205.0, "work_differs"),  # and 10.1 % more
        (720_000, 191.0, "agrees"),
        (720_000, 190.0, "weighted_power_differs"),
        (720_000, None, "agrees"),
        (None, 205.0, "no_good_seconds"),
    ],
)
def test_seconds_win_beyond_a_difference_of_ten_percent(
    marts: Marts, work_j: int | None, xpower_w: float | None, reason: str
) -> None:
    row = measures(marts, [activity(MONDAY, "1")], [measured("1", work_j=work_j, xpower_w=xpower_w)])
    assert row["figures_reason"] == reason
    wins = reason.endswith("differs")
    assert row["figures_from"] == ("seconds" if wins else "summary")
    assert row["work_j"] == (work_j if wins else 720_000)


@pytest.mark.parametrize(
    ("ride", "seconds"),
    [
        ({}, {"quality": "gappy"}),
        ({"device_watts": False}, {}),
        ({"manual": True}, {}),
        ({}, {"source": "file", "recorded_s": 3239}),  # another recording, which ended early
        ({}, {"source": "api", "recorded_s": 3239}),  # one that was cut short
    ],
)
def test_what_cannot_speak_for_the_ride_overrules_nothing(marts: Marts, ride: Row, seconds: Row) -> None:
    power = [measured("1", work_j=400_000, xpower_w=300.0, tss=300.0) | seconds]
    row = measures(marts, [activity(MONDAY, "1", **ride)], power)
    assert row["figures_from"] in ("summary", None)
    assert row["load_method"] != "tss"


def test_seconds_that_hold_nine_tenths_of_the_ride_speak_for_it(marts: Marts) -> None:
    seconds = measured("1", source="api", recorded_s=3240, work_j=500_000, xpower_w=200.0, tss=90.0)
    row = measures(marts, [activity(MONDAY, "1")], [seconds])
    assert (row["figures_reason"], row["work_j"], row["load_method"]) == ("work_differs", 500_000, "tss")


@pytest.mark.parametrize(("moving_time_s", "power_s"), [(1799, 3600), (1800, 1800)])
def test_work_is_never_over_a_time_in_motion_that_is_a_fault(
    marts: Marts, moving_time_s: int, power_s: int
) -> None:
    ride = activity(MONDAY, "1", moving_time_s=moving_time_s, kilojoules=None)
    row = measures(marts, [ride], [measured("1", work_j=720_000, xpower_w=205.0)])
    assert (row["power_s"], row["work_j"]) == (power_s, 720_000)


def test_recorded_stops_do_not_contradict_weighted_power(marts: Marts) -> None:
    """Strava's is over the time in motion, and xPower over all that was recorded."""
    ride = activity(MONDAY, "1", moving_time_s=3600, kilojoules=720.0, weighted_average_watts=205.0)
    with_stops = 205 * (3600 / 5400) ** 0.25
    row = measures(marts, [ride], [measured("1", recorded_s=5400, work_j=720_000, xpower_w=with_stops)])
    assert row["figures_reason"] == "agrees"
    assert row["seconds_weighted_watts"] == pytest.approx(205)


@pytest.mark.parametrize(("recorded_s", "method"), [(3240, "pace"), (3239, "heart_rate_mean")])
def test_a_load_from_part_of_a_run_is_not_its_load(marts: Marts, recorded_s: int, method: str) -> None:
    run = activity(MONDAY, "1", sport_type="Run", average_watts=None, average_heartrate_bpm=150.0)
    zones = [zoned("1", pace_load=60.0, recorded_s=recorded_s)]
    assert measures(marts, [run], zones=zones, figures=figures(**HEART))["load_method"] == method


def test_a_pace_load_of_zero_is_none(marts: Marts) -> None:
    run = activity(MONDAY, "1", sport_type="Run", average_watts=None, average_heartrate_bpm=150.0)
    row = measures(marts, [run], zones=[zoned("1", pace_load=0.0)], figures=figures(**HEART))
    assert row["load_method"] == "heart_rate_mean"


def test_an_impossible_time_is_replaced_by_the_recorded_seconds(marts: Marts) -> None:
    row = measures(
        marts,
        [activity(MONDAY, "1", moving_time_s=10**12, kilojoules=720.0)],
        [measured("1", recorded_s=3500, work_j=700_000, xpower_w=205.0)],
    )
    assert (row["moving_time_s"], row["power_s"], row["figures_reason"]) == (3500, 3500, "work_missing")


def test_seconds_of_the_heart_are_preferred_to_its_mean(marts: Marts) -> None:
    run = activity(MONDAY, "1", sport_type="Run", average_watts=None)
    zones = [zoned("1", heart_rate_load=71.5)]
    row = measures(marts, [run], zones=zones, figures=figures(**HEART))
    assert (row["training_load"], row["load_source"], row["load_method"]) == (
        71.5,
        "heart_rate",
        "heart_rate_seconds",
    )
    assert measures(marts, [run], figures=figures(**HEART))["load_method"] == "heart_rate_mean"


def test_a_womans_half_reserve_is_32_8_and_a_mans_30(marts: Marts) -> None:
    # An hour at 120 bpm, half of the reserve, against an hour at 169, 85 % of it.
    ride = activity(MONDAY, "1", average_watts=None, average_heartrate_bpm=120.0)
    loads = [
        measures(marts, [ride], figures=figures(**HEART, sex=sex))["training_load"]
        for sex in ("female", "male", None)
    ]
    assert loads == pytest.approx([32.79, 30.04, 30.04], abs=0.01)


def test_a_run_has_its_own_threshold_heart_rate(marts: Marts) -> None:
    own = figures(**HEART, run_threshold_heartrate_bpm=176.0)
    for sport, threshold in (("Run", 176.0), ("Ride", 169.0)):
        hour = activity(MONDAY, "1", sport_type=sport, average_watts=None, average_heartrate_bpm=threshold)
        assert measures(marts, [hour], figures=own)["training_load"] == pytest.approx(100)


@pytest.mark.parametrize(
    ("loads", "method", "load"),
    [
        ({"run_power_load": 60.0, "pace_load": 55.0, "heart_rate_load": 50.0}, "run_power", 60),
        ({"pace_load": 55.0, "heart_rate_load": 50.0}, "pace", 55),
        ({"heart_rate_load": 50.0}, "heart_rate_seconds", 50),
    ],
)
def test_a_runs_power_goes_before_its_pace_and_its_pace_before_its_heart(
    marts: Marts, loads: Row, method: str, load: float
) -> None:
    run = activity(MONDAY, "1", sport_type="Run", average_watts=None)
    row = measures(marts, [run], zones=[zoned("1", **loads)], figures=figures(**HEART))
    assert (row["load_method"], row["training_load"]) == (method, load)


def test_a_day_of_a_run_by_pace_and_a_ride_by_power_is_mixed(marts: Marts) -> None:
    history = [activity(MONDAY, "1"), activity(MONDAY, "2", sport_type="Run", average_watts=None)]
    zones = [zoned("2", pace_load=48.0, grade_adjusted_speed_mps=4.0)]
    days, sports = marts(
        history,
        "daily_load",
        "sport_overview",
        figures=FTP,
        zones=zones,
        as_of=MONDAY,
        power=[measured("1", tss=99.0)],
    )
    assert (days[0]["power_load"], days[0]["pace_load"], days[0]["load_source"]) == (99, 48, "mixed")
    [run] = [row for row in sports if row["sport_type"] == "Run"]
    assert (run["pace_load"], run["grade_adjusted_pace_s_per_km"]) == (48, 250)


def test_drift_of_a_variable_run_is_marked_and_enters_no_mean(marts: Marts) -> None:
    runs = [activity(MONDAY, name, sport_type="Run", average_watts=None) for name in "12"]
    zones = [
        zoned("1", decoupling_pct=4.0, efficiency=1.4, efficiency_basis="pace", is_steady=True),
        zoned("2", decoupling_pct=30.0, efficiency=1.1, efficiency_basis="pace", is_steady=False),
    ]
    rows, [week] = marts(runs, "activity_measures", "sport_overview", zones=zones, as_of=MONDAY)
    assert [(row["recording_decoupling_pct"], row["is_steady"]) for row in rows] == [(4, True), (30, False)]
    assert [(row["efficiency"], row["efficiency_basis"]) for row in rows] == [(1.4, "pace"), (1.1, "pace")]
    assert (week["steady_activities"], week["steady_decoupling_pct"]) == (1, 4)


def test_fitness_begins_at_the_mean_load_of_the_first_six_weeks_once_they_are_over(marts: Marts) -> None:
    history = [activity(MONDAY + timedelta(2 * n), str(n), weighted_average_watts=200.0) for n in range(40)]
    for days, start in ((40, 0.0), (41, 50.0), (79, 50.0)):
        begun = [row for row in history if row["activity_date"] <= MONDAY + timedelta(days)]
        [rows] = marts(begun, "daily_load", figures=FTP, as_of=MONDAY + timedelta(days))
        assert {row["start_load"] for row in rows} == {start}
    # A rider who trains evenly has neither a climb of fitness from 0 nor a deep hole of form.
    assert min(row["fitness_ctl"] for row in rows) == pytest.approx(50, abs=2)
    assert min(row["form_tsb"] for row in rows) > -10
    assert rows[41]["start_weight"] == pytest.approx(0.3679, abs=1e-4)
    assert [row["is_warm_up"] for row in rows[41:43]] == [True, False]
