"""Series that change slowly: first-order lags of another series, and slow noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_CHUNK = 256
_WEIGHTED_S = 25


def lagged(values: Floats, steps: float, start: float = 0.0) -> Floats:
    """The series y with y(t) = y(t-1) + (values(t) - y(t-1)) / (steps + 1).

    Args:
        values: The followed series.
        steps: The time constant in steps of the series, at least 8.
        start: y before the first value.
    """
    keep = steps / (steps + 1)
    chunks = -(-len(values) // _CHUNK)
    rows = np.zeros((chunks, _CHUNK))
    rows.flat[: len(values)] = values
    powers = keep ** np.arange(_CHUNK)
    # Within a chunk the recursion is a sum with growing weights; the chunks are joined one by one.
    own = np.cumsum(rows / powers, axis=1) * powers / (steps + 1)
    before = np.empty(chunks)
    for index in range(chunks):
        before[index] = start
        start = start * keep**_CHUNK + own[index, -1]
    return np.asarray((own + before[:, np.newaxis] * powers * keep).ravel()[: len(values)], np.float64)


def wandering(count: int, every: float, rng: np.random.Generator) -> Floats:
    """Slow noise with a mean of 0 and a variance of 1 that is a new one after every so many values."""
    knots = int(count / every) + 2
    # A line between two independent values has two thirds of their variance.
    noise = rng.standard_normal(knots) * 1.5**0.5
    return np.asarray(np.interp(np.arange(count), every * np.arange(knots), noise), np.float64)


def weighted_watts(watts: Floats) -> float:
    """Strava's weighted average power, as far as it is known: the fourth-power mean of a 25 s lag.

    It is Skiba's xPower; two published examples of Strava's number agree with it within a watt. It is not
    normalized power.
    """
    return float(np.mean(lagged(watts, _WEIGHTED_S) ** 4) ** 0.25) if len(watts) else 0.0
