"""The first run of `strava-assets up`, in a separate process that frees its memory at the end."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from strava_assets.cli.main import end_with_message
from strava_assets.services.lifeline import tie_to_parent

if TYPE_CHECKING:
    from strava_assets.settings import Settings

# The schedule runs every six hours; newer data needs no run at start-up.
FRESH_FOR = timedelta(hours=6)


def main() -> None:
    """Run a job, unless all its assets were materialized within the schedule's interval."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lifeline", type=int, required=True, help="The read end of the parent's pipe.")
    parser.add_argument("--lock", type=Path, required=True, help="The lock file of this service.")
    parser.add_argument("--job", required=True, help="The job to run.")
    options = parser.parse_args()
    with end_with_message():
        lock = tie_to_parent(options.lifeline, options.lock)
        succeeded = _run_if_due(options.job)
        lock.release()
    sys.exit(0 if succeeded else 1)


def _run_if_due(job: str) -> bool:
    from strava_assets.cli.console import console, say
    from strava_assets.cli.instance import prepare
    from strava_assets.cli.running import run_job
    from strava_assets.settings_reader import load_settings

    settings = load_settings()
    prepare(settings)
    age = _age_of_data(settings, job)
    if age is not None and age < FRESH_FOR:
        schedule = "; the schedule continues from there" if settings.schedules_running else ""
        say("ok", f"Everything was materialized {_duration(age)} ago{schedule}.")
        return True
    console.print("Materializing the whole chain ..." if job == "sync" else "Refreshing every mart ...")
    return run_job(settings, job, {})


def _age_of_data(settings: Settings, job: str) -> timedelta | None:
    """The age of a job's oldest asset, or None if one was never materialized."""
    import dagster as dg

    from strava_assets.definitions import build_defs
    from strava_assets.wiring import has_several_athletes

    definitions = build_defs(settings, several_athletes=has_several_athletes(settings))
    keys = list(definitions.resolve_job_def(job).asset_layer.executable_asset_keys)
    with dg.DagsterInstance.get() as instance:
        latest = instance.get_latest_materialization_events(keys)
    timestamps = [event.timestamp for event in latest.values() if event]
    if len(timestamps) < len(keys):
        return None
    return datetime.now(UTC) - datetime.fromtimestamp(min(timestamps), UTC)


def _duration(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


if __name__ == "__main__":
    main()
