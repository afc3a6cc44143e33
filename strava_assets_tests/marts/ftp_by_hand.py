"""Which efforts support an estimate of FTP, judged day after day; shares no code with the project."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date


def supporting(efforts: Iterable[tuple[date, float]]) -> dict[date, float]:
    """The best 20 minutes (W) of each day that supports an estimate, by day."""
    best: dict[date, float] = {}
    for day, watts in efforts:
        best[day] = max(watts, best.get(day, 0))
    supported: dict[date, float] = {}
    for day in sorted(best):
        bar = max(
            (watts * 0.95 ** ((day - then).days / 90) for then, watts in best.items() if then < day),
            default=0,
        )
        if best[day] >= bar:
            supported[day] = best[day]
    return supported
