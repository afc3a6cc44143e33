"""Small pictures as a UI shows them: short enough to be inline, sound by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest

from strava_assets.report import MARTS, Figures, chart_svg, markdown_image, preview_table, sparkline_svg

if TYPE_CHECKING:
    from collections.abc import Sequence

INLINE = 1000


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

    path = drawn(image).find("{http://www.w3.org/2000/svg}path")
    assert path is not None
    assert path.get("d", "").count("M") == 2


@pytest.mark.parametrize("values", [[], [None], [None, None]])
def test_where_nothing_is_known_there_is_no_picture(values: Sequence[float | None]) -> None:
    assert sparkline_svg(values) == ""


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
    assert len(markdown_image(svg, "chart")) < 100_000


def test_without_rows_there_is_no_chart() -> None:
    assert chart_svg("weekly_watts", Figures()) == ""
    assert chart_svg("personal_records", Figures()) == ""
    assert chart_svg("something_else", Figures()) == ""
