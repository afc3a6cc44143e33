"""Reads the samples of untrusted XML, one point at a time. Entities and document types are rejected."""

from __future__ import annotations

import re
from array import array
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import errors

import numpy as np
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from strava_assets.archive.decoded_file import MAX_SAMPLES, decoded_file
from strava_assets.archive.errors import UnreadableFileError
from strava_assets.archive.xml_characters import with_valid_characters

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strava_assets.archive.decoded_file import DecodedFile, Values

_UNDECLARED_PREFIX = errors.codes[errors.XML_ERROR_UNBOUND_PREFIX]
PREFIX = rb"(?:[A-Za-z_][\w.-]*:)?"
"""The pattern of an element's prefix, which some programs write and most do not."""
_PREFIX = re.compile(rb"[<\s]/?([A-Za-z_][\w.-]*):[A-Za-z_]")
_DECLARED = re.compile(rb"xmlns:([A-Za-z_][\w.-]*)\s*=")
# Declarations and comments may stand before the root.
ROOT = re.compile(rb"\A(?:<[!?](?:--.*?--|[^>]*)>|[^<])*+(<[A-Za-z_][\w:.-]*)([^>]*)", re.DOTALL)
_BUILT_IN = {b"xml", b"xmlns"}
_TIME = "time"
_CHUNK_BYTES = 1024 * 1024
# A point of TCX is seven deep, its extensions a few more. The parser remembers every open element.
_MAX_DEPTH = 1_000
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
    points = _Points(tag, channels)
    parser = DefusedXMLParser(target=points, forbid_dtd=True)
    damage = None
    try:
        for start in range(0, len(content), _CHUNK_BYTES):
            parser.feed(content[start : start + _CHUNK_BYTES])
            if points.count > MAX_SAMPLES:
                break  # refused below
        else:
            parser.close()
    except DefusedXmlException as error:
        raise UnreadableFileError(
            f"it declares entities or a document type, which may be an attack ({type(error).__name__})"
        ) from error
    except ParseError as error:
        if not points.count or error.code == _UNDECLARED_PREFIX:
            raise
        damage = f"the XML ends or breaks: {error}"
    times, values = points.columns()
    return decoded_file(times, values, damage=damage, notes=[*notes, *points.notes()])


class _Points:
    """Receives the elements of a document one after the other, and keeps no more than the points' values.

    Args:
        tag: The local name of a point.
        channels: The channel of each element or attribute, by local name in lowercase.

    Attributes:
        count: The number of points so far.
    """

    def __init__(self, tag: str, channels: Mapping[str, str]) -> None:
        self.count = 0
        self._depth = 0
        self._tag = tag
        self._channels = {**channels, _TIME: _TIME}
        self._names = tuple(dict.fromkeys(channels.values()))
        self._samples = array("d")
        self._unreadable: Counter[str] = Counter()
        self._point: dict[str, str] | None = None
        self._channel: str | None = None
        self._text: list[str] = []

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Receive the start of an element."""
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise UnreadableFileError(f"its elements are nested more than {_MAX_DEPTH} deep")
        name = _local_name(tag)
        if self._point is None:
            if name != self._tag:
                return
            self._point = {}
            for attribute, text in attributes.items():
                self._keep(self._channels.get(attribute), text)
        self._end_text()
        self._channel = self._channels.get(name.lower())

    def data(self, text: str) -> None:
        """Receive text, perhaps a part of it."""
        if self._channel:
            self._text.append(text)

    def end(self, tag: str) -> None:
        """Receive the end of an element."""
        self._depth -= 1
        if self._point is None:
            return
        self._end_text()
        if _local_name(tag) == self._tag:
            self._add(self._point)
            self._point = None

    def columns(self) -> tuple[Values, dict[str, Values]]:
        """The times of all points, and their channels."""
        table = np.frombuffer(self._samples, np.float64).reshape(self.count, 1 + len(self._names))
        return table[:, 0], dict(zip(self._names, table.T[1:], strict=True))

    def notes(self) -> list[str]:
        """What was dropped."""
        return [
            f"Values of {name} that are no numbers, dropped: {count:,}."
            for name, count in self._unreadable.items()
        ]

    def _end_text(self) -> None:
        self._keep(self._channel, "".join(self._text))
        self._channel = None
        self._text.clear()

    def _keep(self, channel: str | None, text: str) -> None:
        """Keep the first text of each channel that has one."""
        if channel and self._point is not None and text.strip():
            self._point.setdefault(channel, text)

    def _add(self, point: dict[str, str]) -> None:
        self.count += 1
        self._samples.append(seconds(point.pop(_TIME, None)))
        numbers = {name: _number(text) for name, text in point.items()}
        self._unreadable.update(name for name, number in numbers.items() if number is None)
        self._samples.extend(
            [_MISSING if (number := numbers.get(name)) is None else number for name in self._names]
        )


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
