"""`strava-assets load`: what has landed into the tables and marts, in this process."""

from __future__ import annotations

import sys
from typing import NoReturn

import click


@click.command("load")
def command() -> None:
    """Load what has landed, and refresh every mart.

    For a process of a shard, while another one fetches. Strava is asked for no activities and no recordings,
    and the page is left as it is.

    The exit status is 0 when every asset was materialized and no blocking check failed, else 1.
    """
    materialize("load")


def materialize(job: str) -> NoReturn:
    """Run a job of the command's name in this process, and exit with its status."""
    from strava_assets.cli.alerting import report_errors
    from strava_assets.cli.instance import prepare
    from strava_assets.cli.running import run_job
    from strava_assets.settings_reader import load_settings

    settings = load_settings()
    with report_errors(settings, job):
        prepare(settings)
    sys.exit(0 if run_job(settings, job, {}) else 1)
