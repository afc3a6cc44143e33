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
    from collections.abc import Mapping, Sequence

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
            counts = _counts(context, _FROM_SECONDS, engine.query(_COUNTS).to_pylist())
            jobs = job_metadata(engine.take_reports())
        yield dg.MaterializeResult(
            asset_key=RIDE_POWER.name,
            metadata={
                "computed": report.computed,
                "unchanged": report.unchanged,
                "removed": report.removed,
                "hours_computed": round(report.recorded_s / 3600, 2),
            }
            | counts[RIDE_POWER.name]
            | jobs,
        )
        for table in _FROM_SECONDS[1:]:
            yield dg.MaterializeResult(asset_key=table.name, metadata=counts[table.name] | jobs)

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
            rows = engine.query(_count_rows(RIDE_W_BALANCE)).to_pylist()
            counts = _counts(context, [RIDE_W_BALANCE], rows)
            jobs = job_metadata(engine.take_reports())
        return dg.MaterializeResult(metadata=counts[RIDE_W_BALANCE.name] | vars(report) | jobs)

    return [ride_power, ride_w_balance]


def _counts(
    context: dg.AssetExecutionContext, tables: "Sequence[Table]", rows: "Sequence[Mapping[str, Any]]"
) -> dict[str, dict[str, int]]:
    """Numbers of rows as metadata of each table; of partitions they are noted for each athlete instead.

    Args:
        context: whose run it is.
        tables: the tables of the step.
        rows: results of statements like `_count_rows`.
    """
    by_athlete: dict[tuple[str, str], dict[str, int]] = {}
    totals: dict[str, dict[str, int]] = {table.name: {_ROW_COUNT: 0} for table in tables}
    for row in rows:
        by_athlete.setdefault((row["name"], row["athlete_id"]), {})[row["label"]] = row["row_count"]
        total = totals[row["name"]]
        total[row["label"]] = total.get(row["label"], 0) + row["row_count"]
    athlete_ids = athletes_of_run(context)
    if athlete_ids is None:
        return totals
    for name in totals:
        for athlete_id in athlete_ids:
            own = {_ROW_COUNT: 0} | by_athlete.get((name, athlete_id), {})
            context.add_asset_metadata(own, asset_key=name, partition_key=athlete_id)
    return {name: {} for name in totals}


_ROW_COUNT = "dagster/row_count"


def _count_rows(table: "Table") -> str:
    """The statement that counts a table's rows by athlete."""
    return (
        f"SELECT '{table.name}' AS name, '{_ROW_COUNT}' AS label, athlete_id, COUNT(*) AS row_count "  # noqa: S608 - the registry's names
        f"FROM {table.name} GROUP BY athlete_id"
    )


_FROM_SECONDS = (RIDE_POWER, RIDE_BESTS, RIDE_BESTS_AFTER_WORK, RECORDING_ZONES)
_QUALITIES = (
    "SELECT 'ride_power' AS name, CONCAT('quality_', quality) AS label, athlete_id, COUNT(*) AS row_count "
    "FROM ride_power GROUP BY athlete_id, quality"
)
_COUNTS = " UNION ALL ".join([*(_count_rows(table) for table in _FROM_SECONDS), _QUALITIES])
