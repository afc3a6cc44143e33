"""Fitness of today against four weeks ago, in the tile, the letter and the section on load."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.report.report_figures import Row

_DAYS = 28


def fitness_before(days: Sequence[Row]) -> Row | None:
    """The day four weeks before the last one; None where fitness had not settled by then.

    Args:
        days: rows of `daily_load`, the oldest first.
    """
    if len(days) <= _DAYS or days[-1 - _DAYS]["is_warm_up"]:
        return None
    return days[-1 - _DAYS]


def fitness_change(now: Row, before: Row) -> int:
    """The change of what is written, so that the numbers of the page agree."""
    change: int = round(now["fitness_ctl"]) - round(before["fitness_ctl"])
    return change
