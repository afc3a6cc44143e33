"""Each rule for what a recording lacks: pauses, silences of the meter, lost samples, spikes."""

from __future__ import annotations

import numpy as np
import pytest

from strava_assets.power.measure import measure
from strava_assets.power.seconds import lay_out
from strava_assets_tests.power.rides import every_second, steady

NOTHING = np.nan


def with_silence(silent_s: int, *, before: float = 200.0, after: float = 200.0) -> np.ndarray:
    return np.concatenate([np.full(600, before), np.full(silent_s, NOTHING), np.full(600, after)])


def test_a_pause_is_left_out_of_normalized_power_and_time() -> None:
    watts = steady((1200, 200), (1200, 260))
    paused = np.concatenate([np.arange(1200), np.arange(3000, 4200)])

    power, without = measure(paused, watts, ftp_w=250), measure(every_second(watts), watts, ftp_w=250)

    assert (power.pauses, power.paused_s, power.recorded_s) == (1, 1800, 2400)
    assert power.normalized_power_w == without.normalized_power_w
    assert power.xpower_w == without.xpower_w
    assert power.tss == without.tss
    assert power.average_watts == without.average_watts
    assert power.power_zones_s == without.power_zones_s


def test_a_pause_is_zeros_in_the_bests() -> None:
    watts = steady((1200, 200), (1200, 260))
    paused = np.concatenate([np.arange(1200), np.arange(3000, 4200)])

    bests = measure(paused, watts).bests

    assert bests.watts_over(1200) == 260
    # Half an hour that reaches across none of it, ten minutes of the pause with it.
    assert bests.watts_over(1800) == pytest.approx(1200 * 260 / 1800)
    assert bests.watts_over(3600) == pytest.approx((600 * 200 + 1200 * 260) / 3600)
    assert bests.begins_at_s[bests.duration_s == 1200].tolist() == [3000]


@pytest.mark.parametrize("silent_s", [1, 5, 10])
def test_a_short_silence_of_the_meter_is_held(silent_s: int) -> None:
    watts = with_silence(silent_s)

    power = measure(every_second(watts), watts)

    assert power.power_missing_s == 0
    assert power.average_watts == 200
    assert power.normalized_power_w == 200


def test_a_longer_silence_is_zero_watts_and_counted() -> None:
    watts = with_silence(11)

    power = measure(every_second(watts), watts, ftp_w=200)

    assert power.power_missing_s == 11
    assert power.work_j == 1200 * 200
    assert power.average_watts == pytest.approx(1200 * 200 / 1211)
    # Where nothing was read is neither in a zone nor coasting.
    assert power.power_zones_s == (0, 0, 0, 1200, 0, 0, 0)
    assert power.coasting_share == 0


def test_a_silence_in_a_sprint_makes_no_record() -> None:
    watts = np.concatenate([np.full(600, 200.0), [1000.0], np.full(8, NOTHING), np.full(600, 200.0)])
    watts[599] = 700

    bests = measure(every_second(watts), watts).bests

    assert bests.watts_over(5) == pytest.approx((700 + 1000 + 3 * 200) / 5)


@pytest.mark.parametrize("at", ["start", "end", "pause"])
def test_a_silence_at_an_edge_has_nothing_to_be_held_between(at: str) -> None:
    watts = steady((1200, 200))
    times = every_second(watts)
    silent = {"start": slice(0, 5), "end": slice(-5, None), "pause": slice(597, 602)}[at]
    watts[silent] = NOTHING
    if at == "pause":
        times = times + np.where(times >= 600, 300, 0)

    assert measure(times, watts).power_missing_s == 5


def test_a_tenth_without_power_tells_nothing_of_power() -> None:
    watts = np.concatenate([np.full(900, 200.0), np.full(101, NOTHING)])
    beats = np.full(1001, 150.0)

    power = measure(every_second(watts), watts, beats, ftp_w=200, threshold_heartrate_bpm=150)

    assert power.quality == "gappy"
    assert power.power_missing_s == 101
    of_power = (power.average_watts, power.work_j, power.normalized_power_w, power.tss, power.coasting_share)
    assert set(of_power) == {None}
    assert power.power_zones_s is None
    assert len(power.bests.duration_s) == 0
    assert power.heartrate_zones_s == (0, 0, 0, 1001, 0)
    assert measure(every_second(watts[:-1]), watts[:-1]).quality == "gappy"
    assert measure(every_second(watts[:-2]), watts[:-2]).quality == "good"


