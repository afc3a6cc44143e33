"""Sensors that send an alert when a run fails, and when its job succeeds again.

resources/alerts.py writes the messages and prevents duplicates.
"""

from typing import TYPE_CHECKING

import dagster as dg

from strava_assets.resources.alerts import RunAlerts

if TYPE_CHECKING:
    from strava_assets.settings import Settings


def build(settings: "Settings") -> list[dg.SensorDefinition]:
    """The two sensors. They run by default if alert receivers are configured and automation is on."""
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

    return [alert_on_failure, alert_on_recovery]
