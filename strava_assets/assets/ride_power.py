"""What the rides' seconds say (`ride_power`, `ride_bests`), computed in one step."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from strava_assets.assets.activities import WAREHOUSE_POOL
from strava_assets.assets.describe import table_metadata
from strava_assets.assets.query_jobs import job_metadata
from strava_assets.assets.steps import platform_step
from strava_assets.assets.tags import PERSONAL
from strava_assets.power import METHOD
from strava_assets.resources import StreamsResource, WarehouseResource
from strava_assets.schema.ride_power import RIDE_BESTS, RIDE_POWER

if TYPE_CHECKING:
    from strava_assets.schema import Table


def build(retry_policy: dg.RetryPolicy | None = None) -> list[dg.AssetsDefinition]:
    """The two tables made of the streams.

    Args:
        retry_policy: for failures that another try can mend; None for none.
    """

    def spec(table: "Table") -> dg.AssetSpec:
        return dg.AssetSpec(
            table.name,
            deps=["activity_streams", "athlete_profile"],
            description=f"{table.description}\n\nOne row is {table.grain}.",
            group_name="warehouse",
            kinds={"numpy"},
            tags=PERSONAL,
            code_version=METHOD,
            metadata=table_metadata(table),
        )

    @dg.multi_asset(
        name="power_from_seconds",
        specs=[spec(RIDE_POWER), spec(RIDE_BESTS)],
        pool=WAREHOUSE_POOL,
        # A part of the streams may be replaced while it is read, by a run that fetches.
        retry_policy=retry_policy,
    )
    @platform_step
    def power_from_seconds(
        context: dg.AssetExecutionContext, streams: StreamsResource, warehouse: WarehouseResource
    ) -> Iterator[dg.MaterializeResult[Any]]:
        from strava_assets.history.ride_power import compute_ride_power

        with warehouse.open() as engine:
            report = compute_ride_power(engine, streams.open(), datetime.now(UTC), progress=context.log.info)
            [rows] = engine.query(_ROWS).to_pylist()
            qualities = engine.query(_QUALITIES).to_pylist()
            jobs = job_metadata(engine.take_reports())
        yield dg.MaterializeResult(
            asset_key=RIDE_POWER.name,
            metadata={
                "dagster/row_count": rows["rides"],
                "computed": report.computed,
                "unchanged": report.unchanged,
                "removed": report.removed,
                "hours_computed": round(report.recorded_s / 3600, 2),
            }
            | jobs
            | {f"quality_{row['quality']}": row["rides"] for row in qualities},
        )
        yield dg.MaterializeResult(
            asset_key=RIDE_BESTS.name, metadata={"dagster/row_count": rows["bests"]} | jobs
        )

    return [power_from_seconds]


_ROWS = "SELECT (SELECT COUNT(*) FROM ride_power) AS rides, (SELECT COUNT(*) FROM ride_bests) AS bests"
_QUALITIES = "SELECT quality, COUNT(*) AS rides FROM ride_power GROUP BY quality ORDER BY quality"
