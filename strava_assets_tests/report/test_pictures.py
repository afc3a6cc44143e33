"""Small pictures as a UI shows them: short enough to be inline, sound by themselves."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest

from strava_assets.report import MARTS, Figures, chart_svg, markdown_image, preview_table, sparkline_svg
from strava_assets.report.plain import Axis, Mark, Panel, draw
from strava_assets.report.theme import LIGHT
from strava_assets_tests.marts.histories import activity
from strava_assets_tests.report.conftest import TODAY, Read

if TYPE_CHECKING:
    from collections.abc import Sequence

INLINE = 1000
SVG = "{http://www.w3.org/2000/svg}"


def drawn(image: str) -> ET.Element:
    """The SVG inside a markdown image."""
    assert image.startswith("![")
    assert " " not in image.partition("](")[2]
    return ET.fromstring(unquote(image.partition("data:image/svg+xml,")[2].removesuffix(")")))  # noqa: S314 - our own drawing


@pytest.mark.parametrize("count", [1, 2, 12, 52, 217, 5000])
def test_a_spark_line_of_any_length_is_short_enough(count: int) -> None:
    image = sparkline_svg([100 + 7.123456 * (index % 13) for index in range(count)])

    assert len(image) < INLINE
    assert drawn(image).tag.endswith("svg")


def test_a_gap_in_the_values_is_a_gap_in_the_line() -> None:
    image = sparkline_svg([1.0, 2.0, None, 3.0, 4.0])

    path = drawn(image).find(f"{SVG}path")
    assert path is not None
    assert path.get("d", "").count("M") == 2


@pytest.mark.parametrize("values", [[], [None], [None, None]])
def test_where_nothing_is_known_there_is_no_picture(values: Sequence[float | None]) -> None:
    assert sparkline_svg(values) == ""


def test_the_line_tells_its_extremes_and_its_last_value() -> None:
    text = drawn(sparkline_svg([160.0, 119.4, None, 177.0, 151.0])).find(f"{SVG}text")

    assert text is not None
    assert text.text == "119 to 177, last 151"


def test_level_values_make_a_level_line() -> None:
    assert drawn(sparkline_svg([5.0, 5.0, 5.0])).tag.endswith("svg")


def test_a_preview_is_a_short_markdown_table() -> None:
    rows = [{"week": f"2024-01-{day:02d}", "watts": 150.123 + day, "rides": day} for day in range(1, 29)]

    table = preview_table(rows)

    lines = table.splitlines()
    assert len(table) < INLINE
    assert lines[:3] == ["| week | watts | rides |", "| --- | --- | --- |", "| 2024-01-01 | 151.1 | 1 |"]
    assert all(line.count("|") == 4 for line in lines)


def test_a_hostile_cell_stays_in_its_cell() -> None:
    table = preview_table([{"name": "a|b\n<img src=x> [x](javascript:alert(1)) `c`"}])

    assert len(table.splitlines()) == 3
    assert "<img" not in table.replace("\\<img", "")
    assert "[x](" not in table


def test_no_rows_are_said_to_be_none() -> None:
    assert preview_table([]) == "No rows."


@pytest.mark.parametrize("mart", [name for name in MARTS if name != "personal_records"])
def test_the_chart_of_a_mart_stands_alone(figures: Figures, mart: str) -> None:
    svg = chart_svg(mart, figures)

    assert "var(" not in svg
    assert "Average power" in svg or mart not in ("weekly_watts", "quarterly_overview")
    assert len(ET.fromstring(svg).findall(".//*")) > 10  # noqa: S314 - our own drawing


@pytest.mark.parametrize("mart", MARTS)
def test_the_chart_of_twenty_years_is_small_enough_for_an_event_log(twenty_years: Figures, mart: str) -> None:
    assert len(markdown_image(chart_svg(mart, twenty_years), "chart")) < 40_000


def test_the_charts_of_marts_bring_no_engine_along() -> None:
    looked = (
        "import sys; from strava_assets.report import Figures, chart_svg; chart_svg('eddington', Figures()); "
        "print(sorted({'altair', 'vl_convert', 'pandas'} & sys.modules.keys()))"
    )

    told = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=True)  # noqa: S603 - our own interpreter

    assert told.stdout == "[]\n"


def test_a_week_without_power_is_a_gap_in_the_chart_of_its_mart(read: Read) -> None:
    rides = [activity(TODAY - timedelta(weeks=back), f"{back}") for back in (0, 1, 2, 20, 21, 22)]

    svg = ET.fromstring(chart_svg("weekly_watts", read(rides)))  # noqa: S314 - our own drawing

    [week, *_] = [path for path in svg.iter(f"{SVG}path") if path.get("stroke") == LIGHT["soft"]]
    assert week.get("d", "").count("M") == 2


def test_a_log_axis_puts_a_minute_where_the_ratios_say() -> None:
    bests = [{"period": "all_time", "duration_s": seconds, "watts": 300.0} for seconds in (1, 60, 3600)]

    svg = ET.fromstring(chart_svg("power_curve", Figures(marts={"power_curve": bests})))  # noqa: S314 - our own drawing

    places = {text.text: float(text.get("x", "0")) for text in svg.iter(f"{SVG}text")}
    assert places["1 min"] == pytest.approx((places["1 s"] + places["1 h"]) / 2, abs=1)


def test_scales_end_at_round_numbers_around_what_is_drawn() -> None:
    watts = [(0.0, 151.0), (1.0, 163.0)]

    svg = ET.fromstring(draw([Panel("Watts", [Mark("line", "ink", watts, 1)])], Axis(0, 1, [])))  # noqa: S314 - our own drawing

    labels = [text.text for text in svg.iter(f"{SVG}text")]
    assert labels == ["Watts", "150", "155", "160", "165"]


def test_the_running_quarter_is_outlined(figures: Figures) -> None:
    svg = ET.fromstring(chart_svg("quarterly_overview", figures))  # noqa: S314 - our own drawing

    outlined = [path for path in svg.iter(f"{SVG}path") if path.get("stroke") == LIGHT["bar"]]
    assert [path.get("fill") for path in outlined] == [LIGHT["card"]]


def test_without_rows_there_is_no_chart() -> None:
    assert chart_svg("weekly_watts", Figures()) == ""
    assert chart_svg("personal_records", Figures()) == ""
    assert chart_svg("something_else", Figures()) == ""
