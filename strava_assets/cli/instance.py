"""Dagster's own home under ours: its configuration, its database, and the repair of what a crash left."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING

from strava_assets.cli.privacy import close_home
from strava_assets.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets.settings import Settings

CONFIGURATION = "dagster.yaml"
# What was copied last: a configuration that differs from it was edited by its owner.
SHIPPED = "dagster.yaml.shipped"


def prepare(settings: Settings) -> Path:
    """Make Dagster's home ready for a run: configuration, database, and no dead run in the way.

    Args:
        settings: where the home is.

    Returns:
        The path of Dagster's home.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    home = prepare_home(settings)

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
    """Remove the records of old runs: where there is no daemon, nobody else does."""
    from strava_assets.cli.console import say
    from strava_assets.execution.pruning import prune_runs
    from strava_assets.execution.recovery import open_instance

    with open_instance() as instance:
        result = prune_runs(instance, datetime.now(UTC), settings.keep_runs_days)
    if result.runs:
        say("step", f"Removed the records of {result.runs} runs older than {settings.keep_runs_days} days.")


def prepare_home(settings: Settings) -> Path:
    """Make Dagster's home, place its configuration and name it in the environment; Dagster is not imported.

    Raises:
        ConfigurationError: the folder cannot be written.
    """
    home = settings.dagster_home.absolute()
    try:
        home.mkdir(parents=True, exist_ok=True)
        _place_configuration(home)
    except OSError as error:
        raise ConfigurationError(
            f"The folder {home} cannot be used: {error.strerror}.",
            means="All local state lives there, so nothing was started.",
            remedy="Make it writable, or set STRAVA_ASSETS_HOME to another folder.",
        ) from None
    close_home(settings.home)
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def configuration_is_edited(home: Path) -> bool:
    """Whether the owner has changed the configuration, so that a newer version of ours is not in force."""
    path, shipped = home / CONFIGURATION, home / SHIPPED
    return path.is_file() and shipped.is_file() and path.read_bytes() != shipped.read_bytes()


def _place_configuration(home: Path) -> None:
    """Copy our configuration, unless the owner has edited theirs; say so when ours has changed since."""
    from strava_assets.cli.console import say

    path, shipped = home / CONFIGURATION, home / SHIPPED
    ours = files("strava_assets.services").joinpath(CONFIGURATION).read_bytes()
    theirs = path.read_bytes() if path.is_file() else ours
    if theirs != ours and configuration_is_edited(home):
        if shipped.read_bytes() != ours:
            say(
                "warning", f"{path} has changes of yours and is kept; {SHIPPED} beside it is the new version."
            )
    elif theirs != ours and not shipped.is_file():
        # A version of this program that kept no record of what it copied: it may have been edited.
        path.replace(home / f"{CONFIGURATION}.before")
        _put(path, ours)
    else:
        _put(path, ours)
    _put(shipped, ours)


def _put(path: Path, content: bytes) -> None:
    """Put a file in place whole or not at all; one that is the same is left alone."""
    if path.is_file() and path.read_bytes() == content:
        return
    partial = path.with_name(f"{path.name}.partial")
    partial.write_bytes(content)
    partial.replace(path)