@pytest.mark.parametrize(("one_in", "quality"), [(9, "gappy"), (11, "good")])
def test_a_tenth_of_lost_samples_is_not_good_even_where_each_was_filled(one_in: int, quality: str) -> None:
    watts = np.full(1100, 200.0)
    is_lost = np.arange(1100) % one_in == one_in - 1
    silent = np.where(is_lost, NOTHING, watts)
    dropped = np.flatnonzero(~is_lost)

    silences, gaps = measure(every_second(watts), silent), measure(dropped, watts[dropped])

    assert (silences.quality, gaps.quality) == (quality, quality)
    # The last second of the ride has no reading after it.
    assert silences.power_filled_s + silences.power_missing_s == np.count_nonzero(is_lost)
    assert gaps.power_filled_s == np.count_nonzero(is_lost[:-1])


def test_one_lost_sample_is_no_pause() -> None:
    watts = steady((1200, 200))
    times = np.delete(every_second(watts), [300, 700])

    power = measure(times, np.delete(watts, [300, 700]))

    assert (power.recorded_s, power.pauses, power.paused_s) == (1200, 0, 0)
    assert power.work_j == 240_000
    assert power.bests.watts_over(600) == 200


def test_two_lost_samples_in_a_row_are_a_pause() -> None:
    watts = steady((1200, 200))

    power = measure(np.delete(every_second(watts), [300, 301]), np.delete(watts, [300, 301]))

    assert (power.recorded_s, power.pauses, power.paused_s) == (1198, 1, 2)


def test_a_recorder_of_every_other_second_weighs_each_sample_by_its_time() -> None:
    times = np.arange(0, 2400, 2)
    watts = steady((600, 100), (600, 300))

    power = measure(times, watts)

    assert power.quality == "good"
    assert (power.recorded_s, power.pauses) == (2400, 0)
    assert power.work_j == 1200 * 100 + 1200 * 300
    assert power.normalized_power_w == measure(np.arange(2400), np.repeat(watts, 2)).normalized_power_w


def test_a_slower_recorder_tells_no_normalized_power_and_only_long_bests() -> None:
    steps = np.random.default_rng(2).integers(2, 6, 2000)
    times = np.concatenate([[0], np.cumsum(steps)])
    beats = np.full(len(times), 140.0)

    power = measure(times, np.full(len(times), 200.0), beats, ftp_w=200, threshold_heartrate_bpm=140)

    assert power.quality == "irregular"
    assert power.normalized_power_w is power.xpower_w is power.tss is power.decoupling_pct is None
    usual = int(np.ceil(np.median(steps)))
    assert power.bests.duration_s[0] == 10 * usual
    assert power.average_watts == 200
    assert power.recorded_s == times[-1] + usual
    assert power.power_zones_s == (0, 0, 0, power.recorded_s, 0, 0, 0)
    assert power.heartrate_zones_s == (0, 0, 0, power.recorded_s, 0)


def test_what_was_recorded_once_a_minute_stands_for_ten_seconds_at_most() -> None:
    power = measure(np.arange(0, 7200, 60), np.full(120, 200.0))

    assert power.quality == "irregular"
    assert power.recorded_s == 1200
    assert power.paused_s == 7140 + 10 - 1200


@pytest.mark.parametrize("reading", [2501.0, 30_000.0, -1.0, np.inf, -np.inf])
def test_a_reading_that_is_no_riders_is_rejected_and_repaired(reading: float) -> None:
    watts = steady((600, 200))
    watts[300] = reading

    power = measure(every_second(watts), watts)

    assert power.spikes == 1
    assert power.power_missing_s == 0
    assert power.max_watts == 200
    assert power.normalized_power_w == 200


def test_one_second_that_towers_over_both_its_neighbours_is_rejected() -> None:
    watts = steady((600, 200))
    watts[300] = 700

    power = measure(every_second(watts), watts)

    assert (power.spikes, power.max_watts) == (1, 200)


@pytest.mark.parametrize(
    "readings",
    [
        [0, 400, 0],  # a stroke between coasting
        [200, 590, 200],
        [200, 700, 650, 200],  # a sprint
        [300, 1200, 500, 200],
    ],
)
def test_what_a_rider_can_do_is_no_spike(readings: list[float]) -> None:
    watts = steady((600, 200))
    watts[300 : 300 + len(readings)] = readings

    power = measure(every_second(watts), watts)

    assert (power.spikes, power.max_watts) == (0, max(readings))


def test_the_seconds_beside_a_pause_are_not_neighbours() -> None:
    watts = steady((600, 200))
    watts[300] = 900

    assert lay_out(np.arange(600) + np.where(np.arange(600) > 300, 60, 0), watts).spikes == 0


def test_a_recording_that_starts_late_keeps_its_clock() -> None:
    watts = steady((60, 100), (60, 300))

    power = measure(every_second(watts) + 7, watts)

    assert power.paused_s == 0
    assert power.bests.begins_at_s[power.bests.duration_s == 60].tolist() == [67]
