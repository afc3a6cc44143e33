"""What a materialization of a mart shows: the newest rows, a sparkline and charts.

The header of the mart's SQL file names columns, rows and charts; `report` decides how they look.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

import dagster as dg

if TYPE_CHECKING:
    from collections.abc import Iterable

    from strava_assets.marts.catalog import Mart
    from strava_assets.report import Figures
    from strava_assets.warehouse.engine import Warehouse

    Row = dict[str, Any]

# Two years of weeks.
_SPARKLINE_ROWS = 104
_PREVIEW_ROWS = 8
_FIRST_COLUMNS = 6


def preview(engine: Warehouse, mart: Mart, units: Literal["metric", "imperial"]) -> dict[str, Any]:
    """What the materialization of a mart shows, as metadata; empty for an empty mart.

    Of several athletes it shows the one with most activities, as the report does.

    Args:
        engine: the open warehouse, with the mart in it.
        mart: the mart.
        units: the units of lengths in charts.
    """
    from strava_assets.report import Figures, preview_table

    header = mart.preview
    figures = Figures.read(engine.query, {mart.name, "bq_activities", "mart_settings"})
    rows = figures.rows(mart.name) or _newest_rows(engine, mart)
    if header.only:
        rows = _where(rows, *header.only)
    if not rows:
        return {}
    newest = sorted(
        rows, key=lambda row: (row[header.newest_by] is not None, row[header.newest_by]), reverse=True
    )
    listed = _where(reversed(newest), *header.table_only) if header.table_only else newest
    columns = header.columns or tuple(column.name for column in mart.columns)[:_FIRST_COLUMNS]
    table = preview_table(listed[:_PREVIEW_ROWS], [name for name in columns if name in newest[0]])
    values = newest if header.only else newest[:_SPARKLINE_ROWS]
    line = [row[header.sparkline] for row in reversed(values)] if header.sparkline in newest[0] else []
    return {"newest_rows": dg.MetadataValue.md(table)} | _drawings(
        mart, line, figures_to_draw(mart, figures), units
    )


def figures_to_draw(mart: Mart, figures: Figures) -> Figures:
    """The figures with as many rows of the mart as its charts draw."""
    return replace(figures, marts={mart.name: figures.rows(mart.name)[-mart.preview.chart_rows :]})


def _drawings(
    mart: Mart, line: list[float | None], figures: Figures, units: Literal["metric", "imperial"]
) -> dict[str, Any]:
    """The sparkline and the charts; a mart without them is still materialized."""
    from strava_assets.report import DrawingError, chart_svg, markdown_image, sparkline_image

    header, drawings = mart.preview, dict[str, Any]()
    try:
        if line:
            image = sparkline_image(line, header.sparkline)
            drawings[f"{header.sparkline}_drawn"] = dg.MetadataValue.md(image)
        if svg := chart_svg(header.charts, figures, units):
            drawings["chart"] = dg.MetadataValue.md(markdown_image(svg, "chart"))
    except DrawingError as error:
        drawings["chart"] = dg.MetadataValue.text(str(error))
    return drawings


def _newest_rows(engine: Warehouse, mart: Mart) -> list[Row]:
    """The newest rows of a mart that the report does not read."""
    newest = engine.query(
        f"SELECT * FROM {mart.name} ORDER BY {mart.preview.newest_by} DESC LIMIT {_PREVIEW_ROWS}"  # noqa: S608 - the catalog's names
    )
    rows: list[Row] = newest.to_pylist()
    return rows


def _where(rows: Iterable[Row], column: str, values: tuple[str, ...]) -> list[Row]:
    return [row for row in rows if str(row[column]) in values]
