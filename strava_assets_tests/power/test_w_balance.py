"""W' balance against figures computed elsewhere, a plain loop, and rides whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strava_assets.power.w_balance import missing_work_j, w_balance
from strava_assets_tests.depth import examples
from strava_assets_tests.power.rides import DEVICE_RIDES, analytic, device_ride, every_second, steady


def by_loop(watts: np.ndarray, at_s: np.ndarray, critical_power_w: float, w_prime_j: float) -> list[float]:
    """The balance by its definition, a step for every elapsed second."""
    power = dict(zip(at_s.tolist(), watts.tolist(), strict=True))
    balance, balances = w_prime_j, []
    for second in range(int(at_s[0]), int(at_s[-1]) + 1):
        above_w = power.get(second, 0) - critical_power_w
        balance -= above_w if above_w > 0 else above_w * (w_prime_j - balance) / w_prime_j
        if second in power:
            balances.append(balance)
    return balances


def test_a_ramp_has_the_balance_it_has_elsewhere() -> None:
    series = analytic()
    watts = np.arange(100)

    missing_j = missing_work_j(watts, watts, series["cp"], series["w_prime"])

    for place in (50, 75):
        wanted = series[f"wbal_index{place}"]["froncioni_skiba_clarke"]
        assert series["w_prime"] - missing_j[place] == pytest.approx(wanted, rel=1e-12)


@given(
    st.lists(st.tuples(st.integers(1, 900), st.integers(0, 1200)), min_size=1, max_size=80),
    st.integers(30, 700),
    st.integers(5_000, 40_000),
)
@settings(max_examples=examples(200), deadline=None)
def test_the_balance_is_what_a_plain_loop_computes(
    samples: list[tuple[int, int]], critical_power_w: int, w_prime_j: int
) -> None:
    at_s = np.cumsum([step for step, _ in samples])
    watts = np.array([reading for _, reading in samples])

    missing_j = missing_work_j(watts, at_s, critical_power_w, w_prime_j)

    wanted = by_loop(watts, at_s, critical_power_w, w_prime_j)
    assert (w_prime_j - missing_j).tolist() == pytest.approx(wanted, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("name", DEVICE_RIDES)
def test_the_balance_of_recorded_rides_is_what_a_plain_loop_computes(name: str) -> None:
    ride = device_ride(name)

    for critical_power_w, w_prime_j in ((150.0, 12_000.0), (220.0, 20_000.0), (690.0, 5_000.0)):
        missing_j = missing_work_j(ride.zeroed, ride.t_s, critical_power_w, w_prime_j)
        wanted = by_loop(ride.zeroed, ride.t_s, critical_power_w, w_prime_j)
        assert (w_prime_j - missing_j).tolist() == pytest.approx(wanted, rel=1e-9, abs=1e-6)


def test_a_day_of_riding_passes_from_block_to_block_without_a_seam() -> None:
    watts = np.random.default_rng(1).integers(0, 900, 30_000)

    missing_j = missing_work_j(watts, every_second(watts), 650, 5_000)

    assert (5_000 - missing_j).tolist() == pytest.approx(
        by_loop(watts, every_second(watts), 650, 5_000), rel=1e-9, abs=1e-6
    )


def test_a_recording_of_months_costs_no_more_than_its_seconds() -> None:
    watts = steady((600, 300), (600, 300)).astype(np.int64)
    at_s = np.concatenate([np.arange(600), 300 * 86_400 + np.arange(600)])

    balance = w_balance(watts, at_s, 280, 20_000)

    assert balance.lowest_j == 20_000 - 600 * 20
    # As in normalized power, the seconds around a pause are adjacent.
    assert balance.matches == 1


def test_going_to_the_limit_empties_it() -> None:
    watts = steady((300, 310)).astype(np.int64)

    balance = w_balance(watts, every_second(watts), 250, 18_000)

    assert balance.lowest_j == pytest.approx(0, abs=1e-6)
    assert balance.low_s == 75
    assert balance.work_above_j == 18_000
    assert balance.matches == 1


def test_a_ride_beyond_the_model_falls_below_zero() -> None:
    watts = steady((400, 310)).astype(np.int64)

    assert w_balance(watts, every_second(watts), 250, 18_000).lowest_j == pytest.approx(-6_000)


@pytest.mark.parametrize(("above_w", "matches"), [(10, 0), (40, 3)])
def test_a_match_is_two_kilojoules_above_critical_power(above_w: int, matches: int) -> None:
    watts = np.concatenate([steady((120, 100), (120, 250 + above_w)) for _ in range(3)]).astype(np.int64)

    assert w_balance(watts, every_second(watts), 250, 18_000).matches == matches


def test_nothing_above_critical_power_burns_nothing() -> None:
    watts = np.full(3600, 200)

    balance = w_balance(watts, every_second(watts), 200, 20_000)

    assert (balance.lowest_j, balance.low_s, balance.matches, balance.work_above_j) == (20_000, 0, 0, 0)
    assert w_balance(watts[:0], watts[:0], 200, 20_000).lowest_j == 20_000
