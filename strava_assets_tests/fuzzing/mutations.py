"""Changes of bytes, as damage, other programs and attackers make them; the same ones for a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

MOST_BYTES = 64 * 1024
_WORDS = (
    *(b"", b"\0", b"\xff", b"\xff\xff\xff\xff", b"\x7f", b"\x80", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\r\n"),
    *(b"null", b"true", b"NaN", b"-1", b"0", b"1e999", b"9" * 400, b'"', b"'", b"{", b"}", b"[" * 2000),
    *(b"\\ud800", b"../", b"1970-01-01T00:00:00Z", b"9999-12-31T23:59:59Z", b"<", b">", b"&#0;", b"<!--"),
    *(
        b"<![CDATA[",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]>",
        b"=",
        b"#",
        b"%",
        b";",
        b"\t",
        b"\x1f\x8b",
        b"PK\x03\x04",
    ),
)


def mutated(content: bytes, others: Sequence[bytes], chance: random.Random) -> bytes:
    """A changed copy of `content`, at most `MOST_BYTES` long, with parts of `others` now and then."""
    data = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        at = chance.randint(0, len(data))
        end = min(len(data), at + chance.choice((1, 1, 2, 4, 8, 32, 1024)))
        match chance.randrange(8):
            case 0 if data:
                at = min(at, len(data) - 1)
                data[at] ^= 1 << chance.randrange(8)
            case 1 if data:
                data[min(at, len(data) - 1)] = chance.randrange(256)
            case 2:
                del data[at:end]
            case 3:
                data[at:at] = data[at:end] * chance.choice((1, 2, 20))
            case 4:
                data[at:end] = chance.choice(_WORDS)
            case 5:
                data[at:at] = chance.choice(_WORDS)
            case 6:
                other = chance.choice(others)
                begin = chance.randint(0, len(other))
                data[at:end] = other[begin : begin + chance.choice((1, 4, 16, 256, 4096))]
            case _:
                del data[at:]
    return bytes(data[:MOST_BYTES])
