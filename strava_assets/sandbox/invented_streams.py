"""The streams of an activity, as lists of equal length with one value per recorded second.

They are computed on request and not stored: from the outing of an activity if it has one, otherwise they are
fitted to its summary. Pauses are gaps in the time stream, as with auto-pause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from strava_assets.sandbox import fitted_streams
from strava_assets.sandbox.tracks import positions

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from strava_assets.sandbox.outing import Outing
    from strava_assets.sandbox.samples import Samples

Record = dict[str, Any]

_LONGEST_S = 48 * 3600
_FIELD_OF = {
    "distance": "distance",
    "velocity_smooth": "distance",
    "altitude": "elev_high",
    "grade_smooth": "elev_high",
    "cadence": "average_cadence",
    "temp": "average_temp",
}
"""The field of a summary that is there only if a stream is."""


def streams_of(record: Record, keys: list[str], outing: Outing | None = None) -> dict[str, list[Any]] | None:
    """The requested streams of an activity.

    Streams without sensor are left out. The result is None if the activity has no streams at all.

    Args:
        record: The summary; it says which sensors there were.
        keys: The names of the wanted streams.
        outing: What the activity is made from, if it is known.
    """
    seconds = min(int(record["moving_time"]), _LONGEST_S)
    sensors = record.get("has_heartrate") or record.get("device_watts") or record.get("start_latlng")
    if record.get("manual") or seconds < 1 or not sensors:
        return None
    if outing is None:
        return fitted_streams.fitted(record, keys, seconds)
    return _of_outing(record, keys, outing)


def _of_outing(record: Record, keys: list[str], outing: Outing) -> dict[str, list[Any]]:
    samples = outing.samples
    makers: dict[str, Callable[[], NDArray[Any]]] = {
        "time": lambda: outing.times_s(record["elapsed_time"]),
        "distance": lambda: samples.distance_m,
        "latlng": lambda: _positions(samples, outing),
        "altitude": lambda: samples.altitude_m,
        "velocity_smooth": lambda: samples.speed_mps,
        "heartrate": lambda: samples.heartrate_bpm.astype(np.int64),
        "cadence": lambda: samples.cadence_rpm.astype(np.int64),
        # A meter without battery sends zeros.
        "watts": lambda: samples.watts.astype(np.int64) * bool(record["average_watts"]),
        "temp": lambda: samples.temperature_c.astype(np.int64),
        "moving": lambda: np.ones(len(samples), bool),
        "grade_smooth": lambda: np.round(100 * samples.grade, 1),
    }
    return {key: makers[key]().tolist() for key in keys if key in makers and _was_recorded(record, key)}


def _was_recorded(record: Record, key: str) -> bool:
    """Whether the summary tells of the sensor that a stream needs."""
    if key == "watts":
        return bool(record.get("device_watts")) and record.get("average_watts") is not None
    if key == "heartrate":
        return bool(record.get("has_heartrate"))
    if key == "latlng":
        return bool((record.get("map") or {}).get("summary_polyline"))
    field = _FIELD_OF.get(key)
    # A distance of zero is none; zero degrees and zero meters above the sea are values.
    return field is None or (
        bool(record.get(field)) if field == "distance" else record.get(field) is not None
    )


def _positions(samples: Samples, outing: Outing) -> NDArray[np.float64]:
    if samples.route is None:
        return np.zeros((0, 2))
    meters = samples.skipped_m + np.cumsum(samples.speed_mps)
    return positions(samples.route, outing.place, meters)
