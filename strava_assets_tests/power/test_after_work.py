"""Bests after work against a plain search, and on rides whose answer is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strava_assets.power.after_work import DURABILITY_S, bests_after_work
from strava_assets.power.durations import DURATIONS_S
from strava_assets.power.measure import measure
from strava_assets_tests.depth import examples
from strava_assets_tests.power.rides import DEVICE_RIDES, device_ride, every_second, steady


def test_the_durations_after_work_are_among_those_of_a_ride_s_bests() -> None:
    assert set(DURABILITY_S.tolist()) <= set(DURATIONS_S.tolist())


def test_a_tired_effort_begins_after_the_second_that_reaches_the_level() -> None:
    # 1,000 kJ after 4,000 seconds; ten minutes at 300 W before, at 270 W after.
    watts = steady((600, 300), (3400, 820 / 3.4), (600, 270), (600, 100)).astype(np.int64)
    [late] = bests_after_work(watts, every_second(watts), None)

    assert (late.basis, late.level) == ("kj", 1000)
    first = int(np.searchsorted(np.cumsum(watts), 1_000_000)) + 1
    assert late.bests.begins_at_s.min() >= first
    assert late.bests.watts_over(300) == 270
    assert (late.bests.watts_over(1200) or 0) < 270


def test_levels_by_weight_are_those_of_the_day() -> None:
    watts = np.full(7200, 250)
    late = {(each.basis, each.level) for each in bests_after_work(watts, every_second(watts), 50)}

    assert late == {("kj", 1000), *(("kj_per_kg", level) for level in (10, 20, 30))}
    assert {each.basis for each in bests_after_work(watts, every_second(watts), None)} == {"kj"}


@given(
    st.lists(st.tuples(st.integers(1, 40), st.integers(0, 2_000)), min_size=30, max_size=120),
    st.sampled_from([0.5, 1.0, 3.0]),
)
@settings(max_examples=examples(60), deadline=None)
def test_every_late_best_is_what_a_plain_search_finds(
    samples: list[tuple[int, int]], weight_kg: float
) -> None:
    at_s = np.cumsum([step for step, _ in samples])
    watts = np.array([reading for _, reading in samples])
    by_time = dict(zip(at_s.tolist(), watts.tolist(), strict=True))

    for late in bests_after_work(watts, at_s, weight_kg):
        level_j = 1000 * late.level * (weight_kg if late.basis == "kj_per_kg" else 1)
        done_j, first = 0, None
        for place, joules in enumerate(watts.tolist()):
            done_j += joules
            if done_j >= level_j:
                first = place + 1
                break
        assert first is not None
        begins, last = int(at_s[first]), int(at_s[-1])
        for duration_s, energy_j in zip(late.bests.duration_s.tolist(), late.bests.energy_j, strict=True):
            assert energy_j == max(
                sum(by_time.get(at, 0) for at in range(start, start + duration_s))
                for start in range(begins, last - duration_s + 2)
            )


@pytest.mark.parametrize("name", DEVICE_RIDES)
def test_recorded_rides_are_no_stronger_after_more_work(name: str) -> None:
    ride = device_ride(name)
    power = measure(ride.t_s, ride.watts, weight_kg=20)

    assert power.after_work
    before: dict[tuple[str, int], int] = {}
    for late in power.after_work:
        for duration_s, energy_j in zip(late.bests.duration_s.tolist(), late.bests.energy_j, strict=True):
            fresh_w = power.bests.watts_over(duration_s)
            assert fresh_w is not None
            assert energy_j <= before.get((late.basis, duration_s), round(fresh_w * duration_s))
            before[late.basis, duration_s] = energy_j
