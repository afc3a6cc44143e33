"""The checks of a mart: those that every table has, and its own from `marts/<name>.py`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from strava_assets import marts
from strava_assets.data_checks import every_table_checks

if TYPE_CHECKING:
    from strava_assets.data_checks import Check
    from strava_assets.marts import Mart


def checks_of(mart: Mart) -> tuple[Check, ...]:
    """All checks of a mart."""
    if not (marts.FOLDER / f"{mart.name}.py").exists():
        return every_table_checks(mart)
    own = import_module(f"{marts.__name__}.{mart.name}")
    return (*every_table_checks(mart), *cast("tuple[Check, ...]", own.CHECKS))
