"""Decodes the binary format of FIT into numpy arrays: fields by number, missing values as NaN.

What the fields mean belongs in `fit.py`. Finding where each message starts takes one step per message;
everything else is vectorized. What stands before damage is kept, because batteries die. The CRC is not
checked: zip and gzip have checksums of their own, and a device that lost power wrote none.
"""

from __future__ import annotations

import struct
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from strava_assets.archive.errors import UnreadableFileError

if TYPE_CHECKING:
    from collections.abc import Sequence

Values = np.ndarray[Any, np.dtype[np.float64]]
Positions = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

FILE_ID, SPORT, SESSION = 0, 12, 18
DeveloperField = tuple[int, int]
"""Developer data index and field number."""

TIMESTAMP = 253
MAGIC = b".FIT"
_COMPRESSED, _DEFINITION, _WITH_DEVELOPER_FIELDS = 0x80, 0x40, 0x20
_SMALLEST_HEADER = 12
CRC_BYTES = 2
_DEFINITION_HEAD = 6
# Real files have fewer than a hundred definitions, and arrays of up to 12 elements in the fields that count.
_MAX_DEFINITIONS = 10_000
# Six weeks of a message a second. More would take too much memory.
_MAX_MESSAGES = 4_000_000
_MAX_FILES = 20
_MAX_ELEMENTS = 16
# A triathlon has five sessions.
_MAX_LISTED = 100

# By the lowest five bits of the base type: numpy type, and the value that means "no value".
_BASE_TYPES: dict[int, tuple[str, int | None]] = {
    0x00: ("u1", 0xFF),
    0x01: ("i1", 0x7F),
    0x02: ("u1", 0xFF),
    0x03: ("i2", 0x7FFF),
    0x04: ("u2", 0xFFFF),
    0x05: ("i4", 0x7FFFFFFF),
    0x06: ("u4", 0xFFFFFFFF),
    0x08: ("f4", None),  # NaN is its "no value"
    0x09: ("f8", None),
    0x0A: ("u1", 0),
    0x0B: ("u2", 0),
    0x0C: ("u4", 0),
    0x0D: ("u1", None),  # without a value if all of its bytes are 0xFF
    0x0E: ("i8", 0x7FFFFFFFFFFFFFFF),
    0x0F: ("u8", 0xFFFFFFFFFFFFFFFF),
    0x10: ("u8", 0),
}
_BYTES = 0x0D


class _Field(NamedTuple):
    offset: int
    size: int
    base_type: int | None


class _Definition:
    """A definition of one message kind, and where its messages start."""

    def __init__(self, content: bytes) -> None:
        self.order = ">" if content[2] == 1 else "<"
        (self.message,) = struct.unpack(self.order + "H", content[3:5])
        self.fields: dict[int | DeveloperField, _Field] = {}
        self.size = 1  # of a message, with its header
        self.starts: list[int] = []
        native = _DEFINITION_HEAD + 3 * content[5]
        for number, size, base_type in _triples(content[_DEFINITION_HEAD:native]):
            self._add(number, size, base_type & 0x1F)
        for number, size, index in _triples(content[native + 1 :]):
            self._add((index, number), size, None)

    def _add(self, key: int | DeveloperField, size: int, base_type: int | None) -> None:
        self.fields.setdefault(key, _Field(self.size, size, base_type))
        self.size += size


def _triples(content: bytes) -> zip[tuple[int, int, int]]:
    return zip(content[::3], content[1::3], content[2::3], strict=False)


def _end_of_definition(content: bytes, position: int) -> int:
    """Where a definition ends; beyond the end of the content if it is not complete."""
    counted = position + _DEFINITION_HEAD
    if counted > len(content):
        return counted
    end = counted + 3 * content[counted - 1]
    if not content[position] & _WITH_DEVELOPER_FIELDS:
        return end
    return end + 1 + 3 * content[end] if end < len(content) else end + 1


def end_of_fit_file(content: bytes, position: int) -> int | None:
    """Where the file at a position ends, without its CRC; None if it is cut short."""
    header_bytes = content[position]
    (data_bytes,) = struct.unpack_from("<I", content, position + 4)
    end: int = position + header_bytes + data_bytes
    # A device that lost power has not written the size.
    is_complete = data_bytes > 0 and end <= len(content) and header_bytes >= _SMALLEST_HEADER
    return end if is_complete else None


