"""What a materialisation shows at a glance: the newest rows and a spark line, drawn inline, and a chart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import dagster as dg

from strava_assets.schema.ride_power import BEST_EFFORTS_S

if TYPE_CHECKING:
    from strava_assets.marts.catalog import Mart
    from strava_assets.warehouse.engine import Warehouse

# Two years of weeks: what a line of a few centimetres can still tell.
_SPARK_ROWS = 104
_PREVIEW_ROWS = 8


@dataclass(frozen=True)
class _View:
    """What of a mart is worth a glance.

    Args:
        columns: of its table.
        newest_by: by what the newest rows come first.
        spark: which measure is drawn as a line.
        of_all_time: whether only rows of that period are meant, all of which the line runs through.
        durations_s: which of the durations the table shows.
    """

    columns: tuple[str, ...]
    newest_by: str
    spark: str = ""
    of_all_time: bool = False
    durations_s: tuple[int, ...] = ()


# A mart that is not named here shows its first columns.
_VIEWS = {
    "weekly_watts": _View(
        ("week", "rides", "moving_time_s", "average_watts", "average_watts_4w", "work_kj"),
        "week",
        "average_watts_4w",
    ),
    "activity_measures": _View(
        ("activity_date", "name", "sport_type", "moving_time_s", "power_s", "work_j"), "activity_date"
    ),
    "quarterly_overview": _View(
        ("quarter", "rides", "moving_time_s", "distance_m", "climb_m", "average_watts"),
        "quarter",
        "average_watts",
    ),
    "daily_load": _View(
        ("day", "training_load", "load_source", "fitness_ctl", "fatigue_atl", "form_tsb"),
        "day",
        "fitness_ctl",
    ),
    "sport_overview": _View(("week", "sport_type", "activities", "moving_time_s", "distance_m"), "week"),
    "year_on_year": _View(
        ("day", "distance_so_far_m", "distance_year_before_m", "distance_change_pct"), "day"
    ),
    "eddington": _View(("unit", "number", "days", "days_missing", "reached_on"), "number"),
    "gear_use": _View(
        ("gear_id", "kind", "activities", "distance_m", "moving_time_s", "last_used_on"), "last_used_on"
    ),
    "power_curve": _View(
        ("duration_s", "watts", "watts_per_kg", "activity_date", "name"),
        "duration_s",
        "watts",
        of_all_time=True,
        durations_s=BEST_EFFORTS_S,
    ),
    "power_profile_progress": _View(
        ("week", "best_60s_w", "best_300s_w", "best_1200s_w", "critical_power_w", "estimated_ftp_w"),
        "week",
        "estimated_ftp_w",
    ),
    "personal_records": _View(
        ("period", "record", "value", "unit", "activity_date", "name"), "activity_date"
    ),
}
_FIRST_COLUMNS = 6


def preview(engine: Warehouse, mart: Mart, units: Literal["metric", "imperial"]) -> dict[str, Any]:
    """The glance at a mart, as metadata of its materialisation; empty for an empty mart.

    Of several athletes it shows the one with most activities, as the report does.

    Args:
        engine: the open warehouse.
        mart: which; it must be there.
        units: what lengths in the chart are told in.
    """
    from strava_assets.report import Figures, chart_svg, markdown_image, preview_table, sparkline_svg

    names = [column.name for column in mart.columns]
    view = _VIEWS.get(mart.name, _View(tuple(names[:_FIRST_COLUMNS]), mart.key[-1]))
    figures = Figures.read(engine.query, {mart.name, "bq_activities"})
    rows = figures.rows(mart.name) or _newest(engine, mart.name, view.newest_by)
    if not rows:
        return {}
    newest = sorted(
        rows, key=lambda row: (row[view.newest_by] is not None, row[view.newest_by]), reverse=True
    )
    if view.of_all_time:
        newest = [row for row in newest if row["period"] == "all_time"]
    told = newest
    if view.durations_s:
        told = [row for row in reversed(newest) if row["duration_s"] in view.durations_s]
    shown = [name for name in view.columns if name in newest[0]]
    metadata = {"newest_rows": dg.MetadataValue.md(preview_table(told[:_PREVIEW_ROWS], shown))}
    if view.spark in newest[0]:
        drawn = newest if view.of_all_time else newest[:_SPARK_ROWS]
        line = sparkline_svg([row[view.spark] for row in reversed(drawn)], view.spark)
        metadata[f"{view.spark}_drawn"] = dg.MetadataValue.md(line)
    if chart := chart_svg(mart.name, figures, units):
        metadata["chart"] = dg.MetadataValue.md(markdown_image(chart, mart.name))
    return metadata


def _newest(engine: Warehouse, table: str, by: str) -> list[dict[str, Any]]:
    """The newest rows of what the report does not show, the view the marts share."""
    newest = engine.query(
        f"SELECT * FROM {table} ORDER BY {by} DESC LIMIT {_PREVIEW_ROWS}"  # noqa: S608 - the catalog's names
    )
    rows: list[dict[str, Any]] = newest.to_pylist()
    return rows
