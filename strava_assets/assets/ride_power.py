"""Tables of the recordings' seconds: power, bests and zones in one step, W' balance after the fits."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from strava_assets.assets.activities import WAREHOUSE_POOL
from strava_assets.assets.athlete_partitions import athletes_of_run
from strava_assets.assets.describe import table_metadata
from strava_assets.assets.query_jobs import job_metadata
from strava_assets.assets.steps import platform_step
from strava_assets.assets.tags import PERSONAL
from strava_assets.power import METHOD
from strava_assets.resources import StreamsResource, WarehouseResource
from strava_assets.schema.recording_zones import RECORDING_ZONES
from strava_assets.schema.ride_power import RIDE_BESTS, RIDE_BESTS_AFTER_WORK, RIDE_POWER, RIDE_W_BALANCE

if TYPE_CHECKING:
    from strava_assets.schema import Table
    from strava_assets.settings import Settings


def build(settings: "Settings", retry_policy: dg.RetryPolicy | None = None) -> list[dg.AssetsDefinition]:
    """The tables made of the streams.

    Args:
        settings: which sports count for power.
        retry_policy: for failures that another try can fix; None for none.
    """

    def spec(table: "Table", group: str, *deps: str) -> dg.AssetSpec:
        return dg.AssetSpec(
            table.name,
            deps=deps,
            description=f"{table.description}\n\nOne row is {table.grain}.",
            group_name=group,
            kinds={"numpy"},
            tags=PERSONAL,
            code_version=METHOD,
            metadata=table_metadata(table),
        )

    @dg.multi_asset(
        # A step is named after the (first) asset it makes.
        name=RIDE_POWER.name,
        specs=[spec(table, "recordings", "activity_streams", "athlete_profile") for table in _FROM_SECONDS],
        pool=WAREHOUSE_POOL,
        # A part of the streams may be replaced while it is read, by a run that fetches.
        retry_policy=retry_policy,
    )
    @platform_step
    def ride_power(
        context: dg.AssetExecutionContext, streams: StreamsResource, warehouse: WarehouseResource
    ) -> Iterator[dg.MaterializeResult[Any]]:
        from strava_assets.history.ride_power import compute_ride_power

        with warehouse.open() as engine:
            report = compute_ride_power(
                engine,
                streams.open(),
                datetime.now(UTC),
                power_sports=settings.power_sports,
                athlete_ids=athletes_of_run(context),
                progress=context.log.info,
            )
            rows = {row["name"]: row["row_count"] for row in engine.query(_ROWS).to_pylist()}
            qualities = engine.query(_QUALITIES).to_pylist()
            jobs = job_metadata(engine.take_reports())
        yield dg.MaterializeResult(
            asset_key=RIDE_POWER.name,
            metadata={
                "dagster/row_count": rows[RIDE_POWER.name],
                "computed": report.computed,
                "unchanged": report.unchanged,
                "removed": report.removed,
                "hours_computed": round(report.recorded_s / 3600, 2),
            }
            | jobs
            | {f"quality_{row['quality']}": row["rides"] for row in qualities},
        )
        for table in _FROM_SECONDS[1:]:
            yield dg.MaterializeResult(
                asset_key=table.name, metadata={"dagster/row_count": rows[table.name]} | jobs
            )

    @dg.multi_asset(
        name=RIDE_W_BALANCE.name,
        specs=[spec(RIDE_W_BALANCE, "marts", "power_profile_progress")],
        pool=WAREHOUSE_POOL,
        retry_policy=retry_policy,
    )
    @platform_step
    def ride_w_balance(
        context: dg.AssetExecutionContext, streams: StreamsResource, warehouse: WarehouseResource
    ) -> dg.MaterializeResult[Any]:
        from strava_assets.history.w_balance import compute_w_balance

        with warehouse.open() as engine:
            report = compute_w_balance(
                engine,
                streams.open(),
                datetime.now(UTC),
                athlete_ids=athletes_of_run(context),
                progress=context.log.info,
            )
            jobs = job_metadata(engine.take_reports())
        rows = report.computed + report.unchanged
        return dg.MaterializeResult(metadata={"dagster/row_count": rows} | vars(report) | jobs)

    return [ride_power, ride_w_balance]


_FROM_SECONDS = (RIDE_POWER, RIDE_BESTS, RIDE_BESTS_AFTER_WORK, RECORDING_ZONES)
_ROWS = " UNION ALL ".join(
    f"SELECT '{table.name}' AS name, COUNT(*) AS row_count FROM {table.name}"  # noqa: S608 - the registry's names
    for table in _FROM_SECONDS
)
_QUALITIES = "SELECT quality, COUNT(*) AS rides FROM ride_power GROUP BY quality ORDER BY quality"
