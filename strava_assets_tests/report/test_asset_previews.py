"""The previews on assets' pages: short enough to be inline, complete by themselves."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest

from strava_assets.assets.previews import _drawings, figures_to_draw, preview
from strava_assets.marts import load
from strava_assets.report import (
    MARTS,
    DrawingError,
    Figures,
    chart_svg,
    markdown_image,
    preview_table,
    sparkline_image,
)
from strava_assets.report.number_format import METRIC
from strava_assets.report.sections import build_sections
from strava_assets.report.theme import LIGHT
from strava_assets.schema.columns import Column, ColumnType
from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets_tests.marts.histories import activity
from strava_assets_tests.report.conftest import TODAY, Read, fill, seasons

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

INLINE = 1000
SVG = "{http://www.w3.org/2000/svg}"


def drawn(image: str) -> ET.Element:
    """The SVG inside a markdown image."""
    assert image.startswith("![")
    assert " " not in image.partition("](")[2]
    return ET.fromstring(unquote(image.partition("data:image/svg+xml,")[2].removesuffix(")")))  # noqa: S314 - our own drawing


@pytest.mark.parametrize("count", [1, 2, 12, 52, 217, 5000])
def test_a_spark_line_of_any_length_is_short_enough(count: int) -> None:
    image = sparkline_image([100 + 7.123456 * (index % 13) for index in range(count)], "average_watts_4w")

    assert len(image) < INLINE
    assert drawn(image).tag.endswith("svg")


def test_a_gap_in_the_values_is_a_gap_in_the_line() -> None:
    image = sparkline_image([1.0, 2.0, None, 3.0, 4.0], "trend")

    path = drawn(image).find(f".//{SVG}path")
    assert path is not None
    assert path.get("d", "").count("M") == 2


@pytest.mark.parametrize("values", [[], [None], [None, None]])
def test_where_nothing_is_known_there_is_no_picture(values: Sequence[float | None]) -> None:
    assert sparkline_image(values, "trend") == ""


def test_the_line_tells_its_extremes_and_its_last_value() -> None:
    text = drawn(sparkline_image([160.0, 119.4, None, 177.0, 151.0], "trend")).find(f".//{SVG}text")

    assert text is not None
    assert text.text == "119 to 177, last 151"


def test_level_values_make_a_level_line() -> None:
    assert drawn(sparkline_image([5.0, 5.0, 5.0], "trend")).tag.endswith("svg")


def test_a_preview_is_a_short_markdown_table() -> None:
    rows = [{"name": f"ride {day}", "ratio": 150.123 + day, "rides": day} for day in range(1, 99)]
    columns = [
        Column("name", ColumnType.TEXT, "a name"),
        Column("ratio", ColumnType.FLOAT, "a number"),
        Column("rides", ColumnType.INTEGER, "a count"),
    ]

    table = preview_table(rows, columns)

    lines = table.splitlines()
    assert len(table) < INLINE
    assert lines[:3] == ["| name | ratio | rides |", "| --- | --- | --- |", "| ride 1 | 151.1 | 1 |"]
    assert all(line.count("|") == 4 for line in lines)


@pytest.mark.parametrize(
    ("column", "unit", "value", "heading", "cell"),
    [
        ("moving_time_s", "s", 16725, "moving time", "4:39\u00a0h"),
        ("distance_m", "m", 62_149.0, "distance", "62.1\u00a0km"),
        ("climb_m", "m", 1204.4, "climb", "1,204\u00a0m"),
        ("average_watts", "W", 161.3, "average watts", "161\u00a0W"),
        ("work_kj", "kJ", 1077.2, "work", "1,077\u00a0kJ"),
        ("ratio_pct", "%", 2.14, "ratio pct", "2.1\u00a0%"),
        ("work_kj", "kJ", None, "work", "\u2013"),
    ],
)
def test_values_are_written_with_their_units(
    column: str, unit: str, value: float | None, heading: str, cell: str
) -> None:
    table = preview_table([{column: value}], [Column(column, ColumnType.FLOAT, "a value", unit)])

    assert table.splitlines() == [f"| {heading} |", "| --- |", f"| {cell} |"]


def test_lengths_are_in_the_owners_units() -> None:
    columns = [Column("distance_m", ColumnType.FLOAT, "how far", "m")]

    assert preview_table([{"distance_m": 1609.344}], columns, "imperial").endswith("| 1.0\u00a0mi |")


def test_a_hostile_cell_stays_in_its_cell() -> None:
    columns = [Column("name", ColumnType.TEXT, "a name")]
    table = preview_table([{"name": "a|b\n<img src=x> [x](javascript:alert(1)) `c`"}], columns)

    assert len(table.splitlines()) == 3
    assert "<img" not in table.replace("\\<img", "")
    assert "[x](" not in table


def test_no_rows_are_said_to_be_none() -> None:
    assert preview_table([], []) == "No rows."


ALL_MARTS = {mart.name: mart for mart in load()}
CHARTED = [name for name, mart in ALL_MARTS.items() if mart.preview.charts]


def chart_of(mart: str, figures: Figures) -> ET.Element:
    return ET.fromstring(chart_svg(ALL_MARTS[mart].preview.charts, figures))  # noqa: S314 - our own drawing


def test_every_mart_of_the_page_has_a_chart_but_those_that_are_tables_there() -> None:
    tables = {"personal_records", "planned_form", "suspicious_activities", "ftp_estimates"}
    assert set(CHARTED) == set(MARTS) - tables


@pytest.mark.deep
@pytest.mark.parametrize("mart", CHARTED)
def test_the_page_of_an_asset_shows_every_chart_that_its_header_names(figures: Figures, mart: str) -> None:
    figures = figures_to_draw(ALL_MARTS[mart], figures)
    svg = chart_svg(ALL_MARTS[mart].preview.charts, figures)

    titles = {
        chart.name: chart.title for section in build_sections(figures, METRIC) for chart in section.charts
    }
    texts = [text.text for text in ET.fromstring(svg).iter(f"{SVG}text")]  # noqa: S314 - our own drawing
    assert [titles[name] for name in ALL_MARTS[mart].preview.charts if titles[name] not in texts] == []
    assert len(ET.fromstring(svg).findall(".//*")) > 10  # noqa: S314 - our own drawing
    assert "var(" not in svg


def test_both_charts_of_one_mart_draw_their_rows(figures: Figures) -> None:
    chart = chart_of("daily_load", figures)

    lines = [path.get("stroke") for path in chart.iter(f"{SVG}path") if len(path.get("d", "")) > 1000]
    bars = [path.get("fill") for path in chart.iter(f"{SVG}path") if path.get("d", "").count("Z") > 20]
    assert {LIGHT["accent"], LIGHT["second"]} <= set(lines)
    assert LIGHT["bar"] in bars


@pytest.mark.deep
@pytest.mark.parametrize("mart", CHARTED)
def test_the_chart_of_twenty_years_is_small_enough_for_an_event_log(twenty_years: Figures, mart: str) -> None:
    newest = figures_to_draw(ALL_MARTS[mart], twenty_years)

    assert len(markdown_image(chart_svg(ALL_MARTS[mart].preview.charts, newest), "chart")) < 40_000


def test_reading_the_charts_of_a_mart_brings_no_engine_into_the_run() -> None:
    code = (
        "import sys; from strava_assets.report import Figures, chart_svg, sparkline_image; "
        "sparkline_image([1.0, 2.0], 'trend'); chart_svg(['eddington-growth'], Figures()); "
        "print(sorted({'altair', 'vl_convert', 'pandas'} & sys.modules.keys()))"
    )

    printed = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter

    assert printed.stdout == "[]\n"


@pytest.mark.deep
def test_a_week_without_power_is_a_gap_in_the_chart_of_its_mart(read: Read) -> None:
    rides = [activity(TODAY - timedelta(weeks=back), f"{back}") for back in (0, 1, 2, 20, 21, 22)]

    chart = chart_of("weekly_watts", read(rides))

    [week, *_] = [path for path in chart.iter(f"{SVG}path") if path.get("stroke") == LIGHT["soft"]]
    assert week.get("d", "").count("M") == 2


def test_a_log_axis_puts_a_minute_where_the_ratios_say() -> None:
    bests = [
        {"period": "all_time", "duration_s": seconds, "watts": 300.0, "watts_per_kg": None}
        | {"activity_id": "1", "activity_date": TODAY, "name": "Ride"}
        for seconds in (1, 60, 3600)
    ]

    chart = chart_of("power_curve", Figures(today=TODAY, marts={"power_curve": bests}))

    places = {
        str(text.text).replace("\u00a0", " "): float(
            text.get("transform", "").removeprefix("translate(").split(",")[0]
        )
        for text in chart.iter(f"{SVG}text")
    }
    assert places["1 min"] == pytest.approx((places["1 s"] + places["1 h"]) / 2, abs=1)


def test_the_running_quarter_is_outlined(figures: Figures) -> None:
    chart = chart_of("quarterly_overview", figures)

    outlined = [path for path in chart.iter(f"{SVG}path") if path.get("stroke") == LIGHT["year1"]]
    # The other dots of the year are strokes without a fill.
    assert [path.get("fill") for path in outlined if path.get("fill")] == [LIGHT["card"]] * 2


def test_without_rows_there_is_no_chart() -> None:
    assert chart_svg(ALL_MARTS["weekly_watts"].preview.charts, Figures()) == ""
    assert chart_svg((), Figures()) == ""
    assert chart_svg(["no-such-chart"], Figures()) == ""


def test_a_mart_whose_charts_cannot_be_drawn_says_so_and_is_materialized(
    figures: Figures, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_requests: object) -> None:
        raise DrawingError("The charts could not be drawn (status -9).")

    monkeypatch.setattr("strava_assets.report.asset_previews.draw_charts", fail)

    metadata = _drawings(ALL_MARTS["weekly_watts"], [1.0, 2.0], figures, "metric")

    assert metadata["chart"].value.startswith("The charts could not be drawn (status -9).")


@pytest.mark.deep
def test_gear_of_a_hostile_name_is_text_in_its_chart(read: Read) -> None:
    name = "</text><script>alert(1)</script>'"
    figures = read([activity(TODAY, "1", gear_id=name)])

    image = markdown_image(chart_svg(ALL_MARTS["gear_use"].preview.charts, figures), "chart")

    assert not [tag for tag in drawn(image).iter() if "script" in tag.tag]
    texts = " ".join(text.text or "" for text in drawn(image).iter(f"{SVG}text"))
    assert "</text><script>" in texts


@pytest.mark.deep
def test_every_mart_of_a_long_history_shows_its_newest_rows(tmp_path: Path) -> None:
    """That of `intensity_distribution` was empty: what was read had other rows than its header asks for."""
    with DuckDBWarehouse(tmp_path / "warehouse.duckdb", threads=1) as warehouse:
        fill(warehouse, seasons(60), ftp_w={"7": 240.0}, seconds_of=200)
        previews = {mart.name: preview(warehouse, mart, "metric") for mart in load()}

    # Nothing is planned, and nothing is odd.
    assert {name for name in previews if not previews[name]} == {"planned_form", "suspicious_activities"}
    assert [name for name in CHARTED if "chart" not in previews[name]] == []
