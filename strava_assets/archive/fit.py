"""Reads FIT files with fitdecode: the samples of `record` messages and the device's local time.

The CRC is not checked: it would double the time, and zip and gzip have checksums of their own. For speed,
fitdecode's data processors are off as well.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from strava_assets.archive.decoded_file import Samples
from strava_assets.archive.errors import UnreadableFileError
from strava_assets.archive.time_zones import plausible_offset

if TYPE_CHECKING:
    from strava_assets.archive.decoded_file import DecodedFile

_RECORD, _ACTIVITY = 20, 34
_TIMESTAMP, _LOCAL_TIMESTAMP = 253, 5
_EPOCH_S = 631_065_600  # 1989-12-31
# Smaller timestamps are seconds since the device was switched on.
_FIRST_DATE = 0x10000000
_SEMICIRCLE_DEG = 180 / 2**31

_TIME = "time"
# A field and its enhanced version have the same meaning; the last one in a message is used.
_CHANNELS = {
    _TIMESTAMP: _TIME,
    0: "latitude_deg",
    1: "longitude_deg",
    2: "altitude_m",
    3: "heartrate_bpm",
    4: "cadence_rpm",
    5: "distance_m",
    6: "velocity_m_per_s",
    7: "watts",
    13: "temp_c",
    73: "velocity_m_per_s",
    78: "altitude_m",
}
_NAMES = tuple(dict.fromkeys(name for name in _CHANNELS.values() if name != _TIME))


def read_fit(content: bytes) -> DecodedFile:
    """Decode a FIT file.

    Raises:
        UnreadableFileError: The content is not FIT, is damaged, or has no samples.
    """
    from fitdecode import FIT_FRAME_DATA, CrcCheck, ErrorHandling, FitError, FitReader

    samples = Samples(_NAMES, {"latitude_deg": _SEMICIRCLE_DEG, "longitude_deg": _SEMICIRCLE_DEG})
    layouts: dict[tuple[Any, int], list[int | None]] = {}
    offset: int | None = None
    try:
        with FitReader(
            io.BytesIO(content),
            processor=None,
            check_crc=CrcCheck.DISABLED,
            error_handling=ErrorHandling.IGNORE,
        ) as reader:
            for frame in reader:
                if frame.frame_type != FIT_FRAME_DATA:
                    continue
                if frame.global_mesg_num == _RECORD:
                    fields = frame.fields
                    kind = frame.def_mesg, len(fields)
                    layout = layouts.get(kind)
                    if layout is None:
                        layout = layouts[kind] = _layout(fields)
                    time_s, *values = (None if index is None else fields[index].value for index in layout)
                    if time_s and time_s >= _FIRST_DATE:
                        samples.add([_EPOCH_S + time_s, *values])
                elif frame.global_mesg_num == _ACTIVITY:
                    offset = _offset(frame)
    except UnreadableFileError:
        raise
    except FitError as error:
        raise UnreadableFileError(f"the FIT file is damaged: {error}") from error
    except Exception as error:  # fitdecode raises many kinds for broken files
        raise UnreadableFileError(f"the FIT file is damaged: {type(error).__name__}: {error}") from error
    return samples.decoded_file(offset)


def _layout(fields: list[Any]) -> list[int | None]:
    """The field index of the time and of each channel; the same for all messages of one definition."""
    indexes: dict[str, int] = {}
    for index, field in enumerate(fields):
        # Developer fields have their own field numbers.
        if field.field is not None and field.field_type != "devfield":
            indexes[_CHANNELS.get(field.field.def_num, "")] = index
    return [indexes.get(name) for name in (_TIME, *_NAMES)]


def _offset(frame: Any) -> int | None:
    values = {field.def_num: field.raw_value for field in frame.fields if field.field is not None}
    utc, local = values.get(_TIMESTAMP), values.get(_LOCAL_TIMESTAMP)
    if not isinstance(utc, int) or not isinstance(local, int) or local < _FIRST_DATE:
        return None
    return plausible_offset(local - utc)
