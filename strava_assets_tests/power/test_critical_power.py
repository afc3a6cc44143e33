"""The two-parameter fit: exact where the bests lie on a hyperbola, and told apart where they do not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strava_assets.power.critical import CriticalPower, fit_critical_power
from strava_assets.power.durations import DURATIONS_S
from strava_assets.schema.rules import FIT_DURATIONS_S

DURATIONS = np.array(FIT_DURATIONS_S)


@given(st.floats(100, 400), st.floats(5_100, 39_900))
def test_bests_on_a_hyperbola_give_it_back(critical_w: float, w_prime_j: float) -> None:
    fit = fit_critical_power(DURATIONS, critical_w + w_prime_j / DURATIONS)

    assert fit is not None
    assert fit.critical_power_w == pytest.approx(critical_w)
    assert fit.w_prime_j == pytest.approx(w_prime_j)
    assert fit.r2 == pytest.approx(1)
    assert (fit.points, fit.quality()) == (6, "good")


@given(st.lists(st.floats(100, 600), min_size=6, max_size=6))
def test_any_bests_are_fitted_as_numpy_fits_a_line(watts: list[float]) -> None:
    fit = fit_critical_power(DURATIONS, np.array(watts))
    slope, intercept = np.polyfit(1 / DURATIONS, watts, 1)

    assert fit is not None
    assert fit.critical_power_w == pytest.approx(intercept, abs=1e-6)
    assert fit.w_prime_j == pytest.approx(slope, rel=1e-6, abs=1e-3)
    assert -1e-9 <= fit.r2 <= 1


def test_the_durations_of_the_fit_are_among_those_that_are_kept() -> None:
    assert set(FIT_DURATIONS_S) <= set(DURATIONS_S.tolist())


def test_one_best_is_no_fit_and_two_are_few() -> None:
    assert fit_critical_power(DURATIONS[:1], np.array([400.0])) is None
    fit = fit_critical_power(DURATIONS[:2], np.array([400.0, 350.0]))
    assert fit is not None
    assert fit.quality() == "few_points"


@pytest.mark.parametrize(
    ("fit", "best_hour_w", "quality"),
    [
        (CriticalPower(250, 20_000, 0.99, 6), None, "good"),
        (CriticalPower(250, 20_000, 0.99, 6), 240, "good"),
        (CriticalPower(250, 20_000, 0.99, 6), 210, "implausible"),
        (CriticalPower(250, 4_900, 0.99, 6), None, "implausible"),
        (CriticalPower(250, 41_000, 0.99, 6), None, "implausible"),
        (CriticalPower(250, 20_000, 0.99, 2), None, "few_points"),
    ],
)
def test_a_fit_says_whether_to_believe_it(
    fit: CriticalPower, best_hour_w: float | None, quality: str
) -> None:
    assert fit.quality(best_hour_w) == quality


def test_even_bests_leave_nothing_to_explain() -> None:
    fit = fit_critical_power(DURATIONS, np.full(6, 200.0))

    assert fit is not None
    assert (fit.critical_power_w, fit.w_prime_j, fit.r2) == (200, 0, 1)
