"""The rides that the tests of this package measure: four of head units, with their figures, and made ones."""

from __future__ import annotations

import csv
import gzip
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from strava_assets_tests.conftest import FIXTURES

if TYPE_CHECKING:
    from strava_assets.power.seconds import Floats, Integers

FOLDER = FIXTURES / "power"
DEVICE_RIDES = (
    "garmin_sweatpy_4078723797",
    "garmin_edge810_vector",
    "wahoo_elemnt_2019",
    "garmin_indoor_trainer",
)


@dataclass(frozen=True)
class DeviceRide:
    """A recorded ride and the figures of other programs.

    Args:
        t_s: elapsed seconds of each sample.
        watts: NaN where missing.
        heartrate_bpm: NaN where missing.
        expected: the head unit's figures (`device`) and several implementations'.
    """

    t_s: Integers
    watts: Floats
    heartrate_bpm: Floats
    expected: dict[str, Any]

    @property
    def zeroed(self) -> Integers:
        """Every sample's watts, missing ones as zero, side by side."""
        return np.nan_to_num(self.watts).astype(np.int64)


def device_ride(name: str) -> DeviceRide:
    """One of `DEVICE_RIDES`; the test is skipped where the fixtures are missing."""
    path = FOLDER / f"{name}.csv.gz"
    if not path.is_file():
        pytest.skip(f"{path} is not there: the recorded rides are not part of the project")
    with gzip.open(path, "rt", newline="") as file:
        rows = list(csv.DictReader(file))
    channels = {
        column: np.array([float(row[column]) if row[column] else np.nan for row in rows])
        for column in ("t_s", "watts", "heartrate")
    }
    expected = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))[name]
    return DeviceRide(channels["t_s"].astype(np.int64), channels["watts"], channels["heartrate"], expected)


def analytic() -> dict[str, Any]:
    """A series with known figures; the test is skipped where the fixtures are missing."""
    path = FOLDER / "analytic.json"
    if not path.is_file():
        pytest.skip(f"{path} is not there: the analytic series is not part of the project")
    series: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return series


def steady(*stretches: tuple[int, float]) -> Floats:
    """Watts of stretches one after another, each given as seconds and watts."""
    return np.concatenate([np.full(seconds, float(watts)) for seconds, watts in stretches])


def every_second(watts: Floats | Integers) -> Integers:
    """The times of watts without a pause."""
    return np.arange(len(watts))
