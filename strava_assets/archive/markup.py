"""Parses untrusted XML one point at a time. Entity and document type declarations are rejected."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from strava_assets.archive.errors import UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element


def points(content: bytes, tag: str) -> Iterator[Element]:
    """Yield all elements with a local name, and clear each one before the next.

    Whitespace before the XML declaration is skipped, because Strava's TCX files have it.

    Raises:
        UnreadableFileError: The XML is not well formed, or declares entities or a document type.
    """
    try:
        for _, element in iterparse(io.BytesIO(content.lstrip(b"\xef\xbb\xbf \t\r\n")), forbid_dtd=True):
            if local_name(element) == tag:
                yield element
                element.clear()
    except DefusedXmlException as error:
        raise UnreadableFileError(
            f"it declares entities or a document type, which may be an attack ({type(error).__name__})"
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise UnreadableFileError(f"the XML is damaged: {error}") from error


def local_name(element: Element) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def number(text: str | None) -> float | None:
    """A number, or None if the text is not one."""
    try:
        return float(text) if text else None
    except ValueError:
        return None


def seconds(text: str | None) -> float | None:
    """An ISO 8601 time as epoch seconds, or None if it cannot be parsed. Times without offset are UTC."""
    try:
        moment = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
