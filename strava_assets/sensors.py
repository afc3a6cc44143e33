"""Sensors that send an alert when a run fails or its job succeeds again, and one that watches the inbox.

resources/alerts.py writes the alerts and prevents duplicates; history/inbox.py decides which files are ready.
"""

from typing import TYPE_CHECKING

import dagster as dg

from strava_assets.assets import inbox
from strava_assets.resources.alerts import RunAlerts
from strava_assets.schedules import WITHOUT_FETCHING

if TYPE_CHECKING:
    from strava_assets.settings import Settings

# Two looks and the run fit into a minute.
_LOOK_EVERY_S = 5
_DONE_KEY = "strava_assets/inbox"
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def build(settings: "Settings") -> list[dg.SensorDefinition]:
    """All sensors. Those of alerts run by default if alert receivers are configured and automation is on."""
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

    return [alert_on_failure, alert_on_recovery, *([_inbox_sensor(settings)] if settings.inbox else [])]


def _inbox_sensor(settings: "Settings") -> dg.SensorDefinition:
    """The sensor of the inbox. It runs by default: who names an inbox wants its files."""
    address = settings.inbox or ""

    @dg.sensor(
        name="inbox_files",
        job_name=inbox.JOB,
        minimum_interval_seconds=_LOOK_EVERY_S,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Imports new files of the inbox once they have stopped growing, and refreshes what "
        "depends on them. One import at a time: what comes meanwhile is in the next one.",
    )
    def inbox_files(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        from strava_assets.history.inbox import look_at

        running = context.instance.get_runs_count(dg.RunsFilter(job_name=inbox.JOB, statuses=_UNFINISHED))
        storage = context.instance.daemon_cursor_storage
        done = frozenset(storage.get_cursor_values({_DONE_KEY}).get(_DONE_KEY, "").split())
        look = look_at(address, context.cursor, done, may_hand_over=not running)
        if look is None:
            return dg.SensorResult(
                skip_reason=f"The inbox {address} is not a folder or does not exist.", cursor=context.cursor
            )
        if look.done != done:
            storage.set_cursor_values({_DONE_KEY: " ".join(sorted(look.done))})
        if not look.ready:
            return dg.SensorResult(
                skip_reason=f"Still growing: {look.growing:,}. Waiting for the import that runs: "
                f"{look.waiting:,}.",
                cursor=look.cursor,
            )
        config = {inbox.NAME: {"config": {"files": list(look.ready)}}}
        return dg.SensorResult(
            run_requests=[
                dg.RunRequest(run_key=look.run_key, run_config={"ops": WITHOUT_FETCHING["ops"] | config})
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
