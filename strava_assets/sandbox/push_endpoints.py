"""The endpoints of push subscriptions: make, view and delete the application's one subscription.

They take client id and secret instead of a token, from a form or from the address. push.py sends the events.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
from starlette.responses import Response
from starlette.routing import Route

from strava_assets.sandbox.api_call import as_integer
from strava_assets.sandbox.client_fields import client_fields
from strava_assets.sandbox.fault_responses import (
    documented_fault,
    fault_response,
    json_response,
    replacement_response,
    resource_not_found,
)
from strava_assets.sandbox.faults import Fault
from strava_assets.sandbox.invented_activity import iso_utc
from strava_assets.sandbox.strict import refused_call
from strava_assets.sandbox.tokens import CLIENT_ID, CLIENT_SECRET

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from strava_assets.sandbox.state import Sandbox

_RESOURCE = "PushSubscription"
_PATH = "/push_subscriptions"
_LOOPBACK = {"localhost", "127.0.0.1"}
_MOST_TOKEN_CHARACTERS = 255


def push_routes(sandbox: Sandbox) -> list[Route]:
    """The endpoints, with and without the prefix /api/v3."""
    return [
        route
        for prefix in ("", "/api/v3")
        for route in (
            Route(prefix + _PATH, partial(_answer, sandbox), methods=["GET", "POST"]),
            Route(prefix + _PATH + "/{id}", partial(_answer, sandbox), methods=["DELETE"]),
        )
    ]


async def _answer(sandbox: Sandbox, request: Request) -> Response:
    sandbox.log_request(request)
    fault = sandbox.faults.take("push_subscriptions")
    fields = (await client_fields(request)).all
    refusal = (
        (replacement_response(fault, sandbox) if fault else None)
        or (refused_call(request) if sandbox.strict else None)
        or _refused_client(fields)
    )
    if refusal is not None:
        return refusal
    if request.method == "POST":
        return await _create(sandbox, fields)
    if request.method == "DELETE":
        return _delete(sandbox, request.path_params["id"])
    subscription = sandbox.push.subscription
    return json_response([subscription.record(int(CLIENT_ID))] if subscription else [])


def _refused_client(fields: Mapping[str, str]) -> Response | None:
    if fields.get("client_id") != CLIENT_ID:
        return documented_fault(Fault.invalid_client_id)
    if fields.get("client_secret") != CLIENT_SECRET:
        return documented_fault(Fault.invalid_client_secret)
    return None


def _delete(sandbox: Sandbox, subscription_id: str) -> Response:
    subscription = sandbox.push.subscription
    if subscription is None or subscription.id != as_integer(subscription_id):
        return resource_not_found(_RESOURCE)
    sandbox.push.subscription = None
    return Response(status_code=204)


async def _create(sandbox: Sandbox, fields: Mapping[str, str]) -> Response:
    if sandbox.push.subscription is not None:
        return _refusal("", "already exists")
    callback_url, verify_token = fields.get("callback_url", ""), fields.get("verify_token", "")
    if not _is_usable(callback_url):
        return _refusal("callback url", "invalid")
    if not 0 < len(verify_token) <= _MOST_TOKEN_CHARACTERS:
        return _refusal("verify token", "invalid")
    created_at = iso_utc(sandbox.now())
    made = await anyio.to_thread.run_sync(sandbox.push.subscribe, callback_url, verify_token, created_at)
    return json_response({"id": made.id}, 201) if made else _refusal("callback url", "not verifiable")


def _is_usable(callback_url: str) -> bool:
    """Whether events can be sent there: over HTTPS, or to this machine."""
    try:
        parts = urlsplit(callback_url)
        return bool(parts.hostname) and (parts.scheme == "https" or parts.hostname in _LOOPBACK)
    except ValueError:
        return False


def _refusal(field: str, code: str) -> Response:
    return fault_response(400, "Bad Request", (_RESOURCE, field, code))
