"""What head units write: FIT, GPX and TCX files of given seconds, as small and as odd as a test needs them.

The FIT writer knows the format from its documentation and nothing of the reader that is tested.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

FIT_EPOCH = datetime(1989, 12, 31, tzinfo=UTC)
START = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)
LYON = (45.75, 4.85)

Values = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True)
class Ride:
    """Seconds as a device saw them; a channel that is None was not recorded, a NaN was missed.

    Args:
        start: the first sample, aware UTC.
        t_s: seconds since the start.
        utc_offset_s: what the device's own clock is ahead of UTC; None where the file does not say.
    """

    start: datetime = START
    t_s: Values = field(default_factory=lambda: np.arange(600.0))
    watts: Values | None = None
    heartrate: Values | None = None
    cadence: Values | None = None
    speed: Values | None = None
    distance: Values | None = None
    altitude: Values | None = None
    temperature: Values | None = None
    latitude: Values | None = None
    longitude: Values | None = None
    utc_offset_s: int | None = None

    def __len__(self) -> int:
        return len(self.t_s)


def a_ride(
    seconds: int = 600,
    start: datetime = START,
    *,
    place: tuple[float, float] | None = LYON,
    power: bool = True,
    utc_offset_s: int | None = None,
    seed: int = 0,
) -> Ride:
    """A ride at 1 Hz whose every channel has values, all of them such as each format can hold exactly."""
    chance = np.random.default_rng(seed)
    t = np.arange(float(seconds))
    speed = np.round(8 + 2 * np.sin(t / 60), 3)
    watts = np.maximum(0, np.round(200 + 60 * np.sin(t / 45) + chance.normal(0, 25, seconds)))
    return Ride(
        start=start,
        t_s=t,
        watts=watts if power else None,
        heartrate=np.round(130 + 20 * np.sin(t / 200)),
        cadence=np.round(85 + 5 * np.sin(t / 30)),
        speed=speed,
        distance=np.round(np.cumsum(speed), 2),
        altitude=np.round(5 * (200 + 50 * np.sin(t / 600))) / 5,
        temperature=np.round(15 + t / 3600),
        latitude=None if place is None else place[0] + t * 1e-6,
        longitude=None if place is None else place[1] + t * 1e-6,
        utc_offset_s=utc_offset_s,
    )


# Name of the channel: field number, FIT base type, numpy type, scale, offset, "no value".
_RECORD: dict[str, tuple[int, int, str, float, float, int]] = {
    "latitude": (0, 0x85, "<i4", 2**31 / 180, 0, 0x7FFFFFFF),
    "longitude": (1, 0x85, "<i4", 2**31 / 180, 0, 0x7FFFFFFF),
    "altitude": (2, 0x84, "<u2", 5, 500, 0xFFFF),
    "heartrate": (3, 0x02, "u1", 1, 0, 0xFF),
    "cadence": (4, 0x02, "u1", 1, 0, 0xFF),
    "distance": (5, 0x86, "<u4", 100, 0, 0xFFFFFFFF),
    "speed": (6, 0x84, "<u2", 1000, 0, 0xFFFF),
    "watts": (7, 0x84, "<u2", 1, 0, 0xFFFF),
    "temperature": (13, 0x01, "i1", 1, 0, 0x7F),
}
_CRC_TABLE = (
    0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401,
    0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400,
)  # fmt: skip


def fit(
    ride: Ride,
    *,
    with_crc: bool = True,
    sport: tuple[int, int] | None = None,
    file_type: int = 4,
    manufacturer: int | None = None,
    session: Mapping[int, int] | None = None,
) -> bytes:
    """A FIT file; without its checksum, which takes long to compute in Python, the two bytes are zero.

    Args:
        ride: what was recorded.
        with_crc: whether the checksum is computed.
        sport: the sport and sub-sport of the session; None for a file without a session.
        file_type: 4 for an activity, 5 for a workout, 6 for a course.
        manufacturer: the number of the device's maker.
        session: totals of the session, by field number, as 32-bit numbers.
    """
    channels = {name: values for name in _RECORD if (values := getattr(ride, name)) is not None}
    began = round((ride.start - FIT_EPOCH).total_seconds())
    ended = began + round(float(ride.t_s[-1])) if len(ride) else began
    body = b"".join(
        [
            definition(0, 0, [(0, 1, 0x00), (1, 2, 0x84), (4, 4, 0x86)]),
            struct.pack("<BBHI", 0, file_type, 0xFFFF if manufacturer is None else manufacturer, began),
            definition(
                1, 20, [(253, 4, 0x86), *((_RECORD[c][0], _size(c), _RECORD[c][1]) for c in channels)]
            ),
            _records(began, ride.t_s, channels),
            *_session(sport, session or {}),
            *_last_message(ended, ride.utc_offset_s),
        ]
    )
    return fit_file(body, with_crc=with_crc)


def fit_file(*messages: bytes, with_crc: bool = True) -> bytes:
    """A FIT file of messages that are encoded already."""
    body = b"".join(messages)
    header = struct.pack("<BBHI4s", 14, 0x20, 2132, len(body), b".FIT")
    content = header + struct.pack("<H", _crc(header)) + body
    return content + struct.pack("<H", _crc(content) if with_crc else 0)


@dataclass(frozen=True)
class RawField:
    """A field of FIT messages as it stands in the file.

    Args:
        number: the field's number.
        kind: its base type, a key of `BASE_TYPES`.
        values: one row a message, with several columns if the field is an array; or text.
        developer: the developer data index, if it is a developer field.
    """

    number: int
    kind: str
    values: Any
    developer: int | None = None

    def cells(self, order: str) -> np.ndarray[Any, Any]:
        """The bytes of each message's value, one row a message."""
        if self.kind == "string":
            texts = [text.encode() + b"\0" for text in self.values]
            width = max(map(len, texts))
            return np.array([list(text.ljust(width, b"\0")) for text in texts], np.uint8)
        cells = np.ascontiguousarray(np.asarray(self.values), dtype=order + BASE_TYPES[self.kind][1])
        return cells.reshape(len(cells), -1).view(np.uint8)


