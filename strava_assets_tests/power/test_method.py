"""Another arithmetic is another version: otherwise rides of before would keep figures that no longer hold."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from strava_assets.power import METHOD
from strava_assets.power.measure import RidePower, measure

if TYPE_CHECKING:
    from strava_assets.power.bests import Bests

FIGURES_BY_METHOD = {"3": "46bc9a91c56527cc"}


def one_ride_with_everything() -> RidePower:
    """A made ride with pauses, silences, a spike, coasting and a heart rate; no random numbers in it."""
    number = np.arange(5000)
    times = number + 40 * (number > 1200) + (number > 3000)
    watts = np.float64(150) + (number * 7919) % 101
    watts[(number % 400) < 20] = 0
    watts[700:706] = np.nan
    watts[2000:2030] = np.nan
    watts[2500] = 1400
    beats = 120.0 + number / 200
    return measure(times, watts, beats, ftp_w=220, threshold_heartrate_bpm=150, weight_kg=25)


def columns(bests: Bests) -> dict[str, Any]:
    return {name: vars(bests)[name].tolist() for name in ("duration_s", "energy_j", "begins_at_s")}


def figures(power: RidePower) -> str:
    """All figures as text, floats to nine digits."""
    values = {name: value for name, value in vars(power).items() if name not in {"bests", "after_work"}}
    values |= columns(power.bests)
    values["after_work"] = [(basis, level, columns(bests)) for basis, level, bests in power.after_work]
    rounded = {name: f"{value:.9g}" if isinstance(value, float) else value for name, value in values.items()}
    return repr(rounded)


def test_a_version_stands_for_its_figures() -> None:
    """Where this fails, the arithmetic has changed: METHOD needs a new value, with the digest under it."""
    power = one_ride_with_everything()

    assert power.quality == "good"
    assert None not in vars(power).values()
    assert {basis for basis, *_ in power.after_work} == {"kj_per_kg"}
    assert hashlib.sha256(figures(power).encode()).hexdigest()[:16] == FIGURES_BY_METHOD[METHOD]
