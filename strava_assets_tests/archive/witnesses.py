"""Other decoders of recordings, each as a list of samples: what a file says by another program's reading."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import gpxpy
from fitdecode import FIT_FRAME_DATA, FitReader
from fitparse import FitFile
from garmin_fit_sdk import Decoder, Stream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

Sample = dict[str, float]
"""The values of one sample by channel, and `time_s` in epoch seconds."""

FIT_EPOCH_S = 631_065_600
_SEMICIRCLE_DEG = 180 / 2**31
# Names of the profile, in order of preference.
_FIT_NAMES = {
    "watts": ("power",),
    "heartrate_bpm": ("heart_rate",),
    "cadence_rpm": ("cadence",),
    "distance_m": ("distance",),
    "altitude_m": ("altitude", "enhanced_altitude"),
    "velocity_m_per_s": ("speed", "enhanced_speed"),
    "temp_c": ("temperature",),
    "latitude_deg": ("position_lat",),
    "longitude_deg": ("position_long",),
}


def by_fitparse(content: bytes) -> list[Sample]:
    """The records that fitparse reads."""
    records = FitFile(io.BytesIO(content)).get_messages("record")
    return [_sample(_by_name(record.fields), _naive_utc) for record in records]


def by_fitdecode(content: bytes) -> list[Sample]:
    """The records that fitdecode reads."""
    with FitReader(io.BytesIO(content)) as reader:
        return [
            _sample(_by_name(frame.fields), datetime.timestamp)
            for frame in reader
            if frame.frame_type == FIT_FRAME_DATA and frame.name == "record"
        ]


def by_garmin(content: bytes) -> list[Sample]:
    """The records that Garmin's SDK reads, with the heart rates of `hr` messages."""
    messages, errors = Decoder(Stream.from_byte_array(bytearray(content))).read(
        convert_datetimes_to_dates=False
    )
    if errors:
        raise ValueError(errors[0])
    return [_sample(record, lambda time: time + FIT_EPOCH_S) for record in messages.get("record_mesgs", [])]


def by_gpxpy(content: bytes) -> list[Sample]:
    """The points that gpxpy reads: positions, altitudes and times."""
    return [
        {
            "time_s": point.time.timestamp(),
            "latitude_deg": point.latitude,
            "longitude_deg": point.longitude,
            "altitude_m": point.elevation,
        }
        for point in gpxpy.parse(content.decode()).walk(only_points=True)
        if point.time
    ]


FIT_WITNESSES: Mapping[str, Callable[[bytes], list[Sample]]] = {
    "fitparse": by_fitparse,
    "fitdecode": by_fitdecode,
    "garmin-fit-sdk": by_garmin,
}


def _by_name(fields: Iterable[Any]) -> dict[str, Any]:
    """The values by name. Expanded fields repeat the names of native ones: the first with a value counts."""
    values: dict[str, Any] = {}
    for field in fields:
        if values.get(field.name) is None:
            values[field.name] = field.value
    return values


def _naive_utc(time: datetime) -> float:
    return time.replace(tzinfo=UTC).timestamp()


def _sample(values: Mapping[Any, Any], seconds_of: Callable[[Any], float]) -> Sample:
    sample: Sample = {}
    time = values.get("timestamp")
    if time is not None:
        # fitdecode leaves times before 1998 as they are: seconds since the device was switched on.
        sample["time_s"] = time + FIT_EPOCH_S if isinstance(time, int) and time < 2**28 else seconds_of(time)
    for channel, names in _FIT_NAMES.items():
        value = next((first for name in names if (first := _first(values.get(name))) is not None), None)
        if value is not None:
            is_degrees = channel in {"latitude_deg", "longitude_deg"}
            sample[channel] = value * _SEMICIRCLE_DEG if is_degrees else value
    return sample


def _first(value: Any) -> float | None:
    """The value, or the first of an array that is one."""
    values = value if isinstance(value, list | tuple) else [value]
    return next((float(each) for each in values if isinstance(each, int | float)), None)
