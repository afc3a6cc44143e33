"""The page shows what deserves a look: suspicious activities, overruled summaries, a proposed FTP, a plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.report.changed_definitions import CHANGED
from strava_assets.report.number_format import UNITS, day
from strava_assets.report.section import Link
from strava_assets.report.sections import build_sections
from strava_assets_tests.report.conftest import TODAY

if TYPE_CHECKING:
    from strava_assets.report import Figures
    from strava_assets.report.section import Section

Row = dict[str, Any]


def sections(figures: Figures, **marts: list[Row]) -> dict[str, Section]:
    changed = replace(figures, marts={**figures.marts, **marts})
    return {section.name: section for section in build_sections(changed, UNITS["metric"])}


def pair() -> Row:
    return {
        "activity_id": "12",
        "activity_date": TODAY,
        "name": "Evening",
        "sport_type": "Workout",
        "reason": "two_sports_at_once",
        "detail": None,
        "other_activity_id": "11",
        "other_sport_type": "VirtualRide",
    }


def test_a_suspicious_pair_links_both_activities(figures: Figures) -> None:
    tables = sections(figures, suspicious_activities=[pair()])["quality"].tables
    [table] = [table for table in tables if table.caption == "Activities worth a look: 1"]
    activity, reason, _, other = table.rows[0]
    assert isinstance(activity, Link)
    assert activity.href.endswith("/activities/12")
    assert other == Link("VirtualRide", "https://www.strava.com/activities/11")
    assert reason == "recorded under two sports at once; both count"


def test_many_suspicious_activities_are_counted_and_the_newest_listed(figures: Figures) -> None:
    rows = [pair() | {"activity_id": str(n)} for n in range(80)]
    tables = sections(figures, suspicious_activities=rows)["quality"].tables
    [table] = [table for table in tables if table.caption.startswith("Activities worth a look")]
    assert table.caption.endswith("the newest 50 of 80")
    assert len(table.rows) == 50


def test_a_ride_whose_seconds_count_has_both_figures(figures: Figures) -> None:
    overruled = {
        "activity_id": "5",
        "activity_date": TODAY,
        "name": "Absurd",
        "sport_type": "Ride",
        "figures_reason": "weighted_power_differs",
        "summary_work_kj": 720.0,
        "seconds_work_kj": 718.0,
        "summary_weighted_watts": 590.0,
        "seconds_weighted_watts": 205.0,
        "training_load": 121.0,
    }
    tables = sections(replace(figures, overruled=[overruled]))["quality"].tables
    [table] = [table for table in tables if table.caption.startswith("Rides whose power")]
    assert table.rows[0][1:] == ("the weighted power differs", "720", "718", "590", "205", "121")


def test_a_proposed_ftp_comes_with_its_evidence(figures: Figures) -> None:
    newest = figures.rows("ftp_estimates")[0] | {
        "ftp_w": 246.0,
        "proposed_ftp_w": 254.0,
        "best_1200s_w": 268.0,
        "differs_since": TODAY - timedelta(40),
    }
    threshold = sections(figures, ftp_estimates=[newest])["threshold"]
    text = threshold.finding.replace("\u00a0", " ")
    assert "Your FTP of 246 W looks 8 W low since 3 May 2024: 20 minutes at 268 W." in text
    assert (
        "Your FTP"
        not in sections(figures, ftp_estimates=[newest | {"proposed_ftp_w": None}])["threshold"].finding
    )


def test_the_form_on_the_day_of_the_goal_is_told(figures: Figures) -> None:
    plan = [
        {
            "day": TODAY + timedelta(n),
            "days_ahead": n,
            "goal": "Ronde" if n == 9 else None,
            "planned_load": 40.0,
            "projected_fitness_ctl": 60.0,
            "projected_fatigue_atl": 50.0,
            "projected_form_tsb": 12.0,
        }
        for n in range(1, 11)
    ]
    load = sections(figures, planned_form=plan)["load"]
    assert load.finding.endswith("If the plan is ridden, form is 12 on 21\u00a0Jun\u00a02024, Ronde.")
    assert [row[0] for row in load.tables[-1].rows] == [day(TODAY + timedelta(n)) for n in (7, 9, 10)]


def test_every_changed_definition_is_on_the_page_with_its_date(figures: Figures) -> None:
    tables = sections(figures)["quality"].tables
    [table] = [table for table in tables if table.caption.startswith("Changed definitions")]
    assert [row[0] for row in table.rows] == [figure for _, figure, _ in CHANGED]
    assert {row[1] for row in table.rows} == {day(since) for since, _, _ in CHANGED}
