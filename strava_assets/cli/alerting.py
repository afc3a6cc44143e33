"""Alerts of the command line, which may run where no daemon reports its failures.

`run_job` reports its run, and the code around it reports the rest, so that an error is reported once.
A signal that ends a command is no failure. A process that is killed cannot tell anything; the command that
finds the dead run reports it.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from strava_assets.errors import StravaAssetsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    import dagster as dg

    from strava_assets.resources.alerts import RunAlerts
    from strava_assets.settings import Settings


def report_runs(settings: Settings, instance: dg.DagsterInstance, run_id: str, began: datetime) -> None:
    """Report how a command's run ended, where that is news, and runs that it found dead while it waited.

    `began` is when the command began its own run, aware UTC.
    """
    import dagster as dg

    if not settings.alerts_wanted:
        return
    failed = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=began)
    report_failures(settings, instance, [run.run_id for run in instance.get_runs(failed)])
    run = instance.get_run_by_id(run_id)
    if run and run.status is dg.DagsterRunStatus.SUCCESS:
        _report(lambda alerts: alerts.report_success(instance, run_id), settings)


def report_failures(settings: Settings, instance: dg.DagsterInstance, run_ids: Iterable[str]) -> None:
    """Report runs that have failed; the terminal shows which receiver did not take it."""
    for run_id in run_ids:
        _report(partial(_report_failure, instance, run_id), settings)


@contextmanager
def report_errors(settings: Settings, job_name: str) -> Iterator[None]:
    """Report what ends a command before its run can be recorded as failed."""
    try:
        yield
    except Exception as error:
        _report(partial(_report_error, job_name, error), settings)
        raise


def _report_failure(instance: dg.DagsterInstance, run_id: str, alerts: RunAlerts) -> bool:
    return alerts.report_failure(instance, run_id)


def _report_error(job_name: str, error: Exception, alerts: RunAlerts) -> bool:
    return alerts.report_error(job_name, error)


def _report(report: Callable[[RunAlerts], bool], settings: Settings) -> None:
    if not settings.alerts_wanted:
        return
    from strava_assets.cli.console import say
    from strava_assets.resources.alerts import RunAlerts

    try:
        sent = report(RunAlerts(settings))
    except StravaAssetsError as error:
        say("warning", f"{error.happened} {error.remedy}")
    else:
        if sent:
            say("step", "An alert was sent.")
