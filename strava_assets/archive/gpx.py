"""Reads GPX files with the sensor extensions of Garmin, Cluetrust and Strava."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.archive.markup import read_points

if TYPE_CHECKING:
    from strava_assets.archive.decoded_file import DecodedFile

_CHANNELS = {
    "lat": "latitude_deg",
    "lon": "longitude_deg",
    "ele": "altitude_m",
    "hr": "heartrate_bpm",
    "heartrate": "heartrate_bpm",
    "cad": "cadence_rpm",
    "cadence": "cadence_rpm",
    "speed": "velocity_m_per_s",
    "power": "watts",
    "powerinwatts": "watts",
    "watts": "watts",
    "atemp": "temp_c",
    "temp": "temp_c",
}


def read_gpx(content: bytes) -> DecodedFile:
    """Decode a GPX file.

    Raises:
        UnreadableFileError: The file is damaged, or no point has a time because it is a route.
    """
    return read_points(content, "trkpt", _CHANNELS)
