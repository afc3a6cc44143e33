"""Reads the few messages of a FIT file that describe the whole activity, and skips its samples.

A file of some hours takes about ten milliseconds, because samples are not decoded. A damaged or unfinished
file gives the messages before the damage.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

FILE_ID, SPORT, SESSION = 0, 12, 18
_MAGIC = b".FIT"
_COMPRESSED, _DEFINITION, _DEVELOPER = 0x80, 0x40, 0x20
_CODES = {1: "B", 2: "H", 4: "I"}
# Base types of signed numbers; their invalid value is the greatest one.
_SIGNED = {0x01, 0x83, 0x85}
Fields = dict[int, int]


class _Layout(NamedTuple):
    """The layout of a message: its number, byte order, fields, and bytes of developer fields."""

    message: int
    order: str
    fields: tuple[tuple[int, int, int], ...]
    developer_bytes: int

    @property
    def size(self) -> int:
        """Bytes of one message."""
        return sum(size for _, size, _ in self.fields) + self.developer_bytes


def fit_messages(content: bytes, wanted: Collection[int]) -> Iterator[tuple[int, Fields]]:
    """Yield the number and the whole-number fields of the wanted messages; invalid values are left out.

    Args:
        content: a FIT file, not compressed; several files may follow one another.
        wanted: numbers of messages.
    """
    start = 0
    while content[start + 8 : start + 12] == _MAGIC:
        (data_size,) = struct.unpack_from("<I", content, start + 4)
        first = start + content[start]
        end = min(first + data_size, len(content))
        try:
            yield from _messages(content, first, end, wanted)
        except (IndexError, KeyError, struct.error):
            return
        start = end + 2


def _messages(
    content: bytes, position: int, end: int, wanted: Collection[int]
) -> Iterator[tuple[int, Fields]]:
    layouts: dict[int, _Layout] = {}
    sizes: dict[int, int] = {}
    while position < end:
        header = content[position]
        position += 1
        if header & _DEFINITION and not header & _COMPRESSED:
            layout, position = _layout(content, position, has_developer_fields=bool(header & _DEVELOPER))
            layouts[header & 0x0F], sizes[header & 0x0F] = layout, layout.size
            continue
        local = (header >> 5) & 0x03 if header & _COMPRESSED else header & 0x0F
        if layouts[local].message in wanted and position + sizes[local] <= end:
            yield layouts[local].message, _fields(content, position, layouts[local])
        position += sizes[local]


def _layout(content: bytes, position: int, *, has_developer_fields: bool) -> tuple[_Layout, int]:
    order = ">" if content[position + 1] else "<"
    message, count = struct.unpack_from(f"{order}HB", content, position + 2)
    position += 5
    fields = tuple(struct.unpack_from("3B", content, position + 3 * index) for index in range(count))
    position += 3 * count
    developer_bytes = 0
    if has_developer_fields:
        count = content[position]
        developer_bytes = sum(content[position + 2 + 3 * index] for index in range(count))
        position += 1 + 3 * count
    return _Layout(message, order, fields, developer_bytes), position


def _fields(content: bytes, position: int, layout: _Layout) -> Fields:
    values: Fields = {}
    for number, size, base_type in layout.fields:
        if code := _CODES.get(size):
            is_signed = base_type in _SIGNED
            (value,) = struct.unpack_from(
                layout.order + (code.lower() if is_signed else code), content, position
            )
            if value != 2 ** (8 * size - is_signed) - 1:
                values[number] = value
        position += size
    return values
