"""Time in zones, coasting, and heart-rate drift: who is told of them and who is not."""

from __future__ import annotations

import numpy as np
import pytest

from strava_assets.power.measure import measure
from strava_assets.power.zones import (
    HEARTRATE_ZONES_PCT,
    POWER_ZONES_PCT,
    SEVEN_HEARTRATE_ZONES_OF_RUNS_PCT,
    SEVEN_HEARTRATE_ZONES_PCT,
    three_zones,
    zone_seconds,
)
from strava_assets_tests.borders import around
from strava_assets_tests.power.rides import every_second, steady


def test_a_border_belongs_to_the_zone_above() -> None:
    borders = np.array([0, 109, 110, 149, 150, 179, 180, 209, 210, 239, 240, 299, 300, 2000])

    assert zone_seconds(borders, 200, POWER_ZONES_PCT) == (2, 2, 2, 2, 2, 2, 2)


@pytest.mark.parametrize("ftp_w", range(100, 400, 7))
def test_a_border_is_exact_whatever_the_threshold(ftp_w: int) -> None:
    for zone, begins_pct in enumerate(POWER_ZONES_PCT, 1):
        border = -(-begins_pct * ftp_w // 100)
        seconds = zone_seconds(np.array([border]), ftp_w, POWER_ZONES_PCT)
        assert seconds.index(1) == zone


@pytest.mark.parametrize(
    ("written", "begins_pct"),
    [
        ((55, 75, 90, 105, 120, 150), POWER_ZONES_PCT),
        ((68, 83, 94, 105), HEARTRATE_ZONES_PCT),
        ((81, 90, 94, 100, 103, 106), SEVEN_HEARTRATE_ZONES_PCT),
        ((85, 90, 95, 100, 103, 106), SEVEN_HEARTRATE_ZONES_OF_RUNS_PCT),
    ],
)
def test_each_zone_begins_at_its_border_and_not_just_below(
    written: tuple[int, ...], begins_pct: tuple[int, ...]
) -> None:
    for zone, border in enumerate(written, 1):
        # A threshold of 100 makes a value its own share.
        values = np.array(around(float(border)))
        seconds = zone_seconds(values, 100, begins_pct)
        assert seconds[zone - 1 : zone + 1] == (1, 2)


def test_three_zones_of_seven_are_two_two_and_three() -> None:
    assert three_zones((1, 2, 4, 8, 16, 32, 64)) == (3, 12, 112)


def test_heart_rate_zones_are_shares_of_the_threshold() -> None:
    beats = np.array([100.0, 108.8, 132.8, 150.4, 168, 190])

    assert zone_seconds(beats, 160, HEARTRATE_ZONES_PCT) == (1, 1, 1, 1, 2)


def test_without_figures_of_the_day_there_are_no_zones() -> None:
    watts = steady((600, 200))

    power = measure(every_second(watts), watts, np.full(600, 140.0))

    assert power.power_zones_s is None
    assert power.heartrate_zones_s is None
    assert power.intensity_factor is power.tss is power.ftp_w is None


def test_coasting_is_the_share_of_readings_that_are_zero() -> None:
    watts = steady((900, 200), (300, 0))

    assert measure(every_second(watts), watts).coasting_share == 0.25


def drifting(seconds: int = 4000, heartrate_share: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    beats = np.concatenate([np.full(seconds // 2, 140.0), np.full(seconds - seconds // 2, 154.0)])
    beats[: round((1 - heartrate_share) * seconds)] = np.nan
    return steady((seconds, 200)), beats


def test_a_heart_that_beats_faster_for_the_same_power_has_drifted() -> None:
    watts, beats = drifting()

    # 200/140 against 200/154.
    assert measure(every_second(watts), watts, beats).decoupling_pct == pytest.approx(100 * (1 - 140 / 154))
    assert (measure(every_second(watts), watts, beats[::-1]).decoupling_pct or 0) < 0


@pytest.mark.parametrize(("seconds", "share"), [(3599, 1.0), (4000, 0.94)])
def test_a_short_ride_or_a_patchy_heart_rate_tells_no_drift(seconds: int, share: float) -> None:
    watts, beats = drifting(seconds, share)

    assert measure(every_second(watts), watts, beats).decoupling_pct is None


def test_an_uneven_ride_tells_no_drift() -> None:
    _, beats = drifting()
    watts = np.tile(np.repeat([100.0, 300.0], 100), 20)

    power = measure(every_second(watts), watts, beats)

    assert (power.variability_index or 0) > 1.1
    assert power.decoupling_pct is None
