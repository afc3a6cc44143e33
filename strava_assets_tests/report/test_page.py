"""The page as a file: whole, self-contained, safe, and true to the marts."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from markupsafe import escape

from strava_assets.report import MARTS, Figures, build_page
from strava_assets.report.number_format import METRIC
from strava_assets.report.sections import build_sections
from strava_assets_tests.marts.histories import activity
from strava_assets_tests.report.conftest import NOW, TODAY, Read, seasons

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT_BYTES = 1_500_000
STILL = re.compile(r'id="chart-([\w-]+)" role="img" aria-label="([^"]+)">(<svg.*?</svg>)?</div>', re.DOTALL)


def without_scripts(page: str) -> str:
    return re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)


def findings(page: str) -> dict[str, str]:
    return dict(re.findall(r'<h2 id="([\w-]+)"[^>]*>(.*?)</h2>', page))


def test_nothing_but_rides_on_strava_is_linked_and_nothing_is_loaded(page: str) -> None:
    visible = without_scripts(page)

    addresses = set(re.findall(r'(?:href|src|action|data)="([^"#]+)"', visible))

    assert addresses
    assert all(re.fullmatch(r"https://www\.strava\.com/activities/\d+", address) for address in addresses)
    assert "@import" not in visible
    assert not re.search(r"url\((?!#)", visible)
    assert "default-src 'none'" in visible


def test_every_chart_is_drawn_without_a_script_and_told_in_words(page: str) -> None:
    charts = STILL.findall(page)

    assert len(charts) >= 15
    for name, description, still in charts:
        assert len(description) > 20, name
        if not name.endswith("-overview"):
            elements = ET.fromstring(still).iter()  # noqa: S314 - our own drawing
            marks = [element for element in elements if element.tag.endswith(("path", "line", "text"))]
            assert len(marks) > 4, name


def test_every_section_says_what_is_seen_and_has_its_numbers_in_a_table(page: str) -> None:
    sections = re.findall(
        r'<section class="card[^"]*" aria-labelledby="([\w-]+)">(.*?)</section>', page, re.DOTALL
    )

    assert {name for name, _ in sections} == {
        *(
            "weekly",
            "quarterly",
            "curve",
            "efforts",
            "threshold",
            "zones",
            "load",
            "years",
            "calendar",
            "sports",
            "gear",
            "eddington",
            "records",
            "quality",
        )
    }
    for name, content in sections:
        assert re.search(r"<h2[^>]*>[^<]{20,}[.!]</h2>", content), name
        assert content.count("<tr>") > 1, name


def test_drawings_on_one_page_do_not_share_names(page: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', without_scripts(page))

    assert len(ids) == len(set(ids))


def test_links_at_the_top_lead_to_every_section(page: str) -> None:
    linked = re.findall(r'<a href="#([\w-]+)">', page)

    assert linked == re.findall(r'<section class="card" aria-labelledby="([\w-]+)">', page)


@pytest.mark.deep
def test_weeks_of_the_calendar_begin_when_the_setting_says(read: Read) -> None:
    sunday = date(2024, 6, 9)
    history = [activity(sunday, "1")]

    places = {}
    for start in ("monday", "sunday"):
        sections = build_sections(read(history, week_start=start), METRIC)
        [days] = [each.data["calendar-2024"] for each in sections if each.name == "calendar"]
        places[start] = next(point["y"] for point in days if point["c"])

    assert places == {"monday": 6, "sunday": 0}


def test_the_running_week_and_quarter_are_marked(figures: Figures) -> None:
    by_name = {section.name: section for section in build_sections(figures, METRIC)}

    assert [point["w"] for point in by_name["weekly"].data["weeks"] if "p" in point] == ["2024-06-10"]
    assert [(point["y"], point["q"]) for point in by_name["quarterly"].data["quarters"] if "p" in point] == [
        ("2024", "Q2")
    ]


def test_a_year_s_line_begins_with_the_first_ride_ever(figures: Figures) -> None:
    years = next(section for section in build_sections(figures, METRIC) if section.name == "years")

    first = min(point["w"] for point in years.data["years"] if point["y"] == "2021")
    assert first == f"2000-{min(row['activity_date'] for row in figures.ride_days):%m-%d}"


def test_the_headline_and_the_finding_say_what_the_mart_says(page: str, figures: Figures) -> None:
    week = figures.rows("weekly_watts")[-1]
    quarter = figures.rows("quarterly_overview")[-1]

    assert f"averaged {week['average_watts_4w']:.0f}\u00a0W" in findings(page)["weekly"]
    assert f"{quarter['distance_m'] / 1000:,.0f}\u00a0km" in findings(page)["quarterly"]
    assert re.search(rf'<p class="value">{week["average_watts_4w"]:.0f}<', page)


@pytest.mark.deep
def test_three_years_and_twenty_stay_small(page: str, long_page: str) -> None:
    assert len(page.encode()) < LIMIT_BYTES
    assert len(long_page.encode()) < LIMIT_BYTES


@pytest.mark.deep
def test_the_same_figures_make_the_same_page(page: str, figures: Figures) -> None:
    assert build_page(figures, generated_at=NOW, sample=True) == page


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script><script>alert(1)</script>",
    "{{ 7 * 7 }}",
    "javascript:alert(1)",
)


@pytest.mark.deep
def test_a_hostile_name_stays_text(build: Callable[..., str]) -> None:
    # Each ride holds a record, so that its name stands on the page beside its gear's.
    records: list[dict[str, Any]] = [
        {"distance_m": 90_000.0},
        {"moving_time_s": 9_000, "elapsed_time_s": 9_000},
        {"total_elevation_gain_m": 3_000.0},
        {"average_watts": 300.0},
        {"weighted_average_watts": 400.0},
    ]
    rides = zip(HOSTILE, records, strict=True)
    hostile = build(
        [
            activity(TODAY, str(number), name=f"ride {name}", gear_id=f"gear {name}", **record)
            for number, (name, record) in enumerate(rides)
        ]
    )

    assert "<script>alert" not in hostile
    assert "<img" not in hostile
    assert "{{ 7 * 7 }}" in hostile
    assert without_scripts(hostile).count("{{") == without_scripts(hostile).count("{{ 7 * 7 }}")
    assert 'href="javascript' not in hostile
    assert all(escape(f"{what} {name}") in hostile for name in HOSTILE for what in ("ride", "gear"))


@pytest.mark.deep
def test_an_id_that_is_no_number_is_never_a_link(build: Callable[..., str]) -> None:
    page = without_scripts(build([activity(TODAY, 'x" onclick="alert(1)')], seconds_of=1))

    assert re.findall(r'<a [^>]*href="(?!#)', page) == []


def test_without_any_table_the_page_says_so_kindly() -> None:
    page = build_page(Figures(), generated_at=NOW)

    assert "There is nothing to draw yet" in page
    assert "<svg" not in page
    assert len(page) < 20_000


def test_an_empty_history_gets_the_same_page(read: Read) -> None:
    figures = read([], athlete="")

    assert "There is nothing to draw yet" in build_page(figures, generated_at=NOW)


@pytest.mark.deep
def test_one_ride_is_shown(build: Callable[..., str]) -> None:
    page = build([activity(TODAY, "1")])

    assert findings(page)["weekly"] == "The last four weeks averaged 200\u00a0W."
    assert "1\u00a0ride" in page
    assert "nan" not in without_scripts(page).lower().replace("nanum", "")


@pytest.mark.deep
def test_without_power_hours_are_shown_and_watts_are_not(build: Callable[..., str]) -> None:
    page = build(
        seasons(40, average_watts=None, weighted_average_watts=None, device_watts=None, kilojoules=None)
    )

    assert "none of the rides has measured power" in findings(page)["weekly"]
    assert 'id="chart-weekly-hours"' in page
    assert 'id="chart-weekly-watts"' not in page
    assert 'id="chart-quarterly-watts"' not in page
    assert "No training load yet" in page


@pytest.mark.deep
def test_a_history_that_ended_long_ago_is_still_told(build: Callable[..., str]) -> None:
    page = build([row for row in seasons(156) if row["year"] == 2022])

    assert "No measured power since" in findings(page)["weekly"]


@pytest.mark.deep
def test_each_mart_may_be_missing(figures: Figures) -> None:
    for missing in MARTS:
        rest = {name: rows for name, rows in figures.marts.items() if name != missing}
        sections = build_sections(replace(figures, marts=rest), METRIC)
        bare = [section.finding for section in sections if not section.charts and not section.tables]
        assert len(bare) == 1, missing
        assert "yet" in bare[0]


@pytest.mark.deep
def test_one_of_several_athletes_sees_only_their_own(read: Read) -> None:
    history = [activity(TODAY, "1"), activity(TODAY, "2", athlete_id="8", name="Somebody else's")]

    page = build_page(read(history, athlete="7"), generated_at=NOW)

    assert "one of 2 athletes" in page
    assert "Somebody else" not in page
    assert "1\u00a0ride" in page


@pytest.mark.deep
def test_nothing_says_where_the_rides_were(build: Callable[..., str]) -> None:
    extra = '{"start_latlng":[47.376887,8.541694],"map":{"polyline":"secretpolyline"},"location_city":"Zug"}'

    page = build([activity(TODAY, "1", extra=extra)])

    assert "47.37" not in page
    assert "secretpolyline" not in page
    assert "Zug" not in page


@pytest.mark.deep
def test_a_check_that_failed_is_told(figures: Figures) -> None:
    warned = replace(figures, warnings=["57 % of the last rides are without <b>power</b>."])

    page = build_page(warned, generated_at=NOW)

    assert "57 % of the last rides are without &lt;b&gt;power&lt;/b&gt;." in page


@pytest.mark.deep
def test_a_run_alone_makes_no_ride(build: Callable[..., str]) -> None:
    page = build([activity(TODAY, "1", sport_type="Run", gear_id="g1")])

    assert "There is nothing to draw yet" not in page
    assert "Nothing but running" in page


@pytest.mark.deep
def test_miles_and_feet_where_asked(figures: Figures) -> None:
    page = build_page(figures, units="imperial", generated_at=NOW)
    quarter = figures.rows("quarterly_overview")[-1]
    visible = without_scripts(page)

    assert f"{quarter['distance_m'] / 1609.344:,.0f}\u00a0mi" in findings(page)["quarterly"]
    assert "\u00a0km" not in visible
    assert "Distance km" not in visible
    assert "Climbing ft" in visible


@pytest.mark.deep
def test_the_sample_athlete_is_called_invented(figures: Figures, page: str) -> None:
    assert "Sample athlete" in page
    assert "Sample athlete" not in build_page(figures, generated_at=NOW)


def test_strava_is_named_as_it_asks(page: str) -> None:
    visible = without_scripts(page)

    assert "Compatible with Strava" in visible
    assert "fc4c02" not in visible.lower()
    assert re.search(r"<title>Ride insights</title>", visible)
