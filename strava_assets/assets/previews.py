"""What a materialization of a mart shows: the newest rows, a sparkline and charts.

With several athletes it shows how many rows each of them has, and none of their numbers: Dagster's UI is read
by whoever runs the platform, and a row of one beside a row of another would be taken for one history.
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

    Args:
        engine: the open warehouse, with the mart in it.
        mart: the mart.
        units: the units of lengths in charts.
    """
    from strava_assets.report import Figures, athletes_by_activities, preview_table

    header = mart.preview
    athletes = athletes_by_activities(engine.query) if engine.exists("bq_activities") else []
    if len(athletes) > 1:
        return {"rows by athlete": dg.MetadataValue.md(_rows_by_athlete(engine, mart))}
    figures = Figures.read(engine.query, {mart.name, "bq_activities", "mart_settings"}, *athletes)
    rows = figures.rows(mart.name) or _newest_rows(engine, mart)
    if header.only:
        rows = _where(rows, *header.only)
    if not rows:
        return {}
    newest = sorted(
        rows, key=lambda row: (row[header.newest_by] is not None, row[header.newest_by]), reverse=True
    )
    listed = _where(reversed(newest), *header.table_only) if header.table_only else newest
    by_name = {column.name: column for column in mart.columns if column.name in newest[0]}
    columns = [by_name[name] for name in header.columns if name in by_name]
    table = preview_table(listed[:_PREVIEW_ROWS], columns or [*by_name.values()][:_FIRST_COLUMNS], units)
    values = newest if header.only else newest[:_SPARKLINE_ROWS]
    line = [row[header.sparkline] for row in reversed(values)] if header.sparkline in newest[0] else []
    return {"newest rows": dg.MetadataValue.md(table)} | _drawings(
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
            drawings[f"line of {header.sparkline}"] = dg.MetadataValue.md(image)
        if svg := chart_svg(header.charts, figures, units):
            drawings["chart"] = dg.MetadataValue.md(markdown_image(svg, "chart"))
    except DrawingError as error:
        drawings["chart"] = dg.MetadataValue.text(str(error))
    return drawings


def _rows_by_athlete(engine: Warehouse, mart: Mart) -> str:
    """How many rows each athlete has, most rows first; as many athletes as fit."""
    from strava_assets.report import preview_table
    from strava_assets.schema.columns import Column, ColumnType

    counts = engine.query(
        f"SELECT athlete_id, COUNT(*) AS row_count FROM {mart.name} "  # noqa: S608 - the catalog's names
        "GROUP BY athlete_id ORDER BY row_count DESC, athlete_id"
    )
    columns = (
        Column("athlete_id", ColumnType.TEXT, "Strava's id of the athlete"),
        Column("row_count", ColumnType.INTEGER, "the number of rows"),
    )
    return preview_table(counts.to_pylist(), columns)


def _newest_rows(engine: Warehouse, mart: Mart) -> list[Row]:
    """The newest rows of a mart that the report does not read."""
    newest = engine.query(
        f"SELECT * FROM {mart.name} ORDER BY {mart.preview.newest_by} DESC LIMIT {_PREVIEW_ROWS}"  # noqa: S608 - the catalog's names
    )
    rows: list[Row] = newest.to_pylist()
    return rows


def _where(rows: Iterable[Row], column: str, values: tuple[str, ...]) -> list[Row]:
    return [row for row in rows if str(row[column]) in values]
