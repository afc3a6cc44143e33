"""The invented rider obeys physics: work, heights, speed and drag add up, on every kind of road."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from strava_assets.sandbox.physics import BLOCK_S, GRAVITY, Bike, Plan, Rider, steady_speed
from strava_assets.sandbox.terrain import PASSES, Route, Section, hills, rough_heights, straight

if TYPE_CHECKING:
    from strava_assets.sandbox.physics import Ridden

RIDER_KG = 66.0
AIR_KG_M3 = 1.15


def ridden(route: Route, watts: float, seconds: int, bike: Bike, start_mps: float = 2.0) -> Ridden:
    """A ride at a power that is held whatever the road does."""
    blocks = seconds // BLOCK_S
    plan = steady_plan(watts, blocks, held=True)
    return a_rider(bike).on(route, plan, start_mps)


def steady_plan(watts: float, blocks: int, *, held: bool) -> Plan:
    """The same power all the time; critical power is 250 W."""
    return Plan([watts] * blocks, [held] * blocks, [np.inf] * blocks, [250.0] * blocks)


def a_rider(bike: Bike, wind_mps: float = 0.0) -> Rider:
    """A rider outdoors; the wind blows to the west."""
    return Rider(bike, RIDER_KG, (wind_mps, np.pi), outdoors=True, w_prime_j=16_000.0)


@pytest.mark.parametrize(("watts", "grade"), [(200, 0.0), (250, 0.06), (180, 0.12), (120, -0.01)])
def test_a_constant_power_on_a_constant_grade_leads_to_the_speed_at_which_forces_balance(
    watts: float, grade: float
) -> None:
    bike = Bike()
    speed = ridden(straight([Section(20_000, grade)]), watts, 600, bike).speeds_mps[-1]
    force_n = (RIDER_KG + bike.mass_kg) * GRAVITY * (grade + bike.crr) / np.sqrt(1 + grade**2)
    force_n += AIR_KG_M3 * bike.cda_m2 / 2 * speed**2
    assert force_n * speed == pytest.approx(watts * bike.efficiency, rel=0.002)
    assert speed == pytest.approx(steady_speed(watts, grade, bike, RIDER_KG), rel=0.01)


def test_a_kilogram_and_a_watt_decide_how_fast_a_climb_is() -> None:
    """250 W lift 74.5 kg about 1,050 m an hour at 8 %, as the usual calculators say."""
    speed = steady_speed(250, 0.08, Bike(), RIDER_KG)
    assert 1_000 < 3_600 * speed * 0.08 < 1_120
    assert steady_speed(250, 0.08, Bike(mass_kg=18.5), RIDER_KG) < 0.92 * speed


@pytest.mark.parametrize("watts", [150, 250])
def test_over_passes_work_equals_height_speed_drag_and_rolling(watts: float) -> None:
    bike = Bike(fastest_mps=40.0)
    rng = np.random.default_rng(7)
    heights_m = rough_heights(hills(30_000, 14, PASSES, rng), PASSES, rng)
    zeros = np.zeros_like(heights_m)
    route = Route(heights_m, zeros, zeros, zeros)
    result = ridden(route, watts, 7_200, bike)
    speeds = (result.speeds_mps[1:] + result.speeds_mps[:-1]) / 2
    meters = np.append(0.0, np.cumsum(result.block_distances_m))
    heights = np.interp(meters, route.distance_m, route.heights_m)
    mass_kg = RIDER_KG + bike.mass_kg
    gained_j = mass_kg * GRAVITY * (heights[-1] - heights[0])
    gained_j += mass_kg / 2 * (result.speeds_mps[-1] ** 2 - result.speeds_mps[0] ** 2)
    lost_j = float((mass_kg * GRAVITY * bike.crr * speeds * BLOCK_S).sum())
    lost_j += float((AIR_KG_M3 * bike.cda_m2 / 2 * speeds**3 * BLOCK_S).sum())
    work_j = watts * bike.efficiency * BLOCK_S * len(speeds)
    assert gained_j + lost_j == pytest.approx(work_j, rel=0.03)


def test_downhill_the_rider_brakes_before_bends_and_does_not_pedal() -> None:
    bike = Bike()
    blocks = 120
    route = straight([Section(8_000, -0.08)])
    heading = np.where(route.distance_m < 3_000, 0.0, 1.5)
    route = Route(route.heights_m, heading, route.north_m, route.east_m)
    result = a_rider(bike).on(route, steady_plan(200.0, blocks, held=False))
    meters = np.append(0.0, np.cumsum(result.block_distances_m))
    assert result.speeds_mps.max() <= bike.fastest_mps
    assert result.speeds_mps.max() > 0.95 * bike.fastest_mps
    bend = result.speeds_mps[(meters > 2_950) & (meters < 3_100)]
    assert bend.min() < 7
    assert bend.max() < 15
    assert not result.factors[2:].any()


def test_a_headwind_slows_and_drafting_helps() -> None:
    route = straight([Section(20_000, 0.0)])
    blocks = 120

    def speed(bike: Bike, wind_mps: float) -> float:
        result = a_rider(bike, wind_mps).on(route, steady_plan(200.0, blocks, held=True))
        return float(result.speeds_mps[-1])

    assert speed(Bike(), 3.0) < speed(Bike(), 0.0) - 1 < speed(Bike(), -3.0) - 2
    assert speed(Bike(cda_m2=0.7 * Bike().cda_m2), 0.0) > 1.08 * speed(Bike(), 0.0)


def test_who_has_nothing_left_above_critical_power_rides_at_most_at_it() -> None:
    blocks = 200
    result = a_rider(Bike()).on(straight([Section(20_000, 0.0)]), steady_plan(320.0, blocks, held=False))
    watts = 320 * result.factors
    # 16 kJ last 229 s at 70 W above critical power.
    assert (watts[: 200 // BLOCK_S] == 320).all()
    assert watts[300 // BLOCK_S :].mean() < 255
