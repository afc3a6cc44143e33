"""What Strava sent (`raw_activities`) and the typed table made of it (`bq_activities`)."""

from datetime import UTC, date, datetime
from enum import Enum
from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field

from strava_assets import wiring
from strava_assets.assets.athlete_partitions import athletes_of_run
from strava_assets.assets.describe import table_metadata
from strava_assets.assets.failures import saying_what_is_kept
from strava_assets.assets.fetching_athletes import fetch_each, sync_metadata
from strava_assets.assets.query_jobs import job_metadata
from strava_assets.assets.steps import platform_step
from strava_assets.assets.tags import ASKS_STRAVA, PERSONAL
from strava_assets.execution.tags import EVENTS_KEPT_TAG
from strava_assets.plurals import counted
from strava_assets.resources import LandingResource, StravaResource, StreamsResource, WarehouseResource
from strava_assets.schema.activities import ACTIVITIES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strava_assets.history.fetch import AthleteIdStore, FetchResult, SyncRequest
    from strava_assets.history.loader import LoadReport
    from strava_assets.landing import Landing
    from strava_assets.settings import Settings
    from strava_assets.strava.client import StravaClient

# One sync at a time talks to Strava: two would spend the same quota twice.
STRAVA_POOL = "strava_api"
# DuckDB has one writer; the pool makes runs take turns instead of failing on the file's lock.
WAREHOUSE_POOL = "warehouse"

STRAVA_API = dg.AssetSpec(
    "strava_api",
    description="Strava's API, `GET /athlete/activities`: the athlete's activities as Strava has them now.",
    group_name="sources",
    kinds={"strava"},
    metadata={"dagster/uri": dg.MetadataValue.url("https://developers.strava.com/docs/reference/")},
)


class Mode(Enum):
    """Which listing a sync makes."""

    AUTO = "auto"
    INCREMENTAL = "incremental"
    FULL = "full"
    WINDOW = "window"


class SyncConfig(dg.Config):
    """What a launch of `raw_activities` may choose; the defaults are what the schedule uses."""

    mode: Mode = Field(
        default=Mode.AUTO,
        description="auto: incremental, and a full listing when the last one is a day old. incremental: "
        "from the newest activity minus the overlap. full: everything, which also finds edits and deletions "
        "of any age. window: the range below.",
    )
    after: str = Field(
        default="", description="window only: activities that start on or after this date (YYYY-MM-DD, UTC)."
    )
    before: str = Field(
        default="", description="window only: activities that start before this date (YYYY-MM-DD, UTC)."
    )

    events: list[str] = Field(
        default=[],
        description="The events of a push subscription that this run settles, by their file names; the "
        "sensor webhook_events names them. Only with STRAVA_ASSETS_WEBHOOKS.",
    )
    only_if_due: bool = Field(
        default=False,
        description="Ask Strava only if an event waits or the last full listing is a week old, as long as "
        "the receiver is alive; the schedule sets it. Only with STRAVA_ASSETS_WEBHOOKS. With several "
        "athletes: ask only for those who are due.",
    )


class LoadConfig(dg.Config):
    """What a launch of `bq_activities` may choose."""

    rebuild: bool = Field(
        default=False, description="Forget the table and build it anew from the landing; asks Strava nothing."
    )
    confirm_deletions: bool = Field(
        default=False,
        description="Believe the next complete listing however many activities it lacks. Use it together "
        "with a full listing, when the check no_deletions_held_back told you so and they are really gone.",
    )


