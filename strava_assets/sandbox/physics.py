"""A bike's speed from the rider's power, on a road with hills, bends and wind.

    m dv/dt = e P / v - m g (sin + Crr cos) - CdA rho / 2 |v + w| (v + w)

Source: Martin, Milliken, Cobb, McFadden & Coggan 1998, Journal of Applied Biomechanics 14:276. The equation
is solved in steps of a few seconds, linearized at the start of each one (Rosenbrock's method), which stays
stable on the steepest climbs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from strava_assets.sandbox.terrain import STEP_M

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.sandbox.terrain import Floats, Route

GRAVITY = 9.81
BLOCK_S = 5
"""The seconds of one step."""
_HALF_BLOCK_S = BLOCK_S / 2

_AIR_KG_M3 = 1.15
_SLOWEST_MPS = 1.2
_STARTING_MPS = 2.0
_BRAKING_MPS2 = 1.8
_SEEN_LATE_M = 50.0
_LEANING = 0.28
"""Sideways acceleration in bends, as a share of gravity."""
_RESERVE = 0.06
"""Riders ease off when this share of W' is left."""


@dataclass(frozen=True, kw_only=True)
class Bike:
    """A bike with its rider's position.

    Attributes:
        mass_kg: Of the bike and what it carries.
        cda_m2: Drag area.
        crr: Coefficient of rolling resistance.
        fastest_mps: At this speed the rider brakes downhill.
        coasts_mps: Above this speed the rider does not pedal.
    """

    mass_kg: float = 8.5
    cda_m2: float = 0.33
    crr: float = 0.0048
    efficiency: float = 0.975
    fastest_mps: float = 17.5
    coasts_mps: float = 13.5


class Forces(NamedTuple):
    """What acts on a rider along a road, one value per point of the road.

    Attributes:
        slowing_mps2: Deceleration by gravity and rolling resistance.
        drag_per_m: Deceleration by drag, divided by the square of the air's speed.
        headwind_mps: Wind against the direction of travel.
        fastest_mps: The speed at which the rider brakes.
        pacing: Power relative to the flat road: more uphill, none on descents.
    """

    slowing_mps2: list[float]
    drag_per_m: float
    headwind_mps: list[float]
    fastest_mps: list[float]
    pacing: list[float]
    mass_kg: float
    efficiency: float
    coasts_mps: float

    @classmethod
    def along(
        cls, route: Route, bike: Bike, rider_kg: float, *, wind: tuple[float, float], outdoors: bool
    ) -> Forces:
        """The forces of a ride.

        Args:
            route: The road.
            bike: The bike; drafting is part of its drag area.
            rider_kg: Body weight with clothes.
            wind: Its speed in m/s, and the direction that it blows to, as a heading.
            outdoors: Whether bends and descents need brakes.
        """
        grade = route.grade
        mass_kg = rider_kg + bike.mass_kg
        cosine = 1 / np.sqrt(1 + grade * grade)
        fastest = _fastest(route, bike) if outdoors else np.full(len(grade), 60.0)
        return cls(
            slowing_mps2=(GRAVITY * cosine * (grade + bike.crr)).tolist(),
            drag_per_m=_AIR_KG_M3 * bike.cda_m2 / 2 / mass_kg,
            headwind_mps=(-wind[0] * np.cos(route.heading - wind[1])).tolist(),
            fastest_mps=fastest.tolist(),
            pacing=_pacing(grade, outdoors=outdoors).tolist(),
            mass_kg=mass_kg,
            efficiency=bike.efficiency,
            coasts_mps=bike.coasts_mps if outdoors else 60.0,
        )


class Ridden(NamedTuple):
    """The result of a ride in blocks.

    Attributes:
        speeds_mps: At the start of each block and the end of the last one.
        factors: The ridden over the planned power of each block.
    """

    speeds_mps: Floats
    factors: Floats

    @property
    def block_distances_m(self) -> Floats:
        """The distance of each block."""
        return _HALF_BLOCK_S * (self.speeds_mps[:-1] + self.speeds_mps[1:])


class Plan(NamedTuple):
    """What the rider wants, one value per block.

    Attributes:
        watts: The power.
        held: Whether it is held whatever the road does.
        slow_to_mps: The speed that must not be exceeded, before stops.
        cp_w: Critical power, which falls with the work done.
    """

    watts: Sequence[float]
    held: Sequence[bool]
    slow_to_mps: Sequence[float]
    cp_w: Sequence[float]

    def part(self, blocks: slice) -> Plan:
        """Some blocks of it."""
        return Plan(self.watts[blocks], self.held[blocks], self.slow_to_mps[blocks], self.cp_w[blocks])


