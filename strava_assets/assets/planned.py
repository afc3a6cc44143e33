"""The athlete's planned load by day (`planned_load`), from their own file."""

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import dagster as dg

from strava_assets import wiring
from strava_assets.assets.activities import WAREHOUSE_POOL
from strava_assets.assets.describe import table_metadata
from strava_assets.assets.inputs import as_arrow
from strava_assets.assets.query_jobs import job_metadata
from strava_assets.assets.steps import platform_step
from strava_assets.assets.tags import PERSONAL
from strava_assets.resources import WarehouseResource
from strava_assets.schema.mart_inputs import PLANNED_LOAD

if TYPE_CHECKING:
    from strava_assets.settings import Settings


def build(settings: "Settings") -> list[dg.AssetsDefinition]:
    """The asset of the athlete's plan.

    Args:
        settings: where the plan is, and which day is today.
    """

    @dg.asset(
        name=PLANNED_LOAD.name,
        deps=["bq_activities"],
        group_name="warehouse",
        kinds={"python"},
        tags=PERSONAL,
        pool=WAREHOUSE_POOL,
        code_version="1",
        description=f"{PLANNED_LOAD.description}\n\nYours goes into `{settings.plan_file_path}`.",
        metadata=table_metadata(PLANNED_LOAD),
    )
    @platform_step
    def planned_load(warehouse: WarehouseResource) -> dg.MaterializeResult[Any]:
        from strava_assets import profile

        plan = profile.read_plan(settings.plan_file_path, datetime.now(ZoneInfo(settings.timezone)).date())
        with warehouse.open() as engine:
            athletes = engine.query("SELECT DISTINCT athlete_id FROM bq_activities").to_pylist()
            owner_id = next(iter(wiring.athlete_index(settings).athlete_ids()), None)
            rows = profile.plan_rows(plan, [row["athlete_id"] for row in athletes], owner_id=owner_id)
            count = engine.replace(PLANNED_LOAD, as_arrow(PLANNED_LOAD, rows))
            jobs = job_metadata(engine.take_reports())
        return dg.MaterializeResult(metadata={"dagster/row_count": count} | jobs)

    return [planned_load]
