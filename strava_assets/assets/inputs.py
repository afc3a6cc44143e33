"""What the marts read beside the activities: which sports count, today's date, the settings of a refresh."""

from collections.abc import Iterator
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
from strava_assets.schema.sports import SPORT_RULES, sport_rules

if TYPE_CHECKING:
    from strava_assets.schema import Table
    from strava_assets.settings import Settings


def build(settings: "Settings") -> list[dg.AssetsDefinition]:
    """The small tables every refresh of the marts writes anew.

    Args:
        settings: which sports, commutes and virtual rides count; the athlete's time zone; the week's start.
    """

    def spec(table: "Table") -> dg.AssetSpec:
        return dg.AssetSpec(
            table.name,
            description=table.description,
            group_name="settings",
            code_version="1",
            metadata=table_metadata(table),
        )

    @dg.multi_asset(
        name="what_counts",
        specs=[spec(SPORT_RULES), spec(MART_SETTINGS)],
        pool=WAREHOUSE_POOL,
    )
    @platform_step
    def what_counts(warehouse: WarehouseResource) -> Iterator[dg.MaterializeResult[Any]]:
        today = datetime.now(ZoneInfo(settings.timezone)).date()
        row = {
            "as_of": today,
            "week_start": settings.week_start.value,
            "count_commutes": settings.count_commutes,
            "count_virtual": settings.count_virtual,
        }
        with warehouse.open() as engine:
            sports = engine.replace(SPORT_RULES, as_arrow(SPORT_RULES, sport_rules(settings.power_sports)))
            jobs_of_sports = job_metadata(engine.take_reports())
            engine.replace(MART_SETTINGS, as_arrow(MART_SETTINGS, [row]))
            jobs = job_metadata(engine.take_reports())
        yield dg.MaterializeResult(
            asset_key=SPORT_RULES.name, metadata={"dagster/row_count": sports} | jobs_of_sports
        )
        yield dg.MaterializeResult(
            asset_key=MART_SETTINGS.name, metadata={name: str(value) for name, value in row.items()} | jobs
        )

    return [what_counts]


def as_arrow(table: "Table", rows: list[dict[str, Any]]) -> Any:
    """Rows as an Arrow table of the registry's types."""
    import pyarrow as pa

    from strava_assets.warehouse.arrow import arrow_schema

    return pa.Table.from_pylist(rows, schema=arrow_schema(table.columns))
