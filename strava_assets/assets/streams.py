"""The seconds of the rides, fetched from Strava as the quota allows (`activity_streams`)."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from strava_assets import wiring
from strava_assets.assets.activities import STRAVA_POOL
from strava_assets.assets.athlete_partitions import athletes_of_run
from strava_assets.assets.describe import table_metadata
from strava_assets.assets.failures import saying_what_is_kept
from strava_assets.assets.query_jobs import job_metadata
from strava_assets.assets.steps import platform_step
from strava_assets.assets.tags import ASKS_STRAVA, PERSONAL
from strava_assets.resources import StravaResource, StreamsResource, WarehouseResource
from strava_assets.schema.streams import ACTIVITY_STREAMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from strava_assets.history.stream_fetching import StreamsReport, Wanted
    from strava_assets.settings import Settings
    from strava_assets.strava.limits import Pacer
    from strava_assets.streams import StreamEntry, StreamStore


class StreamsConfig(dg.Config):
    """What a launch of `activity_streams` may choose."""

    fetch: bool = Field(
        default=True,
        description="Whether Strava is asked. Without, only the books of what is there are kept.",
    )


def build(settings: "Settings", retry_policy: dg.RetryPolicy | None = None) -> list[dg.AssetsDefinition]:
    """The asset of the streams.

    Args:
        settings: whose streams are fetched, what is left of the quota, where they are kept.
        retry_policy: for failures that another try can mend; None for none.
    """

    @dg.asset(
        name=ACTIVITY_STREAMS.name,
        deps=["bq_activities"],
        group_name="recordings",
        kinds={"python", "strava", "parquet"},
        tags=PERSONAL | ASKS_STRAVA,
        pool=STRAVA_POOL,
        retry_policy=retry_policy,
        code_version="1",
        description=(
            "Every second of the activities with a power meter, as Parquet, a call each: rides first, then "
            "others, newest first. One run "
            "takes what the quota allows beside its reserve and never waits; the next one goes on. A ride is "
            "fetched again when its times, distance or watts have changed, and never where a bulk export "
            f"or a file gave its recording.\n\nThe table keeps the books. {ACTIVITY_STREAMS.description}"
        ),
        metadata=table_metadata(ACTIVITY_STREAMS) | {"dagster/uri": settings.streams_address},
    )
    @platform_step
    def activity_streams(
        context: dg.AssetExecutionContext,
        config: StreamsConfig,
        strava: StravaResource,
        streams: StreamsResource,
        warehouse: WarehouseResource,
    ) -> dg.MaterializeResult[Any]:
        from strava_assets.history.merged_files import recordings_by_activity
        from strava_assets.history.quota_plan import expected_completion
        from strava_assets.history.stream_fetching import wanted, write_stream_index

        now, store = datetime.now(UTC), streams.open()
        with warehouse.open() as engine:
            entries = recordings_by_activity(engine, store.entries())
            activities = wanted(engine, entries, settings.streams, now, power_sports=settings.power_sports)
        # The warehouse is left to others while Strava is asked.
        with saying_what_is_kept(context.instance):
            reports = _fetch(context, config, settings, strava, store, activities)
        compacted = store.compact()
        with warehouse.open() as engine:
            entries = recordings_by_activity(engine, store.entries())
            write_stream_index(engine, entries)
            jobs = job_metadata(engine.take_reports())
        if (only := reports.get(None)) and only.stopped and only.needs_a_person:
            raise only.stopped
        for athlete_id, report in reports.items():
            own = [entry for key, entry in entries.items() if athlete_id in (None, key[0])]
            done = expected_completion(report, settings.streams_reserve, now) if config.fetch else None
            context.add_asset_metadata(_metadata(report, own, done), partition_key=athlete_id)
        return dg.MaterializeResult(metadata=jobs | {"parts_compacted": compacted})

    return [activity_streams]


def _fetch(
    context: dg.AssetExecutionContext,
    config: StreamsConfig,
    settings: "Settings",
    strava: StravaResource,
    store: "StreamStore",
    activities: "Sequence[Wanted]",
) -> "dict[str | None, StreamsReport]":
    """Fetch what the quota allows; the report by athlete, under None where nothing is partitioned."""
    from strava_assets.history.stream_fetching import StreamsReport, fetch_streams

    pacer = strava.pacer(context.log.info, reserve=settings.streams_reserve, max_wait_s=0)
    athlete_ids = athletes_of_run(context)
    if athlete_ids is not None:
        own = {each: [one for one in activities if one.athlete_id == each] for each in athlete_ids}
        if config.fetch:
            reports = _fetch_each(context, settings, strava, store, own, pacer)
            return {athlete_id: reports[athlete_id] for athlete_id in own}
        return {athlete_id: StreamsReport(remaining=len(wanted)) for athlete_id, wanted in own.items()}
    if not config.fetch:
        return {None: StreamsReport(remaining=len(activities))}
    report = fetch_streams(
        strava.client(context.log.info, pacer),
        strava.store(),
        store,
        activities,
        clock=lambda: datetime.now(UTC),
        announce=context.log.info,
    )
    if not report.needs_a_person:
        _log_end(context, report)
    return {None: report}


def _fetch_each(
    context: dg.AssetExecutionContext,
    settings: "Settings",
    strava: StravaResource,
    store: "StreamStore",
    wanted: "Mapping[str, Sequence[Wanted]]",
    pacer: "Pacer",
) -> "dict[str, StreamsReport]":
    """Fetch the streams of several athletes; an athlete who is refused only gets a warning."""
    from strava_assets.history.streams_of_athletes import fetch_streams_of_athletes
    from strava_assets.strava.turns import TurnRules

    index = wiring.athlete_index(settings)
    states = index.states(wanted)
    reports = fetch_streams_of_athletes(
        strava,
        store,
        wanted,
        [
            athlete
            for athlete in index.athletes()
            if athlete.logged_in and not ((state := states.get(athlete.athlete_id)) and state.refused_since)
        ],
        pacer,
        TurnRules(reserve_calls=settings.streams_reserve),
        clock=lambda: datetime.now(UTC),
        announce=context.log.info,
    )
    for report in reports.values():
        _log_end(context, report)
    return reports


def _log_end(context: dg.AssetExecutionContext, report: "StreamsReport") -> None:
    from strava_assets.strava.errors import QuotaExhaustedError

    if report.stopped:
        # The quota's end is how every long fetch ends; anything else deserves a look.
        level = "info" if isinstance(report.stopped, QuotaExhaustedError) else "warning"
        context.log.log(level, "Fetching streams ended early. %s", report.stopped)


def _metadata(
    report: "StreamsReport", entries: "Iterable[StreamEntry]", done: datetime | None
) -> dict[str, Any]:
    entries = list(entries)
    statuses = [entry.status for entry in entries]
    metadata: dict[str, Any] = {
        "dagster/row_count": len(statuses),
        "with_streams": statuses.count("stored"),
        "without_streams": statuses.count("none"),
        "unreadable_in_all": statuses.count("unreadable"),
        "repaired": sum(bool(entry.notes) for entry in entries),
        "fetched": report.stored,
        "none": report.none,
        "unreadable": report.unreadable,
        "failed": report.failed,
        "remaining": report.remaining,
        "calls": sum(report.calls.values()),
    }
    if report.quota:
        metadata |= report.quota.as_metadata()
    if done:
        metadata["expected_done"] = dg.MetadataValue.timestamp(done)
    if report.stopped:
        metadata["stopped_by"] = str(report.stopped)
    return metadata
