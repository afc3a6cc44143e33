"""A recording's bytes out of gzip, never more of them than a recording has."""

from __future__ import annotations

import gzip
import io
import zlib

from strava_assets.archive.errors import UnreadableFileError

_MAGIC = b"\x1f\x8b"
# A day of sensor values that hardly change packs some 30 to 1 as XML; a bomb packs 1,000 to 1.
_MOST_RATIO = 200
_RATIO_COUNTS_FROM = 1024 * 1024


def is_packed(content: bytes) -> bool:
    """Whether it is gzip, whatever its name says."""
    return content.startswith(_MAGIC)


def unpacked(content: bytes, limit: int) -> bytes:
    """The content of a gzip file, or the content itself where it is none.

    Args:
        content: the file.
        limit: the most bytes that may come out.

    Raises:
        UnreadableFileError: more comes out than that, more than compression explains (a zip bomb), or another
            gzip; or the file is damaged.
    """
    if not is_packed(content):
        return content
    most = min(limit, max(_RATIO_COUNTS_FROM, _MOST_RATIO * len(content)))
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            plain = file.read(most + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFileError(f"its gzip is damaged: {error}") from error
    if len(plain) > most:
        if most < limit:
            raise UnreadableFileError(f"it packs more than {_MOST_RATIO} to 1, as bombs do")
        raise UnreadableFileError(f"it unpacks to more than the {limit / 1e6:,.0f} MB that are read")
    if is_packed(plain):
        raise UnreadableFileError("it is a gzip within a gzip, as bombs are")
    return plain
