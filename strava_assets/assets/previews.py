"""What a materialisation shows at a glance: a spark line and the newest rows, short enough for the UI."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import dagster as dg

if TYPE_CHECKING:
    from strava_assets.marts.catalog import Mart
    from strava_assets.warehouse.engine import Warehouse

# Two years of weeks: what a line of a few centimetres can still tell.
_SPARK_ROWS = 104
_PREVIEW_ROWS = 8


@dataclass(frozen=True)
class _View:
    """What of a mart is worth a glance: which columns, by what newest first, and which measure as a line."""

    columns: tuple[str, ...]
    newest_by: str
    spark: str = ""


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
    "personal_records": _View(
        ("period", "record", "value", "unit", "activity_date", "name"), "activity_date"
    ),
}
_FIRST_COLUMNS = 6


def preview(engine: Warehouse, mart: Mart) -> dict[str, Any]:
    """The glance at a mart, as metadata of its materialisation; empty for an empty mart.

    Args:
        engine: the open warehouse.
        mart: which; it must be there.
    """
    from strava_assets.report import preview_table, sparkline_svg

    names = [column.name for column in mart.columns]
    view = _VIEWS.get(mart.name, _View(tuple(names[:_FIRST_COLUMNS]), mart.key[-1]))
    shown = [name for name in view.columns if name in names]
    rows = engine.query(
        f"SELECT * FROM {mart.name} ORDER BY {view.newest_by} DESC LIMIT {_SPARK_ROWS}"  # noqa: S608 - the catalog's names
    ).to_pylist()
    if not rows:
        return {}
    metadata: dict[str, Any] = {
        "newest_rows": dg.MetadataValue.md(preview_table(rows[:_PREVIEW_ROWS], shown))
    }
    if view.spark in names:
        values = [row[view.spark] for row in reversed(rows)]
        metadata[f"{view.spark}_lately"] = dg.MetadataValue.md(sparkline_svg(values, view.spark))
    return metadata
