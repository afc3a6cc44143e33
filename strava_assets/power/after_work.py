"""Durability: the bests of a ride that begin after a given amount of work."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from strava_assets.power.bests import Bests, best_efforts
from strava_assets.schema.rules import DURABILITY_DURATIONS_S

if TYPE_CHECKING:
    from strava_assets.power.seconds import Integers

WorkBasis = Literal["kj", "kj_per_kg"]

AFTER_KJ = (1_000, 2_000, 3_000)
"""Levels of work for everybody, kJ."""
AFTER_KJ_PER_KG = (10, 20, 30, 40)
"""Levels of work by body weight, kJ/kg, which make riders of different size comparable."""
DURABILITY_S: Integers = np.array(DURABILITY_DURATIONS_S)
"""The durations of these bests, seconds; all of them are durations of a ride's bests as well."""
DURABILITY_S.setflags(write=False)


class AfterWork(NamedTuple):
    """The bests after one level of work."""

    basis: WorkBasis
    level: int
    bests: Bests


def bests_after_work(
    watts: Integers, at_s: Integers, weight_kg: float | None, *, from_s: int = 1
) -> tuple[AfterWork, ...]:
    """The bests that begin after each level of work that the ride reaches.

    An effort may begin with the second after the one in which the level is reached.

    Source: power after a fixed amount of work, as in van Erp, Sanders & Lamberts, International Journal of
    Sports Physiology and Performance 16, 2021, and Spragg et al., European Journal of Sport Science 23, 2023.

    Args:
        watts: mean power of each recorded second, W.
        at_s: the elapsed second of each value, strictly increasing.
        weight_kg: body weight of the day; None where unknown, which leaves out the levels by weight.
        from_s: the shortest duration.
    """
    levels: list[tuple[WorkBasis, int, float]] = [("kj", level, 1_000.0 * level) for level in AFTER_KJ]
    if weight_kg:
        levels += [("kj_per_kg", level, 1_000.0 * level * weight_kg) for level in AFTER_KJ_PER_KG]
    begins = np.searchsorted(np.cumsum(watts), [work_j for *_, work_j in levels]) + 1
    return tuple(
        AfterWork(basis, level, bests)
        for (basis, level, _), first in zip(levels, begins.tolist(), strict=True)
        if first < len(watts) and len((bests := _bests_from(watts[first:], at_s[first:], from_s)).duration_s)
    )


def _bests_from(watts: Integers, at_s: Integers, from_s: int) -> Bests:
    return best_efforts(watts, at_s, from_s=from_s, durations_s=DURABILITY_S)
