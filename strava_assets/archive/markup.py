"""XML that others wrote, read a point at a time; one that declares entities or a document type is refused."""

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
    """Every element of a local name, in order; each is emptied once the next is asked for.

    Args:
        content: the file; blanks before its declaration, as Strava's TCX has, are passed over.
        tag: the local name, without a namespace.

    Raises:
        UnreadableFileError: it is not well formed, or it declares what may be used for an attack.
    """
    try:
        for _, element in iterparse(io.BytesIO(content.lstrip(b"\xef\xbb\xbf \t\r\n")), forbid_dtd=True):
            if local_name(element) == tag:
                yield element
                element.clear()
    except DefusedXmlException as error:
        raise UnreadableFileError(
            f"it declares entities or a document type, which no recording needs ({type(error).__name__})"
        ) from error
    except (ParseError, ValueError, LookupError) as error:
        raise UnreadableFileError(f"the XML is damaged: {error}") from error


def local_name(element: Element) -> str:
    """An element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def number(text: str | None) -> float | None:
    """A number in XML's own form; None where it is none."""
    try:
        return float(text) if text else None
    except ValueError:
        return None


def seconds(text: str | None) -> float | None:
    """A time of XML as seconds since 1970; None where there is none. Without an offset it is UTC."""
    try:
        moment = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