# Number in a definition, and numpy type.
BASE_TYPES = {
    "enum": (0x00, "u1"),
    "sint8": (0x01, "i1"),
    "uint8": (0x02, "u1"),
    "sint16": (0x83, "i2"),
    "uint16": (0x84, "u2"),
    "sint32": (0x85, "i4"),
    "uint32": (0x86, "u4"),
    "string": (0x07, "u1"),
    "float32": (0x88, "f4"),
    "float64": (0x89, "f8"),
    "uint16z": (0x8B, "u2"),
    "byte": (0x0D, "u1"),
}


def fit_messages(local: int, message: int, *fields: RawField, big_endian: bool = False) -> bytes:
    """A definition and its messages, one for each row of the fields."""
    order = ">" if big_endian else "<"
    cells = [each.cells(order) for each in fields]
    native = [(each, part) for each, part in zip(fields, cells, strict=True) if each.developer is None]
    developer = [(each, part) for each, part in zip(fields, cells, strict=True) if each.developer is not None]
    head = 0x40 | local | (0x20 if developer else 0)
    definition = struct.pack(order + "BBBHB", head, 0, int(big_endian), message, len(native))
    for each, part in native:
        definition += struct.pack("BBB", each.number, part.shape[1], BASE_TYPES[each.kind][0])
    if developer:
        definition += bytes([len(developer)])
        for each, part in developer:
            definition += struct.pack("BBB", each.number, part.shape[1], each.developer)
    heads = np.full((len(cells[0]), 1), local, np.uint8)
    return definition + np.hstack([heads, *(part for _, part in native + developer)]).tobytes()


def file_id(manufacturer: int = 255) -> bytes:
    """The message at the start of every file: an activity of a manufacturer."""
    return fit_messages(0, 0, RawField(0, "enum", [4]), RawField(1, "uint16", [manufacturer]))


def developer_data_id() -> bytes:
    """The app to which the developer fields of index 0 belong."""
    return fit_messages(1, 207, RawField(3, "uint8", [0]), RawField(4, "uint32", [1]))


def field_description(
    number: int, kind: str, native: int, *, units: str = "", scale: int = 0xFF, offset: int = 0x7F
) -> bytes:
    """The description of a developer field of `record` messages."""
    return fit_messages(
        1,
        206,
        RawField(0, "uint8", [0]),
        RawField(1, "uint8", [number]),
        RawField(2, "uint8", [BASE_TYPES[kind][0]]),
        RawField(3, "string", ["App"]),
        RawField(6, "uint8", [scale]),
        RawField(7, "sint8", [offset]),
        RawField(8, "string", [units]),
        RawField(14, "uint16", [20]),
        RawField(15, "uint8", [native]),
    )


def records(times: Any, *fields: RawField, local: int = 3, big_endian: bool = False) -> bytes:
    """`record` messages with timestamps in seconds after `START`."""
    began = round((START - FIT_EPOCH).total_seconds())
    stamps = RawField(253, "uint32", began + np.asarray(times, np.int64))
    return fit_messages(local, 20, stamps, *fields, big_endian=big_endian)


def definition(local: int, message: int, fields: list[tuple[int, int, int]]) -> bytes:
    """A FIT definition message: each field with its number, its size and its base type."""
    head = struct.pack("<BBBHB", 0x40 | local, 0, 0, message, len(fields))
    return head + b"".join(struct.pack("<BBB", *each) for each in fields)


def _size(channel: str) -> int:
    return np.dtype(_RECORD[channel][2]).itemsize


def _records(began: int, t_s: Values, channels: dict[str, Values]) -> bytes:
    layout = [("header", "u1"), ("time", "<u4"), *((name, _RECORD[name][2]) for name in channels)]
    rows = np.zeros(len(t_s), dtype=layout)
    rows["header"] = 1
    rows["time"] = began + np.asarray(t_s).astype("int64")
    for name, values in channels.items():
        _, _, _, scale, offset, missing = _RECORD[name]
        finite = np.isfinite(values)
        rows[name] = np.where(finite, np.rint((np.where(finite, values, 0) + offset) * scale), missing)
    return rows.tobytes()


