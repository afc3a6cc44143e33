"""Runs, hikes, walks, ski tours and swims: the pace follows the slope, the heart follows the effort."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from strava_assets.sandbox import terrain
from strava_assets.sandbox.heart import heart_rates
from strava_assets.sandbox.lags import wandering
from strava_assets.sandbox.samples import Samples
from strava_assets.sandbox.terrain import Section
from strava_assets.sandbox.weather import temperatures

if TYPE_CHECKING:
    from strava_assets.sandbox.outing import Outing
    from strava_assets.sandbox.terrain import Floats

_COST_J_PER_KG_M = 1.04
"""The work per kilogram and meter that running power meters assume on the flat."""
_GRADES = (-0.3, -0.15, -0.06, 0.0, 0.1, 0.2, 0.35)
_PACES = (0.55, 0.85, 1.08, 1.0, 0.72, 0.5, 0.33)
"""Speed at a grade over that on the flat, at the same effort."""


def go(outing: Outing, rng: np.random.Generator) -> Samples:
    """The seconds of an activity without a bike."""
    kind, abilities = outing.kind, outing.abilities
    pace_mps = rng.uniform(*kind.pace_mps)
    ground = kind.ground if kind.gps else terrain.VALLEY
    length_m = max(3_600 * outing.hours * pace_mps * (1 - 0.004 * outing.climb_per_km), 200.0)
    sections = (
        terrain.hills(length_m, outing.climb_per_km, ground, rng) if kind.gps else [Section(length_m, 0.0)]
    )
    route = terrain.loop(terrain.rough_heights(sections, ground, rng), ground, rng)
    slopes = np.interp(route.grade, _GRADES, _PACES) * (1 + 0.05 * wandering(len(route.grade), 12.0, rng))
    elapsed_s = np.cumsum(terrain.STEP_M / (pace_mps * slopes))
    seconds = int(elapsed_s[-2])
    meters = np.interp(np.arange(seconds + 1), np.append(0.0, elapsed_s[:-1]), route.distance_m)
    speed = np.round(np.diff(meters), 3)
    grade = np.interp(meters[1:], route.distance_m, route.grade) if kind.gps else np.zeros(seconds)
    uphill = 1 + 2.2 * np.clip(grade, -0.08, 0.12)
    intensity = outing.level * uphill * (1 + 0.025 * wandering(seconds, 90.0, rng))
    watts = abilities.weight_kg * speed * (_COST_J_PER_KG_M + 5 * np.clip(grade, -0.1, 0.2))
    heights = np.interp(meters[1:], route.distance_m, route.heights_m) if kind.gps else np.zeros(seconds)
    stops = np.unique(rng.integers(30, max(seconds, 60), rng.poisson(kind.stops_per_hour * outing.hours)))
    return Samples(
        speed_mps=speed,
        altitude_m=np.round(outing.place.height_m + heights, 1),
        grade=grade,
        watts=np.rint(np.maximum(watts * (1 + 0.05 * _noise(seconds, rng)), 1.0)),
        heartrate_bpm=heart_rates(intensity, abilities, outing.temperature_c, rng),
        cadence_rpm=_cadences(outing, seconds, rng),
        temperature_c=temperatures(outing.temperature_c, seconds),
        stops=tuple(int(stop) for stop in stops if stop < seconds),
        route=route if kind.gps else None,
    )


def _cadences(outing: Outing, seconds: int, rng: np.random.Generator) -> Floats:
    """Steps of one leg per minute, as Strava counts them."""
    base = rng.uniform(*outing.kind.cadence) if outing.kind.cadence else 84.0
    return np.rint(base + 0.8 * wandering(seconds, 40.0, rng) + 0.7 * _noise(seconds, rng))


def _noise(count: int, rng: np.random.Generator) -> Floats:
    return rng.standard_normal(count)
