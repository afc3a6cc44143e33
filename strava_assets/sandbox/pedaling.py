"""What the legs do second by second: uneven power, short pauses in pedaling, and cadence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from strava_assets.sandbox.lags import wandering

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from strava_assets.sandbox.terrain import Floats

_LONGEST_GEAR_M, _SHORTEST_GEAR_M = 9.2, 2.7
"""Meters per turn of the cranks."""
_SECONDS_OF_A_PAUSE = 4.5


def uneven(seconds: int, spread: float, drifting: float, rng: np.random.Generator) -> Floats:
    """Factors around 1 for the power of each second.

    Args:
        seconds: The number of factors.
        spread: Standard deviation from one second to the next ones.
        drifting: Standard deviation over minutes.
        rng: The source of randomness.
    """
    quick = 0.5 * rng.standard_normal(seconds) + 0.5 * wandering(seconds, 4.0, rng)
    factors = 1 + spread * (quick + 0.7 * wandering(seconds, 25.0, rng))
    if drifting:
        factors += drifting * wandering(seconds, 240.0, rng)
    return np.maximum(factors, 0.15)


def surges(seconds: int, per_hour: float, strength: float, rng: np.random.Generator) -> Floats:
    """Factors of 1 and more: accelerations of 12 to 45 seconds, as in a group or over a crest."""
    factors = np.ones(seconds)
    for start in rng.integers(0, seconds, rng.poisson(per_hour * seconds / 3_600)):
        lasts = int(rng.integers(12, 45))
        factors[start : start + lasts] *= 1 + strength * rng.uniform(0.4, 1.0) * (20 / (lasts + 8)) ** 0.5
    return factors


def pauses(seconds: int, per_hour: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """The seconds without pedaling that the road does not ask for: bends, drinking, the wheel in front."""
    starts = np.flatnonzero(rng.random(seconds) < per_hour / 3_600)
    ends = np.minimum(starts + 1 + rng.geometric(1 / _SECONDS_OF_A_PAUSE, len(starts)), seconds)
    changes = np.zeros(seconds + 1)
    np.add.at(changes, starts, 1)
    np.add.at(changes, ends, -1)
    return np.cumsum(changes[:-1]) > 0


def cadences(
    intensity: Floats,
    speed_mps: Floats,
    grade: Floats,
    preferred_rpm: float,
    spread: float,
    rng: np.random.Generator,
) -> Floats:
    """Whole turns per minute for each second: zero where there is no power, bounded by the gears.

    Args:
        intensity: Power over FTP.
        speed_mps: The speed.
        grade: The slope of the road; 0.05 is 5 %.
        preferred_rpm: On the flat, at three quarters of FTP.
        spread: How uneven the power is; the cadence is accordingly.
        rng: The source of randomness.
    """
    seconds = len(intensity)
    wanted = preferred_rpm * (1 + 0.15 * (np.minimum(intensity, 2.5) - 0.75))
    wanted -= 220 * np.clip(grade - 0.02, 0.0, 0.1)
    wanted += 52 * spread * wandering(seconds, 20.0, rng) + 1.3 * rng.standard_normal(seconds)
    low, high = 60 * speed_mps / _LONGEST_GEAR_M, 60 * speed_mps / _SHORTEST_GEAR_M
    turning = np.clip(np.minimum(np.maximum(wanted, low), high), 32, 135)
    return np.where(intensity > 0, np.rint(turning), 0.0)
