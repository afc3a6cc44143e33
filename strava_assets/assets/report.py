"""The page a person opens every Monday (`insights_report`), made from the marts after each sync."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import dagster as dg

from strava_assets.assets.activities import WAREHOUSE_POOL
from strava_assets.assets.steps import platform_step
from strava_assets.assets.tags import PERSONAL
from strava_assets.resources import WarehouseResource

DATA_STUDIO = dg.AssetSpec(
    "data_studio_report",
    deps=["weekly_watts", "quarterly_overview"],
    description="The report you lay out in Data Studio; a link on each mart's page opens one connected.",
    group_name="report",
    kinds={"looker"},
    metadata={"dagster/uri": dg.MetadataValue.url("https://datastudio.google.com")},
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.marts.catalog import Mart
    from strava_assets.settings import Settings


def build(
    settings: "Settings", marts: "Sequence[Mart]", checks: "Sequence[dg.AssetCheckKey]"
) -> list[dg.AssetsDefinition]:
    """The report asset.

    Args:
        settings: where the page goes, its units, and where it is served.
        marts: what it is made from.
        checks: whose latest findings the reader should know of.
    """
    tables = [mart.name for mart in marts if not mart.is_view]

    @dg.asset(
        name="insights_report",
        deps=tables,
        group_name="report",
        kinds={"html", "vega"},
        tags=PERSONAL,
        pool=WAREHOUSE_POOL,
        # Behind every check that could run as well, so that the page can tell what they found.
        op_tags={"dagster/priority": "-1"},
        code_version="2",
        description=(
            "One self-contained page of the athlete's riding: this week against the usual, weekly watts and "
            "their progression, quarters side by side, training load, records, and how complete the data is. "
            "It needs no server and loads nothing from anywhere; without a script it is whole as well."
        ),
        metadata={"dagster/uri": settings.report_target},
    )
    @platform_step
    def insights_report(
        context: dg.AssetExecutionContext, warehouse: WarehouseResource
    ) -> dg.MaterializeResult[Any]:
        from strava_assets.report import INPUT_TABLES, Figures, build_page, write_page

        now = datetime.now(UTC)
        today = now.astimezone(ZoneInfo(settings.timezone)).date()
        with warehouse.open() as engine:
            tables_in_warehouse = [name for name in [*tables, *INPUT_TABLES] if engine.exists(name)]
            figures = Figures.read(
                engine.query,
                tables_in_warehouse,
                warnings=_findings(context.instance, checks),
                fetches_streams=settings.streams != "none",
            )
        page = build_page(figures, units=settings.units, generated_at=now, sample=settings.is_sample)
        address = write_page(
            page, settings.report_target, dated=today if settings.report_dated_copies else None
        )
        metadata: dict[str, Any] = {
            "file": dg.MetadataValue.path(address),
            "kilobytes": round(len(page.encode()) / 1000),
        }
        if settings.report_link:
            metadata["open"] = dg.MetadataValue.url(settings.report_link)
        return dg.MaterializeResult(metadata=metadata)

    return [insights_report]


def _findings(instance: dg.DagsterInstance, checks: "Sequence[dg.AssetCheckKey]") -> list[str]:
    """What the checks found when they ran last, a sentence each; a check that has not run says nothing."""
    records = filter(None, map(instance.get_latest_asset_check_evaluation_record, checks))
    # A check of a run that is going on, or that failed before the check's turn, is on record as planned.
    evaluations = [e for r in records if isinstance(e := r.evaluation, dg.AssetCheckEvaluation)]
    return [e.description or e.check_name for e in evaluations if not e.passed]
