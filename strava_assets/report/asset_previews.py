"""What an asset's page shows of a table: a sparkline, the newest rows, charts of the page, as markdown.

Dagster's UI shows markdown of less than `INLINE_CHARACTERS` at once and longer text on demand. Which
columns and charts a mart shows is the caller's choice; how the charts look is decided in the page's
sections.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from strava_assets.report.charts import sparkline, stack_for_asset
from strava_assets.report.drawing_process import draw_charts
from strava_assets.report.markdown import escaped, table, table_line
from strava_assets.report.number_format import NOTHING, UNITS, Units, duration, number, quantity
from strava_assets.report.sections import build_sections
from strava_assets.report.theme import with_colors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from strava_assets.report.charts import Spec
    from strava_assets.report.report_figures import Figures
    from strava_assets.schema.columns import Column

INLINE_CHARACTERS = 1000
_SPARK_POINTS = 64


def chart_svg(names: Sequence[str], figures: Figures, units: Literal["metric", "imperial"] = "metric") -> str:
    """Charts of the page below each other, as one SVG on a light card; empty where the figures have none.

    Args:
        names: the charts' names on the page, from top to bottom.
        figures: what was read; the rows of the mart that the charts show are enough.
        units: kilometers or miles.

    Raises:
        DrawingError: the process that draws has ended.
    """
    charts = {
        chart.name: (chart, section)
        for section in build_sections(figures, UNITS[units])
        for chart in section.charts
    }
    chosen = [charts[name] for name in names if name in charts]
    return _draw(stack_for_asset(chosen)) if chosen else ""


def sparkline_image(values: Sequence[float | None], label: str) -> str:
    """A line through values with its extremes, as a markdown image short enough to be shown inline.

    Args:
        values: oldest first; None is a gap. A long list is thinned evenly; the newest stays.
        label: the values in a word or two; letters, digits, spaces and underscores.

    Raises:
        DrawingError: the process that draws has ended.
    """
    numbers = [value for value in values if value is not None]
    if not numbers:
        return ""
    caption = f"{number(min(numbers))} to {number(max(numbers))}, last {number(numbers[-1])}"
    for step in range(-(-len(values) // _SPARK_POINTS), len(values) + 1):
        spec = sparkline(list(values)[::-1][::step][::-1], width=2.5, caption=caption)
        image = markdown_image(_draw(spec), label)
        if len(image) < INLINE_CHARACTERS:
            return image
    return ""


def _draw(spec: Spec) -> str:
    [drawing] = draw_charts([{"name": "chart", "spec": spec, "rows": []}])
    return with_colors(drawing["svg"])


def markdown_image(svg: str, label: str) -> str:
    """A drawing as a markdown image that contains its data.

    Args:
        svg: the drawing, whose attributes hold no apostrophe.
        label: what it shows; letters, digits and spaces.
    """
    address = quote(svg.replace('"', "'"), safe="=:/,'")
    return f"![{label}](data:image/svg+xml,{address})"


def preview_table(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[Column],
    units: Literal["metric", "imperial"] = "metric",
) -> str:
    """Rows as a markdown table below the inline limit: as many of the first as fit.

    Args:
        rows: the most important first.
        columns: which of their fields, with the units that are written beside the values.
        units: kilometers or miles.
    """
    if not rows:
        return "No rows."
    text = table([_heading(column) for column in columns], [])
    for row in rows:
        line = "\n" + table_line(_cell(row.get(column.name), column, UNITS[units]) for column in columns)
        if len(text) + len(line) >= INLINE_CHARACTERS:
            break
        text += line
    return text


def _heading(column: Column) -> str:
    """A column's name as words; its unit stands beside each value."""
    return column.name.removesuffix(f"_{column.unit.lower()}").replace("_", " ")


def _cell(value: Any, column: Column, units: Units) -> str:
    if value is None:
        return NOTHING
    if column.unit:
        return _with_unit(value, column, units)
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, date):
        # A hyphen at which no narrow cell breaks the line.
        return str(value).replace("-", "\u2011")
    return escaped(str(value)[:40])


def _with_unit(value: float, column: Column, units: Units) -> str:
    if column.unit == "s":
        return duration(value)
    if column.unit == "m":
        is_far = "distance" in column.name
        return (
            quantity(units.far(value), units.distance, 1)
            if is_far
            else quantity(units.high(value), units.climb)
        )
    return quantity(value, column.unit, 1 if isinstance(value, float) and abs(value) < 10 else 0)
