"""What a materialization shows of a mart: the newest rows, a sparkline, and charts on demand.

`VIEWS` says which columns, rows and charts; how they look is decided in `report`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import dagster as dg

from strava_assets.schema.ride_power import BEST_EFFORTS_S

if TYPE_CHECKING:
    from strava_assets.marts.catalog import Mart
    from strava_assets.report import Figures
    from strava_assets.warehouse.engine import Warehouse

# Two years of weeks.
_SPARK_ROWS = 104
_PREVIEW_ROWS = 8


@dataclass(frozen=True)
class View:
    """What a materialization shows of a mart.

    Args:
        columns: of its table.
        newest_by: the column by which the newest rows come first.
        spark: the column that is drawn as a line.
        charts: the page's charts that are drawn, by their names, from top to bottom.
        chart_rows: how many of the newest rows they draw; all where 0.
        of_all_time: whether only rows of that period are meant, all of which the line runs through.
        durations_s: which of the durations the table shows.
    """

    columns: tuple[str, ...]
    newest_by: str
    spark: str = ""
    charts: tuple[str, ...] = ()
    chart_rows: int = 0
    of_all_time: bool = False
    durations_s: tuple[int, ...] = ()


# A mart that is not named here shows its first columns.
VIEWS = {
    "weekly_watts": View(
        ("week", "rides", "moving_time_s", "average_watts", "average_watts_4w", "work_kj"),
        "week",
        "average_watts_4w",
        ("weekly-watts", "weekly-hours"),
        # Ten years; a longer history would fill the event log.
        chart_rows=520,
    ),
    "activity_measures": View(
        ("activity_date", "name", "sport_type", "moving_time_s", "power_s", "work_j"), "activity_date"
    ),
    "quarterly_overview": View(
        ("quarter", "rides", "moving_time_s", "distance_m", "climb_m", "average_watts"),
        "quarter",
        "average_watts",
        ("quarterly-watts", "quarterly-distance"),
    ),
    "daily_load": View(
        ("day", "training_load", "load_source", "fitness_ctl", "fatigue_atl", "form_tsb"),
        "day",
        "fitness_ctl",
        ("load-fitness", "load-form"),
    ),
    "sport_overview": View(
        ("week", "sport_type", "activities", "moving_time_s", "distance_m"), "week", charts=("sports",)
    ),
    "year_on_year": View(
        ("day", "distance_so_far_m", "distance_year_before_m", "distance_change_pct"),
        "day",
        charts=("years-d", "years-h"),
    ),
    "eddington": View(
        ("unit", "number", "days", "days_missing", "reached_on"),
        "number",
        charts=("eddington-growth", "eddington-ahead"),
    ),
    "gear_use": View(
        ("gear_id", "kind", "activities", "distance_m", "moving_time_s", "last_used_on"),
        "last_used_on",
        charts=("gear",),
    ),
    "power_curve": View(
        ("duration_s", "watts", "watts_per_kg", "activity_date", "name"),
        "duration_s",
        "watts",
        ("curve-watts", "curve-kg"),
        of_all_time=True,
        durations_s=BEST_EFFORTS_S,
    ),
    "power_profile_progress": View(
        ("week", "best_60s_w", "best_300s_w", "best_1200s_w", "critical_power_w", "estimated_ftp_w"),
        "week",
        "estimated_ftp_w",
        ("threshold-watts", "efforts-1200"),
    ),
    "personal_records": View(("period", "record", "value", "unit", "activity_date", "name"), "activity_date"),
}
_FIRST_COLUMNS = 6


def preview(engine: Warehouse, mart: Mart, units: Literal["metric", "imperial"]) -> dict[str, Any]:
    """What the materialization of a mart shows, as metadata; empty for an empty mart.

    Of several athletes it shows the one with most activities, as the report does.

    Args:
        engine: the open warehouse.
        mart: which; it must exist.
        units: of lengths in charts.
    """
    from strava_assets.report import Figures, preview_table

    names = [column.name for column in mart.columns]
    view = VIEWS.get(mart.name, View(tuple(names[:_FIRST_COLUMNS]), mart.key[-1]))
    figures = Figures.read(engine.query, {mart.name, "bq_activities", "mart_settings"})
    rows = figures.rows(mart.name) or _newest(engine, mart.name, view.newest_by)
    if not rows:
        return {}
    newest = sorted(
        rows, key=lambda row: (row[view.newest_by] is not None, row[view.newest_by]), reverse=True
    )
    if view.of_all_time:
        newest = [row for row in newest if row["period"] == "all_time"]
    listed = newest
    if view.durations_s:
        listed = [row for row in reversed(newest) if row["duration_s"] in view.durations_s]
    columns = [name for name in view.columns if name in newest[0]]
    table = {"newest_rows": dg.MetadataValue.md(preview_table(listed[:_PREVIEW_ROWS], columns))}
    values = newest if view.of_all_time else newest[:_SPARK_ROWS]
    line = [row[view.spark] for row in reversed(values)] if view.spark in newest[0] else []
    return table | _drawings(view, line, drawn_figures(view, mart.name, figures), units)


def drawn_figures(view: View, mart: str, figures: Figures) -> Figures:
    """The figures with as many rows of the mart as its charts draw."""
    return replace(figures, marts={mart: figures.rows(mart)[-view.chart_rows :]})


def _drawings(
    view: View, line: list[float | None], figures: Figures, units: Literal["metric", "imperial"]
) -> dict[str, Any]:
    """The sparkline and the charts; a mart without them is still materialized."""
    from strava_assets.report import DrawingError, chart_svg, markdown_image, sparkline_image

    drawings: dict[str, Any] = {}
    try:
        if line:
            drawings[f"{view.spark}_drawn"] = dg.MetadataValue.md(sparkline_image(line, view.spark))
        if svg := chart_svg(view.charts, figures, units):
            drawings["chart"] = dg.MetadataValue.md(markdown_image(svg, "chart"))
    except DrawingError as error:
        drawings["chart"] = dg.MetadataValue.text(str(error))
    return drawings


def _newest(engine: Warehouse, table: str, by: str) -> list[dict[str, Any]]:
    """The newest rows of what the report does not show, the view the marts share."""
    newest = engine.query(
        f"SELECT * FROM {table} ORDER BY {by} DESC LIMIT {_PREVIEW_ROWS}"  # noqa: S608 - the catalog's names
    )
    rows: list[dict[str, Any]] = newest.to_pylist()
    return rows