def _session(sport: tuple[int, int] | None, totals: Mapping[int, int]) -> list[bytes]:
    if sport is None:
        return []
    fields = [(5, 1, 0x00), (6, 1, 0x00), *((number, 4, 0x86) for number in totals)]
    values = struct.pack(f"<BBB{len(totals)}I", 3, *sport, *totals.values())
    return [definition(3, 18, fields), values]


def _last_message(ended: int, utc_offset_s: int | None) -> list[bytes]:
    """The message `activity`, which alone knows the device's own clock."""
    if utc_offset_s is None:
        return []
    fields = [(253, 4, 0x86), (5, 4, 0x86)]
    return [definition(2, 34, fields), struct.pack("<BII", 2, ended, ended + utc_offset_s)]


def _crc(content: bytes) -> int:
    crc = 0
    for byte in content:
        for nibble in (byte & 0xF, byte >> 4):
            crc = (crc >> 4) & 0x0FFF ^ _CRC_TABLE[crc & 0xF] ^ _CRC_TABLE[nibble]
    return crc


def gpx(ride: Ride) -> bytes:
    """A GPX file with the extensions of head units and of Strava; points without a place are left out."""
    points = []
    for at in range(len(ride)):
        seen = _seen(ride, at)
        if "latitude" not in seen:
            continue
        garmin = "".join(
            f"<gpxtpx:{tag}>{seen[name]:g}</gpxtpx:{tag}>"
            for name, tag in (("temperature", "atemp"), ("heartrate", "hr"), ("cadence", "cad"))
            if name in seen
        )
        power = f"<power>{seen['watts']:g}</power>" if "watts" in seen else ""
        height = f"<ele>{seen['altitude']:g}</ele>" if "altitude" in seen else ""
        points.append(
            f'<trkpt lat="{seen["latitude"]:.7f}" lon="{seen["longitude"]:.7f}">{height}'
            f"<time>{_iso(ride, at)}</time><extensions>{power}"
            f"<gpxtpx:TrackPointExtension>{garmin}</gpxtpx:TrackPointExtension></extensions></trkpt>"
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<gpx creator="StravaGPX" version="1.1" xmlns="http://www.topografix.com/GPX/1/1" '
        'xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v1">'
        f"<metadata><time>{ride.start:%Y-%m-%dT%H:%M:%SZ}</time></metadata>"
        f"<trk><name>Ride</name><trkseg>{''.join(points)}</trkseg></trk></gpx>"
    ).encode()


def tcx(ride: Ride, *, blanks: str = "") -> bytes:
    """A TCX file, behind as many blanks as Strava puts before it."""
    points = []
    for at in range(len(ride)):
        seen = _seen(ride, at)
        parts = [f"<Time>{_iso(ride, at)}</Time>"]
        if "latitude" in seen:
            parts.append(
                f"<Position><LatitudeDegrees>{seen['latitude']:.7f}</LatitudeDegrees>"
                f"<LongitudeDegrees>{seen['longitude']:.7f}</LongitudeDegrees></Position>"
            )
        for name, tag in (("altitude", "AltitudeMeters"), ("distance", "DistanceMeters")):
            if name in seen:
                parts.append(f"<{tag}>{seen[name]:.2f}</{tag}>")
        if "heartrate" in seen:
            parts.append(f"<HeartRateBpm><Value>{seen['heartrate']:g}</Value></HeartRateBpm>")
        if "cadence" in seen:
            parts.append(f"<Cadence>{seen['cadence']:g}</Cadence>")
        extension = "".join(
            f"<ns3:{tag}>{seen[name]:g}</ns3:{tag}>"
            for name, tag in (("speed", "Speed"), ("watts", "Watts"))
            if name in seen
        )
        if extension:
            parts.append(f"<Extensions><ns3:TPX>{extension}</ns3:TPX></Extensions>")
        points.append(f"<Trackpoint>{''.join(parts)}</Trackpoint>")
    return (
        f'{blanks}<?xml version="1.0" encoding="UTF-8"?>\n'
        '<TrainingCenterDatabase xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2" '
        'xmlns:ns3="http://www.garmin.com/xmlschemas/ActivityExtension/v2">'
        f'<Activities><Activity Sport="Biking"><Id>{ride.start:%Y-%m-%dT%H:%M:%SZ}</Id>'
        f'<Lap StartTime="{ride.start:%Y-%m-%dT%H:%M:%SZ}"><Track>{"".join(points)}</Track></Lap>'
        "</Activity></Activities></TrainingCenterDatabase>"
    ).encode()


def _seen(ride: Ride, at: int) -> dict[str, float]:
    """What the device saw at one sample, by channel."""
    values = {name: getattr(ride, name) for name in _RECORD}
    return {
        name: float(each[at]) for name, each in values.items() if each is not None and np.isfinite(each[at])
    }


def _iso(ride: Ride, at: int) -> str:
    moment = ride.start + timedelta(seconds=float(ride.t_s[at]))
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
