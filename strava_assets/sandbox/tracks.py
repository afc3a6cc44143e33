"""The places of the sample athlete, with time zone, weather and invented tracks.

The places are plateaus and dunes, so that no track is near anybody's home. Tracks do not follow roads.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strava_assets.sandbox.invented_activity import LatLng, Track

if TYPE_CHECKING:
    import random
    from datetime import date

_METERS_PER_DEGREE = 111_320.0
_TRACK_POINTS = 40
_WARMEST_DAY = 203


@dataclass(frozen=True)
class Place:
    """A region: center, elevation, time zone, and mean temperature with its yearly amplitude."""

    name: str
    zone: str
    middle: LatLng
    height_m: float
    mean_c: float
    swing_c: float

    def temperature_c(self, day: date, rng: random.Random) -> int:
        """The temperature on a day. In the southern hemisphere `swing_c` is negative."""
        season = math.cos(2 * math.pi * (day.timetuple().tm_yday - _WARMEST_DAY) / 365.25)
        return round(self.mean_c + self.swing_c * season + rng.gauss(0, 3))


HOME = Place("home", "Europe/Paris", (44.23, 3.43), 960.0, 11.0, 9.5)
VIRTUAL = Place("virtual", "Europe/Paris", (-11.64, 166.95), 20.0, 19.0, 0.0)
ISLAND_CAMP = Place("the island", "Atlantic/Canary", (28.25, -16.61), 2_050.0, 19.0, 4.0)
SOUTHERN_CAMP = Place("the south", "Europe/Madrid", (37.06, -2.75), 620.0, 19.0, 8.0)
COLORADO = Place("Colorado", "America/Denver", (37.73, -105.58), 2_490.0, 9.0, 13.0)
NEPAL = Place("Nepal", "Asia/Kathmandu", (28.95, 83.86), 3_800.0, 6.0, 6.0)
AUSTRALIA = Place("Australia", "Australia/Adelaide", (-31.47, 138.60), 490.0, 18.0, -8.0)
JAPAN = Place("Japan", "Asia/Tokyo", (32.89, 131.06), 780.0, 14.0, 10.0)


def track(place: Place, distance_m: float, climb_m: float, rng: random.Random) -> Track:
    """An irregular loop of about this length around the place."""
    radius_m = distance_m / (2 * math.pi * 1.08)
    bearing = rng.uniform(0, 2 * math.pi)
    wobbles = [(k, rng.uniform(0.03, 0.16), rng.uniform(0, 2 * math.pi)) for k in (2, 3, 5)]
    east_scale = _METERS_PER_DEGREE * math.cos(math.radians(place.middle[0]))
    points: list[LatLng] = []
    for index in range(_TRACK_POINTS + 1):
        angle = bearing + 2 * math.pi * (index % _TRACK_POINTS) / _TRACK_POINTS
        r = radius_m * (1 + sum(size * math.sin(k * angle + phase) for k, size, phase in wobbles))
        points.append(
            (
                round(place.middle[0] + r * math.sin(angle) / _METERS_PER_DEGREE, 5),
                round(place.middle[1] + r * math.cos(angle) / east_scale, 5),
            )
        )
    low = round(place.height_m - rng.uniform(5, 60), 1)
    return Track(
        polyline=encode_polyline(points),
        start=_public_point(points[0]),
        end=_public_point(points[-1]),
        elev_low_m=low,
        elev_high_m=round(low + 4 + climb_m * rng.uniform(0.3, 0.55), 1),
    )


def encode_polyline(points: list[LatLng]) -> str:
    """Google's encoded polyline format: differences in 1e-5 degrees, zigzag, five bits per character."""
    text: list[str] = []
    before = (0, 0)
    for point in points:
        scaled = (round(point[0] * 1e5), round(point[1] * 1e5))
        for new, old in zip(scaled, before, strict=True):
            delta = new - old
            bits = ~(delta << 1) if delta < 0 else delta << 1
            while bits >= 0x20:
                text.append(chr((0x20 | (bits & 0x1F)) + 63))
                bits >>= 5
            text.append(chr(bits + 63))
        before = scaled
    return "".join(text)


def decode_polyline(text: str) -> list[LatLng]:
    """The points of an encoded polyline."""
    values: list[int] = []
    shift = bits = 0
    for character in text:
        chunk = ord(character) - 63
        bits |= (chunk & 0x1F) << shift
        shift += 5
        if chunk < 0x20:
            values.append(~(bits >> 1) if bits & 1 else bits >> 1)
            shift = bits = 0
    points: list[LatLng] = []
    latitude = longitude = 0
    for index in range(0, len(values) - 1, 2):
        latitude += values[index]
        longitude += values[index + 1]
        points.append((latitude / 1e5, longitude / 1e5))
    return points


def _public_point(point: LatLng) -> LatLng:
    return (round(point[0], 2), round(point[1], 2))
