"""GPX files: track points with the extensions of Garmin, Cluetrust and Strava for power and other sensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.archive.decoded_file import Samples
from strava_assets.archive.markup import local_name, number, points, seconds

if TYPE_CHECKING:
    from strava_assets.archive.decoded_file import Recorded

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
# By the elements' local names in small letters; each maker has a namespace of its own.
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


def read_gpx(content: bytes) -> Recorded:
    """The recording of a GPX file.

    Raises:
        UnreadableFileError: it is damaged, or it holds no point with a time: then it is a route.
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
    return samples.recorded()
