"""Alerts: a message when a run fails, with the failure's own cure, and one when the next run succeeds."""

from typing import TYPE_CHECKING

import dagster as dg

from strava_assets.resources.alerts import AlertResource

if TYPE_CHECKING:
    from strava_assets.settings import Settings


def build(settings: "Settings") -> list[dg.SensorDefinition]:
    """The two sensors; they run wherever an address for messages is set.

    Args:
        settings: whether alerts have somewhere to go, and whether automation starts switched on.
    """
    status = (
        dg.DefaultSensorStatus.RUNNING
        if settings.alerts_wanted and settings.schedules_running
        else dg.DefaultSensorStatus.STOPPED
    )

    # All code locations: a run from the command line belongs to none, and its failure is told as well.
    @dg.run_failure_sensor(
        name="alert_on_failure",
        monitor_all_code_locations=True,
        default_status=status,
        description="Tells a failed run and what to do about it, once a failure, at the address set in "
        "STRAVA_ASSETS_ALERT_WEBHOOK_URL or STRAVA_ASSETS_ALERT_MAIL_TO.",
    )
    def alert_on_failure(context: dg.RunFailureSensorContext, alerts: AlertResource) -> None:
        alerts.tell(
            f"The run {context.dagster_run.job_name} failed.",
            _cures(context) or context.failure_event.message or "The run ended without saying why.",
            run_id=context.dagster_run.run_id,
            recovered=False,
        )

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name="tell_of_recovery",
        monitor_all_code_locations=True,
        default_status=status,
        description="Tells once when a run succeeds after one that failed.",
    )
    def tell_of_recovery(context: dg.RunStatusSensorContext, alerts: AlertResource) -> None:
        run = context.dagster_run
        if _failed_before(context.instance, run):
            alerts.tell(
                f"The run {run.job_name} succeeds again.",
                "Nothing is to be done: what the failed runs missed has been caught up.",
                run_id=run.run_id,
                recovered=True,
            )

    return [alert_on_failure, tell_of_recovery]


def _cures(context: dg.RunFailureSensorContext) -> str:
    """The failed steps' own words: what happened, what it means, what to do."""
    told = []
    for event in context.get_step_failure_events():
        failure = event.step_failure_data
        text = failure.user_failure_data.description if failure.user_failure_data else None
        told.append(f"{event.step_key}: {text or failure.error_display_string}")
    return "\n".join(told)


def _failed_before(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether the run of this job that was created last before this one failed."""
    record = instance.get_run_record_by_id(run.run_id)
    if record is None:
        return False
    earlier = instance.get_runs(
        dg.RunsFilter(
            job_name=run.job_name,
            statuses=[dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE],
            created_before=record.create_timestamp,
        ),
        limit=1,
    )
    return bool(earlier) and earlier[0].status is dg.DagsterRunStatus.FAILURE