def build(settings: "Settings", retry_policy: dg.RetryPolicy | None = None) -> list[dg.AssetsDefinition]:
    """The two assets of the ingestion.

    Args:
        settings: overlap, full-listing age, guard and week start are taken from it.
        retry_policy: for failures that another try can mend; None for none.
    """

    @dg.asset(
        name="raw_activities",
        deps=[STRAVA_API],
        group_name="ingest",
        kinds={"python", "strava", "json"},
        tags=PERSONAL | ASKS_STRAVA,
        pool=STRAVA_POOL,
        retry_policy=retry_policy,
        code_version="1",
        description=(
            "Every page of Strava's list, written down exactly as it arrived, one committed batch a sync. "
            "Nothing here is interpreted, nothing is ever overwritten, and a batch that was not finished "
            "does not count. Launch it with a mode to choose what is listed."
        ),
        metadata={"dagster/uri": settings.landing_address},
    )
    @platform_step
    def raw_activities(
        context: dg.AssetExecutionContext,
        config: SyncConfig,
        strava: StravaResource,
        landing: LandingResource,
    ) -> dg.MaterializeResult[Any]:
        from strava_assets.history.fetch import SyncRequest, fetch
        from strava_assets.strava.sync import SyncMode

        request = SyncRequest(
            mode=SyncMode(config.mode.value),
            window=_window(config),
            overlap_days=settings.overlap_days,
            full_every_hours=settings.full_listing_every_hours,
        )
        if (athlete_ids := athletes_of_run(context)) is not None:
            with saying_what_is_kept(context.instance):
                return fetch_each(context, athlete_ids, settings, strava, landing.open(), request, config)
        client, store = strava.client(context.log.info), landing.open()
        with saying_what_is_kept(context.instance):
            if settings.webhooks:
                result = _sync_with_webhooks(
                    context, config, settings, client, strava.store(), store, request
                )
                _list_new_athlete(settings, strava)
                return result
            fetched = fetch(
                client,
                strava.store(),
                store,
                request,
                clock=lambda: datetime.now(UTC),
                progress=lambda pages, records, _: context.log.info(
                    "Page %d: %d activities so far", pages, records
                ),
                announce=context.log.info,
            )
        _list_new_athlete(settings, strava)
        _observe_listing(context, fetched)
        return dg.MaterializeResult(metadata=sync_metadata(fetched))

    @dg.asset(
        name="bq_activities",
        deps=[raw_activities, "archive_activities", *(["inbox_activities"] if settings.inbox else [])],
        group_name="warehouse",
        kinds={"python"},
        tags=PERSONAL,
        pool=WAREHOUSE_POOL,
        code_version="1",
        description=(
            f"{ACTIVITIES.description}\n\nOne row is {ACTIVITIES.grain}. Local dates, weeks, quarters and "
            "years are decided here, once, from the athlete's own clock."
        ),
        metadata=table_metadata(ACTIVITIES),
    )
    @platform_step
    def bq_activities(
        context: dg.AssetExecutionContext,
        config: LoadConfig,
        landing: LandingResource,
        warehouse: WarehouseResource,
        streams: StreamsResource,
    ) -> dg.MaterializeResult[Any]:
        from strava_assets.history.adoption import adopt_local
        from strava_assets.history.compact import compact
        from strava_assets.history.deletions import DeletionGuard
        from strava_assets.history.loader import Loader
        from strava_assets.history.retention import expire

        now, store = datetime.now(UTC), landing.open()
        guard = DeletionGuard(
            max_share=settings.max_deleted_share,
            max_count=settings.max_deleted_count,
            confirmed=config.confirm_deletions,
        )
        if moved := store.move_to_athletes():
            context.log.info("Sorted into the athletes' folders: %s.", counted(moved, "batch", "batches"))
        if adopted_by := adopt_local(store, streams.open()):
            context.log.info("Athlete %s adopted the recordings imported without an athlete.", adopted_by)
        with warehouse.open() as engine:
            loader = Loader(
                store,
                engine,
                week_start=settings.week_start.value,
                guard=guard,
                progress=context.log.info,
            )
            report = loader.load(now, rebuild=config.rebuild)
            expired = (
                expire(store, engine, streams.open(), now, settings.retention_days, settings.week_start.value)
                if settings.retention_days
                else 0
            )
            compaction = compact(store, engine, now, settings.landing_keep_days)
            [state] = engine.query(_STATE).to_pylist()
            jobs = job_metadata(engine.take_reports())
        return dg.MaterializeResult(
            metadata=_load_metadata(report, state)
            | jobs
            | {
                "expired": expired,
                "batches_compacted": compaction.compacted,
            }
        )

    return [raw_activities, bq_activities]


