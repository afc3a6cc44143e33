"""The responses of faults: error bodies and failing connections.

faults.py decides which requests fail on demand; api.py and oauth.py reject invalid requests.
"""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import anyio
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from strava_assets.sandbox.faults import Fault
from strava_assets.sandbox.history import encode
from strava_assets.sandbox.limits import RateLimits

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import Receive, Scope, Send

    from strava_assets.sandbox.state import Sandbox

TIMEOUT_BOUND_S = 60.0
"""A request without response is dropped after this time if the client does not disconnect."""

CLOCK_SKEW_S = -7 * 3600
"""The clock error of `clock_skew`. It exceeds the life of a token, so every token looks expired."""

BEYOND_64_BITS = 2**70

_BAD_REQUEST = "Bad Request"
_AUTHORIZATION_ERROR = "Authorization Error"
_RECORD_NOT_FOUND = "Record Not Found"

_FAULTS: dict[Fault, tuple[int, str, tuple[str, str, str]]] = {
    Fault.missing_scope: (
        401,
        _AUTHORIZATION_ERROR,
        ("AccessToken", "activity:read_permission", "missing"),
    ),
    Fault.inactive_subscription: (403, "Forbidden", ("Application", "Status", "Inactive")),
    Fault.revoked_token: (400, _BAD_REQUEST, ("RefreshToken", "refresh_token", "invalid")),
    Fault.invalid_access_token: (401, _AUTHORIZATION_ERROR, ("Athlete", "access_token", "invalid")),
    Fault.invalid_client_id: (400, _BAD_REQUEST, ("Application", "client_id", "invalid")),
    Fault.invalid_client_secret: (401, _AUTHORIZATION_ERROR, ("Application", "", "invalid")),
    Fault.rate_limit_15min: (429, "Rate Limit Exceeded", ("Application", "rate limit", "exceeded")),
    Fault.rate_limit_daily: (429, "Rate Limit Exceeded", ("Application", "rate limit", "exceeded")),
    Fault.server_error: (500, "Internal Server Error", ("Application", "", "error")),
    Fault.error_object_with_200: (200, _BAD_REQUEST, ("Application", "", "invalid")),
}

_MISSING = object()
_DAMAGES: dict[Fault, dict[str, Any]] = {
    Fault.record_without_id: {"id": _MISSING},
    Fault.string_for_number: {"distance": "far", "moving_time": "an hour"},
    Fault.number_beyond_64_bits: {"moving_time": BEYOND_64_BITS},
}

_WINDOWS = {Fault.rate_limit_15min: 0, Fault.rate_limit_daily: 1}

_GATEWAY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
_MAINTENANCE_PAGE = (
    "<!DOCTYPE html><html><head><title>Maintenance</title></head><body>"
    "<h1>We'll be right back</h1><p>The service is being worked on.</p></body></html>"
)


