"""`strava-assets rebuild`: the table and every mart anew from the landing, in this process."""

from __future__ import annotations

import sys

import click


@click.command("rebuild")
def command() -> None:
    """Rebuild every table from what has landed.

    Strava is asked nothing.

    The exit status is 0 when every asset was materialized and no blocking check failed, else 1.
    """
    from strava_assets.cli.alerting import report_errors
    from strava_assets.cli.instance import prepare
    from strava_assets.cli.running import run_job
    from strava_assets.settings import load_settings

    settings = load_settings()
    with report_errors(settings, "rebuild"):
        prepare(settings)
    succeeded = run_job(settings, "rebuild", {})
    sys.exit(0 if succeeded else 1)
