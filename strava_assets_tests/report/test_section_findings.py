"""What a section says in words holds for short histories, long rests and rides that ended long ago too."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.report.number_format import METRIC
from strava_assets.report.sections import build_sections
from strava_assets.report.tiles import build_tiles
from strava_assets_tests.marts.histories import activity
from strava_assets_tests.report.conftest import TODAY, Read

if TYPE_CHECKING:
    from strava_assets.report import Figures
    from strava_assets.report.section import Section

MONDAY = TODAY - timedelta(days=TODAY.weekday())
THREE_ZONES = ("low", "moderate", "high")
NO_POWER: dict[str, Any] = {"device_watts": None, "average_watts": None, "weighted_average_watts": None}


def section(figures: Figures, name: str) -> Section:
    return next(each for each in build_sections(figures, METRIC) if each.name == name)


@pytest.mark.parametrize("weeks_ago", [4, 6, 20])
def test_the_last_week_with_power_is_named_once_four_weeks_are_without(read: Read, weeks_ago: int) -> None:
    last = MONDAY - timedelta(weeks=weeks_ago)
    figures = read([activity(last, "1"), activity(MONDAY, "2", **NO_POWER)])

    assert section(figures, "weekly").finding == (
        f"No measured power since the week of {last.day}\u00a0{last:%b}\u00a0{last.year}; "
        "the four weeks to it averaged 200\u00a0W."
    )


def test_power_of_the_last_four_weeks_is_theirs(read: Read) -> None:
    figures = read([activity(MONDAY - timedelta(weeks=3), "1"), activity(MONDAY, "2", **NO_POWER)])

    assert section(figures, "weekly").finding.startswith("The last four weeks averaged 200\u00a0W")


@pytest.mark.parametrize(
    ("weeks_before", "text"),
    [
        (0, "1.0\u00a0h this week"),
        (1, "1.0\u00a0h a week over the last whole week"),
        (3, "1.0\u00a0h a week over the last 3 whole weeks"),
        (20, "1.0\u00a0h a week over the last 12 whole weeks"),
    ],
)
def test_hours_are_of_as_many_weeks_as_there_are(read: Read, weeks_before: int, text: str) -> None:
    days = [MONDAY - timedelta(weeks=back) for back in range(weeks_before + 1)]
    figures = read([activity(day, str(day), **NO_POWER) for day in days])

    assert section(figures, "weekly").finding.startswith(f"{text}; none of the rides has measured power")


def every_other_day(days: int) -> list[dict[str, Any]]:
    """Rides of the last days, of an hour at threshold."""
    return [
        activity(TODAY - timedelta(days=back), str(back), weighted_average_watts=240.0)
        for back in range(0, days, 2)
    ]


@pytest.mark.parametrize(("days", "is_compared"), [(11, False), (45, False), (69, False), (71, True)])
def test_fitness_is_compared_with_four_weeks_ago_once_it_had_settled_by_then(
    read: Read, days: int, *, is_compared: bool
) -> None:
    figures = read(every_other_day(days), ftp_w=240.0)

    [tile] = [each for each in build_tiles(figures, METRIC) if each.label == "Fitness (CTL)"]

    assert ("four weeks" in tile.comparison) == is_compared
    assert bool(tile.direction) == is_compared
    assert "form" in tile.comparison
    assert ("four weeks" in section(figures, "load").finding) == is_compared


def quarter(first: date, **fields: Any) -> dict[str, Any]:
    """A row of `intensity_distribution`: twenty easy hours by heart rate, unless the fields say otherwise."""
    empty = dict.fromkeys(f"{key}_{word}_s" for key in ("power", "heartrate") for word in THREE_ZONES)
    easy = {"heartrate_low_s": 72_000, "heartrate_moderate_s": 0, "heartrate_high_s": 0}
    indexes = {"power_polarization": None, "heartrate_polarization": 0.0}
    return empty | easy | indexes | {"period_kind": "quarter", "period_start": first} | fields


def test_a_quarter_of_easy_riding_has_its_index_of_zero_and_its_hours(figures: Figures) -> None:
    hard = {"heartrate_low_s": 3600, "heartrate_high_s": 7200, "heartrate_polarization": None}
    unknown = {"heartrate_low_s": None, "heartrate_moderate_s": None, "heartrate_high_s": None}
    rows = [
        quarter(date(2023, 7, 1), heartrate_polarization=2.1),
        quarter(date(2023, 10, 1), **unknown, heartrate_polarization=None),
        quarter(date(2024, 1, 1)),
        quarter(date(2024, 4, 1), **hard),
    ]
    zones = section(replace(figures, marts={**figures.marts, "intensity_distribution": rows}), "zones")

    assert zones.data["zones-polarization"] == [{"q": "Q3 2023", "h": 2.1}, {"q": "Q1 2024", "h": 0.0}]
    assert zones.charts[-1].legend == (("By heart rate", "second"),)
    hours = {row[0]: row[4] for row in zones.tables[-1].rows}
    assert hours == {"Q2 2024": "1.0", "Q1 2024": "20.0", "Q3 2023": "20.0"}


def test_zones_say_that_they_are_of_rides_with_a_power_meter(figures: Figures) -> None:
    # Those of heart rate too: `power_profile_progress` has no other rides.
    assert section(figures, "zones").note.startswith(
        "Of the rides with a power meter whose seconds are known."
    )


def test_six_weeks_of_short_rides_are_not_a_year_without_an_effort(read: Read) -> None:
    spring = TODAY - timedelta(days=60)
    figures = read([activity(TODAY, "1", moving_time_s=600), activity(spring, "2")], seconds_of=2)

    best = next(
        row for row in figures.rows("power_curve") if (row["period"], row["duration_s"]) == ("all_time", 1200)
    )
    assert section(figures, "curve").finding.startswith(
        f"No 20\u00a0min effort in the last 42 days; the best ever is {best['watts']:.0f}\u00a0W on "
    )


def test_hours_of_sports_are_of_the_year_up_to_today(read: Read) -> None:
    long_ago, last_month = TODAY - timedelta(days=380), TODAY - timedelta(days=30)
    figures = read([activity(long_ago, "1", sport_type="Run"), activity(last_month, "2")])

    assert section(figures, "sports").finding == "Nothing but riding in the last year: 1.0\u00a0h."


def test_whoever_stopped_years_ago_did_no_sport_in_the_last_year(read: Read) -> None:
    figures = read([activity(TODAY - timedelta(days=800), "1", sport_type="Run")])

    sports = section(figures, "sports")

    assert (
        sports.finding
        == "No activity in the last year; the last one was in the week of 4\u00a0Apr\u00a02022."
    )
    assert sports.tables[0].rows == [("Run", "1", "1.0", "30", "300", "0.0")]
    assert not sports.charts
