"""The setting that names the receivers: addresses in apprise's form, separated by spaces or commas.

Whether a service accepts an address only apprise knows, whose import takes seconds; here the form alone is
checked. No message quotes an address, because it is a secret.
"""

from __future__ import annotations

import re

_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://\S+")
# An address may hold commas itself, so a comma separates only where the next address begins.
_SEPARATOR = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)")


def split_addresses(value: str) -> tuple[str, ...]:
    """The addresses in a setting.

    Raises:
        ValueError: a part of it is no address.
    """
    addresses = tuple(_SEPARATOR.split(value.strip(" \t\r\n,")))
    for number, address in enumerate(addresses, start=1):
        if not _ADDRESS.fullmatch(address):
            raise ValueError(f"holds something that is not an address, at address {number}")
    return addresses


def scheme_of(address: str) -> str:
    """What stands before `://`: the name of a service, never a secret."""
    match = _ADDRESS.fullmatch(address)
    return match["scheme"] if match else ""
