"""One asset for each mart of the catalog: a new SQL file is a new asset, with nothing to add here.

Intermediate tables and views are made once per run. In a run that leaves them out, the first mart that reads
them refreshes them, so that no mart is computed from an earlier state.
"""

from typing import TYPE_CHECKING, Any

import dagster as dg

from strava_assets import wiring
from strava_assets.assets.activities import WAREHOUSE_POOL
from strava_assets.assets.describe import table_metadata
from strava_assets.assets.previews import preview
from strava_assets.assets.query_jobs import job_metadata
from strava_assets.assets.steps import platform_step
from strava_assets.assets.tags import PERSONAL
from strava_assets.resources import WarehouseResource
from strava_assets.warehouse import SplitBy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.marts.catalog import Mart
    from strava_assets.settings import Settings
    from strava_assets.warehouse import Warehouse


def build(
    settings: "Settings",
    marts: "Sequence[Mart]",
) -> list[dg.AssetsDefinition]:
    """An asset for every mart of the catalog, intermediate tables and views included.

    Args:
        settings: where the code is readable, for links.
        marts: the whole catalog.
    """
    return [_asset(settings, mart, marts) for mart in marts]


def nearest(mart: "Mart", marts: "Sequence[Mart]") -> list[str]:
    """What a mart reads, without what it reaches through another of its reads: the graph shows each way once.

    Args:
        mart: whose.
        marts: the whole catalog.
    """
    through = {name for other in marts if other.name in mart.reads for name in other.depends_on}
    return [name for name in mart.reads if name not in through]


def _asset(settings: "Settings", mart: "Mart", marts: "Sequence[Mart]") -> dg.AssetsDefinition:
    shared = [
        other for other in marts if other.kind != "mart" and other.name in {*mart.reads, *mart.depends_on}
    ]

    @dg.asset(
        name=mart.name,
        deps=nearest(mart, marts),
        group_name="marts",
        kinds={"view" if mart.is_view else "sql"},
        tags=PERSONAL,
        pool=WAREHOUSE_POOL,
        code_version=mart.code_version,
        description=f"{mart.description}\n\nOne row is {mart.grain}.",
        metadata=table_metadata(mart)
        | {"sql": dg.MetadataValue.md(f"```sql\n{mart.sql}\n```")}
        | _data_studio(settings, mart),
    )
    @platform_step
    def refresh(context: dg.AssetExecutionContext, warehouse: WarehouseResource) -> dg.MaterializeResult[Any]:
        with warehouse.open() as engine:
            for other in shared:
                _refresh_once_per_run(context, engine, other)
            estimated = engine.estimate(mart.sql)
            rows = refresh_mart(engine, mart)
            jobs = job_metadata(engine.take_reports())
            glance = preview(engine, mart, settings.units)
        metadata = {} if rows is None else {"dagster/row_count": rows}
        if estimated is not None:
            metadata["bytes_estimated"] = estimated
        return dg.MaterializeResult(metadata=metadata | jobs | glance)

    return refresh


def _refresh_once_per_run(context: dg.AssetExecutionContext, engine: "Warehouse", shared: "Mart") -> None:
    """Refresh an intermediate table or view unless this run already has, and record its materialization."""
    latest = context.instance.get_latest_materialization_event(dg.AssetKey(shared.name))
    if latest is not None and latest.run_id == context.run.run_id:
        return
    context.log.info("Refreshing %s first: this run has not done it yet.", shared.name)
    rows = refresh_mart(engine, shared)
    counted = {} if rows is None else {"dagster/row_count": rows}
    metadata = counted | job_metadata(engine.take_reports())
    context.log_event(dg.AssetMaterialization(shared.name, metadata=metadata))


def _data_studio(settings: "Settings", mart: "Mart") -> dict[str, dg.MetadataValue[Any]]:
    """A link that opens a report already connected to the table, where Data Studio can read it."""
    source = wiring.warehouse(settings).data_studio_source
    if source is None:
        return {}
    from strava_assets.report.data_studio import create_report_link

    link = create_report_link(*source, mart.name, mart.name.replace("_", " "))
    return {"create_data_studio_report": dg.MetadataValue.url(link)}


def refresh_mart(engine: "Warehouse", mart: "Mart") -> int | None:
    """Put a mart in place of its table or view; returns a table's number of rows.

    A view is not counted: that would compute all of it once more.

    Args:
        engine: holds what the mart reads.
        mart: what is made.
    """
    if mart.is_view:
        engine.create_view_as(mart.name, mart.sql, description=mart.description, columns=mart.columns)
        return None
    # Every key begins with the athlete, and no mart compares one athlete with another.
    return engine.create_table_as(
        mart.name,
        mart.sql,
        description=mart.description,
        columns=mart.columns,
        split_by=SplitBy(mart.key[0], mart.depends_on),
    )
