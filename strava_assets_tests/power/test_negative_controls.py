"""Other gap rules and other windows: each must give another number, or nothing was tested."""

from __future__ import annotations

import numpy as np
import pytest

from strava_assets.power.bests import best_efforts
from strava_assets.power.measure import measure
from strava_assets.power.normalized import normalized_power_w
from strava_assets_tests.power.rides import device_ride, every_second, steady

WAHOO = "wahoo_elemnt_2019"


def test_pauses_as_zeros_would_lower_normalized_power() -> None:
    ride = device_ride(WAHOO)
    filled = np.zeros(int(ride.t_s[-1]) + 1, np.int64)
    filled[ride.t_s] = ride.zeroed

    zero_filled = normalized_power_w(filled)

    assert zero_filled == pytest.approx(ride.expected["np"]["full_windows_gaps_zero_filled"], abs=1e-4)
    dropped = measure(ride.t_s, ride.watts).normalized_power_w
    assert dropped is not None
    assert zero_filled is not None
    assert dropped - zero_filled > 20


@pytest.mark.parametrize("name", ["garmin_sweatpy_4078723797", "garmin_edge810_vector", WAHOO])
def test_blocks_of_thirty_seconds_are_no_rolling_window(name: str) -> None:
    watts = device_ride(name).zeroed
    blocks = watts[: len(watts) // 30 * 30].reshape(-1, 30).mean(axis=1)

    blocky = float(np.mean(blocks**4) ** 0.25)

    assert abs(blocky - (normalized_power_w(watts) or 0)) > 0.02


def test_windows_that_begin_before_the_ride_would_lower_normalized_power() -> None:
    ride = device_ride("garmin_indoor_trainer")
    primed = np.concatenate([np.zeros(29, np.int64), ride.zeroed])

    from_zero = normalized_power_w(primed)

    assert from_zero == pytest.approx(ride.expected["np"]["zero_primed__goldencheetah_algorithm"], abs=1e-3)
    assert from_zero is not None
    assert from_zero < (normalized_power_w(ride.zeroed) or 0) - 0.5


def test_dropped_pauses_would_make_an_interrupted_hour_a_record() -> None:
    watts = steady((1800, 250), (1800, 250)).astype(np.int64)
    interrupted = np.concatenate([np.arange(1800), np.arange(3600, 5400)])

    assert best_efforts(watts, every_second(watts)).watts_over(3600) == 250
    assert best_efforts(watts, interrupted).watts_over(3600) == 125


def test_the_mean_of_the_fourth_powers_is_not_the_fourth_power_of_the_mean() -> None:
    watts = steady((600, 100), (600, 300)).astype(np.int64)

    assert (normalized_power_w(watts) or 0) > 250
    assert watts.mean() == 200
