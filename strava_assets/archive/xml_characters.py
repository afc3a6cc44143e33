"""Characters that stop every XML parser: a wrong encoding, control characters, a bare `&`."""

from __future__ import annotations

import codecs
import re

_DECLARED = re.compile(rb"""\A(<\?xml\b[^>]*?)\sencoding\s*=\s*["']([\w.-]+)["']""")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[0-9A-Fa-f]+);)")
# Western Europe's code page of Windows, in which old programs write without saying so.
_UNDECLARED = "cp1252"


def utf16_as_utf8(content: bytes) -> bytes:
    """Text in UTF-16 as UTF-8, any other content unchanged."""
    if not content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content
    return content.decode("utf-16", errors="replace").encode("utf-8", errors="replace")


def with_valid_characters(content: bytes) -> bytes:
    """XML in UTF-8 whose characters every parser accepts. Entities that it declares are plain text in it."""
    declared = _DECLARED.match(content)
    encoding = declared[2].decode() if declared else "utf-8"
    text = _decoded(_DECLARED.sub(rb"\1", content), encoding)
    return _BARE_AMPERSAND.sub("&amp;", _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)).encode()


def _decoded(content: bytes, encoding: str) -> str:
    for each in (encoding, "utf-8"):
        try:
            # A declaration that can be read as bytes is not in UTF-16, whatever it says.
            if not each.casefold().startswith(("utf-16", "utf16", "ucs")):
                return content.decode(each)
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode(_UNDECLARED, errors="replace")
