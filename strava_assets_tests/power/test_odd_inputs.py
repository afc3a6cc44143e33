"""What no ride should be, and some files are: nothing breaks, and nothing dishonest is told."""

from __future__ import annotations

import numpy as np
import pytest

from strava_assets.power.measure import RidePower, measure
from strava_assets_tests.peak_memory import with_peak_bytes
from strava_assets_tests.power.rides import every_second, steady

FIGURES = (
    "average_watts",
    "work_j",
    "max_watts",
    "normalized_power_w",
    "xpower_w",
    "variability_index",
    "intensity_factor",
    "tss",
    "coasting_share",
    "decoupling_pct",
    "power_zones_s",
)


def nothing_is_told(power: RidePower) -> bool:
    return not len(power.bests.duration_s) and all(getattr(power, name) is None for name in FIGURES)


def of(watts: np.ndarray) -> RidePower:
    return measure(every_second(watts), watts, np.full(len(watts), 120.0), ftp_w=250)


def test_an_empty_recording() -> None:
    power = of(np.empty(0))

    assert (power.quality, power.recorded_s, power.paused_s) == ("short", 0, 0)
    assert nothing_is_told(power)


def test_one_sample() -> None:
    power = of(np.array([300.0]))

    assert (power.quality, power.recorded_s) == ("short", 1)
    assert power.normalized_power_w is None
    assert (power.average_watts, power.work_j) == (300, 300)
    assert power.bests.duration_s.tolist() == [1]
    assert power.bests.energy_j.tolist() == [300]


def test_nothing_but_missing_values() -> None:
    power = of(np.full(3600, np.nan))

    assert (power.quality, power.power_missing_s, power.spikes) == ("gappy", 3600, 0)
    assert nothing_is_told(power)


def test_nothing_but_zeros_is_a_meter_that_was_not_there() -> None:
    power = of(np.zeros(3600))

    assert power.quality == "no_power"
    assert nothing_is_told(power)


@pytest.mark.parametrize("reading", [-50.0, 30_000.0, np.inf])
def test_nothing_but_impossible_values(reading: float) -> None:
    power = of(np.full(3600, reading))

    assert (power.quality, power.spikes, power.power_missing_s) == ("gappy", 3600, 3600)
    assert nothing_is_told(power)


def test_heart_rates_that_are_none() -> None:
    watts = steady((4000, 200))
    for beats in (np.full(4000, np.nan), np.zeros(4000), np.full(4000, 255.0), np.full(4000, np.inf)):
        power = measure(every_second(watts), watts, beats, threshold_heartrate_bpm=160)
        assert power.heartrate_zones_s is None
        assert power.decoupling_pct is None


def test_two_hours_of_riding_within_27_days_take_the_memory_of_two_hours() -> None:
    watts = steady((3600, 200), (3600, 250))
    times = np.concatenate([np.arange(3600), 27 * 86_400 + np.arange(3600)])
    measure(times, watts)

    power, peak = with_peak_bytes(lambda: measure(times, watts, ftp_w=250))

    assert peak < 2_000_000
    assert (power.pauses, power.recorded_s) == (1, 7200)
    assert power.paused_s == 27 * 86_400 - 3600
    assert power.bests.watts_over(3600) == 250
    assert power.bests.watts_over(7200) == 125
    assert power.normalized_power_w == measure(np.arange(7200), watts).normalized_power_w


@pytest.mark.deep
def test_a_ride_of_ten_days_is_searched_whole() -> None:
    day = np.arange(10 * 3600)
    times = np.concatenate([day + number * 86_400 for number in range(10)])
    watts = np.full(len(times), 150.0)
    watts[-3600:] = 250

    power = measure(times, watts)

    assert power.bests.watts_over(3600) == 250
    assert power.bests.begins_at_s[power.bests.duration_s == 3600].tolist() == [times[-3600]]


def test_a_ride_as_long_as_a_duration_has_that_best() -> None:
    watts = steady((1200, 200))

    assert of(watts).bests.duration_s[-1] == 1200
    assert 1200 not in of(watts[:-1]).bests.duration_s


@pytest.mark.parametrize("times", [[0, 1, 1], [0, 2, 1]])
def test_time_that_does_not_increase_is_refused(times: list[int]) -> None:
    with pytest.raises(ValueError, match="increase"):
        measure(np.array(times), np.array([1.0, 2.0, 3.0]))


def test_channels_of_unequal_length_are_refused() -> None:
    with pytest.raises(ValueError, match="length"):
        measure(np.arange(3), np.array([1.0, 2.0]))
    with pytest.raises(ValueError, match="length"):
        measure(np.arange(2), np.array([1.0, 2.0]), np.array([100.0]))
