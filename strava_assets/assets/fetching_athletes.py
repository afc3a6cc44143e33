"""The step of `raw_activities` for several athletes: success or failure of each, and what the UI shows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.execution.stats import StepEventStatus

from strava_assets import wiring
from strava_assets.errors import StravaAssetsError
from strava_assets.execution.tags import EVENTS_KEPT_TAG
from strava_assets.plurals import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.assets.activities import SyncConfig
    from strava_assets.history.fetch import FetchResult, SyncRequest
    from strava_assets.history.fetch_athletes import AthleteResult
    from strava_assets.history.webhook_sync import Webhooks
    from strava_assets.landing import Landing
    from strava_assets.landing.athlete_index import Athlete
    from strava_assets.resources import StravaResource
    from strava_assets.settings import Settings
    from strava_assets.strava.turns import TurnRules

ASSET = "raw_activities"
_MOST_NAMED = 10


class AthletesNotFetchedError(StravaAssetsError):
    """Some of the athletes could not be fetched; the others were."""

    def __init__(self, failed: Sequence[AthleteResult], athletes: int) -> None:
        sentences = [f"- {result.athlete.label}: {_sentence(result.error)}" for result in failed]
        if len(sentences) > _MOST_NAMED:
            rest = len(sentences) - _MOST_NAMED
            sentences = [*sentences[:_MOST_NAMED], f"- and {rest:,} more (strava-assets athletes)"]
        super().__init__(
            "\n".join(
                [f"{len(failed):,} of {counted(athletes, 'athlete')} could not be fetched.", *sentences]
            ),
            means="What landed of the others is complete. The job load_fetched brings it into the tables.",
            remedy="Each line says what to do; strava-assets athletes lists all of them.",
        )
        self.transient = any(result.error and result.error.transient for result in failed)


def fetch_each(
    context: dg.AssetExecutionContext,
    athlete_ids: Sequence[str],
    settings: Settings,
    strava: StravaResource,
    landing: Landing,
    request: SyncRequest,
    config: SyncConfig,
) -> dg.MaterializeResult[Any]:
    """Fetch the athletes of a run, and record success or failure for each one's partition.

    Args:
        context: Dagster's context of the step.
        athlete_ids: the partitions of the run.
        settings: what is due when.
        strava: opens clients and token stores.
        landing: receives the pages.
        request: the sync that was asked for.
        config: whether athletes who are up to date are left out, and the events that the run is for.

    Raises:
        AthletesNotFetchedError: some failed; the others' partitions are on record as materialized.
        StravaAssetsError: nobody could be fetched, for one reason.
    """
    from strava_assets.history.fetch_athletes import Walk

    index = wiring.athlete_index(settings)
    webhooks = wiring.webhooks(settings) if settings.webhooks else None
    rules = _rules(settings, webhooks)
    walk = Walk(
        access=strava,
        landing=landing,
        index=index,
        pacer=strava.pacer(context.log.info),
        clock=lambda: datetime.now(UTC),
        announce=context.log.info,
        webhooks=webhooks,
    )
    chosen = set(athlete_ids)
    results = walk.fetch(
        [athlete for athlete in index.athletes() if athlete.athlete_id in chosen],
        request,
        rules,
        only_if_due=config.only_if_due,
        not_again_since=_began(context) if context.op_execution_context.retry_number else None,
    )
    logged_in = [result.athlete.athlete_id for result in results if result.athlete.logged_in]
    if webhooks and _any_waits(webhooks, logged_in, config.events):
        # The sensor keeps the events of such a run.
        context.instance.add_run_tags(context.run.run_id, {EVENTS_KEPT_TAG: "not settled"})
    failed = [result for result in results if result.error]
    metadata = {result.athlete.athlete_id: _metadata(result) for result in results if not result.error}
    if not failed:
        for athlete_id, values in metadata.items():
            context.add_asset_metadata(values, partition_key=athlete_id)
        return dg.MaterializeResult()
    # A step that fails materializes nothing by itself; whose partition stays without an event has failed.
    for athlete_id, values in metadata.items():
        context.log_event(dg.AssetMaterialization(ASSET, partition=athlete_id, metadata=values))
    raise AthletesNotFetchedError(failed, len(results))


def _any_waits(webhooks: Webhooks, athlete_ids: Sequence[str], names: Sequence[str]) -> bool:
    """Whether events that a run is for still wait: no turn came, or it ended before they were settled."""
    return bool(names) and any(
        not set(names).isdisjoint(webhooks.events.waiting(athlete_id)) for athlete_id in athlete_ids
    )


def due_athletes(settings: Settings) -> list[str]:
    """The athletes whom the planner would fetch now, as far as it can tell without asking Strava.

    Raises:
        StravaAssetsError: index, landing or events cannot be read.
    """
    from strava_assets.history.athlete_states import athlete_states
    from strava_assets.strava.turns import needs_of

    index = wiring.athlete_index(settings)
    webhooks = wiring.webhooks(settings) if settings.webhooks else None
    rules, now = _rules(settings, webhooks), datetime.now(UTC)
    states = athlete_states(index, wiring.landing(settings), index.logged_in(), webhooks)
    return [athlete_id for athlete_id, state in states.items() if needs_of(state, now, rules)]


def refused_today(settings: Settings, athletes: Sequence[Athlete]) -> set[str]:
    """Those of the athletes who are refused and were tried within the last day, so that no turn would come.

    Raises:
        StravaAssetsError: index or landing cannot be read.
    """
    from strava_assets.history.athlete_states import athlete_states
    from strava_assets.strava.turns import paused_until

    states = athlete_states(wiring.athlete_index(settings), wiring.landing(settings), athletes, None)
    now = datetime.now(UTC)
    return {
        athlete_id
        for athlete_id, state in states.items()
        if state.refused_since and now < paused_until(state)
    }


def _rules(settings: Settings, webhooks: Webhooks | None) -> TurnRules:
    from strava_assets.history.quota_plan import TICK
    from strava_assets.history.webhook_sync import WEEK_HOURS
    from strava_assets.strava.turns import TurnRules

    is_listening = bool(webhooks and webhooks.state.is_listening(datetime.now(UTC)))
    return TurnRules(
        reserve_calls=settings.rate_limit_reserve,
        webhooks_alive=is_listening,
        routine_every_hours=TICK / timedelta(hours=1),
        full_every_hours=max(settings.full_listing_every_hours, WEEK_HOURS if is_listening else 0),
    )


def fetched_some(instance: dg.DagsterInstance, run_id: str) -> bool:
    """Whether some of several athletes were fetched in a run and others could not be."""
    steps = instance.get_run_step_stats(run_id, [ASSET])
    if not steps or steps[0].status is not StepEventStatus.FAILURE:
        return False
    entries = instance.all_logs(run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION)
    fetched = [entry.asset_materialization for entry in entries]
    return any(each and each.asset_key == dg.AssetKey(ASSET) for each in fetched)


def _began(context: dg.AssetExecutionContext) -> datetime | None:
    """When the run began, so that a repeated step leaves alone what the first try fetched."""
    started = context.instance.get_run_stats(context.run.run_id).start_time
    return datetime.fromtimestamp(started, UTC) if started else None


def _metadata(result: AthleteResult) -> dict[str, Any]:
    metadata: dict[str, Any] = {"mode": "none"}
    if result.fetched:
        metadata = sync_metadata(result.fetched[-1])
    metadata |= {"purpose": result.purpose or "none", "why": result.reason, "calls": result.calls}
    if result.events:
        metadata["events"] = result.events
    if result.completion:
        metadata["up_to_date"] = result.completion.sentence
        if result.completion.at:
            metadata["up_to_date_at"] = dg.MetadataValue.timestamp(result.completion.at)
    return metadata


def _sentence(error: StravaAssetsError | None) -> str:
    return f"{error.happened} {error.remedy}".strip() if error else ""


def sync_metadata(fetched: FetchResult) -> dict[str, Any]:
    """What the UI shows of one listing."""
    listing, manifest = fetched.listing, fetched.manifest
    metadata: dict[str, Any] = {
        "mode": fetched.plan.kind.value,
        "why": fetched.plan.reason,
        "batch": manifest.batch_id,
        "complete": listing.complete,
        "activities": len(listing.ids),
        "pages": listing.pages,
        "calls": sum(manifest.calls.values()),
    }
    if listing.newest_start:
        metadata["newest_activity"] = dg.MetadataValue.timestamp(listing.newest_start)
    if listing.quota:
        metadata |= listing.quota.as_metadata()
    if listing.stopped:
        metadata["goes_on_at"] = dg.MetadataValue.timestamp(listing.stopped.resume_at)
        metadata["stopped_by"] = str(listing.stopped)
    return metadata
