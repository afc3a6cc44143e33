"""Sensors that send an alert when a run fails or its job succeeds again, and those of inbox and webhooks.

resources/alerts.py writes the alerts and prevents duplicates; history/inbox.py decides which files are ready,
webhooks/hand_over.py which events a run gets.
"""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from strava_assets import wiring
from strava_assets.assets import inbox
from strava_assets.assets.athlete_partitions import align_partitions, all_athletes, one_athlete
from strava_assets.assets.fetching_athletes import fetched_some, refused_today
from strava_assets.execution.tags import EVENTS_KEPT_TAG, EVENTS_OF_TAG
from strava_assets.resources.alerts import RunAlerts
from strava_assets.schedules import WITHOUT_FETCHING
from strava_assets.setting_paths import local_path

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

    from strava_assets.settings import Settings
    from strava_assets.webhooks.hand_over import PastRun

# Two looks and the run fit into a minute.
_LOOK_EVERY_S = 5
# A bucket's listing costs money.
_LOOK_INTO_BUCKET_EVERY_S = 30
# The events of further athletes wait for the next look.
_MOST_RUNS_A_LOOK = 20
_DONE_KEY = "strava_assets/inbox"
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def build(
    settings: "Settings", load_job: "UnresolvedAssetJobDefinition | None" = None
) -> list[dg.SensorDefinition]:
    """All sensors. Those of alerts run by default if alert receivers are configured and automation is on.

    Args:
        settings: which sensors there are.
        load_job: the job `load_fetched`, which there is for several athletes alone.
    """
    several_athletes = load_job is not None
    status = (
        dg.DefaultSensorStatus.RUNNING
        if settings.alerts_wanted and settings.schedules_running
        else dg.DefaultSensorStatus.STOPPED
    )

    # All code locations, because runs of the command line belong to none. The command reports its failures
    # itself, unless it was killed.
    @dg.run_failure_sensor(
        name="alert_on_failure",
        monitor_all_code_locations=True,
        default_status=status,
        description="Sends one alert per failed run, with a remedy, to the receivers in "
        "STRAVA_ASSETS_ALERT_URLS.",
    )
    def alert_on_failure(context: dg.RunFailureSensorContext, alerts: dg.ResourceParam[RunAlerts]) -> None:
        alerts.report_failure(context.instance, context.dagster_run.run_id)

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name="alert_on_recovery",
        monitor_all_code_locations=True,
        default_status=status,
        description="Sends one alert when a job succeeds again.",
    )
    def alert_on_recovery(context: dg.RunStatusSensorContext, alerts: dg.ResourceParam[RunAlerts]) -> None:
        alerts.report_success(context.instance, context.dagster_run.run_id)

    return [
        alert_on_failure,
        alert_on_recovery,
        *([_inbox_sensor(settings, several_athletes=several_athletes)] if settings.inbox else []),
        *([_webhook_sensor(settings, several_athletes=several_athletes)] if settings.webhooks else []),
        *([_load_sensor(load_job)] if load_job else []),
    ]


def _load_sensor(load_job: "UnresolvedAssetJobDefinition") -> dg.SensorDefinition:
    """The sensor that brings the others' new activities into the tables where some athletes failed."""

    # Of this code location alone: a command, whose runs belong to none, loads by itself.
    @dg.run_failure_sensor(
        name="load_after_failed_fetch",
        request_job=load_job,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Launches the job load_fetched after a sync in which some athletes could not be "
        "fetched and the others were.",
    )
    def load_after_failed_fetch(context: dg.RunFailureSensorContext) -> dg.RunRequest | dg.SkipReason:
        run_id = context.dagster_run.run_id
        if not fetched_some(context.instance, run_id):
            return dg.SkipReason("Either everyone was fetched in it, or nobody.")
        return dg.RunRequest(run_key=run_id, tags=all_athletes(context.instance))

    return load_after_failed_fetch


