"""The seconds of one activity: its streams as the API serves them, and as arrays for laps and zones."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from strava_assets.sandbox import invented_streams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from strava_assets.sandbox.outing import Outing

    Floats = NDArray[np.float64]

Record = dict[str, Any]

KEYS = (
    *("time", "distance", "latlng", "altitude", "velocity_smooth", "heartrate"),
    *("cadence", "watts", "temp", "moving", "grade_smooth"),
)

_ONE_RECORDING_IN = 15
_SHORTEST_WITH_DROPOUT_S = 1_200
_SENSORS = ("heartrate", "watts", "cadence")


@dataclass(frozen=True)
class RecordedSamples:
    """The samples of a recording, one a second in motion; absent sensors are None, dropouts NaN.

    Attributes:
        time_s: Seconds since the start, increasing.
        moving: Whether the athlete moved.
        distance_m: Meters since the start, at the end of each sample.
        speed_mps: Meters per second.
        altitude_m: Meters above sea level.
        heartrate_bpm: Beats per minute.
        cadence_rpm: Revolutions per minute.
        watts: Measured power.
    """

    time_s: NDArray[np.int64]
    moving: NDArray[np.bool_]
    distance_m: Floats | None
    speed_mps: Floats | None
    altitude_m: Floats | None
    heartrate_bpm: Floats | None
    cadence_rpm: Floats | None
    watts: Floats | None

    def __len__(self) -> int:
        return len(self.time_s)


def recorded_streams(
    record: Record, keys: Sequence[str], outing: Outing | None = None
) -> dict[str, list[Any]] | None:
    """The streams of a record that were recorded, with None in dropouts; None if it has no recording.

    `outing` is what the activity is made from, if that is known.
    """
    if not isinstance(record.get("id"), int) or not _is_complete(record):
        return None
    streams = invented_streams.streams_of(record, list(keys), outing)
    if streams is None:
        return None
    for key in streams.keys() & set(_SENSORS):
        streams[key] = _with_dropouts(record, key, streams[key])
    return streams


def samples_of(record: Record, outing: Outing | None = None) -> RecordedSamples | None:
    """The samples of a record; None if it has no recording. `outing` is as for `recorded_streams`."""
    keys = [key for key in KEYS if key not in ("latlng", "temp", "grade_smooth")]
    streams = recorded_streams(record, keys, outing)
    if not streams or not streams.get("time"):
        return None

    def floats(key: str) -> Floats | None:
        return np.array(streams[key], np.float64) if key in streams else None

    time_s = np.array(streams["time"], np.int64)
    moving = streams.get("moving")
    return RecordedSamples(
        time_s=time_s,
        moving=np.ones(len(time_s), bool) if moving is None else np.array(moving, bool),
        distance_m=floats("distance"),
        speed_mps=floats("velocity_smooth"),
        altitude_m=floats("altitude"),
        heartrate_bpm=floats("heartrate"),
        cadence_rpm=floats("cadence"),
        watts=floats("watts"),
    )


def _is_complete(record: Record) -> bool:
    """Whether a record, which may come from a replayed file, has the times that a recording needs."""
    return all(isinstance(record.get(name), int) for name in ("moving_time", "elapsed_time"))


def _with_dropouts(record: Record, key: str, values: list[Any]) -> list[Any]:
    """The values of a sensor; in one recording of some, the sensor was lost once or twice for a while."""
    digest = hashlib.sha256(f"{record['id']}:{key}".encode()).digest()
    if digest[0] % _ONE_RECORDING_IN or len(values) < _SHORTEST_WITH_DROPOUT_S:
        return values
    values = list(values)
    for span in range(1 + digest[1] % 2):
        position, length = digest[2 + span], 4 + digest[4 + span] % 45
        first = len(values) * position // 256
        lost = range(first, min(first + length, len(values)))
        values[lost.start : lost.stop] = [None] * len(lost)
    return values
