"""Reads TCX files with Garmin's extension for power and speed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.archive.markup import read_points

if TYPE_CHECKING:
    from strava_assets.archive.decoded_file import DecodedFile

# The heart rate is in a nested element, the only one named Value.
_CHANNELS = {
    "latitudedegrees": "latitude_deg",
    "longitudedegrees": "longitude_deg",
    "altitudemeters": "altitude_m",
    "distancemeters": "distance_m",
    "value": "heartrate_bpm",
    "cadence": "cadence_rpm",
    "runcadence": "cadence_rpm",
    "speed": "velocity_m_per_s",
    "watts": "watts",
}


def read_tcx(content: bytes) -> DecodedFile:
    """Decode a TCX file.

    Raises:
        UnreadableFileError: The file is damaged, or no point has a time.
    """
    return read_points(content, "Trackpoint", _CHANNELS)
