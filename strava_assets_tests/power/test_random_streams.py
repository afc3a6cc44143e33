"""Random streams with pauses, silences, lost samples and spikes: vectors agree with plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strava_assets.power import bests as best_power
from strava_assets.power.bests import best_efforts
from strava_assets.power.measure import measure
from strava_assets.power.seconds import lay_out
from strava_assets_tests.depth import examples
from strava_assets_tests.power import by_hand

STEPS = st.one_of(st.just(1), st.just(1), st.just(1), st.integers(1, 12), st.integers(20, 400))
READINGS = st.one_of(
    st.none(),
    st.integers(0, 400),
    st.integers(0, 400),
    st.integers(0, 1500),
    st.floats(0, 900),
    st.sampled_from([-5, 0, 2500, 2501, 30_000]),
)
SAMPLES = st.lists(st.tuples(STEPS, READINGS), min_size=1, max_size=120)


def channels(samples: list[tuple[int, float | None]]) -> tuple[list[int], list[float | None]]:
    times = np.cumsum([step for step, _ in samples]) - samples[0][0]
    return times.tolist(), [None if reading is None else float(reading) for _, reading in samples]


def arrays(times: list[int], watts: list[float | None]) -> tuple[np.ndarray, np.ndarray]:
    return np.array(times, np.int64), np.array(watts, np.float64)


@given(SAMPLES)
@settings(max_examples=examples(300), deadline=None)
def test_every_second_is_what_plain_loops_make_of_it(samples: list[tuple[int, float | None]]) -> None:
    times, watts = channels(samples)
    wanted = by_hand.seconds_of(times, watts)

    seconds = lay_out(*arrays(times, watts))

    assert seconds.at_s.tolist() == [at for at, _ in wanted]
    assert seconds.watts.tolist() == by_hand.whole_watts(wanted)
    assert seconds.power_known.tolist() == [reading is not None for _, reading in wanted]


@given(SAMPLES)
@settings(max_examples=examples(150), deadline=None)
def test_the_figures_are_what_plain_loops_compute(samples: list[tuple[int, float | None]]) -> None:
    times, watts = channels(samples)
    wanted = by_hand.seconds_of(times, watts)
    whole = by_hand.whole_watts(wanted)

    power = measure(*arrays(times, watts), ftp_w=200)

    assert power.recorded_s == len(wanted)
    assert power.power_missing_s == sum(reading is None for _, reading in wanted)
    for place, duration_s in enumerate(power.bests.duration_s.tolist()):
        assert power.bests.energy_j[place] == by_hand.best_j(wanted, duration_s)
    if power.normalized_power_w is not None:
        assert power.quality == "good"
        assert power.normalized_power_w == pytest.approx(by_hand.normalized_power(whole), rel=1e-12)
        assert power.xpower_w == pytest.approx(by_hand.xpower(whole), rel=1e-12)
    if power.work_j is not None:
        assert power.work_j == sum(whole)
    if power.power_zones_s is not None:
        assert sum(power.power_zones_s) == power.recorded_s - power.power_missing_s


@given(SAMPLES)
@settings(max_examples=examples(150), deadline=None)
def test_both_searches_find_the_same_bests(samples: list[tuple[int, float | None]]) -> None:
    seconds = lay_out(*arrays(*channels(samples)))

    over_every_second = best_efforts(seconds.watts, seconds.at_s)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(best_power, "_DENSE_S", 0)
        over_recorded_seconds = best_efforts(seconds.watts, seconds.at_s)

    assert over_recorded_seconds.duration_s.tolist() == over_every_second.duration_s.tolist()
    assert over_recorded_seconds.energy_j.tolist() == over_every_second.energy_j.tolist()
    for bests in (over_every_second, over_recorded_seconds):
        filled = np.zeros(seconds.elapsed_s, np.int64)
        filled[seconds.at_s - seconds.at_s[0]] = seconds.watts
        for duration_s, energy_j, begins_at_s in zip(
            bests.duration_s, bests.energy_j, bests.begins_at_s, strict=True
        ):
            begins = begins_at_s - seconds.at_s[0]
            assert 0 <= begins <= seconds.elapsed_s - duration_s
            assert filled[begins : begins + duration_s].sum() == energy_j


@given(SAMPLES)
@settings(max_examples=examples(150), deadline=None)
def test_what_must_hold_of_every_ride_holds(samples: list[tuple[int, float | None]]) -> None:
    power = measure(*arrays(*channels(samples)), ftp_w=250)

    bests = power.bests
    assert np.all(np.diff(bests.energy_j) >= 0)
    for shorter in bests.duration_s.tolist():
        for times in (2, 3, 5):
            longer = bests.watts_over(times * shorter)
            if longer is not None:
                assert longer <= (bests.watts_over(shorter) or 0) + 1e-9
    numbers = [value for value in vars(power).values() if isinstance(value, float)]
    assert np.isfinite(numbers).all()
    if power.normalized_power_w is not None:
        assert power.average_watts is not None
        assert power.max_watts is not None
        # The first and last half minute weigh less in it, which is all by which it can fall short.
        shortfall_w = 29 * power.max_watts / power.recorded_s
        assert power.normalized_power_w >= power.average_watts - shortfall_w
        assert power.normalized_power_w <= power.max_watts + 1e-6
