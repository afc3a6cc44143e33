"""Critical power: the two-parameter model W = W' + CP·t, fitted to bests of several durations.

The marts fit it in SQL by the same rules (`schema/rules.py`); a check compares their results with this one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from strava_assets.schema.rules import (
    FEWEST_FIT_DAYS,
    FEWEST_FIT_POINTS,
    FIT_REACH_S,
    LEAST_CRITICAL_POWER_SHARE,
    MOST_FIT_ERRORS,
    W_PRIME_KJ,
)

if TYPE_CHECKING:
    from strava_assets.power.seconds import Floats, Integers

FitQuality = Literal["good", "few_points", "narrow", "one_day", "implausible", "uncertain", "submaximal"]


@dataclass(frozen=True)
class CriticalPower:
    """The result of a fit.

    Args:
        critical_power_w: the power that can be sustained for long.
        w_prime_j: the work available above critical power.
        critical_power_error_w: its standard error; None with fewer than three bests.
        w_prime_error_j: its standard error; None with fewer than three bests.
        r2: share of the work's variance that the fit explains.
        points: number of bests used.
        reach_s: the shortest and the longest duration, seconds.
        longest_w: mean power of the longest best, which is that of twenty minutes where there is one.
    """

    critical_power_w: float
    w_prime_j: float
    critical_power_error_w: float | None
    w_prime_error_j: float | None
    r2: float
    points: int
    reach_s: tuple[int, int]
    longest_w: float

    def quality(self, days: int, estimated_ftp_w: float | None = None) -> FitQuality:
        """Whether to believe the fit, and otherwise the first reason why not.

        Args:
            days: number of different days on which the bests were ridden.
            estimated_ftp_w: FTP by the last effort that supports an estimate; None without one.
        """
        if self.points < FEWEST_FIT_POINTS:
            return "few_points"
        if self.reach_s[0] > FIT_REACH_S[0] or self.reach_s[1] < FIT_REACH_S[1]:
            return "narrow"
        if days < FEWEST_FIT_DAYS:
            return "one_day"
        if not self._is_plausible():
            return "implausible"
        if not self._is_certain():
            return "uncertain"
        lowest_w = LEAST_CRITICAL_POWER_SHARE * (estimated_ftp_w or 0)
        return "submaximal" if self.critical_power_w < lowest_w else "good"

    def _is_plausible(self) -> bool:
        lowest, highest = W_PRIME_KJ
        is_possible = lowest <= self.w_prime_j / 1000 <= highest
        return is_possible and 0 < self.critical_power_w < self.longest_w

    def _is_certain(self) -> bool:
        if self.critical_power_error_w is None or self.w_prime_error_j is None:
            return False
        most_of_power, most_of_work = MOST_FIT_ERRORS
        return (
            self.critical_power_error_w <= most_of_power * self.critical_power_w
            and self.w_prime_error_j <= most_of_work * self.w_prime_j
        )


def fit_critical_power(duration_s: Integers | Floats, watts: Floats) -> CriticalPower | None:
    """Fit by least squares of work on time; None with fewer than two durations.

    The form of the model matters. Power on 1/t gives the short efforts the most weight; with bests of
    ordinary rides its critical power lies above the best twenty minutes that it was fitted to. Work on time
    cannot do that unless the work of longer bests falls behind. For the five points of Vanhatalo 2007 the two
    give 330.9 and 330.1 W.

    Source: Monod & Scherrer, Ergonomics 8, 1965, who plot work against time; Moritani et al., Ergonomics 24,
    1981, on the bicycle; standard errors as in any linear regression.

    Args:
        duration_s: distinct durations of the bests, seconds.
        watts: mean power of each best.
    """
    if len(duration_s) < 2:
        return None
    times_s = np.asarray(duration_s, np.float64)
    work_j = times_s * watts
    from_mean_s, from_mean_j = times_s - times_s.mean(), work_j - work_j.mean()
    spread = float(from_mean_s @ from_mean_s)
    critical_power_w = float(from_mean_s @ from_mean_j) / spread
    residual_j = from_mean_j - critical_power_w * from_mean_s
    variance = float(from_mean_j @ from_mean_j)
    longest = int(times_s.argmax())
    power_error_w, work_error_j = _standard_errors(times_s, residual_j, spread)
    return CriticalPower(
        critical_power_w=critical_power_w,
        w_prime_j=float(work_j.mean() - critical_power_w * times_s.mean()),
        critical_power_error_w=power_error_w,
        w_prime_error_j=work_error_j,
        r2=1 - float(residual_j @ residual_j) / variance if variance else 1.0,
        points=len(times_s),
        reach_s=(int(times_s.min()), int(times_s.max())),
        longest_w=float(watts[longest]),
    )


def _standard_errors(
    times_s: Floats, residual_j: Floats, spread: float
) -> tuple[float, float] | tuple[None, None]:
    points = len(times_s)
    if points < FEWEST_FIT_POINTS:
        return None, None
    variance = float(residual_j @ residual_j) / (points - 2)
    mean_s = float(times_s.mean())
    return (variance / spread) ** 0.5, (variance * (1 / points + mean_s**2 / spread)) ** 0.5
