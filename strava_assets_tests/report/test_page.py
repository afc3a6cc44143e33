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

LIMIT_BYTES, LIMIT_OF_TWENTY_YEARS_BYTES = 1_500_000, 2_500_000
STILL = re.compile(
    r'id="chart-([\w-]+)" role="img" aria-label="([^"]+)"[^>]*>(<svg.*?</svg>)?</div>', re.DOTALL
)


def without_scripts(page: str) -> str:
    return re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)


def findings(page: str, hidden: str = "imperial") -> dict[str, str]:
    """The headings, without the words in the units that are hidden."""
    texts = re.findall(r'<h2 id="([\w-]+)"[^>]*>(.*?)</h2>', page)
    return {name: re.sub(rf"<span class={hidden}>.*?</span>|<[^>]+>", "", text) for name, text in texts}


def test_nothing_but_rides_on_strava_is_linked_and_nothing_is_loaded(page: str) -> None:
    visible = without_scripts(page)

    addresses = set(re.findall(r'(?:href|src|action|data)="([^"#]+)"', visible))

    assert addresses
    assert all(re.fullmatch(r"https://www\.strava\.com/activities/\d+", address) for address in addresses)
    assert "@import" not in visible
    assert not re.search(r"url\((?!#)", visible)
    assert "default-src 'none'" in visible


def test_sections_lead_to_the_assets_behind_them_where_the_ui_is_known(figures: Figures, page: str) -> None:
    linked = build_page(figures, generated_at=NOW, ui_url="http://127.0.0.1:3000/rides/")

    assets = re.findall(r'href="http://127\.0\.0\.1:3000/rides/assets/(\w+)"', linked)
    assert {"weekly_watts", "quarterly_overview", "daily_load", "power_curve"} <= set(assets) <= set(MARTS)
    assert 'href="http://127.0.0.1:3000/rides/asset-groups"' in linked
    assert "In Dagster" not in page


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
        r'<section class="card (?:wide|narrow)" aria-labelledby="([\w-]+)">(.*?)</section>', page, re.DOTALL
    )

    assert {name for name, _ in sections} == {
        *(
            "week",
            "ride",
            "weekly",
            "quarterly",
            "curve",
            "efforts",
            "threshold",
            "durability",
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
        assert re.search(r"<h2[^>]*>.{20,}[.!](</span>)?</h2>", content), name
        assert content.count("<tr>") > 1, name


def test_drawings_on_one_page_do_not_share_names(page: str) -> None:
    ids = re.findall(r'\bid="([^"]+)"', without_scripts(page))

    assert len(ids) == len(set(ids))


def test_links_at_the_top_lead_to_every_section(page: str) -> None:
    linked = re.findall(r'<a href="#([\w-]+)">', page)

    assert linked == re.findall(r'<section class="card \w+" aria-labelledby="([\w-]+)">', page)


@pytest.mark.deep
def test_weeks_of_the_calendar_begin_when_the_setting_says(read: Read) -> None:
    sunday = date(2024, 6, 9)
    history = [activity(sunday, "1")]

    labels, places = {}, {}
    for start in ("monday", "sunday"):
        sections = build_sections(read(history, week_start=start), METRIC)
        [chart] = [each.charts[0] for each in sections if each.name == "calendar"]
        labels[start] = chart.spec["layer"][0]["encoding"]["y"]["axis"]["values"]
        # The day's place counts from January on, plus the weekday of the first of January.
        before = chart.spec["layer"][1]["transform"][1]["calculate"]
        places[start] = [step for step in ("+ 0)", "+ 1)") if step in before]

    assert labels == {"monday": [0, 2, 4], "sunday": [1, 3, 5]}
    assert places == {"monday": ["+ 0)"], "sunday": ["+ 1)"]}


def test_a_day_without_a_power_meter_has_no_work_instead_of_none(read: Read) -> None:
    measured, unmeasured, other_month = date(2024, 6, 9), date(2024, 6, 10), date(2024, 5, 1)
    without: dict[str, Any] = dict.fromkeys(("average_watts", "weighted_average_watts", "device_watts"))
    history = [
        activity(measured, "1"),
        activity(unmeasured, "2", **without),
        activity(other_month, "3", **without),
    ]
    [section] = [s for s in build_sections(read(history), METRIC) if s.name == "calendar"]

    days = {point["w"]: point for point in section.data["calendar-2024"]}
    assert [day for day, point in days.items() if "k" in point] == [str(measured)]
    assert [row[3] for row in section.tables[0].rows] == ["0.7", "not measured"]


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
    change = week["average_watts_4w"] - figures.rows("weekly_watts")[-53]["average_watts_4w"]
    direction = "above" if change > 0 else "below"
    assert f", {abs(change):.0f}\u00a0W {direction} a year ago" in findings(page)["weekly"]
    assert f"{quarter['distance_m'] / 1000:,.0f}\u00a0km" in findings(page)["quarterly"]
    assert re.search(rf'<p class="value">{week["average_watts_4w"]:.0f}<', page)


@pytest.mark.deep
def test_three_years_and_twenty_stay_small(page: str, long_page: str) -> None:
    assert len(page.encode()) < LIMIT_BYTES
    assert len(long_page.encode()) < LIMIT_OF_TWENTY_YEARS_BYTES


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


PARTS = {"ftp_estimates": "threshold", "durability": "durability", "intensity_distribution": "zones"}
"""Marts without which a section, or a part of one, is left out. Others: it says what is to come."""


@pytest.mark.deep
@pytest.mark.parametrize("missing", [name for name in MARTS if name not in PARTS])
def test_each_mart_may_be_missing(figures: Figures, missing: str) -> None:
    rest = {name: rows for name, rows in figures.marts.items() if name != missing}
    sections = build_sections(replace(figures, marts=rest), METRIC)
    bare = [section.finding for section in sections if not section.charts and not section.tables]
    # Plans and suspicious activities are an exception; a history without any looks the same.
    assert len(bare) == bool(figures.marts[missing]), missing
    assert all("yet" in finding for finding in bare)


@pytest.mark.deep
@pytest.mark.parametrize("missing", PARTS)
def test_a_mart_with_a_part_of_a_section_may_be_missing(figures: Figures, missing: str) -> None:
    rest = {name: rows for name, rows in figures.marts.items() if name != missing}
    whole = {section.name: section for section in build_sections(figures, METRIC)}
    without = {section.name: section for section in build_sections(replace(figures, marts=rest), METRIC)}
    assert [name for name in whole if without.get(name) != whole[name]] == [PARTS[missing]]


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
    both = ("metric", "imperial")

    assert '<html lang="en" data-units="imperial"' in page
    assert f"{quarter['distance_m'] / 1609.344:,.0f}\u00a0mi" in findings(page, "metric")["quarterly"]
    for own, hidden, head in zip(both, reversed(both), ("Distance km", "Climbing ft"), strict=True):
        assert f"<span class={own}>{head}</span>" in page
        assert f"<span class={hidden}>{head}</span>" not in page
        unit = "\u00a0km" if hidden == "metric" else "\u00a0mi"
        assert not any(re.search(rf"{unit}\b", text) for text in findings(page, hidden).values())


@pytest.mark.deep
def test_the_sample_athlete_is_called_invented(figures: Figures, page: str) -> None:
    assert "Sample athlete" in page
    assert "Sample athlete" not in build_page(figures, generated_at=NOW)


def test_strava_is_named_as_it_asks(page: str) -> None:
    visible = without_scripts(page)

    assert "Compatible with Strava" in visible
    assert "fc4c02" not in visible.lower()
    assert re.search(r"<title>Ride insights</title>", visible)
