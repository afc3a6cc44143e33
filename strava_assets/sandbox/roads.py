"""The roads of rides: loops, the way to work, virtual roads, and hills for workouts."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from strava_assets.sandbox import terrain
from strava_assets.sandbox.physics import BLOCK_S, steady_speed
from strava_assets.sandbox.terrain import Route, Section

if TYPE_CHECKING:
    from strava_assets.sandbox.outing import Outing
    from strava_assets.sandbox.physics import Plan, Rider
    from strava_assets.sandbox.plans import Wanted
    from strava_assets.sandbox.terrain import Ground
    from strava_assets.sandbox.workouts import Workout

_OUTDOOR_SHARE = 0.9
"""Mean over planned power outdoors: descents and pauses cost more than climbs add."""
_LOST_PER_CLIMB = 0.013
"""The share of the speed that a meter of climbing per kilometer costs."""
_SHORTEST_CLIMB_S, _LONGEST_CLIMB_S = 100, 1_300
_FASTEST_MPS = 20.0
_HILL = 0.06
_EVEN_M, _UNEVEN = 300.0, 0.006
"""A road changes its grade by so much, as a standard deviation, after so many meters."""
_ROLLING_MPS = 3.0
_HOME_M = 5_000.0


def open_road(outing: Outing, rider: Rider, rng: np.random.Generator) -> Route:
    """A loop that takes about as long as planned, or the athlete's way to work."""
    kind = outing.kind
    if kind.way:
        road = _way_to_work(outing.way_seed, kind.ground)
        return road if kind.way == "out" else road.back()
    watts = _OUTDOOR_SHARE * outing.level * outing.abilities.ftp_w
    speed_mps = min(steady_speed(watts, 0.0, rider.bike, rider.weight_kg), 0.8 * rider.bike.fastest_mps)
    length_m = 3_600 * outing.hours * speed_mps * (1 - _LOST_PER_CLIMB * outing.climb_per_km)
    return _loop(length_m, outing, rng)


def virtual_road(outing: Outing, rider: Rider, wanted: Wanted, rng: np.random.Generator) -> Route:
    """A road that does not end before the time is up."""
    length_m = (
        1.4 * len(wanted.watts) * steady_speed(float(wanted.watts.mean()), 0.0, rider.bike, rider.weight_kg)
    )
    return _loop(length_m, outing, rng)


def _loop(length_m: float, outing: Outing, rng: np.random.Generator) -> Route:
    ground = outing.kind.ground
    heights = terrain.rough_heights(terrain.hills(length_m, outing.climb_per_km, ground, rng), ground, rng)
    return terrain.loop(heights, ground, rng)


def workout_road(
    outing: Outing, workout: Workout, rider: Rider, plan: Plan, rng: np.random.Generator
) -> Route:
    """A loop for a workout: climbs where it has efforts of some minutes, descents after them.

    The workout is ridden step by step on more road than it needs, to learn where each one begins and ends.
    """
    ridden: list[Section] = []
    speed_mps, block = _ROLLING_MPS, 0
    for step, watts in workout.drawn(outing.abilities):
        climbs = step.work and _SHORTEST_CLIMB_S <= len(watts) <= _LONGEST_CLIMB_S
        above_m = sum(section.length_m * section.grade for section in ridden)
        road = _uneven(_FASTEST_MPS * len(watts), _HILL if climbs else 0.0, rng)
        if not climbs and above_m > 1.0:
            road.insert(0, Section(above_m / _HILL, -_HILL))
        blocks = slice(block, block + len(watts) // BLOCK_S)
        result = rider.on(terrain.straight(road), plan.part(blocks), speed_mps)
        ridden += _first(road, float(result.block_distances_m.sum()))
        speed_mps, block = float(result.speeds_mps[-1]), blocks.stop
    above_m = sum(section.length_m * section.grade for section in ridden)
    ridden += [Section(max(above_m, 1.0) / _HILL, -_HILL), Section(_HOME_M, 0.0)]
    return terrain.loop(terrain.heights_of(ridden), replace(outing.kind.ground, bends=0.0), rng)


def _uneven(length_m: float, grade: float, rng: np.random.Generator) -> list[Section]:
    """A road of about a grade."""
    count = int(length_m / _EVEN_M) + 1
    return [Section(_EVEN_M, grade + change) for change in rng.normal(0, _UNEVEN, count).tolist()]


def _first(sections: list[Section], length_m: float) -> list[Section]:
    """The beginning of a road."""
    first = []
    for section in sections:
        if length_m <= 0:
            break
        first.append(Section(min(section.length_m, length_m), section.grade))
        length_m -= section.length_m
    return first


@lru_cache(maxsize=8)
def _way_to_work(seed: int, ground: Ground) -> Route:
    rng = np.random.default_rng(seed)
    sections = terrain.hills(rng.uniform(8_500, 12_500), 6.0, ground, rng)
    return terrain.one_way(terrain.rough_heights(sections, ground, rng), ground, rng)
