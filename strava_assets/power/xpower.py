"""xPower: the fourth-power mean of an exponentially weighted mean over about 25 s."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from strava_assets.power.seconds import Floats, Integers

_DECAY = 25 / 26
# Within a block the weights are powers of 26/25, which stay well within the range of a double.
_BLOCK_S = 8192


def xpower_w(watts: Integers) -> float | None:
    """XPower of consecutive seconds; None without any. The mean begins at zero.

    Pauses are left out, as for normalized power, so that the two can be compared. (GoldenCheetah lets the
    mean decay in pauses and includes the decay, which gives less for a ride with many stops.)

    Source: P. Skiba, Calculation of Power Output and Quantification of Training Stress, 2006.

    Args:
        watts: mean power of each recorded second, W.
    """
    if not len(watts):
        return None
    return float(np.mean(np.square(np.square(_exponential_mean(watts)))) ** 0.25)


@cache
def _growth() -> Floats:
    """(26/25)^t of each second of a block."""
    return _DECAY ** -np.arange(_BLOCK_S, dtype=np.float64)


def _exponential_mean(watts: Integers) -> Floats:
    """m[t] = 25/26 m[t-1] + P[t]/26 with m[-1] = 0, as sums of P[t] (26/25)^t within a block."""
    means = np.empty(len(watts))
    growth = _growth()
    carried = 0.0
    for begins in range(0, len(watts), _BLOCK_S):
        block = watts[begins : begins + _BLOCK_S]
        grown = growth[: len(block)]
        within = (np.cumsum(block * grown) * (1 - _DECAY) + carried * _DECAY) / grown
        means[begins : begins + len(block)] = within
        carried = float(within[-1])
    return means
