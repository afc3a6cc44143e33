"""What a materialization of a mart shows at a glance: the newest rows, a sparkline and a chart.

Which rows and columns is written in the header of the mart's SQL file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import dagster as dg

if TYPE_CHECKING:
    from collections.abc import Iterable

    from strava_assets.marts.catalog import Mart
    from strava_assets.warehouse.engine import Warehouse

    Row = dict[str, Any]

# Two years of weeks: what a line of a few centimeters can still show.
_SPARKLINE_ROWS = 104
_PREVIEW_ROWS = 8
_FIRST_COLUMNS = 6


def preview(engine: Warehouse, mart: Mart, units: Literal["metric", "imperial"]) -> dict[str, Any]:
    """The metadata of a materialization that previews the mart; empty for an empty mart.

    Of several athletes it shows the one with most activities, as the report does.

    Args:
        engine: the open warehouse, with the mart in it.
        mart: the mart.
        units: the units of lengths in the chart.
    """
    from strava_assets.report import Figures, chart_svg, markdown_image, preview_table, sparkline_svg

    header = mart.preview
    figures = Figures.read(engine.query, {mart.name, "bq_activities"})
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
    metadata = {
        "newest_rows": dg.MetadataValue.md(
            preview_table(listed[:_PREVIEW_ROWS], [name for name in columns if name in newest[0]])
        )
    }
    if header.sparkline in newest[0]:
        drawn = newest if header.only else newest[:_SPARKLINE_ROWS]
        line = sparkline_svg([row[header.sparkline] for row in reversed(drawn)], header.sparkline)
        metadata[f"{header.sparkline}_drawn"] = dg.MetadataValue.md(line)
    if chart := chart_svg(mart.name, figures, units):
        metadata["chart"] = dg.MetadataValue.md(markdown_image(chart, mart.name))
    return metadata


def _newest_rows(engine: Warehouse, mart: Mart) -> list[Row]:
    """The newest rows of a mart that the report does not read."""
    newest = engine.query(
        f"SELECT * FROM {mart.name} ORDER BY {mart.preview.newest_by} DESC LIMIT {_PREVIEW_ROWS}"  # noqa: S608 - the catalog's names
    )
    rows: list[Row] = newest.to_pylist()
    return rows


def _where(rows: Iterable[Row], column: str, values: tuple[str, ...]) -> list[Row]:
    return [row for row in rows if str(row[column]) in values]