def ride(
    forces: Forces,
    plan: Plan,
    w_prime_j: float,
    length_m: float,
    start_mps: float = _STARTING_MPS,
) -> Ridden:
    """Ride until the plan or the road ends.

    Args:
        forces: What acts along the road.
        plan: Power and stops.
        w_prime_j: The rider's W'.
        length_m: The ride ends after this distance.
        start_mps: The speed at the start.
    """
    # This loop runs a million times for a history: comparisons cost less than calls of min and max.
    slowing, drag, winds, fastest, pacing, mass_kg, efficiency, coasts = forces
    per_mass = efficiency / mass_kg
    reserve_j = _RESERVE * w_prime_j
    speed, meters, left_j = start_mps, 0.0, w_prime_j
    speeds, factors = [speed], []
    for planned, held, slow_to, critical in zip(*plan, strict=True):
        if meters >= length_m:
            break
        point = int(meters / STEP_M)
        limit = slow_to
        factor = 1.0
        power = planned
        if not held:
            bend = fastest[point]
            limit = bend if bend < slow_to else slow_to  # noqa: FURB136 - see above
            if speed > coasts or speed >= 0.97 * limit:
                factor = 0.0
            else:
                factor = pacing[point]
                if left_j < reserve_j and planned * factor > critical:
                    factor = 0.95 * critical / planned
            power = planned * factor
        if power > critical:
            left_j -= (power - critical) * BLOCK_S
        else:
            left_j += (critical - power) * BLOCK_S * (1.0 - left_j / w_prime_j)
        air = speed + winds[point]
        resisting = drag * (air if air > 0 else -air)
        push = power * per_mass / speed
        gain = push - slowing[point] - resisting * air
        new = speed + BLOCK_S * gain / (1.0 + BLOCK_S * (push / speed + 2.0 * resisting))
        if new > limit:
            new = limit
        elif new < _SLOWEST_MPS:
            new = _SLOWEST_MPS
        meters += _HALF_BLOCK_S * (speed + new)
        speed = new
        speeds.append(speed)
        factors.append(factor)
    return Ridden(np.array(speeds), np.array(factors))


class Rider(NamedTuple):
    """A rider on a bike, with what does not change during a ride.

    Attributes:
        weight_kg: Of the body with clothes.
        wind: Its speed in m/s, and the direction that it blows to, as a heading.
        w_prime_j: See `Abilities`.
    """

    bike: Bike
    weight_kg: float
    wind: tuple[float, float]
    outdoors: bool
    w_prime_j: float

    def on(self, route: Route, plan: Plan, start_mps: float = _STARTING_MPS) -> Ridden:
        """Ride a plan, or its part, with fresh legs above critical power."""
        forces = Forces.along(route, self.bike, self.weight_kg, wind=self.wind, outdoors=self.outdoors)
        return ride(forces, plan, self.w_prime_j, route.length_m, start_mps)


def steady_speed(watts: float, grade: float, bike: Bike, rider_kg: float) -> float:
    """The constant speed in m/s at a power, without wind."""
    weight_n = (rider_kg + bike.mass_kg) * GRAVITY * (grade + bike.crr)
    drag = _AIR_KG_M3 * bike.cda_m2 / 2
    low, high = 0.5, 30.0
    for _ in range(30):
        speed = (low + high) / 2
        if weight_n * speed + drag * speed**3 < watts * bike.efficiency:
            low = speed
        else:
            high = speed
    return low


def estimated_watts(speed_mps: Floats, grade: Floats, mass_kg: float) -> Floats:
    """Strava's kind of estimate for a ride without meter: physics that knows neither wind nor draft."""
    acceleration = np.gradient(speed_mps) if len(speed_mps) > 1 else np.zeros_like(speed_mps)
    force_n = mass_kg * (acceleration + GRAVITY * (grade + 0.005)) + _AIR_KG_M3 * 0.38 / 2 * speed_mps**2
    return np.maximum(force_n * speed_mps, 0.0)


def _pacing(grade: Floats, *, outdoors: bool) -> Floats:
    """Riders push harder uphill and stop pedaling downhill; trainers make both milder."""
    if outdoors:
        return np.interp(grade, [-0.045, -0.012, 0.0, 0.06, 0.12], [0.0, 0.65, 1.0, 1.22, 1.35])
    return np.interp(grade, [-0.08, -0.05, 0.0, 0.08], [0.3, 0.85, 1.0, 1.1])


def _fastest(route: Route, bike: Bike) -> Floats:
    """The highest speed at each point: bends, and bends ahead at the deceleration of the brakes."""
    squares = np.minimum(_LEANING * GRAVITY / np.maximum(route.bend, 1e-4), bike.fastest_mps**2)
    squares = np.maximum(squares, 16.0)
    ahead = squares.copy()
    for points in range(1, 11):
        # Where the next step may end beyond the bend, it begins at the speed of the bend.
        braking_m = max(0.0, STEP_M * points - _SEEN_LATE_M)
        ahead[:-points] = np.minimum(ahead[:-points], squares[points:] + 2 * _BRAKING_MPS2 * braking_m)
    return np.sqrt(ahead)
