"""Reads a recording in any supported format, with or without gzip."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from strava_assets.archive.errors import UnreadableFileError
from strava_assets.archive.fit import read_fit
from strava_assets.archive.fit_decoder import MAGIC
from strava_assets.archive.gpx import read_gpx
from strava_assets.archive.markup import PREFIX
from strava_assets.archive.tcx import read_tcx
from strava_assets.archive.unpacking import decompress

if TYPE_CHECKING:
    from collections.abc import Callable

    from strava_assets.archive.decoded_file import DecodedFile

READER_VERSION = 1
"""Raised when recordings are read better than before: the next import then reads stored ones again."""

# A day at 1 Hz takes about 3 MB as FIT and 40 MB as XML.
MAX_BYTES = 128 * 1024 * 1024
_HEADER_BYTES = 4096
_GPX = re.compile(rb"<" + PREFIX + rb"gpx")
TCX = re.compile(rb"<" + PREFIX + rb"TrainingCenterDatabase")


def read_recording(content: bytes) -> DecodedFile:
    """Decode a FIT, GPX or TCX file, with or without gzip.

    The format is detected from the content, because file names in an export are not always right.

    Raises:
        UnreadableFileError: The file has another format, is damaged or too large, or has no samples.
    """
    plain = decompress(content, MAX_BYTES)
    return _reader(plain)(plain)


def _reader(plain: bytes) -> Callable[[bytes], DecodedFile]:
    beginning = plain[:_HEADER_BYTES]
    if beginning[8:12] == MAGIC:
        return read_fit
    if _GPX.search(beginning):
        return read_gpx
    if TCX.search(beginning):
        return read_tcx
    if not plain:
        raise UnreadableFileError("it is empty")
    raise UnreadableFileError("it is neither FIT nor GPX nor TCX")
