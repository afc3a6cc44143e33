"""W' balance: how much of the work above critical power is left, second by second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from strava_assets.power.normalized import window_means

if TYPE_CHECKING:
    from strava_assets.power.seconds import Floats, Integers

LOW_SHARE = 0.25
"""Below this share of W' an athlete is close to having to slow down."""
MATCH_J = 2_000
"""The least work above critical power that counts as a match."""
# Exponents of doubles reach to about 700; a block and one pause within it stay below.
_MOST_DECAY = 300.0


@dataclass(frozen=True)
class WBalance:
    """The W' balance of a ride.

    Args:
        lowest_j: the lowest balance. Below zero, critical power or W' is too low for this ride.
        low_s: recorded seconds with a balance below a quarter of W'.
        matches: number of matches burned.
        work_above_j: work above critical power.
    """

    lowest_j: float
    low_s: int
    matches: int
    work_above_j: float


def w_balance(watts: Integers, at_s: Integers, critical_power_w: float, w_prime_j: float) -> WBalance:
    """Compute W' balance by the differential form.

    Above critical power the balance falls by the power above it; below, it recovers by (CP - P) times the
    share of W' that is missing. It begins with W', and a pause is zero watts. A match is a stretch in which
    the 30 s mean stays above critical power and does at least 2 kJ of work above it.

    Source: Froncioni and Clarke in Skiba et al., European Journal of Applied Physiology 115, 2015, and
    GoldenCheetah; the 2 kJ of a match are GoldenCheetah's, the word is Allen & Coggan's.

    Args:
        watts: mean power of each recorded second, W.
        at_s: the elapsed second of each value, strictly increasing.
        critical_power_w: of the day, W.
        w_prime_j: of the day, J; above critical power times one second.
    """
    missing_j = missing_work_j(watts, at_s, critical_power_w, w_prime_j)
    return WBalance(
        lowest_j=w_prime_j - float(missing_j.max(initial=0)),
        low_s=int(np.count_nonzero(missing_j > (1 - LOW_SHARE) * w_prime_j)),
        matches=_matches(watts, critical_power_w),
        work_above_j=float(np.maximum(watts - critical_power_w, 0).sum()),
    )


def missing_work_j(watts: Integers, at_s: Integers, critical_power_w: float, w_prime_j: float) -> Floats:
    """W' minus its balance at the end of each recorded second, J.

    Each second maps what is missing linearly, m -> share * m + spent, so that a block of seconds is a
    cumulative product and a cumulative sum of positive numbers.
    """
    above_w = watts - critical_power_w
    spent_j = np.maximum(above_w, 0.0)
    logs = np.log1p(np.minimum(above_w, 0.0) / w_prime_j)
    paused_s = np.diff(at_s) - 1
    if paused_s.any():
        logs[1:] += np.maximum(paused_s * np.log1p(-critical_power_w / w_prime_j), -_MOST_DECAY)
    decay = -np.cumsum(logs)
    missing_j = np.empty(len(watts))
    carried_j, first, decayed = 0.0, 0, 0.0
    while first < len(watts):
        last = max(first + 1, int(np.searchsorted(decay, decayed + _MOST_DECAY)))
        shares = np.exp(decayed - decay[first:last])
        missing_j[first:last] = shares * (carried_j + np.cumsum(spent_j[first:last] / shares))
        carried_j, decayed, first = float(missing_j[last - 1]), float(decay[last - 1]), last
    return missing_j


def _matches(watts: Integers, critical_power_w: float) -> int:
    above_w = np.maximum(window_means(watts) - critical_power_w, 0.0)
    edges = np.flatnonzero(np.diff(above_w > 0, prepend=False, append=False))
    if not len(edges):
        return 0
    # Between the beginnings, at even places, lie one stretch above critical power and one of zeros.
    return int(np.count_nonzero(np.add.reduceat(above_w, edges[::2]) >= MATCH_J))
