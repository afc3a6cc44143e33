"""What a rider can do on one day: the power-duration curve, body weight and heart rates.

This is the truth about the invented athlete. Tests compare what the platform finds in the recordings with it.
How abilities change over the years is in fitness.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_HOUR_S = 3_600
_CP_LASTS_S = 1_800
_LONG_DECLINE = 0.055
"""Share of critical power that a rider loses, per unit of the logarithm of time, beyond half an hour."""
_FRESH_KJ = 1_200.0


@dataclass(frozen=True, kw_only=True)
class Abilities:
    """A rider's abilities on one day.

    Attributes:
        cp_w: Critical power.
        w_prime_j: The work above critical power that a fresh rider can do, in joules.
        sprint_w: The highest power of one second.
        tiring: Share of critical power that is lost with each 1,000 kJ of work after the first 1,200.
    """

    cp_w: float
    w_prime_j: float
    sprint_w: float
    weight_kg: float
    max_heartrate_bpm: int
    threshold_heartrate_bpm: int
    resting_heartrate_bpm: int
    tiring: float = 0.045

    @property
    def ftp_w(self) -> float:
        """The power of an hour's maximal effort."""
        return self.best_watts(_HOUR_S)

    def best_watts(self, seconds: float) -> float:
        """The highest mean power of a duration, in watts.

        This is the omni-domain power-duration model: critical power with a limited sprint, and a slow decline
        after half an hour. Puchowicz, Baker & Clarke 2020, Journal of Sports Sciences 38:801.
        """
        decay_s = self.w_prime_j / (self.sprint_w - self.cp_w)
        watts = self.cp_w + self.w_prime_j / seconds * -math.expm1(-seconds / decay_s)
        if seconds > _CP_LASTS_S:
            watts -= _LONG_DECLINE * self.cp_w * math.log(seconds / _CP_LASTS_S)
        return watts

    def sprint(self, seconds: int) -> Floats:
        """The watts of each second of an all-out start: their mean up to any second is the best possible."""
        decay_s = self.w_prime_j / (self.sprint_w - self.cp_w)
        edges = np.exp(-np.arange(seconds + 1) / decay_s)
        return np.asarray(self.cp_w + self.w_prime_j * (edges[:-1] - edges[1:]), np.float64)

    def tired(self, work_kj: Floats | float) -> Floats:
        """The share of critical power that is left after some work."""
        return np.maximum(0.8, 1 - self.tiring * np.maximum(0.0, np.asarray(work_kj) - _FRESH_KJ) / 1_000)
