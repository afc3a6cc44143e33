"""The fields of a request to OAuth, wherever a client puts them.

Strava reads the form body, urlencoded or multipart, a JSON object, and the address. Where a name comes twice,
the body counts.
"""

from __future__ import annotations

import json
from email import message_from_bytes
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl

if TYPE_CHECKING:
    from starlette.requests import Request


class ClientFields(NamedTuple):
    """The fields of a form body, and those that came in the address or as JSON."""

    form: dict[str, str]
    outside_form: dict[str, str]

    @property
    def all(self) -> dict[str, str]:
        """Every field by name."""
        return self.outside_form | self.form


async def client_fields(request: Request) -> ClientFields:
    """Read the fields of a request."""
    kind = request.headers.get("content-type", "")
    media_type = kind.partition(";")[0].strip().lower()
    body = await request.body()
    address = dict(request.query_params)
    if media_type == "application/x-www-form-urlencoded":
        return ClientFields(dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)), address)
    if media_type == "multipart/form-data":
        return ClientFields(_multipart(kind, body), address)
    return ClientFields({}, address | (_json(body) if media_type == "application/json" else {}))


def _multipart(content_type: str, body: bytes) -> dict[str, str]:
    message = message_from_bytes(b"Content-Type: " + content_type.encode("latin-1") + b"\r\n\r\n" + body)
    fields = {}
    for part in message.walk():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            fields[name] = content.decode("utf-8", "replace")
    return fields


def _json(body: bytes) -> dict[str, str]:
    """The fields of a JSON object with plain values; none of anything else."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(document, dict):
        return {}
    return {
        name: str(value)
        for name, value in document.items()
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    }
