"""Zones, loads and efficiency of any recording: on paper, against plain loops, and on recorded rides."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strava_assets.power.heart_rate_load import heart_rate_load
from strava_assets.power.measure import measure
from strava_assets.power.recording import RecordingFigures, Thresholds, measure_recording
from strava_assets.power.running import FlatGroundSpeed, cost_share, flat_ground_speed
from strava_assets.power.seconds import lay_out, timeline
from strava_assets.power.zones import three_zones
from strava_assets_tests.power.rides import DEVICE_RIDES, device_ride, every_second, steady

if TYPE_CHECKING:
    from strava_assets.power.heart_rate_load import Sex

HEART = {"resting_bpm": 50.0, "threshold_bpm": 170.0, "maximum_bpm": 190.0}
FIGURES = Thresholds(250, 170, 50, 190, "female")


def figures(
    watts: np.ndarray | None, beats: np.ndarray | None, thresholds: Thresholds = FIGURES
) -> RecordingFigures:
    [length] = {len(channel) for channel in (watts, beats) if channel is not None}
    return measure_recording(lay_out(np.arange(length), watts, beats), thresholds)


def load(beats: np.ndarray, sex: Sex | None = "male") -> float | None:
    return heart_rate_load(beats, sex=sex, **HEART)


@pytest.mark.parametrize("sex", ["female", "male", None])
def test_an_hour_at_threshold_is_a_hundred(sex: Sex | None) -> None:
    assert load(np.full(3600, 170.0), sex) == pytest.approx(100)


def test_an_hour_at_half_the_reserve_is_more_for_women() -> None:
    """With a threshold at 85 % of the reserve, as in the sources: 30.0 for men, 32.8 for women."""
    at_85 = HEART | {"threshold_bpm": 50 + 0.85 * 140}
    half = np.full(3600, 120.0)
    assert heart_rate_load(half, sex="male", **at_85) == pytest.approx(30.0, abs=0.05)
    assert heart_rate_load(half, sex="female", **at_85) == pytest.approx(32.8, abs=0.05)
    assert heart_rate_load(half, sex=None, **at_85) == heart_rate_load(half, sex="male", **at_85)


@given(st.lists(st.integers(40, 195), min_size=10, max_size=200))
def test_the_load_is_the_sum_of_every_second(beats: list[int]) -> None:
    def impulse(bpm: float) -> float:
        share = max(bpm - 50, 0) / 140
        return share * math.exp(1.92 * share)

    wanted = 100 * math.fsum(map(impulse, beats)) / (3600 * impulse(170))
    assert load(np.array(beats, float)) == pytest.approx(wanted)
    # The impulse rises faster than the heart rate, so that the mean heart rate gives less.
    assert 100 * len(beats) * impulse(sum(beats) / len(beats)) / (3600 * impulse(170)) <= wanted + 1e-9


def test_unknown_seconds_count_as_the_others_and_too_many_as_nothing() -> None:
    beats = np.full(1000, 170.0)
    beats[:100] = np.nan
    assert load(beats) == pytest.approx(100 * 1000 / 3600)
    beats[100] = 230  # far above the maximum: the sensor's fault
    assert load(beats) is None
    assert load(np.empty(0)) is None


@pytest.mark.parametrize(
    "impossible", [{"maximum_bpm": 69.0, "threshold_bpm": 60.0}, {"threshold_bpm": 50.0}]
)
def test_figures_that_are_nobody_s_give_no_load(impossible: dict[str, float]) -> None:
    assert heart_rate_load(np.full(3600, 120.0), sex="male", **(HEART | impossible)) is None


@pytest.mark.parametrize("name", DEVICE_RIDES)
def test_recorded_rides_have_more_load_by_the_second_than_by_their_mean(name: str) -> None:
    beats = device_ride(name).heartrate_bpm
    by_second, by_mean = load(beats), load(np.full(len(beats), np.nanmean(beats)))
    assert by_second is not None
    assert by_mean is not None
    assert 1 <= by_second / by_mean <= 1.2


def test_three_zones_are_sums_of_seven() -> None:
    assert three_zones((1, 2, 4, 8, 16, 32, 64)) == (3, 12, 112)


def test_time_in_zones_is_by_the_thresholds_of_the_sport() -> None:
    beats = np.concatenate([np.full(100, bpm) for bpm in (137.0, 138.0, 153.0, 160.0, 170.0, 176.0, 181.0)])
    power = np.concatenate([np.full(350, 100.0), np.full(350, 300.0)])
    ride = figures(power, beats)
    run = measure_recording(lay_out(np.arange(700), power, beats), FIGURES, is_run=True)

    assert ride.heartrate_zones_s == (100, 100, 100, 100, 100, 100, 100)
    # 144.5 bpm are 85 % of 170, 161.5 are 95 %.
    assert run.heartrate_zones_s == (200, 0, 200, 0, 100, 100, 100)
    assert ride.power_zones_s == (350, 0, 0, 0, 0, 350, 0)
    assert ride.run_power_load is None
    assert run.run_power_load == pytest.approx(700 / 36 * (run.normalized_power_w or 0) ** 2 / 250**2)


def test_without_thresholds_or_channels_there_are_no_zones() -> None:
    nothing = figures(None, np.full(60, np.nan))
    assert (nothing.power_s, nothing.heartrate_s, nothing.recorded_s) == (0, 0, 60)
    assert (nothing.power_zones_s, nothing.heartrate_zones_s, nothing.heart_rate_load) == (None, None, None)
    unknown = figures(np.full(60, 200.0), np.full(60, 150.0), Thresholds())
    assert (unknown.power_s, unknown.heartrate_s) == (60, 60)
    assert (unknown.power_zones_s, unknown.heartrate_zones_s, unknown.heart_rate_load) == (None, None, None)


def test_a_ride_s_own_figures_are_taken_over_unchanged() -> None:
    rng = np.random.default_rng(5)
    watts, beats = rng.integers(0, 400, 4000).astype(float), rng.integers(100, 180, 4000).astype(float)
    seconds = lay_out(every_second(watts), watts, beats)
    ride = measure(every_second(watts), watts, beats, ftp_w=250)

    assert measure_recording(seconds, FIGURES, ride=ride) == measure_recording(seconds, FIGURES)


@pytest.mark.parametrize(
    ("stretches", "is_steady"), [(((1800, 200),), True), (((900, 100), (900, 300)), False)]
)
def test_efficiency_is_there_for_every_recording_and_variable_ones_are_marked(
    stretches: tuple[tuple[int, float], ...], is_steady: bool
) -> None:
    watts = steady(*stretches)
    beats = np.concatenate([np.full(900, 140.0), np.full(900, 154.0)])
    own = figures(watts, beats)

    assert own.efficiency.efficiency_basis == "power"
    assert own.efficiency.is_steady is is_steady
    assert own.efficiency.efficiency == pytest.approx((own.normalized_power_w or 0) / 147)
    assert own.efficiency.decoupling_pct is not None


def test_decoupling_needs_twenty_minutes_and_a_heart_rate() -> None:
    watts, beats = np.full(1199, 200.0), np.full(1199, 140.0)
    assert figures(watts, beats).efficiency.decoupling_pct is None
    assert figures(watts, beats).efficiency.efficiency == pytest.approx(200 / 140)
    beats[:100] = np.nan
    assert figures(watts, beats).efficiency.efficiency is None
    assert figures(watts, beats).efficiency.is_steady


def test_decoupling_is_known_for_every_recorded_ride_with_its_mark() -> None:
    is_steady: dict[str, bool | None] = {}
    for name in DEVICE_RIDES:
        ride = device_ride(name)
        own = measure_recording(lay_out(ride.t_s, ride.watts, ride.heartrate_bpm), FIGURES)
        is_steady[name] = own.efficiency.is_steady
        assert own.efficiency.decoupling_pct is not None
    assert set(is_steady.values()) == {True, False}


def test_the_cost_of_slopes_is_minetti_s() -> None:
    """C(0.1) = 5.97 and C(-0.2) = 1.80 J/(kg m) by the published polynomial, over 3.6 on the flat."""
    assert cost_share(np.array([0.0])) == pytest.approx(1)
    assert 3.6 * cost_share(np.array([0.1]))[0] == pytest.approx(5.968, abs=0.001)
    assert 3.6 * cost_share(np.array([-0.2]))[0] == pytest.approx(1.800, abs=0.001)
    assert cost_share(np.array([2.0])) == cost_share(np.array([0.45]))


def run_of(seconds: int, mps: float, slope: float = 0.0) -> FlatGroundSpeed | None:
    t_s = np.arange(seconds)
    way_m = np.float64(mps) * t_s.astype(np.float64)
    return flat_ground_speed(t_s, way_m, slope * way_m, timeline(t_s))


@pytest.mark.parametrize("slope", [-0.1, 0.0, 0.08])
def test_an_even_slope_is_run_as_fast_as_its_cost_says(slope: float) -> None:
    speed = run_of(600, 3.0, slope)
    assert speed is not None
    assert speed.recorded_mps == pytest.approx(3.0 * cost_share(np.array([slope]))[0])


def run_figures(t_s: np.ndarray, way_m: np.ndarray) -> RecordingFigures:
    """Those of a run on the flat at 160 bpm, with a threshold speed of 4 m/s."""
    seconds = lay_out(t_s, None, np.full(len(t_s), 160.0))
    speed = flat_ground_speed(t_s, way_m, None, seconds.timeline)
    return measure_recording(seconds, Thresholds(speed_mps=4.0), is_run=True, speed=speed)


def test_an_hour_at_threshold_pace_is_a_hundred() -> None:
    t_s = np.arange(3600)
    own = run_figures(t_s, 4.0 * t_s)
    assert own.pace_load == pytest.approx(100)
    assert own.grade_adjusted_speed_mps == pytest.approx(4)
    assert own.efficiency.efficiency_basis == "pace"
    assert own.efficiency.efficiency == pytest.approx(60 * 4 / 160)
    assert own.efficiency.decoupling_pct == pytest.approx(0)


@pytest.mark.parametrize("longest_s", [2, 3, 4, 10])
def test_gaps_in_which_the_runner_went_on_count_whole(longest_s: int) -> None:
    t_s = np.concatenate([[0], np.cumsum(np.tile([1, 1, longest_s], 300))])
    own = run_figures(t_s, 3.0 * t_s)
    assert own.grade_adjusted_speed_mps == pytest.approx(3)
    assert own.pace_load == pytest.approx((t_s[-1] + 1) / 36 * (3 / 4) ** 2)
    assert own.efficiency.efficiency == pytest.approx(60 * 3 / 160)


@pytest.mark.parametrize(("gap_s", "gap_m", "mps"), [(10, 30, 3.0), (11, 33, 897 / 300), (10, 0, 897 / 300)])
def test_a_gap_without_way_or_longer_than_ten_seconds_is_rest(gap_s: int, gap_m: int, mps: float) -> None:
    t_s = np.concatenate([np.arange(150), 149 + gap_s + np.arange(150)])
    way_m = np.concatenate([3.0 * np.arange(150), 447 + gap_m + 3.0 * np.arange(150)])
    own = run_figures(t_s, way_m)
    assert own.grade_adjusted_speed_mps == pytest.approx(mps)
    assert own.recorded_s == 300


@pytest.mark.parametrize(
    ("missing", "mps"),
    [
        (slice(3240, 3600), 3 * 3239 / 3600),
        (slice(3239, 3600), None),
        (slice(1800, None), None),
        (slice(1800), None),
        (slice(1000, 1360), 3.0),
        (slice(1000, 1361), None),
    ],
)
def test_below_nine_tenths_of_the_distance_there_is_no_pace(missing: slice, mps: float | None) -> None:
    t_s = np.arange(3600)
    way_m = 3.0 * t_s
    way_m[missing] = np.nan
    own = run_figures(t_s, way_m)
    assert own.grade_adjusted_speed_mps == (None if mps is None else pytest.approx(mps))
    assert (own.pace_load is None) is (mps is None)


@pytest.mark.parametrize(("every_s", "is_known"), [(2, True), (10, True), (11, False)])
def test_a_distance_that_is_written_now_and_then_is_known_in_between(every_s: int, is_known: bool) -> None:
    t_s = np.arange(3301)
    way_m = np.where(t_s % every_s == 0, 3.0 * t_s, np.nan)
    own = run_figures(t_s, way_m)
    assert own.grade_adjusted_speed_mps == (pytest.approx(3, rel=0.01) if is_known else None)


def test_a_distance_that_never_grows_is_no_pace_and_the_heart_rate_stays() -> None:
    own = run_figures(np.arange(3600), np.zeros(3600))
    assert (own.grade_adjusted_speed_mps, own.normalized_speed_mps, own.pace_load) == (None, None, None)
    assert own.heartrate_s == 3600
    way_m = np.zeros(3600)
    way_m[-1] = 1.0
    assert run_figures(np.arange(3600), way_m).grade_adjusted_speed_mps is not None


def test_a_pause_and_a_jump_of_the_position_add_no_speed() -> None:
    t_s = np.concatenate([np.arange(300), np.arange(900, 1200)])
    way_m = np.concatenate([3.0 * np.arange(300), 5_000 + 3.0 * np.arange(300)])
    speed = flat_ground_speed(t_s, way_m, None, timeline(t_s))
    assert speed is not None
    assert len(speed.running_mps) == len(speed.recorded_mps) == 600
    assert speed.running_mps.max() == 3.0
    jump = np.where(np.arange(600) < 300, 0.0, 50_000.0)
    leap = flat_ground_speed(np.arange(600), jump, None, timeline(np.arange(600)))
    assert leap is not None
    assert leap.running_mps.max() == 12.0


def test_a_treadmill_is_flat_and_without_distance_there_is_no_speed() -> None:
    t_s = np.arange(60)
    assert flat_ground_speed(t_s, np.full(60, np.nan), None, timeline(t_s)) is None
    flat = flat_ground_speed(t_s, 3.0 * t_s.astype(np.float64), np.full(60, np.nan), timeline(t_s))
    assert flat is not None
    assert flat.running_mps[0] == 3.0