class FitMessages:
    """The messages of a file, or of several files one after the other.

    Args:
        content: the file.

    Raises:
        UnreadableFileError: It has too many messages.

    Attributes:
        damage: what is wrong with the file; None if it is complete.
        skipped_bytes: number of bytes after the last file that are neither FIT nor zero.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._bytes = np.frombuffer(content, np.uint8)
        self._definitions: dict[bytes, _Definition] = {}
        self.damage: str | None = None
        position = 0
        for _ in range(_MAX_FILES):
            if self.damage or content[position + 8 : position + 12] != MAGIC:
                break
            position = self._read_file(position)
        rest = b"" if self.damage else content[position:]
        # Some firmware pads its files.
        self.skipped_bytes = len(rest) if rest.strip(b"\0") else 0

    def count(self, message: int) -> int:
        """The number of messages of a kind."""
        return sum(len(each.starts) for each in self._of(message))

    def values(self, message: int, field: int | DeveloperField, base_type: int | None = None) -> Values:
        """The values of a field in all messages of a kind, in the order of the file.

        Args:
            message: The global message number.
            field: The field's number.
            base_type: The base type of a developer field, from its description.

        Returns:
            An array of one row a message, and a column for each element of the field: one but for arrays.
        """
        parts = [self._column(each, field, base_type) for each in self._of(message)]
        width = max((part.shape[1] for part in parts), default=1)
        return in_width(parts, width)[self._order(message)]

    def first_values(self, message: int, field: int | DeveloperField, base_type: int | None = None) -> Values:
        """The first element with a value of a field in all messages of a kind."""
        values = self.values(message, field, base_type)
        if values.shape[1] == 1:
            return values[:, 0]
        first = np.isfinite(values).argmax(axis=1)
        return np.take_along_axis(values, first[:, None], axis=1)[:, 0]

    def has_field(self, message: int, field: int | DeveloperField) -> bool:
        """Whether any message of a kind has a field."""
        return any(field in each.fields for each in self._of(message))

    def fields(self, message: int) -> list[dict[int, int]]:
        """The native fields with a value of the first messages of a kind, as whole numbers."""
        numbers = {key for each in self._of(message) for key in each.fields if isinstance(key, int)}
        # Copies, so that the whole columns are not kept.
        columns = {
            number: self.first_values(message, number)[:_MAX_LISTED].copy() for number in sorted(numbers)
        }
        return [
            {number: int(values[row]) for number, values in columns.items() if np.isfinite(values[row])}
            for row in range(min(self.count(message), _MAX_LISTED))
        ]

    def texts(self, message: int, field: int) -> list[str]:
        """The text of a field in all messages of a kind; empty where it is missing."""
        starts = {start: each for each in self._of(message) for start in each.starts}
        return [self._text(starts[start], field, start) for start in sorted(starts)]

    def timestamps(self, message: int) -> Values:
        """The timestamps of all messages of a kind, in seconds of FIT's epoch.

        A compressed header holds the lowest five bits of the time; the rest is that of the message before.
        """
        if not self._has_compressed_headers:
            return self.first_values(message, TIMESTAMP)
        definitions = list(self._definitions.values())
        positions = np.concatenate([_positions(each) for each in definitions])
        kinds = np.concatenate([np.full(len(each.starts), each.message) for each in definitions])
        stamps = np.concatenate([self._column(each, TIMESTAMP, None)[:, 0] for each in definitions])
        heads = self._bytes[positions].astype(np.float64)
        low_bits = np.where(heads >= _COMPRESSED, heads % 32, np.nan)
        order = np.argsort(positions)
        times = unroll(stamps[order], low_bits[order], 32)
        is_wanted: Flags = kinds[order] == message
        return times[is_wanted]

    def _read_file(self, position: int) -> int:
        """Read the file at a position; returns where it ends, its CRC included."""
        complete_end = end_of_fit_file(self._content, position)
        end = len(self._content) if complete_end is None else complete_end
        reached = self._walk(position + self._content[position], end)
        if complete_end is None:
            self.damage = "it is cut short"
        elif reached < end:
            self.damage = f"no message begins at its byte {reached:,}"
        return end + CRC_BYTES

    def _walk(self, position: int, end: int) -> int:
        """Find where all messages start; returns where the first unreadable one starts, or the end."""
        content = self._content
        local: list[_Definition | None] = [None] * 16
        for _ in range(_MAX_MESSAGES):
            if position >= end:
                return position
            head = content[position]
            if head & _DEFINITION and not head & _COMPRESSED:
                after = _end_of_definition(content, position)
                if after > end or len(self._definitions) >= _MAX_DEFINITIONS:
                    return position
                # Many devices repeat their definitions.
                key = content[position + 1 : after] + bytes([head & _WITH_DEVELOPER_FIELDS])
                if key not in self._definitions:
                    self._definitions[key] = _Definition(content[position:after])
                local[head & 0x0F] = self._definitions[key]
                position = after
                continue
            definition = local[head >> 5 & 0x03 if head & _COMPRESSED else head & 0x0F]
            if definition is None or position + definition.size > end:
                return position
            definition.starts.append(position)
            position += definition.size
        raise UnreadableFileError(f"it has more than {_MAX_MESSAGES:,} messages")

    @cached_property
    def _has_compressed_headers(self) -> bool:
        return any(
            bool((self._bytes[_positions(each)] >= _COMPRESSED).any()) for each in self._definitions.values()
        )

    def _of(self, message: int) -> list[_Definition]:
        return [each for each in self._definitions.values() if each.message == message and each.starts]

    def _order(self, message: int) -> Positions | slice:
        """The order of the file of messages that stand definition by definition."""
        definitions = self._of(message)
        if len(definitions) <= 1:
            return slice(None)
        return np.argsort(np.concatenate([_positions(each) for each in definitions]))

    def _column(self, definition: _Definition, key: int | DeveloperField, base_type: int | None) -> Values:
        field = definition.fields.get(key)
        kind = (field.base_type if field else None) if base_type is None else base_type & 0x1F
        if field is None or kind not in _BASE_TYPES:
            return np.full((len(definition.starts), 1), np.nan)
        code, missing = _BASE_TYPES[kind]
        dtype = np.dtype(definition.order + code)
        if field.size == 0 or field.size % dtype.itemsize:
            return np.full((len(definition.starts), 1), np.nan)
        size = min(field.size, _MAX_ELEMENTS * dtype.itemsize)
        windows = np.lib.stride_tricks.sliding_window_view(self._bytes, size)
        raw = np.ascontiguousarray(windows[_positions(definition) + field.offset]).view(dtype)
        values = raw.astype(np.float64)
        if kind == _BYTES:
            values[(raw == 0xFF).all(axis=1)] = np.nan
        elif dtype.kind == "f":
            values[~np.isfinite(values)] = np.nan
        elif missing is not None:
            values[raw == missing] = np.nan
        return values

    def _text(self, definition: _Definition, number: int, start: int) -> str:
        field = definition.fields.get(number)
        if field is None:
            return ""
        at = start + field.offset
        return self._content[at : at + field.size].split(b"\0")[0].decode(errors="replace")


def unroll(full: Values, low: Values, modulus: int) -> Values:
    """Complete counters of which often only the lowest bits are known.

    Args:
        full: The complete values, NaN where there is none.
        low: The values modulo `modulus`, NaN where there is none. They count up from the value before.
        modulus: After how many the low bits begin again.

    Returns:
        The complete values; NaN where neither is known, or before the first complete one.
    """
    counted = np.flatnonzero(np.isfinite(full) | np.isfinite(low))
    counters = np.full(len(full), np.nan)
    if not len(counted):
        return counters
    complete = full[counted]
    is_complete = np.isfinite(complete)
    rests = np.where(is_complete, complete % modulus, low[counted])
    steps = np.cumsum(np.diff(rests, prepend=rests[0]) % modulus)
    last = np.maximum.accumulate(np.where(is_complete, np.arange(len(counted)), -1))
    counters[counted] = np.where(last >= 0, complete[last] - steps[last] + steps, np.nan)
    return counters


def in_width(parts: Sequence[Values], width: int) -> Values:
    """Arrays below each other, each filled up with NaN to a number of columns."""
    if not parts:
        return np.empty((0, width))
    missing = ((0, 0), (0, 0))
    return np.concatenate(
        [
            np.pad(part, (missing[0], (0, width - part.shape[1])), constant_values=np.nan)
            if part.shape[1] < width
            else part
            for part in parts
        ]
    )


def _positions(definition: _Definition) -> Positions:
    return np.array(definition.starts, np.int64)
