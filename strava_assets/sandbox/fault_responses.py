"""What goes over the wire when something is wrong: Fault bodies, and every way a connection can fail.

Which request gets which is decided in faults.py (on demand) and in api.py and oauth.py (by the rules).
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
"""Where nobody hangs up, a request that is never answered is dropped after this."""

CLOCK_SKEW_S = -7 * 3600
"""How far off the clock is under `clock_skew`: more than a token's life, so every token looks expired."""

BEYOND_64_BITS = 2**70

_BAD_REQUEST = "Bad Request"
_AUTHORIZATION_ERROR = "Authorization Error"

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

_ABSENT = object()
_DAMAGES: dict[Fault, dict[str, Any]] = {
    Fault.record_without_id: {"id": _ABSENT},
    Fault.string_for_number: {"distance": "far", "moving_time": "an hour"},
    Fault.number_beyond_64_bits: {"moving_time": BEYOND_64_BITS},
}

_WINDOWS = {Fault.rate_limit_15min: 0, Fault.rate_limit_daily: 1}

_GATEWAY_PAGE = "<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
_MAINTENANCE_PAGE = (
    "<!DOCTYPE html><html><head><title>Maintenance</title></head><body>"
    "<h1>We'll be right back</h1><p>The service is being worked on.</p></body></html>"
)


def json_answer(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON answer as Strava sends it."""
    content = document if isinstance(document, bytes) else encode(document)
    return Response(
        content, status, headers=dict(headers or {}), media_type="application/json; charset=utf-8"
    )


def fault_answer(
    status: int, message: str, error: tuple[str, str, str], headers: Mapping[str, str] | None = None
) -> Response:
    """An error in Strava's form, a Fault; `error` is its resource, field and code."""
    resource, field, code = error
    document = {"message": message, "errors": [{"resource": resource, "field": field, "code": code}]}
    return json_answer(document, status, headers)


def not_found(resource: str) -> Response:
    """404 as for an activity that does not exist, or that this token may not see."""
    return fault_answer(404, "Record Not Found", (resource, "id", "invalid"))


def known_fault(fault: Fault, headers: Mapping[str, str] | None = None) -> Response:
    """The answer of a fault that has one documented body."""
    return fault_answer(*_FAULTS[fault], headers=headers)


def instead_of_answer(fault: Fault, sandbox: Sandbox) -> Response | None:
    """The answer a fault puts in the place of the right one; None where it spoils the right one instead."""
    if fault in _WINDOWS:
        return known_fault(fault, (sandbox.limits or RateLimits()).used_up(_WINDOWS[fault]))
    if fault in _FAULTS:
        return known_fault(fault)
    make = _OTHER_ANSWERS.get(fault)
    return make(sandbox) if make else None


def spoiled(fault: Fault, answer: Response, now: datetime) -> Response:
    """The right answer, damaged as the fault wants it."""
    body = bytes(answer.body)
    if fault is Fault.truncated_body:
        return TruncatedAnswer(body)
    if fault is Fault.cut_json:
        return json_answer(body[: len(body) * 2 // 3], answer.status_code, _rate_headers(answer))
    if fault is Fault.clock_skew:
        return _skewed(answer, now)
    if fault in _DAMAGES:
        return _with_damaged_record(answer, _DAMAGES[fault])
    return answer


def _skewed(answer: Response, now: datetime) -> Response:
    document = json.loads(bytes(answer.body))
    if "expires_at" in document:
        document["expires_at"] += CLOCK_SKEW_S
    date = http_date(now + timedelta(seconds=CLOCK_SKEW_S))
    return json_answer(document, answer.status_code, _rate_headers(answer) | {"Date": date})


def _with_damaged_record(answer: Response, damage: dict[str, Any]) -> Response:
    records = json.loads(bytes(answer.body))
    if isinstance(records, list) and records:
        damaged = records[0] | damage
        records[0] = {name: value for name, value in damaged.items() if value is not _ABSENT}
    return json_answer(records, answer.status_code, _rate_headers(answer))


def _rate_headers(answer: Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if "ratelimit" in name}


def http_date(instant: datetime) -> str:
    """The form of a Date header."""
    return format_datetime(instant, usegmt=True)


class NeverAnswered(Response):
    """Silence, until the client hangs up or the sandbox closes."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self._closing = sandbox.closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Say nothing until somebody gives up, then reset."""
        del send
        request = Request(scope, receive)
        give_up_at = time.monotonic() + TIMEOUT_BOUND_S
        while time.monotonic() < give_up_at and not self._closing.is_set():
            if await request.is_disconnected():
                return
            await anyio.sleep(0.02)
        scope["app"].state.cut(scope["client"], reset=True)


class ResetConnection(Response):
    """The connection is reset before a byte of an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Reset at once."""
        del receive, send
        scope["app"].state.cut(scope["client"], reset=True)


class TruncatedAnswer(Response):
    """A Content-Length that promises more than is sent before the connection closes."""

    def __init__(self, whole: bytes) -> None:
        super().__init__(media_type="application/json; charset=utf-8")
        self._whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send half and close."""
        del receive
        length = max(2, len(self._whole))
        headers = [
            (b"content-type", b"application/json; charset=utf-8"),
            (b"content-length", str(length).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self._whole[: length // 2], "more_body": True})
        scope["app"].state.cut(scope["client"], reset=False)


_OTHER_ANSWERS: dict[Fault, Callable[[Sandbox], Response]] = {
    Fault.bad_gateway: lambda _: HTMLResponse(_GATEWAY_PAGE, 502),
    Fault.unavailable: lambda _: Response(b"", 503),
    Fault.html: lambda _: HTMLResponse(_MAINTENANCE_PAGE),
    Fault.empty_body: lambda _: json_answer(b""),
    Fault.json_not_a_list: lambda _: json_answer({"activities": [], "page": 1}),
    Fault.timeout: NeverAnswered,
    Fault.connection_reset: lambda _: ResetConnection(),
}
