"""This week and the last ride: what is drawn is what the rides say."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.report import Figures, read_trace
from strava_assets.report.activity_list import listed_activities, sport_choices
from strava_assets.report.number_format import IMPERIAL, METRIC, ordinal
from strava_assets.report.power_trace import PowerTrace
from strava_assets.report.sections import build_sections
from strava_assets.report.usual_week import usual_week
from strava_assets.streams import StreamStore, from_channels
from strava_assets_tests.marts.histories import activity
from strava_assets_tests.report.conftest import TODAY, Read, seasons
from strava_assets_tests.streams.samples import entry

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets.report.number_format import Units
    from strava_assets.report.section import Section

MONDAY = TODAY - timedelta(days=TODAY.weekday())


def section(figures: Figures, name: str, units: Units = METRIC) -> Section:
    return next(section for section in build_sections(figures, units) if section.name == name)


def test_the_bars_of_a_day_add_up_to_its_zones(figures: Figures) -> None:
    week = section(figures, "week")
    tuesday = MONDAY + timedelta(days=1)
    [ride] = [row for row in figures.activities if row["activity_date"] == tuesday]

    drawn = {
        point["z"]: point["h"] for point in week.data["week"] if "z" in point and point["w"] == f"{tuesday}"
    }

    assert sum(drawn.values()) == pytest.approx(
        sum(ride[f"power_zone_{zone}_s"] for zone in range(1, 8)) / 3600, abs=0.01
    )


def test_a_ride_without_zones_is_drawn_whole_and_named_so(read: Read) -> None:
    history = [activity(MONDAY, "1", moving_time_s=5400), activity(MONDAY - timedelta(days=7), "2")]

    week = section(read(history), "week")

    [bar] = [point for point in week.data["week"] if "z" in point]
    assert (bar["z"], bar["h"]) == ("no zone", 1.5)
    assert ("no zone", "bar") in week.charts[0].legend


@pytest.mark.parametrize(
    ("zones_s", "bars"),
    [
        # Half an hour in a café was recorded: zeros of the lowest zone.
        ((3600, 1800), {"1 Recovery": 0.5, "2 Endurance": 0.5}),
        # The meter sent nothing for ten minutes.
        ((1200, 1800), {"1 Recovery": 0.333, "2 Endurance": 0.5, "no zone": 0.167}),
        ((1800, 1790), {"1 Recovery": 0.5, "2 Endurance": 0.497}),
    ],
)
def test_the_bars_of_a_day_are_as_high_as_its_riding_time(
    read: Read, zones_s: tuple[int, int], bars: dict[str, float]
) -> None:
    figures = read([activity(MONDAY, "1"), activity(MONDAY - timedelta(days=7), "2")])
    zones = {f"power_zone_{zone}_s": s for zone, s in enumerate((*zones_s, 0, 0, 0, 0, 0), 1)}
    zoned = [row | zones for row in figures.activities]

    points = section(replace(figures, activities=zoned), "week").data["week"]

    assert {point["z"]: point["h"] for point in points if "z" in point} == bars
    assert [point["l"] for point in points if "l" in point] == ["1:00"]


def test_the_usual_week_is_the_median_of_twelve_whole_weeks(read: Read) -> None:
    hours = [1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 40]
    history = [activity(MONDAY, "now", moving_time_s=600)]
    history += [
        activity(MONDAY - timedelta(weeks=back), f"{back}", moving_time_s=3600 * each)
        for back, each in enumerate(hours, 1)
    ]

    week = usual_week(read(history))

    assert week is not None
    assert week.usual_so_far_s == (7200.0,) * 7
    assert week.usual_s == (7200.0, 0, 0, 0, 0, 0, 0)
    assert (week.so_far_s, week.days_elapsed, week.weeks) == (600, 3, 12)


def test_days_to_come_have_no_running_total(figures: Figures) -> None:
    totals = [point for point in section(figures, "week").data["week"] if "m" in point]

    assert ["t" in point for point in totals] == [True] * 3 + [False] * 4


def test_before_a_second_week_there_is_nothing_to_compare_with(read: Read) -> None:
    figures = read([activity(MONDAY, "1")])

    assert usual_week(figures) is None
    assert "week" not in {section.name for section in build_sections(figures, METRIC)}


def test_the_last_ride_is_the_newest_that_counts(read: Read) -> None:
    history = [
        activity(TODAY - timedelta(days=1), "1", name="Long", moving_time_s=7200),
        activity(TODAY - timedelta(days=1), "2", name="Short", moving_time_s=600),
        activity(TODAY, "3", name="Run", sport_type="Run"),
    ]

    ride = section(read(history), "ride")

    assert ride.finding.startswith("Long: 2:00\u00a0h")
    assert ride.charts == []
    assert "drawn when its seconds are here" in ride.note


def test_its_efforts_have_their_place_among_those_of_the_year(figures: Figures) -> None:
    last = figures.last_ride
    assert last is not None
    year = [row for row in figures.activities if row["activity_date"].year == last["activity_date"].year]
    better = sum(row["best_300s_w"] > last["best_300s_w"] for row in year)
    raised = [
        row | ({"best_300s_w": 999.0} if row["activity_id"] == last["activity_id"] else {})
        for row in figures.activities
    ]

    places = section(figures, "ride").badges
    best = section(replace(figures, activities=raised), "ride").badges

    assert (f"{ordinal(better + 1)} best 5\u00a0min of 2024" in places) == (0 < better < 10)
    assert "best 5\u00a0min of 2024" in best
    half = replace(figures, quality=figures.quality | {"streams_to_come": 1000})
    assert section(half, "ride").badges == ()


def test_places_are_counted_as_people_do() -> None:
    places = (1, 2, 3, 4, 11, 12, 13, 21, 22, 103, 111)
    assert [ordinal(place) for place in places] == [
        *("1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "103rd", "111th")
    ]


def test_the_trace_is_drawn_over_the_zones_it_reaches(figures: Figures) -> None:
    traced = replace(figures, last_ride_trace=PowerTrace(10, (100.0, None, 230.0)))

    ride = section(traced, "ride")

    points = ride.data["ride"]
    assert [point for point in points if "t" in point] == [{"t": 0, "p": 100}, {"t": 10}, {"t": 20, "p": 230}]
    # 240 W of FTP: 230 W are in the fourth zone.
    assert [point["z"] for point in points if "z" in point] == [
        "1 Recovery",
        "2 Endurance",
        "3 Tempo",
        "4 Threshold",
    ]
    assert [name for name, _ in ride.charts[0].legend][-1] == "4 Threshold"


def test_a_trace_is_the_mean_of_each_step_and_has_a_gap_where_recording_paused(tmp_path: Path) -> None:
    store = StreamStore(str(tmp_path))
    seconds = [*range(10), *range(20, 30)]
    with store.writer() as writer:
        samples = {"t_s": seconds, "watts": [100.0] * 5 + [200.0] * 5 + [300.0] * 10}
        writer.add(entry("1"), from_channels("7", "1", samples))
        writer.add(entry("2"), from_channels("7", "2", {"t_s": seconds, "heartrate_bpm": [100.0] * 20}))

    entries = store.entries("7")
    assert read_trace(store, entries["7", "1"]) == PowerTrace(5, (100.0, 200.0, None, None, 300.0, 300.0))
    assert read_trace(store, entries["7", "2"]) is None


def test_activities_are_listed_with_their_sport_and_watts_only_where_measured(read: Read) -> None:
    history: list[dict[str, Any]] = [
        activity(MONDAY, "1", name="Ride"),
        activity(MONDAY, "2", name="Guess", device_watts=False),
        activity(TODAY, "r x", name="Run", sport_type="Run"),
    ]
    figures = read(history)

    lines = {line[1]: line for line in listed_activities(figures)}

    assert lines["Ride"] == [str(MONDAY), "Ride", "1", "ride", 60, 30000, 200]
    assert lines["Guess"][-1] == 0
    assert lines["Run"][2] == ""
    assert sport_choices(figures) == [("ride", "Rides"), ("run", "Runs")]


def test_lengths_of_the_last_ride_are_in_the_chosen_unit(read: Read) -> None:
    figures = read(seasons(3))

    [metric, imperial] = [section(figures, "ride", units).facts[0].value for units in (METRIC, IMPERIAL)]

    assert metric.endswith("km")
    assert imperial.endswith("mi")
