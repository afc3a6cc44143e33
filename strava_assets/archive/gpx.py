"""Reads GPX files with the sensor extensions of Garmin, Cluetrust and Strava."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.archive.decoded_file import Samples
from strava_assets.archive.markup import local_name, number, points, seconds

if TYPE_CHECKING:
    from strava_assets.archive.decoded_file import DecodedFile

_NAMES = (
    "latitude_deg",
    "longitude_deg",
    "altitude_m",
    "heartrate_bpm",
    "cadence_rpm",
    "velocity_m_per_s",
    "watts",
    "temp_c",
)
# By local element name in lowercase, because each vendor has its own namespace.
_EXTENSIONS = {
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
    samples = Samples(_NAMES)
    for point in points(content, "trkpt"):
        values = {"latitude_deg": number(point.get("lat")), "longitude_deg": number(point.get("lon"))}
        time_s = None
        for element in point.iter():
            name = local_name(element).lower()
            if name == "time":
                time_s = seconds(element.text)
            elif name in _EXTENSIONS:
                values[_EXTENSIONS[name]] = number(element.text)
        samples.add([time_s, *map(values.get, _NAMES)])
    return samples.decoded_file()