def json_response(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response in Strava's format."""
    content = document if isinstance(document, bytes) else encode(document)
    return Response(
        content, status, headers=dict(headers or {}), media_type="application/json; charset=utf-8"
    )


def fault_response(
    status: int, message: str, error: tuple[str, str, str], headers: Mapping[str, str] | None = None
) -> Response:
    """An error in Strava's format, a Fault; `error` is resource, field and code."""
    resource, field, code = error
    document = {"message": message, "errors": [{"resource": resource, "field": field, "code": code}]}
    return json_response(document, status, headers)


def resource_not_found(resource: str) -> Response:
    """The 404 for something that does not exist, that the token may not read, or that was not recorded."""
    return fault_response(404, "Resource Not Found", (resource, "", "not found"))


def malformed_id(resource: str) -> Response:
    """The 404 for an id that is not a number."""
    return fault_response(404, _RECORD_NOT_FOUND, (resource, "id", "invalid"))


def unknown_path() -> Response:
    """The 404 for a path, or a method at a path, that the API does not have."""
    return fault_response(404, _RECORD_NOT_FOUND, ("resource", "path", "invalid"))


def documented_fault(fault: Fault, headers: Mapping[str, str] | None = None) -> Response:
    """The response of a fault with a documented body."""
    return fault_response(*_FAULTS[fault], headers=headers)


def replacement_response(fault: Fault, sandbox: Sandbox) -> Response | None:
    """The response that replaces the regular one, or None if the fault damages the regular response."""
    if fault in _WINDOWS:
        return documented_fault(fault, (sandbox.limits or RateLimits()).used_up(_WINDOWS[fault]))
    if fault in _FAULTS:
        return documented_fault(fault)
    make = _OTHER_RESPONSES.get(fault)
    return make(sandbox) if make else None


def damaged_response(fault: Fault, response: Response, now: datetime) -> Response:
    """The regular response with the damage of a fault."""
    body = bytes(response.body)
    if fault is Fault.truncated_body:
        return TruncatedResponse(body)
    if fault is Fault.cut_json:
        return json_response(body[: len(body) * 2 // 3], response.status_code, _rate_headers(response))
    if fault is Fault.clock_skew:
        return _skewed(response, now)
    if fault in _DAMAGES:
        return _with_damaged_record(response, _DAMAGES[fault])
    return response


def _skewed(response: Response, now: datetime) -> Response:
    document = json.loads(bytes(response.body))
    if "expires_at" in document:
        document["expires_at"] += CLOCK_SKEW_S
    date = http_date(now + timedelta(seconds=CLOCK_SKEW_S))
    return json_response(document, response.status_code, _rate_headers(response) | {"Date": date})


def _with_damaged_record(response: Response, damage: dict[str, Any]) -> Response:
    records = json.loads(bytes(response.body))
    if isinstance(records, list) and records:
        damaged = records[0] | damage
        records[0] = {name: value for name, value in damaged.items() if value is not _MISSING}
    return json_response(records, response.status_code, _rate_headers(response))


def _rate_headers(response: Response) -> dict[str, str]:
    return {name: value for name, value in response.headers.items() if "ratelimit" in name}


def http_date(instant: datetime) -> str:
    """A time in the format of a Date header."""
    return format_datetime(instant, usegmt=True)


class NoResponse(Response):
    """No response until the client disconnects or the sandbox closes."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self._closing = sandbox.closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait until the client disconnects; reset the connection at the time limit."""
        del send
        request = Request(scope, receive)
        deadline = time.monotonic() + TIMEOUT_BOUND_S
        while time.monotonic() < deadline and not self._closing.is_set():
            if await request.is_disconnected():
                return
            await anyio.sleep(0.02)
        scope["app"].state.cut(scope["client"], reset=True)


class ResetConnection(Response):
    """Resets the connection before the response."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reset the connection."""
        del receive, send
        scope["app"].state.cut(scope["client"], reset=True)


class TruncatedResponse(Response):
    """Closes the connection before the number of bytes in Content-Length is sent."""

    def __init__(self, content: bytes) -> None:
        super().__init__(media_type="application/json; charset=utf-8")
        self._content = content

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half of the body and close the connection."""
        del receive
        length = max(2, len(self._content))
        headers = [
            (b"content-type", b"application/json; charset=utf-8"),
            (b"content-length", str(length).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self._content[: length // 2], "more_body": True})
        scope["app"].state.cut(scope["client"], reset=False)


_OTHER_RESPONSES: dict[Fault, Callable[[Sandbox], Response]] = {
    Fault.bad_gateway: lambda _: HTMLResponse(_GATEWAY_PAGE, 502),
    Fault.unavailable: lambda _: Response(b"", 503),
    Fault.html: lambda _: HTMLResponse(_MAINTENANCE_PAGE),
    Fault.empty_body: lambda _: json_response(b""),
    Fault.json_not_a_list: lambda _: json_response({"activities": [], "page": 1}),
    Fault.timeout: NoResponse,
    Fault.connection_reset: lambda _: ResetConnection(),
}
