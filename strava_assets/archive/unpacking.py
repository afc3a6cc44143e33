"""Decompresses gzip within limits, and recognizes files that are not written to their end."""

from __future__ import annotations

import gzip
import io
import zlib

from strava_assets.archive.errors import UnreadableFileError
from strava_assets.archive.xml_characters import utf16_as_utf8

_MAGIC = b"\x1f\x8b"
# A day of nearly constant sensor values compresses 30 to 1 as XML; a gzip bomb compresses 1,000 to 1.
_MAX_RATIO = 200
_RATIO_COUNTS_FROM = 1024 * 1024


def is_gzip(content: bytes) -> bool:
    """Whether the content is gzip, regardless of the file name."""
    return content.startswith(_MAGIC)


def decompress(content: bytes, limit: int) -> bytes:
    """Decompress gzip content to at most `limit` bytes; any other content is returned unchanged.

    Text in UTF-16 is returned in UTF-8, so that every reader of a recording sees its ASCII.

    Raises:
        UnreadableFileError: The result is too large, the compression ratio is that of a bomb, the result is
            gzip again, or the content is damaged.
    """
    if not is_gzip(content):
        return utf16_as_utf8(content)
    max_bytes = min(limit, max(_RATIO_COUNTS_FROM, _MAX_RATIO * len(content)))
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
            plain = file.read(max_bytes + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFileError(f"its gzip is damaged: {error}") from error
    if len(plain) > max_bytes:
        if max_bytes < limit:
            raise UnreadableFileError(f"it is compressed more than {_MAX_RATIO} to 1, as in a gzip bomb")
        raise UnreadableFileError(f"it decompresses to more than the limit of {limit / 1e6:,.0f} MB")
    if is_gzip(plain):
        raise UnreadableFileError("it is gzip within gzip, as in a gzip bomb")
    return utf16_as_utf8(plain)


def is_unfinished(plain: bytes) -> bool:
    """Whether a FIT, GPX or TCX file ends before its end, because it is being written or was cut short."""
    if plain[8:12] == b".FIT":
        data_bytes = int.from_bytes(plain[4:8], "little")
        # Most devices write the size at the end.
        return not data_bytes or len(plain) < plain[0] + data_bytes
    return plain.lstrip().startswith(b"<") and not plain.rstrip().endswith(b">")
