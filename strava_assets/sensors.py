"""Alerts of the daemon: a message when a run fails, and one when its job succeeds again.

What is said, and that nobody is told twice, stands in resources/alerts.py.
"""

from typing import TYPE_CHECKING

import dagster as dg

from strava_assets.resources.alerts import RunAlerts

if TYPE_CHECKING:
    from strava_assets.settings import Settings


def build(settings: "Settings") -> list[dg.SensorDefinition]:
    """The two sensors; they run wherever a receiver of messages is set.

    Args:
        settings: whether anybody is told, and whether automation starts switched on.
    """
    status = (
        dg.DefaultSensorStatus.RUNNING
        if settings.alerts_wanted and settings.schedules_running
        else dg.DefaultSensorStatus.STOPPED
    )

    # All code locations: a run from the command line belongs to none. That command reports it itself, unless
    # it was killed.
    @dg.run_failure_sensor(
        name="alert_on_failure",
        monitor_all_code_locations=True,
        default_status=status,
        description="Tells the receivers in STRAVA_ASSETS_ALERT_URLS that a run failed and what to do about "
        "it, once for each failure.",
    )
    def alert_on_failure(context: dg.RunFailureSensorContext, alerts: dg.ResourceParam[RunAlerts]) -> None:
        alerts.report_failure(context.instance, context.dagster_run.run_id)

    @dg.run_status_sensor(
        run_status=dg.DagsterRunStatus.SUCCESS,
        name="alert_on_recovery",
        monitor_all_code_locations=True,
        default_status=status,
        description="Tells them once when a job succeeds again.",
    )
    def alert_on_recovery(context: dg.RunStatusSensorContext, alerts: dg.ResourceParam[RunAlerts]) -> None:
        alerts.report_success(context.instance, context.dagster_run.run_id)

    return [alert_on_failure, alert_on_recovery]
