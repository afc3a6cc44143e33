"""Alerts of the command line: a command that nobody watches tells of its failure itself.

Ctrl-C is no failure. A process that is killed cannot tell anything; whoever finds the dead run calls
`RunAlerts.report_failure` for it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from strava_assets.errors import StravaAssetsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import dagster as dg

    from strava_assets.settings import Settings


def report_run(settings: Settings, instance: dg.DagsterInstance, result: dg.ExecuteInProcessResult) -> None:
    """Report how a run ended, where that is news; the terminal shows which receiver did not take it."""
    if not settings.alerts_wanted:
        return
    from strava_assets.resources.alerts import RunAlerts

    alerts = RunAlerts(settings)
    report = alerts.report_success if result.success else alerts.report_failure
    _report(lambda: report(instance, result.run_id))


@contextmanager
def report_errors(settings: Settings, job_name: str) -> Iterator[None]:
    """Report what ends a command before its run can be recorded as failed."""
    try:
        yield
    except Exception as error:
        if settings.alerts_wanted:
            from strava_assets.resources.alerts import RunAlerts

            ended_with = error
            _report(lambda: RunAlerts(settings).report_error(job_name, ended_with))
        raise


def _report(send: Callable[[], bool]) -> None:
    from strava_assets.cli.console import say

    try:
        sent = send()
    except StravaAssetsError as error:
        say("warning", f"{error.happened} {error.remedy}")
    else:
        if sent:
            say("step", "An alert was sent.")
