"""Critical power: the two-parameter model P = CP + W'/t, fitted to bests of several durations.

The marts fit it in SQL; tests compare their results with this definition.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from strava_assets.schema.rules import FEWEST_FIT_POINTS, MOST_OF_AN_HOUR, W_PRIME_KJ

if TYPE_CHECKING:
    from strava_assets.power.seconds import Floats, Integers


@dataclass(frozen=True)
class CriticalPower:
    """The result of a fit.

    Args:
        critical_power_w: the power that can be sustained for long.
        w_prime_j: the work available above critical power.
        r2: share of the bests' variance that the fit explains; 1 if they do not vary.
        points: number of bests used.
    """

    critical_power_w: float
    w_prime_j: float
    r2: float
    points: int

    def quality(self, best_3600s_w: float | None = None) -> Literal["good", "few_points", "implausible"]:
        """Whether the fit is plausible, also compared with the best hour of the same period if given."""
        if self.points < FEWEST_FIT_POINTS:
            return "few_points"
        lowest, highest = W_PRIME_KJ
        if not lowest <= self.w_prime_j / 1000 <= highest:
            return "implausible"
        if best_3600s_w is not None and self.critical_power_w > MOST_OF_AN_HOUR * best_3600s_w:
            return "implausible"
        return "good"


def fit_critical_power(duration_s: Integers | Floats, watts: Floats) -> CriticalPower | None:
    """Fit by least squares of power on 1/t; None with fewer than two durations.

    The form of the model matters: for the five points of Vanhatalo 2007 this one gives 330.1 W, work on t
    330.9 W, and least squares in t 332.2 W. Source: Monod & Scherrer 1965; Moritani 1981.

    Args:
        duration_s: distinct durations of the bests, seconds.
        watts: mean power of each best.
    """
    if len(duration_s) < 2:
        return None
    rates = 1 / np.asarray(duration_s, np.float64)
    from_mean, above_mean = rates - rates.mean(), watts - watts.mean()
    w_prime_j = float(from_mean @ above_mean / (from_mean @ from_mean))
    variance = float(above_mean @ above_mean)
    residual = above_mean - w_prime_j * from_mean
    return CriticalPower(
        critical_power_w=float(watts.mean() - w_prime_j * rates.mean()),
        w_prime_j=w_prime_j,
        r2=1 - float(residual @ residual) / variance if variance else 1.0,
        points=len(rates),
    )
