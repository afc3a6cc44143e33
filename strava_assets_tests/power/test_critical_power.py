"""The two-parameter fit: exact where the bests lie on a hyperbola, and told apart where they do not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strava_assets.power.bests import best_efforts
from strava_assets.power.critical import CriticalPower, fit_critical_power
from strava_assets.power.durations import DURATIONS_S
from strava_assets.schema.rules import FIT_DURATIONS_S
from strava_assets_tests.power.rides import DEVICE_RIDES, device_ride

DURATIONS = np.array(FIT_DURATIONS_S)


@given(st.floats(100, 400), st.floats(5_100, 39_900))
def test_bests_on_a_hyperbola_give_it_back(critical_w: float, w_prime_j: float) -> None:
    fit = fit_critical_power(DURATIONS, critical_w + w_prime_j / DURATIONS)

    assert fit is not None
    assert fit.critical_power_w == pytest.approx(critical_w)
    assert fit.w_prime_j == pytest.approx(w_prime_j)
    assert fit.r2 == pytest.approx(1)
    assert fit.critical_power_error_w == pytest.approx(0, abs=1e-3)
    assert fit.w_prime_error_j == pytest.approx(0, abs=1)
    assert (fit.points, fit.quality(days=2)) == (6, "good")


@given(st.lists(st.floats(100, 600), min_size=6, max_size=6))
def test_any_bests_are_fitted_as_numpy_fits_a_line(watts: list[float]) -> None:
    fit = fit_critical_power(DURATIONS, np.array(watts))
    (slope, intercept), covariance = np.polyfit(DURATIONS, DURATIONS * np.array(watts), 1, cov=True)

    assert fit is not None
    assert fit.critical_power_w == pytest.approx(slope, abs=1e-6)
    assert fit.w_prime_j == pytest.approx(intercept, rel=1e-6, abs=1e-3)
    assert fit.critical_power_error_w == pytest.approx(covariance[0, 0] ** 0.5, rel=1e-5, abs=1e-5)
    assert fit.w_prime_error_j == pytest.approx(covariance[1, 1] ** 0.5, rel=1e-5, abs=1e-2)
    assert -1e-9 <= fit.r2 <= 1


def test_the_durations_of_the_fit_are_among_those_that_are_kept() -> None:
    assert set(FIT_DURATIONS_S) <= set(DURATIONS_S.tolist())


def test_one_best_is_no_fit_and_two_are_few() -> None:
    assert fit_critical_power(DURATIONS[:1], np.array([400.0])) is None
    fit = fit_critical_power(DURATIONS[:2], np.array([400.0, 350.0]))
    assert fit is not None
    assert fit.quality(days=2) == "few_points"


def fit(**fields: Any) -> CriticalPower:
    """A fit that can be believed, unless the fields say otherwise."""
    usual = CriticalPower(250, 20_000, 5, 2_000, 0.99, 6, (120, 1200), 267)
    return replace(usual, **fields)


@pytest.mark.parametrize(
    ("fit", "days", "quality"),
    [
        (fit(), 2, "good"),
        (fit(points=2), 2, "few_points"),
        (fit(reach_s=(181, 1200)), 2, "narrow"),
        (fit(reach_s=(180, 719)), 2, "narrow"),
        (fit(reach_s=(180, 720)), 2, "good"),
        (fit(), 1, "one_day"),
        (fit(w_prime_j=4_900), 2, "implausible"),
        (fit(w_prime_j=41_000), 2, "implausible"),
        (fit(longest_w=250), 2, "implausible"),
        (fit(critical_power_w=-1), 2, "implausible"),
        (fit(critical_power_error_w=12.5), 2, "good"),
        (fit(critical_power_error_w=12.6), 2, "uncertain"),
        (fit(w_prime_error_j=4_000), 2, "good"),
        (fit(w_prime_error_j=4_001), 2, "uncertain"),
    ],
)
def test_a_fit_says_whether_to_believe_it(fit: CriticalPower, days: int, quality: str) -> None:
    assert fit.quality(days) == quality


@given(
    critical_w=st.floats(150, 350),
    w_prime_j=st.floats(8_000, 30_000),
    shares=st.lists(st.floats(0.9, 1), min_size=6, max_size=6),
)
def test_efforts_below_the_athletes_limit_never_give_a_good_fit_above_the_best_20_minutes(
    critical_w: float, w_prime_j: float, shares: list[float]
) -> None:
    watts = (critical_w + w_prime_j / DURATIONS) * np.array(shares)
    line = fit_critical_power(DURATIONS, watts)

    assert line is not None
    if line.quality(days=2) == "good":
        assert line.critical_power_w < watts[-1] <= critical_w + w_prime_j / 1200


def test_even_bests_leave_nothing_to_explain() -> None:
    fit = fit_critical_power(DURATIONS, np.full(6, 200.0))

    assert fit is not None
    assert fit.critical_power_w == pytest.approx(200)
    assert fit.w_prime_j == pytest.approx(0, abs=1e-6)
    assert fit.r2 == 1
    assert fit.quality(days=2) == "implausible"


@pytest.mark.parametrize("name", DEVICE_RIDES)
def test_bests_of_a_recorded_ride_put_critical_power_below_its_best_twenty_minutes(name: str) -> None:
    ride = device_ride(name)
    bests = best_efforts(ride.zeroed, ride.t_s, durations_s=DURATIONS)
    line = fit_critical_power(bests.duration_s, bests.watts)

    assert line is not None
    assert line.critical_power_w < line.longest_w
