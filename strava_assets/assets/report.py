"""The page a person opens every Monday (`insights_report`), made from the marts after each sync."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import dagster as dg

from strava_assets import wiring
from strava_assets.assets.activities import WAREHOUSE_POOL
from strava_assets.assets.athlete_partitions import athletes_of_run
from strava_assets.assets.steps import platform_step
from strava_assets.assets.tags import PERSONAL
from strava_assets.resources import StreamsResource, WarehouseResource

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

    from strava_assets.landing.athlete_index import Athlete
    from strava_assets.marts.catalog import Mart
    from strava_assets.report import Figures
    from strava_assets.settings import Settings
    from strava_assets.streams import StreamStore
    from strava_assets.warehouse.engine import Warehouse


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
        # The last ride's W' balance.
        deps=[*tables, "ride_w_balance"],
        group_name="report",
        kinds={"html", "vega"},
        tags=PERSONAL,
        pool=WAREHOUSE_POOL,
        # Behind every check that could run as well, so that the page can tell what they found; those of the
        # published tables too.
        op_tags={"dagster/priority": "-2"},
        code_version="3",
        description=(
            "One self-contained page of the athlete's riding: a letter of three sentences, this week against "
            "the usual, the last ride, weekly watts and their progression, quarters side by side, training "
            "load, records, and how complete the data is. "
            "It needs no server and loads nothing from anywhere; without a script it is whole too."
        ),
        metadata={"dagster/uri": settings.report_target},
    )
    @platform_step
    def insights_report(
        context: dg.AssetExecutionContext, warehouse: WarehouseResource, streams: StreamsResource
    ) -> dg.MaterializeResult[Any]:
        from strava_assets.report import INPUT_TABLES, arrange_pages

        store = streams.open()
        writer = _PageWriter(context, settings, [*tables, *INPUT_TABLES], checks)
        with warehouse.open() as engine:
            athletes = wiring.athlete_index(settings).athletes()
            arrange_pages(settings.report_target, [athlete.athlete_id for athlete in athletes])
            if len(athletes) < 2:
                # Without an athlete in the index it is the one with most activities.
                only = athletes[0].athlete_id if athletes else None
                return dg.MaterializeResult(metadata=writer.write(engine, store, only))
            # Without partitions the second athlete has come since the definitions were loaded.
            chosen = athletes_of_run(context)
            for athlete in athletes:
                if chosen is None or athlete.athlete_id in chosen:
                    metadata = writer.write(engine, store, athlete.athlete_id, name=athlete.label)
                    if not athlete.shows_numbers:
                        # Dagster's UI is read by whoever runs the platform.
                        del metadata["letter"]
                    if chosen is not None:
                        context.add_asset_metadata(metadata, partition_key=athlete.athlete_id)
            writer.write_index(engine, athletes)
        return dg.MaterializeResult()

    return [insights_report]


class _PageWriter:
    """Writes the pages of one run.

    Args:
        context: Dagster's context of the step.
        settings: where pages go, and how they look.
        tables: what a page reads; each may be missing.
        checks: whose latest findings a reader should know of.
    """

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        settings: "Settings",
        tables: "Sequence[str]",
        checks: "Sequence[dg.AssetCheckKey]",
    ) -> None:
        self._context = context
        self._settings = settings
        self._tables = tables
        self._findings = _findings(context.instance, checks)
        self._now = datetime.now(UTC)

    def write(
        self, engine: "Warehouse", store: "StreamStore", athlete_id: str | None, *, name: str = ""
    ) -> dict[str, Any]:
        """Write one page; returns what the UI shows of it.

        Args:
            engine: the open warehouse.
            store: the recordings.
            athlete_id: whose page; None for the athlete with most activities.
            name: the athlete's name, where there are several. Findings of checks are about all of them, so
                such a page has none.
        """
        from strava_assets.profile.gear_file import read_gear
        from strava_assets.report import Figures, athlete_folder, build_page, letter_markdown, write_page

        settings = self._settings
        figures = Figures.read(
            engine.query,
            [table for table in self._tables if engine.exists(table)],
            athlete_id,
            warnings=() if name else self._findings,
            fetches_streams=settings.streams != "none",
        )
        figures = replace(figures, gear=read_gear(settings.athlete_file_path))
        figures = with_last_ride(figures, engine, store, self._context, with_shape=settings.report_route)
        page = build_page(
            figures,
            units=settings.units,
            generated_at=self._now,
            sample=settings.is_sample,
            athlete=name,
            ui_url=settings.ui_url,
        )
        target = settings.report_target
        today = self._now.astimezone(ZoneInfo(settings.timezone)).date()
        address = write_page(
            page,
            athlete_folder(target, athlete_id) if name and athlete_id else target,
            dated=today if settings.report_dated_copies else None,
        )
        metadata: dict[str, Any] = {
            "letter": dg.MetadataValue.md(letter_markdown(figures)),
            "file": dg.MetadataValue.path(address),
            "size": f"{len(page.encode()) / 1e6:.1f} MB",
        }
        if link := settings.report_link:
            own = f"{link.removesuffix('index.html').rstrip('/')}/athlete={athlete_id}/" if name else link
            metadata["open"] = dg.MetadataValue.url(own)
        return metadata

    def write_index(self, engine: "Warehouse", athletes: "Sequence[Athlete]") -> None:
        """Write the index of all athletes."""
        from strava_assets.report import (
            AthleteOverview,
            athletes_with_page,
            build_athlete_overview,
            read_shared_numbers,
            write_page,
        )

        settings = self._settings
        tables = [table for table in self._tables if engine.exists(table)]
        states = wiring.athlete_index(settings).states([each.athlete_id for each in athletes])
        overview = AthleteOverview(
            athletes,
            states,
            read_shared_numbers(engine.query, tables, athletes),
            athletes_with_page(settings.report_target),
            len(self._findings),
        )
        page = build_athlete_overview(
            overview,
            units=settings.units,
            generated_at=self._now,
            sample=settings.is_sample,
            ui_url=settings.ui_url,
        )
        write_page(page, settings.report_target)


def with_last_ride(
    figures: "Figures",
    engine: "Warehouse",
    store: "StreamStore",
    context: dg.AssetExecutionContext,
    *,
    with_shape: bool,
) -> "Figures":
    """The figures with the last ride's measured power and, if asked, its route.

    They are left out where its recording is damaged.

    Args:
        figures: of the athlete.
        engine: knows which file's recording is that of an activity of Strava.
        store: the recordings.
        context: for a warning.
        with_shape: whether the route is asked for.
    """
    from strava_assets.history.merged_files import recordings_by_activity
    from strava_assets.report import read_shape, read_trace
    from strava_assets.streams import StreamsError

    ride = figures.last_ride
    if ride is None:
        return figures
    try:
        recordings = recordings_by_activity(engine, store.entries(figures.athlete_id))
        recording = recordings.get((figures.athlete_id, ride["activity_id"]))
        if recording is None:
            return figures
        # Strava sends estimated watts second by second as well.
        is_measured = ride["average_watts"] is not None
        return replace(
            figures,
            last_ride_trace=read_trace(store, recording) if is_measured else None,
            last_ride_shape=read_shape(store, recording) if with_shape else None,
        )
    except StreamsError as error:
        context.log.warning("The last ride's power is not drawn: %s", error)
        return figures


def _findings(instance: dg.DagsterInstance, checks: "Sequence[dg.AssetCheckKey]") -> list[str]:
    """What the checks found when they ran last, a sentence each; a check that has not run says nothing."""
    records = filter(None, map(instance.get_latest_asset_check_evaluation_record, checks))
    # A check of a run that is going on, or that failed before the check's turn, is on record as planned.
    evaluations = [e for r in records if isinstance(e := r.evaluation, dg.AssetCheckEvaluation)]
    return [e.description or e.check_name for e in evaluations if not e.passed]
