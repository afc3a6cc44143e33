"""The distance of a recording without one, along great circles, and what counts as motion."""

from __future__ import annotations

import math

import numpy as np
import pytest

from strava_assets.archive.recorded_activity import _distance_m, _motion
from strava_assets_tests.borders import around

DEGREE_M = math.radians(1) * 6_371_000
"""The length of a degree of a meridian."""


def covered(latitude: list[float], longitude: list[float]) -> list[float]:
    positions = {"latitude_deg": np.array(latitude), "longitude_deg": np.array(longitude)}
    distance = _distance_m({"t_s": np.arange(float(len(latitude)))} | positions)
    assert distance is not None
    return [float(meters) for meters in distance]


def test_a_degree_to_the_north_is_the_same_everywhere() -> None:
    assert covered([0, 1, 2], [5, 5, 5]) == pytest.approx([0, DEGREE_M, 2 * DEGREE_M])
    assert covered([60, 61], [5, 5]) == pytest.approx([0, DEGREE_M])


def test_to_the_east_it_is_shorter_by_the_cosine_of_the_latitude() -> None:
    assert covered([0, 0], [5, 5.01]) == pytest.approx([0, 0.01 * DEGREE_M])
    assert covered([60, 60], [5, 5.01]) == pytest.approx([0, 0.005 * DEGREE_M], rel=1e-6)
    # Between two latitudes both cosines count.
    north, south = math.cos(math.radians(60)), math.cos(math.radians(50))
    chord = math.sin(math.radians(5)) ** 2 + north * south * math.sin(math.radians(10)) ** 2
    assert covered([60, 50], [0, 20])[1] == pytest.approx(2 * 6_371_000 * math.asin(math.sqrt(chord)))


def test_samples_without_a_position_lie_evenly_between_those_with_one() -> None:
    assert covered([0, math.nan, 1], [5, 5, 5]) == pytest.approx([0, DEGREE_M / 2, DEGREE_M])
    assert covered([math.nan, 0, 1, math.nan], [5, 5, 5, 5]) == pytest.approx([0, 0, DEGREE_M, DEGREE_M])


def test_without_any_whole_position_there_is_no_distance() -> None:
    nowhere = {"latitude_deg": np.array([0.0, math.nan]), "longitude_deg": np.array([math.nan, 5.0])}

    assert _distance_m({"t_s": np.arange(2.0)} | nowhere) is None


def test_motion_begins_at_0_3_meters_a_second_and_not_just_below() -> None:
    speeds = np.array([*around(0.3), 5.0])

    motion = _motion({"t_s": np.arange(4.0), "velocity_m_per_s": speeds})

    assert motion.weights_s.tolist() == [0.0, 1.0, 1.0, 1.0]
