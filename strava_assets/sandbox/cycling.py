"""One pass makes a ride: the plan, the road, the speed, the legs and the heart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from strava_assets.sandbox.heart import heart_rates
from strava_assets.sandbox.pedaling import cadences
from strava_assets.sandbox.physics import BLOCK_S, Rider
from strava_assets.sandbox.plans import stops_of, wanted_of
from strava_assets.sandbox.roads import open_road, virtual_road, workout_road
from strava_assets.sandbox.samples import Samples
from strava_assets.sandbox.weather import temperatures

if TYPE_CHECKING:
    from strava_assets.sandbox.outing import Outing
    from strava_assets.sandbox.physics import Bike, Ridden
    from strava_assets.sandbox.terrain import Floats

_CLOTHES_KG = 1.5
_WIND_MPS = 2.0


def cycle(outing: Outing, bike: Bike, rng: np.random.Generator) -> Samples:
    """The seconds of a ride."""
    kind, abilities = outing.kind, outing.abilities
    wanted = wanted_of(outing, rng)
    slow_to_mps, stops = stops_of(kind, wanted, rng)
    plan = wanted.in_blocks(slow_to_mps, abilities)
    rider = _rider(outing, bike, rng)
    if kind.trainer:
        route = virtual_road(outing, rider, wanted, rng)
    elif outing.workout:
        route = workout_road(outing, outing.workout, rider, plan, rng)
    else:
        route = open_road(outing, rider, rng)
    ridden = rider.on(route, plan)
    seconds = len(ridden.factors) * BLOCK_S
    speed = _by_second(ridden)
    watts = np.rint(wanted.watts[:seconds] * np.repeat(ridden.factors, BLOCK_S))
    intensity = watts / abilities.ftp_w
    meters = np.cumsum(speed)
    grade = np.interp(meters, route.distance_m, route.grade)
    heights = np.interp(meters, route.distance_m, route.heights_m)
    preferred_rpm = rng.uniform(*kind.cadence) if kind.cadence else 80.0
    return Samples(
        speed_mps=speed,
        altitude_m=np.round(outing.place.height_m + heights, 1),
        grade=grade,
        watts=watts,
        heartrate_bpm=heart_rates(intensity, abilities, outing.temperature_c, rng),
        cadence_rpm=cadences(intensity, speed, grade, preferred_rpm, kind.spread, rng),
        temperature_c=temperatures(outing.temperature_c, seconds),
        stops=tuple(int(block) * BLOCK_S for block in stops if block < len(ridden.factors)),
        route=route,
        efforts=[effort for effort in wanted.efforts if effort.start_s + effort.seconds <= seconds],
    )


def _rider(outing: Outing, bike: Bike, rng: np.random.Generator) -> Rider:
    drafting = outing.kind.drafting * rng.uniform(0.6, 1.0)
    # Workouts are ridden on calm days, so that their efforts lie on the climbs that were chosen for them.
    is_calm = outing.kind.trainer or outing.workout is not None
    return Rider(
        bike=replace(bike, cda_m2=bike.cda_m2 * (1 - drafting)),
        weight_kg=outing.abilities.weight_kg + _CLOTHES_KG,
        wind=(0.0 if is_calm else abs(rng.normal(0, _WIND_MPS)), rng.uniform(0, 2 * np.pi)),
        outdoors=not outing.kind.trainer,
        w_prime_j=outing.abilities.w_prime_j,
    )


def _by_second(ridden: Ridden) -> Floats:
    """The speed of each second, with Strava's digits."""
    seconds = np.arange(1, len(ridden.factors) * BLOCK_S + 1) / BLOCK_S
    return np.round(np.interp(seconds, np.arange(len(ridden.speeds_mps)), ridden.speeds_mps), 3)
