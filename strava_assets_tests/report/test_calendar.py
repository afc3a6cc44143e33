"""The calendar: days by sport, hours of the week, streaks, and work that nobody measured."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

import pytest

from strava_assets.report.number_format import METRIC
from strava_assets.report.sections import build_sections
from strava_assets_tests.marts.histories import activity
from strava_assets_tests.report.conftest import TODAY, Read

if TYPE_CHECKING:
    from strava_assets.report import Figures
    from strava_assets.report.section import Section

MONDAY = TODAY - timedelta(days=TODAY.weekday())


def calendar(figures: Figures) -> Section:
    return next(section for section in build_sections(figures, METRIC) if section.name == "calendar")


def test_a_day_holds_its_hours_of_each_sport_and_of_all(read: Read) -> None:
    history = [activity(MONDAY, "1"), activity(MONDAY, "2", sport_type="Run", moving_time_s=1800)]

    [point] = calendar(read(history)).data["calendar-2024"]

    assert point == {"w": str(MONDAY), "all": 1.5, "ride": 1.0, "run": 0.5, "k": 720}


def test_work_that_was_not_measured_is_missing_and_not_zero(read: Read) -> None:
    section = calendar(read([activity(MONDAY, "1", device_watts=False)]))

    assert "k" not in section.data["calendar-2024"][0]
    [row] = section.tables[0].rows
    assert row[3] == "not measured"


def test_rides_are_counted_at_the_local_hour_of_their_start(read: Read) -> None:
    sunday = MONDAY - timedelta(days=1)
    history = [
        activity(MONDAY, "1", start_date_local=datetime.combine(MONDAY, time(7, 59))),
        activity(MONDAY - timedelta(days=7), "2", start_date_local=datetime.combine(MONDAY, time(7))),
        activity(sunday, "3", start_date_local=datetime.combine(sunday, time(18, 30))),
        activity(sunday, "4", manual=True),
    ]

    section = calendar(read(history))

    assert section.data["calendar-hours"] == [{"d": 0, "o": 7, "n": 2}, {"d": 6, "o": 18, "n": 1}]


@pytest.mark.parametrize(
    ("weeks_back", "words"),
    [
        ((0, 1, 2), "A ride in each of the last 3\u00a0weeks: your longest streak."),
        ((1, 2), "A ride in each of the last 2\u00a0weeks: your longest streak."),
        ((0, 1, 4, 5, 6), "A ride in each of the last 2\u00a0weeks; the longest streak has 3\u00a0weeks."),
        ((3, 4), "The longest streak of weeks with a ride has 2."),
    ],
)
def test_a_streak_counts_weeks_with_a_ride_and_the_running_week_ends_none(
    read: Read, weeks_back: tuple[int, ...], words: str
) -> None:
    history = [activity(MONDAY - timedelta(weeks=back), f"{back}") for back in weeks_back]

    assert calendar(read(history)).finding.endswith(words)
