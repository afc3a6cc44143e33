"""The token endpoint: posts a form, returns a grant or raises an error.

`auth` and `login` decide when to request a grant, and store it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import requests

from strava_assets.strava import errors, responses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OAUTH_BASE_URL = "https://www.strava.com/oauth"
# Connect and read, in seconds.
TIMEOUT_S = (5.0, 30.0)
# Now plus `expires_in` of a grant may differ from its `expires_at` by this much.
CLOCK_TOLERANCE = timedelta(minutes=5)
# The year 5138: a later time is not valid.
LAST_SECOND = 10**11


def utc_now() -> datetime:
    """The real clock: aware UTC time."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Grant:
    """The tokens that the endpoint issued. They are not part of the repr.

    Attributes:
        access_token: for the Bearer header.
        refresh_token: replaces the previous one.
        expires_at: epoch seconds at which the access token expires.
        athlete: the athlete's summary; only with an authorization code.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: int
    athlete: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def as_values(self) -> dict[str, str]:
        """The grant as values of a token store."""
        return {
            "access_token": self.access_token,
            "refresh_token": self.refresh_token,
            "expires_at": str(self.expires_at),
        }


def request_grant(
    session: requests.Session,
    oauth_base_url: str,
    form: Mapping[str, str],
    *,
    clock: Callable[[], datetime] = utc_now,
    timeout: tuple[float, float] = TIMEOUT_S,
) -> Grant:
    """Post `form` to the token endpoint.

    Args:
        session: provides adapters and proxies; its headers are not changed.
        oauth_base_url: e.g. `https://www.strava.com/oauth`, with or without a trailing slash.
        form: the form fields, including secrets: they go into the body, never into the address.
        clock: returns the current aware UTC time.
        timeout: connect and read timeouts, in seconds.

    Raises:
        StravaError: a subclass that describes the failure.
    """
    request = "POST /oauth/token"
    try:
        answer = session.post(
            f"{oauth_base_url.rstrip('/')}/token", data=dict(form), timeout=timeout, allow_redirects=False
        )
    except requests.RequestException as error:
        # `from None`: the library's exception contains the request, and the request contains the secrets.
        raise responses.transport_failure(error, request) from None
    now = clock()
    if answer.status_code != 200:
        raise responses.token_failure(answer.status_code, answer.content, request)
    responses.check_clock(answer.headers, now, CLOCK_TOLERANCE)
    document = responses.read_json(answer.content, answer.headers.get("Content-Type", ""), request)
    return _grant(document, now, request)


def _grant(document: Any, now: datetime, request: str) -> Grant:
    if not isinstance(document, dict):
        raise errors.UnexpectedResponseError(f"The response to {request} is not an object.")
    tokens = [document.get(name) for name in ("access_token", "refresh_token")]
    try:
        expires_at = int(document["expires_at"])
    except (KeyError, TypeError, ValueError, OverflowError):
        expires_at = 0
    if not 0 < expires_at < LAST_SECOND:
        raise errors.UnexpectedResponseError(f"The response to {request} has no usable expires_at.")
    # A token that a header cannot contain would fail later, in an error that quotes it.
    if not all(
        isinstance(token, str) and token and token.isascii() and token.isprintable() for token in tokens
    ):
        raise errors.UnexpectedResponseError(f"The response to {request} lacks a usable token.")
    lives_in_s = document.get("expires_in")
    if isinstance(lives_in_s, int | float) and 0 <= lives_in_s < LAST_SECOND:
        skew = timedelta(seconds=expires_at - lives_in_s) - timedelta(seconds=now.timestamp())
        if abs(skew) > CLOCK_TOLERANCE:
            raise errors.ClockSkewError(skew)
    athlete = document.get("athlete")
    return Grant(str(tokens[0]), str(tokens[1]), expires_at, athlete if isinstance(athlete, dict) else {})
