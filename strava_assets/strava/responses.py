"""Recognises what an HTTP answer, or the lack of one, means: one function from it to an error class.

Sending and retrying live in `client`; the errors and their cures in `errors`.
"""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import requests
import urllib3

from strava_assets.strava import errors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

# What a person should be asked for when the narrower scope is the one that Strava names.
WIDER_SCOPE = {"activity:read": "activity:read_all", "profile:read": "profile:read_all"}


@dataclass(frozen=True)
class FaultItem:
    """One entry of a Strava Fault's `errors`, lower-cased; empty strings where something is absent."""

    resource: str = ""
    field: str = ""
    code: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.resource, self.field, self.code) if part)


def fault_items(body: bytes) -> list[FaultItem]:
    """Read the `errors` of a Fault; an empty list where the body is none (empty, HTML, other shapes)."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return []
    listed = document.get("errors") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        return []
    names = ("resource", "field", "code")
    return [
        FaultItem(*(str(item.get(name) or "").lower() for name in names))
        for item in listed
        if isinstance(item, dict)
    ]


def api_failure(status: int, body: bytes, request: str) -> errors.StravaError:
    """Name the failure behind an API answer whose status is not 200 (429 is the pacer's).

    Args:
        status: the HTTP status.
        body: the answer's body, which may be empty or HTML.
        request: what was sent, for the message, e.g. `GET /athlete`.
    """
    items = fault_items(body)
    message = _message(status, request, items)
    if status >= 500 or status == 408:
        return errors.ServerError(message)
    missing = [item.field.removesuffix("_permission") for item in items if item.code == "missing"]
    if status in (401, 403) and missing:
        return errors.MissingScopeError(WIDER_SCOPE.get(scope, scope) for scope in missing)
    if status == 403 and any(item.resource == "application" for item in items):
        return errors.InactiveSubscriptionError(message)
    if status == 401 and any(item.resource == "application" for item in items):
        return errors.InvalidClientError(message)
    if status == 401:
        return errors.InvalidAccessTokenError(message)
    return errors.RequestRefusedError(message)


def token_failure(status: int, body: bytes, request: str) -> errors.StravaError:
    """Name the failure behind an OAuth endpoint's answer whose status is not 200.

    Sources disagree whether a wrong client secret is a 400 or a 401, so both are read alike.
    """
    items = fault_items(body)
    message = _message(status, request, items)
    resources = {item.resource for item in items}
    if status >= 500 or status in (408, 429):
        return errors.ServerError(message)
    if status == 403 and "application" in resources:
        return errors.InactiveSubscriptionError(message)
    if "refreshtoken" in resources:
        return errors.InvalidRefreshTokenError(message)
    if "authorizationcode" in resources:
        return errors.InvalidAuthorizationCodeError(message)
    if "application" in resources or status == 401:
        return errors.InvalidClientError(message)
    return errors.RequestRefusedError(message)


def transport_failure(error: requests.RequestException, request: str) -> errors.StravaError:
    """Name the failure behind a request that brought no complete answer.

    The library's own words are left out: they may quote an address or a header.
    """
    causes = list(_causes(error))
    # To urllib3 a refused connection is a kind of timeout; to a person it is not.
    refused = any(isinstance(cause, urllib3.exceptions.NewConnectionError) for cause in causes)
    late = any(isinstance(cause, requests.Timeout | urllib3.exceptions.TimeoutError) for cause in causes)
    if late and not refused:
        return errors.RequestTimeoutError(f"Strava did not answer {request} in time.")
    # A handshake that merely ends early is a broken connection; all else about TLS needs a person.
    early_end = any(isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError) for cause in causes)
    if isinstance(error, requests.exceptions.SSLError) and not early_end:
        return errors.TlsError(f"No trusted connection could be made for {request}: {_tls_reason(causes)}.")
    if any(isinstance(cause, urllib3.exceptions.IncompleteRead) for cause in causes):
        return errors.TruncatedBodyError(f"The answer to {request} was cut off.")
    if isinstance(error, ValueError):
        return errors.RequestRefusedError(f"The address used for {request} is not a URL.")
    return errors.ConnectionLostError(f"The connection failed or broke during {request}.")


def read_json(body: bytes, content_type: str, request: str) -> Any:
    """Parse a 200 answer's body.

    Raises:
        TruncatedBodyError: it is empty or stops half-way.
        NotJsonError: it is something else, a web page as a rule.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        start = body.lstrip()[:1]
    if not start:
        raise errors.TruncatedBodyError(f"The answer to {request} was empty.")
    if start in (b"[", b"{"):
        raise errors.TruncatedBodyError(f"The answer to {request} stops half-way ({len(body)} bytes).")
    kind = "a web page" if start == b"<" or "html" in content_type.lower() else "something else"
    raise errors.NotJsonError(f"The answer to {request} was {kind} instead of JSON.")


def check_clock(headers: Mapping[str, str], now: datetime, tolerance: timedelta) -> None:
    """Compare the answer's `Date` with our time; an absent or unreadable `Date` says nothing.

    Raises:
        ClockSkewError: they are further apart than `tolerance`.
    """
    try:
        theirs = parsedate_to_datetime(headers.get("Date", ""))
        skew = theirs - now
    except (ValueError, TypeError):
        return
    if abs(skew) > tolerance:
        raise errors.ClockSkewError(skew)


def _message(status: int, request: str, items: list[FaultItem]) -> str:
    detail = f" ({', '.join(str(item) for item in items)})" if items else ""
    return f"Strava answered {request} with status {status}{detail}."


def _causes(error: BaseException | None) -> Any:
    """Walk an exception, its arguments and its causes: libraries nest the telling one."""
    pending: list[Any] = [error]
    visited: set[int] = set()
    while pending:
        current = pending.pop()
        if not isinstance(current, BaseException) or id(current) in visited:
            continue
        visited.add(id(current))
        yield current
        pending += [*current.args, getattr(current, "reason", None), current.__cause__, current.__context__]


def _tls_reason(causes: list[BaseException]) -> str:
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate does not verify, {cause.verify_message}"
    return "the server does not speak TLS as expected"
