"""Parses the setting of alert addresses: apprise URLs separated by spaces or commas.

Only the format is checked here, because importing apprise takes seconds. Messages never quote an address,
because it is a secret.
"""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://\S+")
# Addresses may contain commas, so a comma is a separator only before the next address.
_SEPARATOR = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")


def split_addresses(value: str) -> tuple[str, ...]:
    """The addresses in a setting.

    Raises:
        ValueError: A part is not an address.
    """
    addresses = tuple(_SEPARATOR.split(value.strip(" \t\r\n,")))
    for number, address in enumerate(addresses, start=1):
        if not _ADDRESS.fullmatch(address):
            raise ValueError(f"contains an invalid address at position {number}")
    return addresses


def scheme_of(address: str) -> str:
    """The scheme before `://`, which names the service and is not secret."""
    match = _ADDRESS.fullmatch(address)
    return match["scheme"] if match else ""
