"""Gear by the names that the athlete has given it, and how far it is to the next service."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from strava_assets.profile.gear_file import Gear
from strava_assets.report.number_format import METRIC
from strava_assets.report.sections import build_sections
from strava_assets_tests.marts.histories import activity
from strava_assets_tests.report.conftest import TODAY, Read

if TYPE_CHECKING:
    from strava_assets.report import Figures
    from strava_assets.report.section import Section


def gear(figures: Figures) -> Section:
    return next(section for section in build_sections(figures, METRIC) if section.name == "gear")


def ridden(read: Read) -> Figures:
    """Three rides of 30 km on one bike, one of them on the day of a service."""
    return read(
        [activity(TODAY - timedelta(days=back), f"{back}", gear_id="b1") for back in (0, 10, 20)]
        + [activity(TODAY, "shoes", gear_id="g1", sport_type="Run")]
    )


def test_gear_has_the_name_that_the_athlete_file_gives_it(read: Read) -> None:
    section = gear(replace(ridden(read), gear={"b1": Gear("Road bike")}))

    assert section.finding.startswith("Most used: Road bike, 90\u00a0km")
    assert {point["g"] for point in section.data["gear"]} == {"Road bike", "Shoes g1"}


def test_without_the_file_gear_has_the_name_that_the_source_gives_it(read: Read) -> None:
    named = [activity(TODAY, "1", gear_id="b1", gear_name="Commuter"), activity(TODAY, "2", gear_id="b2")]

    assert {point["g"] for point in gear(read(named)).data["gear"]} == {"Commuter", "Bike b2"}


def test_gear_of_one_name_is_told_apart(read: Read) -> None:
    """The next pair of the same shoes; the chart would draw both as one."""
    pairs = [activity(TODAY, gear_id, gear_id=gear_id, gear_name="Pegasus") for gear_id in ("g1", "g2")]

    section = gear(read([*pairs, activity(TODAY, "3", gear_id="b1", gear_name="Commuter")]))

    assert {point["g"] for point in section.data["gear"]} == {"Pegasus (g1)", "Pegasus (g2)", "Commuter"}
    assert {row[0] for row in section.tables[0].rows} == {"Pegasus (g1)", "Pegasus (g2)", "Commuter"}


def test_a_service_counts_the_distance_since_the_day_after_the_last_one(read: Read) -> None:
    serviced = Gear("Road bike", 100_000.0, TODAY - timedelta(days=10))

    section = gear(replace(ridden(read), gear={"b1": serviced}))

    assert section.finding.endswith("Next service: Road bike, in 70\u00a0km.")
    assert section.tables[0].rows == [("Road bike", "100", "2\u00a0Jun\u00a02024", "30", "70")]


def test_what_is_overdue_stands_first_and_says_since_when(read: Read) -> None:
    both = {"b1": Gear("Road bike", 50_000.0), "g1": Gear("Shoes", 800_000.0, date(2024, 1, 1))}

    section = gear(replace(ridden(read), gear=both))

    assert section.finding.endswith("Road bike is due for service since 40\u00a0km.")
    assert [row[0] for row in section.tables[0].rows] == ["Road bike", "Shoes"]
