"""Reads FIT files: the samples of `record` messages, heart rates of `hr` messages, the device's local time.

Several fields can hold one measure. The first with a value counts, sample by sample: native fields before
enhanced and packed ones, developer fields last. Where native fields are always zero, developer fields replace
them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from strava_assets.archive.decoded_file import decoded_file
from strava_assets.archive.errors import NoSamplesError, UnreadableFileError
from strava_assets.archive.fit_decoder import FILE_ID, SESSION, FitMessages
from strava_assets.archive.fit_heart_rate import heart_rate_at
from strava_assets.archive.sample_times import join_clock_set_back, join_unset_clock, outliers
from strava_assets.archive.time_zones import plausible_offset

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.archive.decoded_file import DecodedFile, Values
    from strava_assets.archive.fit_decoder import DeveloperField

_RECORD, _ACTIVITY, _FIELD_DESCRIPTION = 20, 34, 206
_TIMESTAMP, _LOCAL_TIMESTAMP, _MANUFACTURER, _SUB_SPORT = 253, 5, 1, 6
_ZWIFT, _VIRTUAL_ACTIVITY = 260, 58
_EPOCH_S = 631_065_600  # 1989-12-31
# Smaller timestamps are seconds since the device was switched on.
_FIRST_DATE = 0x10000000
_SEMICIRCLES_PER_DEG = 2**31 / 180


class _Field(NamedTuple):
    """A field of `record`, whose value is raw / scale - offset."""

    number: int
    scale: float = 1
    offset: float = 0


class _DeveloperField(NamedTuple):
    """A developer field, whose value is (raw / scale - offset) * factor."""

    channel: str
    base_type: int
    scale: float
    offset: float
    factor: float


# In order of preference.
_CHANNELS: dict[str, tuple[_Field, ...]] = {
    "latitude_deg": (_Field(0, _SEMICIRCLES_PER_DEG),),
    "longitude_deg": (_Field(1, _SEMICIRCLES_PER_DEG),),
    "altitude_m": (_Field(2, 5, 500), _Field(78, 5, 500)),
    "heartrate_bpm": (_Field(3),),
    "cadence_rpm": (_Field(4),),
    "distance_m": (_Field(5, 100),),
    "velocity_m_per_s": (_Field(6, 1000), _Field(73, 1000)),
    "watts": (_Field(7),),
    "temp_c": (_Field(13),),
}
_COMPRESSED_SPEED_DISTANCE = 8
# What developer fields can stand for, by the number of the native field that they declare.
_DEVELOPER_CHANNELS = {
    field.number: channel
    for channel in ("heartrate_bpm", "cadence_rpm", "distance_m", "velocity_m_per_s", "watts")
    for field in _CHANNELS[channel]
}
_MAX_DEVELOPER_FIELDS = 100
_UNITS = {"km/h": 1 / 3.6, "kph": 1 / 3.6, "kmh": 1 / 3.6, "mph": 0.44704, "km": 1000.0, "mi": 1609.344}


def read_fit(content: bytes) -> DecodedFile:
    """Decode a FIT file.

    Raises:
        NoSamplesError: It has no samples, for example because the device counted lengths only.
        UnreadableFileError: It is damaged before its first sample, or has too many samples.
    """
    messages = FitMessages(content)
    if not messages.count(_RECORD):
        if messages.damage:
            raise UnreadableFileError(f"the FIT file is damaged: {messages.damage} before its first sample")
        raise NoSamplesError("it has no samples: the device recorded none, or counted lengths only")
    times, notes = _times(messages)
    return decoded_file(
        times,
        _channels(messages),
        utc_offset_s=_offset(messages),
        is_virtual=_is_virtual(messages),
        damage=messages.damage,
        notes=notes,
    )


def _times(messages: FitMessages) -> tuple[Values, list[str]]:
    """The epoch seconds of all records, and what was repaired."""
    times = messages.timestamps(_RECORD)
    notes = []
    timed = np.flatnonzero(np.isfinite(times))
    if messages.skipped_bytes:
        notes.append(f"Bytes after the end of the file, skipped: {messages.skipped_bytes:,}.")
    joined, moved = join_unset_clock(times[timed], _FIRST_DATE)
    if moved:
        notes.append(f"The clock was set after {moved:,} samples, which were moved to before the others.")
    times[timed] = joined
    if len(timed):
        in_place = timed[~outliers(joined)]
        times[in_place], set_back = join_clock_set_back(times[in_place])
        if set_back:
            notes.append("The clock was set back during the activity: the samples after it follow on.")
    return times + _EPOCH_S, notes


def _channels(messages: FitMessages) -> dict[str, Values]:
    """All channels of the records."""
    fields = {
        channel: [
            messages.first_values(_RECORD, field.number) / field.scale - field.offset for field in fields
        ]
        for channel, fields in _CHANNELS.items()
    }
    speed, distance = _unpacked_speed_and_distance(messages)
    fields["velocity_m_per_s"].append(speed)
    fields["distance_m"].append(distance)
    channels = {channel: _first_with_value(columns) for channel, columns in fields.items()}
    # A heart rate of zero is none.
    heart_rate = channels["heartrate_bpm"]
    channels["heartrate_bpm"] = np.where(heart_rate > 0, heart_rate, np.nan)
    for channel, values in _developer_fields(messages):
        says_nothing = not (channels[channel] > 0).any()
        channels[channel] = values if says_nothing else _first_with_value([channels[channel], values])
    stored = heart_rate_at(messages, messages.timestamps(_RECORD))
    channels["heartrate_bpm"] = _first_with_value([channels["heartrate_bpm"], stored])
    return channels


def _first_with_value(columns: list[Values]) -> Values:
    """The first value of each sample."""
    result = columns[0]
    for values in columns[1:]:
        result = np.where(np.isfinite(result), result, values)
    return result


def _unpacked_speed_and_distance(messages: FitMessages) -> tuple[Values, Values]:
    """The 12 bits of speed and 12 bits of distance that old devices pack into three bytes."""
    packed = messages.values(_RECORD, _COMPRESSED_SPEED_DISTANCE)
    if packed.shape[1] != 3:
        missing = np.full(len(packed), np.nan)
        return missing, missing
    first, second, third = packed.T
    speed = first + (second % 16) * 256
    sixteenths = second // 16 + third * 16
    filled = np.flatnonzero(np.isfinite(sixteenths))
    distance = np.full(len(packed), np.nan)
    if len(filled):
        # It begins again every 256 m.
        steps = np.diff(sixteenths[filled], prepend=0) % 4096
        distance[filled] = np.cumsum(steps) / 16
    return speed / 100, distance


def _developer_fields(messages: FitMessages) -> Iterator[tuple[str, Values]]:
    """The developer fields that declare the native field for which they stand, by channel."""
    descriptions = zip(
        *(messages.first_values(_FIELD_DESCRIPTION, number) for number in (0, 1, 2, 6, 7, 14, 15)),
        messages.texts(_FIELD_DESCRIPTION, 8),
        strict=True,
    )
    fields: dict[DeveloperField, _DeveloperField] = {}
    for index, number, base_type, scale, offset, message, native, unit in descriptions:
        channel = _DEVELOPER_CHANNELS.get(int(native)) if math.isfinite(native) else None
        is_of_records = message == _RECORD or not math.isfinite(message)
        if channel is None or not is_of_records or not math.isfinite(index + number + base_type):
            continue
        fields[int(index), int(number)] = _DeveloperField(
            channel,
            int(base_type),
            scale if scale > 0 else 1,
            offset if math.isfinite(offset) else 0,
            _UNITS.get(unit.strip().casefold(), 1),
        )
    # One at a time, because a hostile file describes thousands.
    recorded = [(key, field) for key, field in fields.items() if messages.has_field(_RECORD, key)]
    for key, field in recorded[:_MAX_DEVELOPER_FIELDS]:
        values = messages.first_values(_RECORD, key, field.base_type)
        yield field.channel, (values / field.scale - field.offset) * field.factor


def _offset(messages: FitMessages) -> int | None:
    """The offset of the device's clock from UTC: the only place is the message `activity`."""
    utc = messages.first_values(_ACTIVITY, _TIMESTAMP)
    local = messages.first_values(_ACTIVITY, _LOCAL_TIMESTAMP)
    offsets = (local - utc)[local >= _FIRST_DATE]
    return plausible_offset(round(offsets[-1])) if len(offsets) and np.isfinite(offsets[-1]) else None


def _is_virtual(messages: FitMessages) -> bool:
    """Whether the ride took place in a virtual world, whatever the athlete calls it on Strava."""
    manufacturers = messages.first_values(FILE_ID, _MANUFACTURER)
    sub_sports = messages.first_values(SESSION, _SUB_SPORT)
    return bool((manufacturers == _ZWIFT).any() or (sub_sports == _VIRTUAL_ACTIVITY).any())
