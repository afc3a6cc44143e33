"""Tracks as Strava writes them: encoded polylines, and positions that are rounded where they are public."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from strava_assets.sandbox.invented_activity import LatLng
    from strava_assets.sandbox.places import Place
    from strava_assets.sandbox.terrain import Floats, Route

_METERS_PER_DEGREE = 111_320.0
_TRACK_POINTS = 40


def positions(route: Route, place: Place, distance_m: Floats) -> Floats:
    """Latitude and longitude at distances along a route, of shape (n, 2), with Strava's six digits."""
    east_scale = _METERS_PER_DEGREE * math.cos(math.radians(place.middle[0]))
    columns = [
        np.interp(distance_m, route.distance_m, meters) / scale + middle
        for meters, scale, middle in (
            (route.north_m, _METERS_PER_DEGREE, place.middle[0]),
            (route.east_m, east_scale, place.middle[1]),
        )
    ]
    return np.asarray(np.round(np.column_stack(columns), 6), np.float64)


def polyline(route: Route, place: Place, end_m: float) -> str:
    """The encoded summary polyline of a route up to a distance."""
    points = positions(route, place, np.linspace(0.0, end_m, _TRACK_POINTS + 1)).tolist()
    return encode_polyline([(round(lat, 5), round(lng, 5)) for lat, lng in points])


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


def public_point(point: LatLng) -> LatLng:
    """A position as a summary shows it, to about a kilometer."""
    return (round(point[0], 2), round(point[1], 2))