def _inbox_sensor(settings: "Settings", *, several_athletes: bool) -> dg.SensorDefinition:
    """The sensor of the inbox. It runs by default: who names an inbox wants its files."""
    address = settings.inbox or ""
    where = " Each athlete has a folder athlete=ID in it." if several_athletes else ""

    @dg.sensor(
        name="inbox_files",
        job_name=inbox.JOB,
        minimum_interval_seconds=_LOOK_EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Imports new files of the inbox once they have stopped growing, and refreshes what "
        f"depends on them. One import at a time: what comes meanwhile is in the next one.{where}",
    )
    def inbox_files(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        from strava_assets.history.inbox import folder_of, look_at, unreadable_folders

        athlete_ids = wiring.athlete_index(settings).athlete_ids() if several_athletes else []
        running = context.instance.get_runs_count(dg.RunsFilter(job_name=inbox.JOB, statuses=_UNFINISHED))
        storage = context.instance.daemon_cursor_storage
        done = frozenset(storage.get_cursor_values({_DONE_KEY}).get(_DONE_KEY, "").split())
        look = look_at(
            address,
            context.cursor,
            done,
            may_hand_over=not running,
            folders=[*map(folder_of, athlete_ids)] if several_athletes else None,
        )
        if look is None:
            return dg.SensorResult(
                skip_reason=f"The inbox {address} is not a folder or does not exist.", cursor=context.cursor
            )
        if look.done != done:
            storage.set_cursor_values({_DONE_KEY: " ".join(sorted(look.done))})
        if not look.ready:
            unassigned = (
                f" In no athlete's folder, and so not imported: {look.unassigned:,}."
                if look.unassigned
                else ""
            )
            zips = f" Zip files, to be unpacked there: {look.zips:,}." if look.zips else ""
            folders = unreadable_folders(address)
            unreadable = (
                f" The user of this process must be able to read: {', '.join(folders)}." if folders else ""
            )
            return dg.SensorResult(
                skip_reason=f"Still growing: {look.growing:,}. Waiting for the import that runs: "
                f"{look.waiting:,}.{unassigned}{zips}{unreadable}",
                cursor=look.cursor,
            )
        if several_athletes:
            # A second athlete may have come since the last tick of the schedule.
            align_partitions(context.instance, athlete_ids)
        by_athlete = {
            athlete_id: [name for name in look.ready if name.startswith(f"{folder_of(athlete_id)}/")]
            for athlete_id in athlete_ids
        } or {"": [*look.ready]}
        return dg.SensorResult(
            run_requests=[
                _import_request(look.run_key, names, athlete_id)
                for athlete_id, names in by_athlete.items()
                if names
            ],
            asset_events=[
                dg.AssetObservation(
                    inbox.SOURCE,
                    metadata={"new_files": len(look.ready)},
                    tags={"dagster/data_version": look.data_version},
                )
            ],
            cursor=look.cursor,
        )

    return inbox_files


def _import_request(run_key: str, names: list[str], athlete_id: str) -> dg.RunRequest:
    """The run that imports files of one athlete; without an id they are the only one's."""
    config = {inbox.NAME: {"config": {"files": names}}}
    return dg.RunRequest(
        run_key=f"{run_key}-{athlete_id}" if athlete_id else run_key,
        run_config={"ops": WITHOUT_FETCHING["ops"] | config},
        tags=one_athlete(athlete_id) if athlete_id else None,
    )


def _webhook_sensor(settings: "Settings", *, several_athletes: bool) -> dg.SensorDefinition:
    """The sensor of events. It runs by default: who sets up webhooks wants them to do something."""
    is_local = local_path(settings.events_address) is not None

    @dg.sensor(
        name="webhook_events",
        job_name="sync",
        minimum_interval_seconds=_LOOK_EVERY_S if is_local else _LOOK_INTO_BUCKET_EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Launches a sync for the events that the webhook receiver wrote, several events at once. "
        "Removes them after a run that got them has succeeded.",
    )
    def webhook_events(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        from strava_assets.webhooks.event_store import MORE
        from strava_assets.webhooks.hand_over import hand_over

        webhooks = wiring.webhooks(settings)
        waiting = {
            owner: names for owner in webhooks.events.owners() if (names := webhooks.events.waiting(owner))
        }
        reasons = [] if waiting else ["No event waits."]
        requests: list[dg.RunRequest] = []
        athletes = wiring.athlete_index(settings).athletes() if several_athletes and waiting else ()
        logged_in = [athlete for athlete in athletes if athlete.logged_in]
        refused = refused_today(settings, [each for each in logged_in if each.athlete_id in waiting])
        if athletes:
            align_partitions(context.instance, [athlete.athlete_id for athlete in athletes])
        for owner_id, names in waiting.items():
            if len(requests) == _MOST_RUNS_A_LOOK:
                break
            if athletes and owner_id not in {athlete.athlete_id for athlete in logged_in}:
                # It came before a logout, or while the athlete was being forgotten: nobody would settle it.
                webhooks.events.remove(owner_id, names)
                reasons.append("An event of an athlete who is not logged in here was removed.")
                continue
            if webhooks.state.logged_out(owner_id) or owner_id in refused:
                reasons.append("Strava refuses an athlete's tokens: run strava-assets login, then sync.")
                continue
            now = datetime.now(UTC)
            more_at = webhooks.events.more_at(owner_id) if MORE in names else None
            decided = hand_over(names, _runs_with_events(context.instance, owner_id, now), now, more_at)
            webhooks.events.remove(owner_id, decided.settled)
            if not decided.names:
                reasons.append(decided.reason)
                continue
            config = {"raw_activities": {"config": {"events": list(decided.names)}}}
            of_athlete = one_athlete(owner_id) if several_athletes else {}
            requests.append(
                dg.RunRequest(
                    run_key=decided.run_key,
                    run_config={"ops": config},
                    tags={EVENTS_OF_TAG: owner_id} | of_athlete,
                )
            )
        return dg.SensorResult(
            run_requests=requests, skip_reason=None if requests else " ".join(dict.fromkeys(reasons))
        )

    return webhook_events


def _runs_with_events(instance: dg.DagsterInstance, owner_id: str, now: datetime) -> "list[PastRun]":
    """An athlete's runs that got events: those of the last 24 hours and the last one, the latest first."""
    from strava_assets.webhooks.hand_over import PastRun

    of_owner = {EVENTS_OF_TAG: owner_id}
    day = dg.RunsFilter(tags=of_owner, created_after=now - timedelta(days=1))
    records = instance.get_run_records(day) or instance.get_run_records(dg.RunsFilter(tags=of_owner), limit=1)

    def names_of(run: dg.DagsterRun) -> tuple[str, ...]:
        # A run that was launched again in the UI has the tags of the first one, perhaps without its events.
        config: Any = run.run_config
        for name in ("ops", "raw_activities", "config"):
            config = config.get(name) or {}
        return tuple(config.get("events", ()))

    return [
        PastRun(
            run_id=record.dagster_run.run_id,
            names=names_of(record.dagster_run),
            started_at=record.create_timestamp.astimezone(UTC),
            unfinished=record.dagster_run.status in _UNFINISHED,
            settled=record.dagster_run.status is dg.DagsterRunStatus.SUCCESS
            and EVENTS_KEPT_TAG not in record.dagster_run.tags,
        )
        for record in records
    ]
