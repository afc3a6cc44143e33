"""Prepares Dagster's home inside the home: configuration, database, and recovery after a crash."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING

from strava_assets.cli.privacy import close_home
from strava_assets.durable_files import write
from strava_assets.errors import ConfigurationError
from strava_assets.execution.home_use import use_home

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets.settings import Settings

CONFIGURATION = "dagster.yaml"
# The copy of the latest version. A configuration that differs from it was edited by the user.
SHIPPED = "dagster.yaml.shipped"


def prepare(settings: Settings) -> Path:
    """Prepare Dagster's home for runs in this process, end dead runs, and return the path of Dagster's home.

    Dagster finds its home through this process's environment, so DAGSTER_HOME is set.

    Raises:
        ConfigurationError: The folder is not writable.
    """
    home = prepare_home(settings)
    os.environ["DAGSTER_HOME"] = str(home)

    from strava_assets.cli.alerting import report_failures
    from strava_assets.cli.console import say
    from strava_assets.execution.recovery import end_dead_runs, open_instance

    with open_instance() as instance:
        dead = end_dead_runs(instance)
        for report in dead:
            say("warning", str(report))
        report_failures(settings, instance, [report.run.run_id for report in dead])
    return home


def remove_old_runs(settings: Settings) -> None:
    """Remove the records of old runs, which the daemon does if it is running."""
    from strava_assets.cli.console import say
    from strava_assets.execution.pruning import prune_runs
    from strava_assets.execution.recovery import open_instance

    with open_instance() as instance:
        result = prune_runs(instance, datetime.now(UTC), settings.keep_runs_days)
    if result.runs:
        say("step", f"Removed the records of {result.runs} runs older than {settings.keep_runs_days} days.")


def prepare_home(settings: Settings) -> Path:
    """Create Dagster's home with its configuration, and use it until this process ends.

    Dagster is not imported.

    Raises:
        ConfigurationError: The folder is not writable.
        HomeInUseError: Everything in it is being removed.
    """
    home = settings.dagster_home.absolute()
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
        use_home(settings.home)
        home.mkdir(parents=True, exist_ok=True)
        _place_configuration(home)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {home} cannot be used: {error.strerror}.",
            means="All local state is stored there, so nothing was started.",
            remedy="Make it writable, or set STRAVA_ASSETS_HOME to another folder.",
        ) from None
    close_home(settings.home)
    return home


def configuration_is_edited(home: Path) -> bool:
    """Whether the user has edited the configuration, so a newer version would not be used."""
    path, shipped = home / CONFIGURATION, home / SHIPPED
    return path.is_file() and shipped.is_file() and path.read_bytes() != shipped.read_bytes()


def _place_configuration(home: Path) -> None:
    """Copy the shipped configuration unless the user has edited it; warn if a newer version exists then."""
    from strava_assets.cli.console import say

    path, shipped = home / CONFIGURATION, home / SHIPPED
    latest = files("strava_assets.services").joinpath(CONFIGURATION).read_bytes()
    current = path.read_bytes() if path.is_file() else latest
    if current != latest and configuration_is_edited(home):
        if shipped.read_bytes() != latest:
            say("warning", f"{path} was edited and is kept. The new version is {SHIPPED} in the same folder.")
    elif current != latest and not shipped.is_file():
        # Old versions kept no copy of the shipped file, so this one may have been edited.
        path.replace(home / f"{CONFIGURATION}.before")
        _write_atomically(path, latest)
    else:
        _write_atomically(path, latest)
    _write_atomically(shipped, latest)


def _write_atomically(path: Path, content: bytes) -> None:
    """Write a file atomically, unless it already has this content."""
    if path.is_file() and path.read_bytes() == content:
        return
    write(path, content)
