"""Series whose figures follow on paper, or were computed elsewhere to all digits."""

from __future__ import annotations

import numpy as np
import pytest

from strava_assets.power.durations import DURATIONS_S
from strava_assets.power.measure import measure
from strava_assets.power.normalized import normalized_power_w
from strava_assets.power.xpower import xpower_w
from strava_assets_tests.power.rides import analytic, every_second, steady


def test_a_ramp_has_the_figures_it_has_elsewhere() -> None:
    series = analytic()
    watts = np.arange(100.0)

    power = measure(every_second(watts), watts)

    assert power.normalized_power_w == pytest.approx(series["weighted_average_power"], rel=1e-12)
    for label, best in series["mean_max"].items():
        seconds = int(label.removesuffix(" s"))
        if seconds in DURATIONS_S:
            assert power.bests.watts_over(seconds) == best
    # A hundred seconds are none of the durations: the mean of the whole ride is its own witness.
    assert power.average_watts == series["mean_max"]["100 s"]


def test_an_even_hour_at_threshold_is_a_hundred_points() -> None:
    watts = steady((3600, 240))

    power = measure(every_second(watts), watts, ftp_w=240)

    assert power.normalized_power_w == 240
    assert power.average_watts == 240
    assert power.variability_index == 1
    assert power.intensity_factor == 1
    assert power.tss == 100
    assert power.work_j == 864_000
    assert set(power.bests.watts) == {240.0}
    assert power.power_zones_s == (0, 0, 0, 3600, 0, 0, 0)


def test_xpower_climbs_to_an_even_ride_and_forgets_in_25_seconds() -> None:
    assert xpower_w(np.full(26, 260)) == pytest.approx(
        np.mean([(260 * (1 - (25 / 26) ** n)) ** 4 for n in range(1, 27)]) ** 0.25
    )
    assert xpower_w(np.full(100_000, 260)) == pytest.approx(260, abs=0.1)


def test_long_rides_pass_from_block_to_block_without_a_seam() -> None:
    watts = np.random.default_rng(1).integers(0, 900, 20_000)
    mean, fourths = 0.0, 0.0
    for reading in watts.tolist():
        mean = mean * 25 / 26 + reading / 26
        fourths += mean**4

    assert xpower_w(watts) == pytest.approx((fourths / len(watts)) ** 0.25, rel=1e-12)


def test_the_first_window_ends_with_the_thirtieth_second() -> None:
    assert normalized_power_w(np.full(29, 200)) is None
    assert normalized_power_w(np.full(30, 200)) == 200
    assert normalized_power_w(np.concatenate([np.zeros(30, np.int64), np.full(1, 3000)])) == pytest.approx(
        (100**4 / 2) ** 0.25
    )


def test_a_power_curve_may_rise() -> None:
    watts = np.array([100.0, 0, 100])

    bests = measure(every_second(watts), watts).bests

    assert bests.watts_over(2) == 50
    assert bests.watts_over(3) == pytest.approx(200 / 3)


def test_the_durations_are_dense_first_and_then_five_percent_apart() -> None:
    durations = DURATIONS_S.tolist()

    assert durations[:60] == list(range(1, 61))
    assert {300, 600, 1200, 1800, 3600, 5400, 7200} <= set(durations)
    assert {120, 180, 300, 480, 720, 1200} <= set(durations)
    assert durations == sorted(set(durations))
    ratios = DURATIONS_S[60:] / DURATIONS_S[59:-1]
    assert 1.03 < ratios.min() <= ratios.max() < 1.07
