"""One activity's recording: its samples as a validated Arrow table with the registry's columns.

It is made from a streams response of Strava or from the channels of a recorded file.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from strava_assets.schema.columns import ColumnType
from strava_assets.schema.streams import STREAM_SAMPLES
from strava_assets.streams.entries import Extent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ARROW_TYPES = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.FLOAT: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
}
SCHEMA = pa.schema(
    [
        pa.field(column.name, _ARROW_TYPES[column.type], nullable=column.nullable)
        for column in STREAM_SAMPLES.columns
    ]
)
CHANNELS = {column.name: column for column in STREAM_SAMPLES.columns if column.source}
"""The columns with measured values, time included, by name."""

STRAVA_KEYS = tuple(dict.fromkeys(column.source.split(".")[0] for column in CHANNELS.values()))
"""The streams to request from Strava in one call."""

# No activity is longer. A longer recording comes from a broken clock and would need too much memory.
MAX_DURATION_S = 366 * 86_400


class UnreadableRecordingError(Exception):
    """A recording cannot be used; the text becomes `activity_streams.reason`."""


def from_channels(athlete_id: str, activity_id: str, channels: Mapping[str, Any]) -> pa.Table:
    """Make a recording from arrays, given by column name.

    Args:
        athlete_id: the athlete.
        activity_id: the activity.
        channels: `t_s` and any others, all of equal length; NaN and None are missing values. A channel
            without any value is the same as an absent one.

    Raises:
        UnreadableRecordingError: there is no time, lengths differ, times do not increase in whole seconds, or
            a value has the wrong type.
    """
    if "t_s" not in channels:
        raise UnreadableRecordingError("there is no time")
    unknown = sorted(set(channels) - set(CHANNELS))
    if unknown:
        raise UnreadableRecordingError(f"no channel is called {', '.join(unknown)}")
    samples = len(channels["t_s"])
    for name, values in channels.items():
        if len(values) != samples:
            raise UnreadableRecordingError(f"{name} has {len(values)} values and t_s has {samples}")
    columns = {
        "athlete_id": _repeated(athlete_id, samples),
        "activity_id": _repeated(activity_id, samples),
        "t_s": pa.array(_times(channels["t_s"])),
    }
    for name, column in CHANNELS.items():
        if name not in columns:
            values = channels.get(name)
            columns[name] = (
                pa.nulls(samples, _ARROW_TYPES[column.type])
                if values is None
                else _channel(name, values, _ARROW_TYPES[column.type])
            )
    return pa.table(columns, schema=SCHEMA)


def from_streams(athlete_id: str, activity_id: str, answer: Mapping[str, Any]) -> pa.Table | None:
    """Make a recording from a response of Strava with `key_by_type=true`; None if it has no samples.

    Raises:
        UnreadableRecordingError: as `from_channels`, or a stream has an unexpected form.
    """
    streams: dict[str, Sequence[Any]] = {}
    for key in STRAVA_KEYS:
        stream = answer.get(key)
        if stream is None:
            continue
        data = stream.get("data") if isinstance(stream, dict) else None
        if not isinstance(data, list):
            raise UnreadableRecordingError(f"the stream {key} has no list of values")
        streams[key] = data
    if not any(streams.values()):
        return None
    if "time" not in streams:
        raise UnreadableRecordingError("there is no time")
    # Checked here, so that the message contains Strava's names instead of ours.
    for key, data in streams.items():
        if len(data) != len(streams["time"]):
            raise UnreadableRecordingError(
                f"{key} has {len(data)} values and time has {len(streams['time'])}"
            )
    channels: dict[str, Any] = {}
    for name, column in CHANNELS.items():
        key, _, index = column.source.partition(".")
        if key in streams:
            channels[name] = _coordinate(streams[key], int(index)) if index else streams[key]
    return from_channels(athlete_id, activity_id, channels)


def version_of(recording: pa.Table) -> str:
    """A digest of the samples, independent of how the table is chunked."""
    digest = hashlib.blake2b(digest_size=16)
    for name in CHANNELS:
        column = recording.column(name).combine_chunks()
        if column.null_count == len(column):
            continue
        if pa.types.is_boolean(column.type):
            column = pc.fill_null(pc.cast(column, pa.int8()), -1)
        digest.update(name.encode())
        # A missing value becomes NaN, which is not a valid value of a recording.
        digest.update(np.ascontiguousarray(column.to_numpy(zero_copy_only=False)).data)
    return digest.hexdigest()


def channels_of(recording: pa.Table) -> tuple[str, ...]:
    """The channels that have values, time included."""
    return tuple(name for name in CHANNELS if recording.column(name).null_count < recording.num_rows)


def extent_of(recording: pa.Table) -> Extent:
    """What a recording with samples covers."""
    counts = {name: recording.num_rows - recording.column(name).null_count for name in CHANNELS}
    return Extent(
        elapsed_s=pc.max(recording.column("t_s")).as_py(),
        distance_m=pc.max(recording.column("distance_m")).as_py(),
        watts_samples=counts["watts"],
        heartrate_samples=counts["heartrate_bpm"],
        cadence_samples=counts["cadence_rpm"],
    )


def check(recording: pa.Table) -> None:
    """Validate a recording.

    Raises:
        UnreadableRecordingError: a column is missing or has another type, a required value is null, or the
            times do not increase in whole seconds.
    """
    if not recording.schema.equals(SCHEMA):
        raise UnreadableRecordingError("its columns are not those of a recording")
    for field in SCHEMA:
        if not field.nullable and recording.column(field.name).null_count:
            raise UnreadableRecordingError(f"{field.name} is missing in some samples")
    _times(recording.column("t_s").to_numpy())


def _repeated(text: str, count: int) -> pa.Array:
    return pa.repeat(pa.scalar(text, pa.string()), count)


def _times(values: Any) -> np.ndarray[Any, np.dtype[np.int64]]:
    times = _numbers("t_s", values)
    if not np.isfinite(times).all():
        raise UnreadableRecordingError("t_s is missing in some samples")
    whole = np.rint(times)
    if (whole != times).any():
        raise UnreadableRecordingError("t_s is not in whole seconds")
    steps = np.diff(whole)
    if (steps <= 0).any():
        at = int(np.argmax(steps <= 0))
        raise UnreadableRecordingError(f"t_s does not increase after {whole[at]:.0f} s")
    if len(whole) and (whole[0] < 0 or whole[-1] > MAX_DURATION_S):
        raise UnreadableRecordingError(
            f"t_s runs from {whole[0]:.0f} to {whole[-1]:.0f} s, which is not plausible"
        )
    return np.asarray(whole, np.int64)


def _channel(name: str, values: Any, arrow_type: pa.DataType) -> pa.Array:
    if pa.types.is_boolean(arrow_type):
        return _flags(name, values)
    numbers = _numbers(name, values)
    if np.isinf(numbers).any():
        raise UnreadableRecordingError(f"{name} contains a number that is not finite")
    return pa.array(numbers, arrow_type, from_pandas=True)


def _numbers(name: str, values: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Values as floats, None as NaN; numeric text and booleans are not accepted."""
    try:
        numbers = pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        numbers = None
    if numbers is None or not (
        pa.types.is_integer(numbers.type)
        or pa.types.is_floating(numbers.type)
        or pa.types.is_null(numbers.type)
    ):
        raise UnreadableRecordingError(f"{name} does not hold numbers")
    floats: np.ndarray[Any, np.dtype[np.float64]] = pc.cast(numbers, pa.float64(), safe=False).to_numpy(
        zero_copy_only=False
    )
    return floats


def _flags(name: str, values: Any) -> pa.Array:
    try:
        return pa.array(values, pa.bool_(), from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        raise UnreadableRecordingError(f"{name} does not hold true or false") from None


def _coordinate(pairs: Sequence[Any], index: int) -> list[Any]:
    """Latitude (0) or longitude (1) of each position; None where the position is null or empty."""
    try:
        return [pair[index] if pair else None for pair in pairs]
    except (TypeError, IndexError, KeyError):
        raise UnreadableRecordingError("latlng does not hold pairs of numbers") from None
