"""Maps HTTP responses and transport failures to error classes.

`client` sends and retries requests; `errors` defines the errors and their remedies.
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

# The scope to request when Strava names the narrower one.
WIDER_SCOPE = {"activity:read": "activity:read_all", "profile:read": "profile:read_all"}


@dataclass(frozen=True)
class FaultItem:
    """One entry of a Strava Fault's `errors`, in lower case; absent values are empty strings."""

    resource: str = ""
    field: str = ""
    code: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.resource, self.field, self.code) if part)


def fault_items(body: bytes) -> list[FaultItem]:
    """Read the `errors` of a Fault; an empty list if the body is not a Fault (empty, HTML, other shapes)."""
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
    """The error for an API response whose status is not 200; the pacer handles 429.

    Args:
        status: the HTTP status.
        body: the response body, which may be empty or HTML.
        request: the request as named in the message, e.g. `GET /athlete`.
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
    """The error for a response of an OAuth endpoint whose status is not 200.

    Sources disagree whether a wrong client secret gives a 400 or a 401, so both are treated the same.
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
    """The error for a request without a complete response.

    The text of the library's exception is left out: it may quote an address or a header.
    """
    causes = list(_causes(error))
    # urllib3 treats a refused connection as a kind of timeout.
    refused = any(isinstance(cause, urllib3.exceptions.NewConnectionError) for cause in causes)
    late = any(isinstance(cause, requests.Timeout | urllib3.exceptions.TimeoutError) for cause in causes)
    if late and not refused:
        return errors.RequestTimeoutError(f"Strava did not respond to {request} in time.")
    # A handshake that ends early is a broken connection; for any other TLS error the user has to act.
    early_end = any(isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError) for cause in causes)
    if isinstance(error, requests.exceptions.SSLError) and not early_end:
        return errors.TlsError(
            f"A trusted connection for {request} could not be established: {_tls_reason(causes)}."
        )
    if any(isinstance(cause, urllib3.exceptions.IncompleteRead) for cause in causes):
        return errors.TruncatedBodyError(f"The response to {request} was cut off.")
    if isinstance(error, ValueError):
        return errors.RequestRefusedError(f"The address used for {request} is not a URL.")
    return errors.ConnectionLostError(f"The connection failed during {request}.")


def read_json(body: bytes, content_type: str, request: str) -> Any:
    """Parse the body of a 200 response.

    Raises:
        TruncatedBodyError: it is empty or incomplete.
        NotJsonError: it is not JSON; usually it is a web page.
    """
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        start = body.lstrip()[:1]
    if not start:
        raise errors.TruncatedBodyError(f"The response to {request} was empty.")
    if start in (b"[", b"{"):
        raise errors.TruncatedBodyError(f"The response to {request} is incomplete ({len(body)} bytes).")
    kind = "a web page" if start == b"<" or "html" in content_type.lower() else "something else"
    raise errors.NotJsonError(f"The response to {request} was {kind} instead of JSON.")


def check_clock(headers: Mapping[str, str], now: datetime, tolerance: timedelta) -> None:
    """Compare the `Date` header with our time; an absent or unreadable `Date` is ignored.

    Raises:
        ClockSkewError: they differ by more than `tolerance`.
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
    """An exception with its arguments and causes: libraries nest the one that explains the failure."""
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
            return f"its certificate is not valid, {cause.verify_message}"
    return "the server does not use TLS as expected"
