"""A recording's file, whatever its format and however it is packed, as channels and facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.archive.errors import UnreadableFileError
from strava_assets.archive.fit import read_fit
from strava_assets.archive.gpx import read_gpx
from strava_assets.archive.tcx import read_tcx
from strava_assets.archive.unpacking import unpacked

if TYPE_CHECKING:
    from collections.abc import Callable

    from strava_assets.archive.decoded_file import Recorded

# A day at 1 Hz takes some 3 MB as FIT and 40 MB as XML.
MOST_BYTES = 128 * 1024 * 1024
_LOOKED_AT = 4096


def read_recording(content: bytes) -> Recorded:
    """The recording of a FIT, GPX or TCX file, packed by gzip or not.

    The content decides what it is: names in an export are not always right.

    Raises:
        UnreadableFileError: it is none of them, it is damaged or too large, or it holds no samples.
    """
    plain = unpacked(content, MOST_BYTES)
    return _reader(plain)(plain)


def _reader(plain: bytes) -> Callable[[bytes], Recorded]:
    beginning = plain[:_LOOKED_AT]
    if beginning[8:12] == b".FIT":
        return read_fit
    if b"<gpx" in beginning:
        return read_gpx
    if b"<TrainingCenterDatabase" in beginning:
        return read_tcx
    if not plain:
        raise UnreadableFileError("it is empty")
    raise UnreadableFileError("it is neither FIT nor GPX nor TCX")