_STATE = """
SELECT
  COUNT(*) AS row_count,
  COUNTIF(deleted_at IS NULL) AS living,
  COUNTIF(deleted_at IS NOT NULL) AS deleted,
  MAX(IF(deleted_at IS NULL, activity_date, NULL)) AS newest
FROM bq_activities
"""


def _list_new_athlete(settings: "Settings", strava: StravaResource) -> None:
    """List the athlete of pasted tokens beside those whose exports were imported before."""
    listed = wiring.athlete_index(settings).athlete_ids()
    if listed and strava.store().read().get("athlete_id") not in listed:
        wiring.complete_index(settings)


def _sync_with_webhooks(
    context: dg.AssetExecutionContext,
    config: SyncConfig,
    settings: "Settings",
    client: "StravaClient",
    memory: "AthleteIdStore",
    landing: "Landing",
    request: "SyncRequest",
) -> dg.MaterializeResult[Any]:
    from strava_assets.history.webhook_sync import EventRequest

    result = wiring.webhooks(settings).sync(
        client,
        memory,
        landing,
        request,
        EventRequest(tuple(config.events), only_if_due=config.only_if_due),
        clock=lambda: datetime.now(UTC),
        announce=context.log.info,
    )
    if not result.fetched:
        return dg.MaterializeResult(metadata={"mode": "none", "why": result.reason, "calls": 0})
    if result.is_stopped:
        # The sensor keeps the events of such a run.
        context.instance.add_run_tags(context.run.run_id, {EVENTS_KEPT_TAG: "rate limit"})
    if result.given_up:
        context.log.warning(
            "Dropped, as Strava has their activities and does not list them: %s.",
            counted(result.given_up, "event"),
        )
    _observe_listing(context, result.fetched[-1])
    metadata = sync_metadata(result.fetched[-1]) | {
        "events": result.events,
        "events_refuted": result.refuted,
        "events_tried_again": result.unlisted,
        "events_dropped": result.given_up,
    }
    metadata["calls"] = sum(client.calls.values())
    return dg.MaterializeResult(metadata=metadata)


def _observe_listing(context: dg.AssetExecutionContext, fetched: "FetchResult") -> None:
    context.log_event(
        dg.AssetObservation(STRAVA_API.key, metadata={"activities listed": len(fetched.listing.ids)})
    )


def _window(config: SyncConfig) -> Any:
    from strava_assets.strava.sync import ListingWindow

    if not config.after and not config.before:
        return None
    after = _midnight(config.after, "after")
    # The API's bounds are exclusive, a person's "on or after" is not.
    return ListingWindow(
        after=None if after is None else after - 1, before=_midnight(config.before, "before")
    )


def _midnight(text: str, name: str) -> int | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise dg.Failure(
            # Without the text: a launch may fill it from any variable of the environment.
            description=f"{name} is not a date.\nWhat to do: Write it as YYYY-MM-DD, e.g. 2026-03-01.",
            allow_retries=False,
        ) from None
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


def _load_metadata(report: "LoadReport", state: "Mapping[str, Any]") -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "dagster/row_count": state["row_count"],
        "living": state["living"],
        "deleted_in_all": state["deleted"],
        "batches": report.batches,
        "records": report.records,
        "added": report.inserted,
        "changed": report.updated,
        "deleted": report.deleted,
        "set_aside": report.rejected,
        "held_back": len(report.held_back),
        "rebuilt": report.rebuilt,
    }
    if state["newest"]:
        metadata["newest_activity"] = state["newest"].isoformat()
    return metadata
