"""`strava-assets report`: write the page from the marts as they are, and open it."""

from __future__ import annotations

import sys
import webbrowser

import click


@click.command("report")
@click.option("--open", "open_it", is_flag=True, help="Open the page in the browser.")
def command(*, open_it: bool) -> None:
    """Write the insights page anew; asks Strava nothing."""
    from strava_assets.cli.alerting import report_errors
    from strava_assets.cli.console import console
    from strava_assets.cli.instance import prepare
    from strava_assets.cli.running import run_job
    from strava_assets.settings import load_settings

    settings = load_settings()
    with report_errors(settings, "report"):
        prepare(settings)
    if not run_job(settings, "report", {}):
        sys.exit(1)
    folder = settings.report_folder
    address = (
        (folder / "index.html").absolute().as_uri() if folder else f"{settings.report_target}/index.html"
    )
    console.print(f"The page: {address}", soft_wrap=True)
    if open_it:
        webbrowser.open(address)
