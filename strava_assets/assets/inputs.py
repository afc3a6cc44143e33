"""What the marts read beside the activities: which sports count, today's date, the settings of a refresh."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import dagster as dg

from strava_assets.assets.activities import WAREHOUSE_POOL
from strava_assets.assets.describe import table_metadata
from strava_assets.assets.query_jobs import job_metadata
from strava_assets.assets.steps import platform_step
from strava_assets.resources import WarehouseResource
from strava_assets.schema.mart_inputs import MART_SETTINGS
from strava_assets.schema.sports import SPORT_RULES
from strava_assets.schema.sports import sport_rules as rules_of_sports

if TYPE_CHECKING:
    from collections.abc import Callable

    from strava_assets.schema import Table
    from strava_assets.settings import Settings


def build(settings: "Settings") -> list[dg.AssetsDefinition]:
    """The small tables every refresh of the marts writes anew.

    Args:
        settings: which sports, commutes and virtual rides count; the athlete's time zone; the week's start.
    """

    @_table_asset(SPORT_RULES)
    @platform_step
    def sport_rules(warehouse: WarehouseResource) -> dg.MaterializeResult[Any]:
        with warehouse.open() as engine:
            rows = engine.replace(SPORT_RULES, as_arrow(SPORT_RULES, rules_of_sports(settings.power_sports)))
            jobs = job_metadata(engine.take_reports())
        return dg.MaterializeResult(metadata={"dagster/row_count": rows} | jobs)

    @_table_asset(MART_SETTINGS)
    @platform_step
    def mart_settings(warehouse: WarehouseResource) -> dg.MaterializeResult[Any]:
        row = {
            "as_of": datetime.now(ZoneInfo(settings.timezone)).date(),
            "week_start": settings.week_start.value,
            "count_commutes": settings.count_commutes,
            "count_virtual": settings.count_virtual,
        }
        with warehouse.open() as engine:
            engine.replace(MART_SETTINGS, as_arrow(MART_SETTINGS, [row]))
            jobs = job_metadata(engine.take_reports())
        return dg.MaterializeResult(metadata={name: str(value) for name, value in row.items()} | jobs)

    return [sport_rules, mart_settings]


def _table_asset(table: "Table") -> "Callable[[Callable[..., Any]], dg.AssetsDefinition]":
    """The decorator of an asset that writes one of these tables."""
    return dg.asset(
        name=table.name,
        description=table.description,
        group_name="warehouse",
        pool=WAREHOUSE_POOL,
        code_version="1",
        metadata=table_metadata(table),
    )


def as_arrow(table: "Table", rows: list[dict[str, Any]]) -> Any:
    """Rows as an Arrow table of the registry's types."""
    import pyarrow as pa

    from strava_assets.warehouse.arrow import arrow_schema

    return pa.Table.from_pylist(rows, schema=arrow_schema(table.columns))
