"""A heart that follows the work: slowly, from rest, with a drift that heat and hours increase."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from strava_assets.sandbox.lags import lagged, wandering

if TYPE_CHECKING:
    from strava_assets.sandbox.abilities import Abilities, Floats

_FAST_S, _SLOW_S = 55.0, 260.0
_SLOW_SHARE = 0.2
_STEP_S = 5
"""Nobody's heart needs a finer resolution."""
_BEFORE_THE_START, _WITHOUT_LOAD = 0.17, 0.37
"""Heart rates as shares of the reserve between rest and threshold: at the start, and after long coasting."""
_DRIFT_PER_HOUR = 0.017
_HEAT_DRIFT = 0.0016
"""Additional drift per hour and degree above 15 degrees Celsius."""


def heart_rates(
    intensity: Floats, abilities: Abilities, temperature_c: float, rng: np.random.Generator
) -> Floats:
    """Whole beats per minute for each second.

    Args:
        intensity: Power over FTP, or what corresponds to it on foot, per second.
        abilities: Give the rates at rest, threshold and maximum.
        temperature_c: Of the air.
        rng: For the variation between days and within one.
    """
    rest, threshold = abilities.resting_heartrate_bpm, abilities.threshold_heartrate_bpm
    idle = rest + _WITHOUT_LOAD * (threshold - rest)
    slope = threshold + rng.normal(0, 2) - idle
    first = rest + _BEFORE_THE_START * (threshold - rest) + rng.uniform(-5, 5)
    wanted = idle + slope * np.minimum(_means(intensity), 1.6)
    rate = (1 - _SLOW_SHARE) * lagged(wanted, _FAST_S / _STEP_S, first)
    rate += _SLOW_SHARE * lagged(wanted, _SLOW_S / _STEP_S, first)
    hours = _STEP_S * np.arange(len(rate)) / 3_600
    drift = _DRIFT_PER_HOUR + _HEAT_DRIFT * max(temperature_c - 15, 0)
    rate *= 1 + drift * np.maximum(hours - 0.3, 0)
    seconds = np.arange(len(intensity))
    rate = np.interp(seconds, _STEP_S * np.arange(len(rate)), rate) + 1.3 * wandering(len(seconds), 40.0, rng)
    return np.rint(np.clip(rate, rest, abilities.max_heartrate_bpm))


def _means(values: Floats) -> Floats:
    """The mean of each step; the last one may be shorter."""
    starts = np.arange(0, len(values), _STEP_S)
    return np.add.reduceat(values, starts) / np.diff(np.append(starts, len(values)))
