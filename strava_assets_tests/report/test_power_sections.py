"""What the page says of the rides' seconds: whole, in part, and before there are any."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.report import Figures, build_page
from strava_assets.report.number_format import METRIC, effort_duration
from strava_assets.report.section import Link, Section
from strava_assets.report.sections import build_sections
from strava_assets.report.tiles import build_tiles
from strava_assets_tests.marts.histories import activity
from strava_assets_tests.report.conftest import NOW, TODAY, Read, seasons

if TYPE_CHECKING:
    from collections.abc import Mapping

POWER = ("curve", "efforts", "threshold", "zones")


def sections(figures: Figures) -> dict[str, Section]:
    return {section.name: section for section in build_sections(figures, METRIC)}


def bests(figures: Figures, period: str) -> dict[int, dict[str, Any]]:
    return {row["duration_s"]: row for row in figures.rows("power_curve") if row["period"] == period}


def watts(row: Mapping[str, Any]) -> str:
    return f"{row['watts']:.0f}\u00a0W"


@pytest.mark.deep
def test_before_any_seconds_the_page_says_how_many_rides_remain_and_how_they_come(read: Read) -> None:
    figures = read(seasons(30), ftp_w=240.0)
    rides = figures.quality["power_rides"]

    page = build_page(figures, generated_at=NOW)

    assert f"Those of {rides}\u00a0rides with a power meter are still to come" in page
    assert "strava-assets import" in page
    assert page.count("still to come") == 1
    assert not {"efforts", "threshold", "zones"} & sections(figures).keys()


@pytest.mark.deep
def test_where_no_sync_fetches_seconds_none_is_said_to(read: Read) -> None:
    figures = replace(read(seasons(30)), fetches_streams=False)

    by_name = sections(figures)

    assert "no sync fetches them, because of the setting streams" in by_name["curve"].finding
    quality = {row[0]: row[2] for row in by_name["quality"].tables[0].rows}
    assert quality["Rides without seconds yet"] == "your bulk export brings all at once"


@pytest.mark.deep
def test_without_a_power_meter_nothing_is_promised(read: Read) -> None:
    figures = read([activity(TODAY, "1", device_watts=False)])

    assert sections(figures)["curve"].finding == "No power curve yet: it needs rides with a power meter."


@pytest.mark.deep
def test_where_strava_has_no_recordings_none_are_promised(read: Read) -> None:
    figures = read([activity(TODAY, "1")])
    quality = figures.quality | {"streams_to_come": 0, "streams_none": 1}
    curve = sections(replace(figures, quality=quality))["curve"]

    assert "none of the rides with a power meter has its seconds recorded" in curve.finding


@pytest.mark.deep
def test_the_curve_of_some_rides_says_how_many_may_still_raise_it(read: Read) -> None:
    figures = read(seasons(30), ftp_w=240.0, seconds_of=20)
    to_come = figures.quality["power_rides"] - 20

    by_name = sections(figures)

    assert f"The seconds of {to_come}\u00a0more rides are still to come" in by_name["curve"].note
    assert "of the 20\u00a0rides known so far" in by_name["curve"].finding
    assert "of the 20\u00a0rides known so far" in by_name["efforts"].finding
    rows = {row[0]: row[1] for row in by_name["quality"].tables[0].rows}
    assert rows["Rides with seconds"] == "20"
    assert rows["Rides without seconds yet"] == str(to_come)
    assert "Unreadable seconds" not in rows


def test_recordings_that_could_not_be_read_are_counted(figures: Figures) -> None:
    spoilt = replace(figures, quality=figures.quality | {"streams_unreadable": 3, "streams_none": 2})

    rows = {row[0]: row[1] for row in sections(spoilt)["quality"].tables[0].rows}

    assert rows["Unreadable seconds"] == "3"
    assert rows["Without seconds"] == "2"


def test_the_curve_says_what_the_mart_says(figures: Figures) -> None:
    now, ever = bests(figures, "last_42_days")[1200], bests(figures, "all_time")[1200]

    curve = sections(figures)["curve"]

    loss = f"{100 * (1 - now['watts'] / ever['watts']):.0f}\u00a0%"
    assert curve.finding.startswith(
        f"The best 20\u00a0min of the last 42 days: {watts(now)}, {loss} below the best"
    )
    drawn = {point["t"]: point for point in curve.data["curve"]}
    assert drawn[1200]["x"] == f"\u2212{loss}"
    for key, period in (("n", "last_42_days"), ("a", "all_time")):
        assert {t: p[key] for t, p in drawn.items() if key in p} == {
            t: round(row["watts"], 1) for t, row in bests(figures, period).items()
        }
        assert drawn[1200][f"{key}k"] == round(bests(figures, period)[1200]["watts_per_kg"], 2)


@pytest.mark.deep
def test_a_year_without_a_ride_of_known_seconds_is_told_from_all_time(read: Read) -> None:
    figures = read([row for row in seasons(156) if row["year"] == 2022], seconds_of=10_000)

    curve = sections(figures)["curve"]

    ever = bests(figures, "all_time")[1200]
    assert curve.finding.startswith(f"No 20\u00a0min effort this year yet; the best ever is {watts(ever)}")
    assert [name for name, _ in curve.charts[0].legend] == ["All time", "Best ever"]


def test_a_curve_of_short_rides_is_told_at_the_longest_of_them(read: Read) -> None:
    figures = read([activity(TODAY, "1", moving_time_s=300)], seconds_of=1)

    assert sections(figures)["curve"].finding.startswith("The best 5\u00a0min of the last 42 days")


def test_without_a_body_weight_there_are_no_watts_by_it(figures: Figures) -> None:
    light = [row | {"watts_per_kg": None} for row in figures.rows("power_curve")]

    curve = sections(replace(figures, marts={**figures.marts, "power_curve": light}))["curve"]

    assert [chart.name for chart in curve.charts] == ["curve-watts", "curve-overview"]


def test_best_efforts_link_to_the_rides_that_hold_them(figures: Figures) -> None:
    [table, weekly] = sections(figures)["efforts"].tables

    assert table.is_open
    assert [row[0] for row in table.rows] == [
        effort_duration(seconds) for seconds in (5, 60, 300, 1200, 3600)
    ]
    cell = table.rows[3][1]
    held = bests(figures, "all_time")[1200]
    assert isinstance(cell, Link)
    assert cell.value.startswith(watts(held))
    assert cell.href == f"https://www.strava.com/activities/{held['activity_id']}"
    week = next(week for week in reversed(figures.rows("power_profile_progress")) if week["best_60s_w"])
    newest = weekly.rows[0][2]
    assert isinstance(newest, Link)
    assert newest.href.endswith(f"/{week['best_60s_ride_id']}")


@pytest.mark.deep
def test_the_line_of_best_efforts_ends_twelve_weeks_after_the_last_of_them(read: Read) -> None:
    early = [activity(TODAY - timedelta(weeks=back), f"{back}") for back in range(40, 50)]
    late = activity(TODAY, "0", moving_time_s=600)

    efforts = sections(read([*early, late], seconds_of=100))["efforts"]

    rolling = [point.get("r1200") for point in efforts.data["efforts"]]
    assert rolling.count(None) == len(rolling) - 10 - 11
    assert rolling[-1] is None


def test_the_threshold_is_the_mart_s_and_its_fit_is_told(figures: Figures) -> None:
    now = figures.rows("power_profile_progress")[-1]

    threshold = sections(figures)["threshold"]

    assert threshold.finding.startswith(f"FTP is estimated at {now['estimated_ftp_w']:.0f}\u00a0W")
    assert "have a good fit" in threshold.note
    assert threshold.tables[0].rows[0][-1] in {"good", "too few efforts", "efforts of one day"}


def test_a_threshold_that_is_past_is_called_so(figures: Figures) -> None:
    weeks = figures.rows("power_profile_progress")
    past = [
        *weeks[:-5],
        *(
            week | {"estimated_ftp_w": None, "critical_power_w": None, "w_prime_kj": None}
            for week in weeks[-5:]
        ),
    ]

    threshold = sections(replace(figures, marts={**figures.marts, "power_profile_progress": past}))[
        "threshold"
    ]

    assert threshold.finding.startswith("The last estimate of FTP, ")


@pytest.mark.deep
def test_zones_need_a_threshold_and_say_so(read: Read) -> None:
    zones = sections(read(seasons(20), seconds_of=100))["zones"]

    assert zones.charts == []
    assert "athlete file" in zones.finding


def test_zones_add_up_to_what_the_mart_holds(figures: Figures) -> None:
    weeks = figures.rows("power_profile_progress")[-12:]
    total = sum(week[f"power_zone_{zone}_s"] or 0 for week in weeks for zone in range(1, 8))

    zones = sections(figures)["zones"]

    assert f"Of {total / 3600:.1f}\u00a0h in the last 12 weeks" in zones.finding
    last = zones.data["zones-power"][-1]
    week = figures.rows("power_profile_progress")[-1]
    assert last == {"w": str(week["week"]), "z": "7", "h": round(week["power_zone_7_s"] / 3600, 2)}


def test_a_runner_has_the_hours_of_every_sport_by_heart_rate(read: Read) -> None:
    """No ride has power zones, and yet the heart rate of every second is known."""
    figures = read(seasons(20, sport_type="Run"), ftp_w=240.0, seconds_of=100)
    weeks = [row for row in figures.rows("intensity_distribution") if row["period_kind"] == "week"]
    easy, moderate, hard = (
        sum(week[f"heartrate_{word}_s"] or 0 for week in weeks[-12:]) for word in ("low", "moderate", "high")
    )
    assert hard > moderate > 0

    zones = sections(figures)["zones"]

    assert zones.finding == (
        f"Of {(easy + moderate + hard) / 3600:.1f}\u00a0h in the last 12 weeks, 80\u00a0% were easy and "
        "15\u00a0% above the heart rate at threshold."
    )
    assert [chart.name for chart in zones.charts] == ["zones-intensity", "zones-polarization"]
    latest = weeks[-1]
    assert zones.data["zones-intensity"][-1] == {
        "w": str(latest["period_start"]),
        "z": "3",
        "h": round(latest["heartrate_high_s"] / 3600, 2),
    }
    assert zones.note.startswith("Of the activities of every sport")


def test_tiles_hold_the_best_of_late_against_last_year_s(figures: Figures) -> None:
    tiles = {tile.label: tile for tile in build_tiles(figures, METRIC)}

    now, before = bests(figures, "last_90_days")[1200], bests(figures, "2023")[1200]
    tile = tiles["Best 20 minutes, last 90 days"]
    assert tile.value == f"{now['watts']:.0f}"
    assert tile.comparison.endswith("the best of 2023")
    change = now["watts"] - before["watts"]
    assert tile.direction == ("level" if abs(change) < 0.5 else "up" if change > 0 else "down")
    assert len(tiles) == 6


def test_while_older_rides_are_still_to_come_nothing_is_held_against_last_year(figures: Figures) -> None:
    half = replace(figures, quality=figures.quality | {"streams_to_come": 100})

    curve = sections(half)["curve"]
    assert "2023" not in curve.finding
    assert "below" not in curve.finding
    assert "year" not in sections(half)["threshold"].finding
    assert "Best 20 minutes, last 90 days" in {
        tile.label
        for tile in build_tiles(half, METRIC)
        if tile.comparison == "no best of 2023 to compare with"
    }


@pytest.mark.deep
def test_without_seconds_there_are_four_tiles(read: Read) -> None:
    assert len(build_tiles(read(seasons(30)), METRIC)) == 4


@pytest.mark.deep
def test_a_hostile_name_stays_text_in_the_curve_s_rows(read: Read) -> None:
    name = "</script><script>alert(1)</script>"

    page = build_page(read([activity(TODAY, "1", name=name)], seconds_of=1), generated_at=NOW)

    assert "<script>alert" not in page
