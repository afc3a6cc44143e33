"""Dagster's own home under ours, and the files of the checkout that describe it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

import strava_assets
from strava_assets.cli.privacy import close_home
from strava_assets.errors import ConfigurationError

if TYPE_CHECKING:
    from strava_assets.settings import Settings

CHECKOUT = Path(strava_assets.__file__).parent.parent


def prepare(settings: Settings) -> Path:
    """Make Dagster's home, put `dagster.yaml` into it and name it in this process's environment.

    Args:
        settings: where the home is.

    Returns:
        The home's path.

    Raises:
        ConfigurationError: the folder cannot be written, or the checkout's files are not there.
    """
    home = settings.dagster_home.absolute()
    try:
        home.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(checkout_file("dagster.yaml"), home / "dagster.yaml")
    except OSError as error:
        raise ConfigurationError(
            f"The folder {home} cannot be used: {error.strerror}.",
            means="All local state lives there, so nothing was started.",
            remedy="make it writable, or set STRAVA_ASSETS_HOME to another folder.",
        ) from None
    close_home(settings.home)
    os.environ["DAGSTER_HOME"] = str(home)
    # Its database is made here, once: several processes making it at the same time break it.
    with dg.DagsterInstance.get():
        pass
    return home


def checkout_file(name: str) -> Path:
    """A file that lies beside the package in its checkout.

    Raises:
        ConfigurationError: the package was installed without its checkout.
    """
    path = CHECKOUT / name
    if not path.is_file():
        raise ConfigurationError(
            f"{name} is not beside the package ({CHECKOUT}).",
            means="The Dagster UI is described by files of the checkout.",
            remedy="run from a clone of the project, installed with pip install -e .",
        )
    return path
