"""Reads the samples of untrusted XML, one point at a time. Entities and document types are rejected."""

from __future__ import annotations

import io
import re
from array import array
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import errors

import numpy as np
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from strava_assets.archive.decoded_file import MAX_SAMPLES, decoded_file
from strava_assets.archive.errors import UnreadableFileError
from strava_assets.archive.xml_characters import with_valid_characters

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from xml.etree.ElementTree import Element

    from strava_assets.archive.decoded_file import DecodedFile

_UNDECLARED_PREFIX = errors.codes[errors.XML_ERROR_UNBOUND_PREFIX]
_PREFIX = re.compile(rb"[<\s]/?([A-Za-z_][\w.-]*):[A-Za-z_]")
_DECLARED = re.compile(rb"xmlns:([A-Za-z_][\w.-]*)\s*=")
# Declarations and comments may stand before the root.
ROOT = re.compile(rb"\A(?:<[!?](?:--.*?--|[^>]*)>|[^<])*+(<[A-Za-z_][\w:.-]*)([^>]*)", re.DOTALL)
_BUILT_IN = {b"xml", b"xmlns"}
_TIME = "time"
_MISSING = float("nan")


def read_points(content: bytes, tag: str, channels: Mapping[str, str]) -> DecodedFile:
    """Read all points of a file, with the first value of each channel in a point.

    What stands before damage is kept, undeclared prefixes are declared, and characters that stop the parser
    before the first point are replaced.

    Args:
        content: The XML. Whitespace before its declaration is skipped, because Strava's TCX files have it.
        tag: The local name of a point.
        channels: The channel of each element or attribute, by local name in lowercase, because each vendor
            has its own namespace.

    Raises:
        UnreadableFileError: There is no readable point with a time, or entities or a document type are
            declared.
    """
    content = content.lstrip(b"\xef\xbb\xbf \t\r\n")
    notes: list[str] = []
    while True:
        try:
            return _read(content, tag, channels, notes)
        except (ParseError, ValueError, LookupError) as error:
            content, note = _repaired(content, error)
            if note in notes:
                raise UnreadableFileError(f"the XML is damaged: {error}") from error
            notes.append(note)


def _repaired(content: bytes, error: Exception) -> tuple[bytes, str]:
    """The content without the fault that stopped the parser, and what was done."""
    if isinstance(error, ParseError) and error.code == _UNDECLARED_PREFIX:
        prefixes = _undeclared_prefixes(content)
        note = f"Prefixes that the file does not declare, declared: {', '.join(prefixes)}."
        return _with_declarations(content, prefixes), note
    return with_valid_characters(
        content
    ), "Characters that XML does not allow or in a wrong encoding, replaced."


def _read(content: bytes, tag: str, channels: Mapping[str, str], notes: list[str]) -> DecodedFile:
    """Read all points.

    Raises:
        ParseError: The XML is damaged before its first point, or a prefix is not declared.
        LookupError: Its encoding is unknown.
        ValueError: Its encoding is not supported.
        UnreadableFileError: As `read_points`.
    """
    names = tuple(dict.fromkeys(channels.values()))
    samples = array("d")
    unreadable: Counter[str] = Counter()
    count = 0
    damage = None
    try:
        for _, element in iterparse(io.BytesIO(content), forbid_dtd=True):
            if _local_name(element.tag) != tag:
                continue
            values = _values(element, channels)
            samples.append(seconds(values.pop(_TIME, None)))
            numbers = {name: _number(text) for name, text in values.items()}
            unreadable.update(name for name, number in numbers.items() if number is None)
            samples.extend([_MISSING if (number := numbers.get(name)) is None else number for name in names])
            element.clear()
            count += 1
            if count > MAX_SAMPLES:
                break  # refused below
    except DefusedXmlException as error:
        raise UnreadableFileError(
            f"it declares entities or a document type, which may be an attack ({type(error).__name__})"
        ) from error
    except ParseError as error:
        if not count or error.code == _UNDECLARED_PREFIX:
            raise
        damage = f"the XML ends or breaks: {error}"
    table = np.frombuffer(samples, np.float64).reshape(count, 1 + len(names))
    not_numbers = [f"Values of {name} that are no numbers, dropped: {n:,}." for name, n in unreadable.items()]
    return decoded_file(
        table[:, 0],
        dict(zip(names, table.T[1:], strict=True)),
        damage=damage,
        notes=[*notes, *not_numbers],
    )


def _values(point: Element, channels: Mapping[str, str]) -> dict[str, str]:
    """The first text of each channel that has one, and of the time."""
    values: dict[str, str] = {}
    for name, text in _texts(point):
        channel = _TIME if name == _TIME else channels.get(name)
        if channel and text and text.strip():
            values.setdefault(channel, text)
    return values


def _texts(point: Element) -> Iterator[tuple[str, str | None]]:
    yield from point.items()
    for element in point.iter():
        yield _local_name(element.tag).lower(), element.text


def _undeclared_prefixes(content: bytes) -> list[str]:
    """All prefixes that the root does not declare. Declaring one again that a point declares does no harm."""
    root = ROOT.match(content)
    declared = _DECLARED.findall(root[2]) if root else []
    prefixes = set(_PREFIX.findall(content)) - set(declared) - _BUILT_IN
    return sorted(prefix.decode() for prefix in prefixes)


def _with_declarations(content: bytes, prefixes: list[str]) -> bytes:
    """The content with the prefixes declared in its root element."""
    declared = "".join(f' xmlns:{prefix}="urn:undeclared:{prefix}"' for prefix in prefixes)
    root = ROOT.match(content)
    at = root.end(1) if root else 0
    return content[:at] + declared.encode() + content[at:]


def _local_name(tag: str) -> str:
    return tag.rpartition("}")[2]


def _number(text: str) -> float | None:
    """A number, or None if the text is not one. Some apps write the decimal sign of the phone's language."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def seconds(text: str | None) -> float:
    """An ISO 8601 time as epoch seconds, or NaN if it cannot be parsed. Times without offset are UTC."""
    try:
        moment = datetime.fromisoformat((text or "").strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return _MISSING
