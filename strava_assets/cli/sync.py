"""`strava-assets sync`: the whole chain once, in this process, with an exit status; no server needed."""

from __future__ import annotations

import sys

import click


@click.command("sync")
@click.option("--full", is_flag=True, help="List everything, not only what is new.")
@click.option(
    "--confirm-deletions",
    is_flag=True,
    help="Believe a full listing however many activities it lacks. Implies --full.",
)
def command(*, full: bool, confirm_deletions: bool) -> None:
    """Fetch, load and compute everything once.

    The exit status is 0 when every asset was materialized and no blocking check failed, else 1.
    """
    from strava_assets import wiring
    from strava_assets.cli.alerting import report_errors
    from strava_assets.cli.instance import prepare, remove_old_runs
    from strava_assets.cli.running import run_job
    from strava_assets.settings_reader import load_settings

    settings = load_settings()
    ops: dict[str, dict[str, dict[str, str | bool]]] = {}
    if full or confirm_deletions:
        ops["raw_activities"] = {"config": {"mode": "FULL"}}
    if confirm_deletions:
        ops["bq_activities"] = {"config": {"confirm_deletions": True}}
    with report_errors(settings, "sync"):
        prepare(settings)
        wiring.complete_index(settings)
    succeeded = run_job(settings, "sync", {"ops": ops})
    remove_old_runs(settings)
    sys.exit(0 if succeeded else 1)
