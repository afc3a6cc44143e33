"""Reads TCX files with Garmin's extension for power and speed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.archive.decoded_file import Samples
from strava_assets.archive.markup import local_name, number, points, seconds

if TYPE_CHECKING:
    from strava_assets.archive.decoded_file import DecodedFile

# By local element name. The heart rate is in a nested element, the only one named Value.
_CHANNELS = {
    "LatitudeDegrees": "latitude_deg",
    "LongitudeDegrees": "longitude_deg",
    "AltitudeMeters": "altitude_m",
    "DistanceMeters": "distance_m",
    "Value": "heartrate_bpm",
    "Cadence": "cadence_rpm",
    "RunCadence": "cadence_rpm",
    "Speed": "velocity_m_per_s",
    "Watts": "watts",
}
_NAMES = tuple(dict.fromkeys(_CHANNELS.values()))


def read_tcx(content: bytes) -> DecodedFile:
    """Decode a TCX file.

    Raises:
        UnreadableFileError: The file is damaged, or no point has a time.
    """
    samples = Samples(_NAMES)
    for point in points(content, "Trackpoint"):
        values: dict[str, float | None] = {}
        time_s = None
        for element in point.iter():
            name = local_name(element)
            if name == "Time":
                time_s = seconds(element.text)
            elif name in _CHANNELS:
                values[_CHANNELS[name]] = number(element.text)
        samples.add([time_s, *map(values.get, _NAMES)])
    return samples.decoded_file()
