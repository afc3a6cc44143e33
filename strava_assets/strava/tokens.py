"""The token endpoint: one form posted, one grant or one error back.

Who keeps the grant, and when one is needed, is decided in `auth` and `login`.
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
# A grant that is told by `expires_in` from now must agree with its `expires_at` this far.
CLOCK_TOLERANCE = timedelta(minutes=5)
# The year 5138: what lies beyond is no point in time that Strava means.
LAST_SECOND = 10**11


def utc_now() -> datetime:
    """The real clock: aware UTC time."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Grant:
    """What the token endpoint gave. Tokens are kept out of the repr.

    Attributes:
        access_token: for the Bearer header.
        refresh_token: the one that is valid from now on.
        expires_at: epoch seconds at which the access token ends.
        athlete: the athlete's summary, with an authorisation code only.
    """

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_at: int
    athlete: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def as_values(self) -> dict[str, str]:
        """The grant as a token store keeps it."""
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
        session: carries adapters and proxies; no header of it is changed.
        oauth_base_url: e.g. `https://www.strava.com/oauth`, with or without a slash at the end.
        form: the form fields, secrets among them: they go into the body, never into the address.
        clock: gives the aware UTC time.
        timeout: connect and read, in seconds.

    Raises:
        StravaError: the class that names the failure.
    """
    request = "POST /oauth/token"
    try:
        answer = session.post(
            f"{oauth_base_url.rstrip('/')}/token", data=dict(form), timeout=timeout, allow_redirects=False
        )
    except requests.RequestException as error:
        # `from None`: the library's exception holds the request, and the request holds the secrets.
        raise responses.transport_failure(error, request) from None
    now = clock()
    if answer.status_code != 200:
        raise responses.token_failure(answer.status_code, answer.content, request)
    responses.check_clock(answer.headers, now, CLOCK_TOLERANCE)
    document = responses.read_json(answer.content, answer.headers.get("Content-Type", ""), request)
    return _grant(document, now, request)


def _grant(document: Any, now: datetime, request: str) -> Grant:
    if not isinstance(document, dict):
        raise errors.UnexpectedResponseError(f"The answer to {request} is not an object.")
    tokens = [document.get(name) for name in ("access_token", "refresh_token")]
    try:
        expires_at = int(document["expires_at"])
    except (KeyError, TypeError, ValueError, OverflowError):
        expires_at = 0
    if not 0 < expires_at < LAST_SECOND:
        raise errors.UnexpectedResponseError(f"The answer to {request} has no usable expires_at.")
    # What a header cannot carry would fail later, in words that quote it.
    if not all(
        isinstance(token, str) and token and token.isascii() and token.isprintable() for token in tokens
    ):
        raise errors.UnexpectedResponseError(f"The answer to {request} lacks a usable token.")
    lives_in_s = document.get("expires_in")
    if isinstance(lives_in_s, int | float) and 0 <= lives_in_s < LAST_SECOND:
        skew = timedelta(seconds=expires_at - lives_in_s) - timedelta(seconds=now.timestamp())
        if abs(skew) > CLOCK_TOLERANCE:
            raise errors.ClockSkewError(skew)
    athlete = document.get("athlete")
    return Grant(str(tokens[0]), str(tokens[1]), expires_at, athlete if isinstance(athlete, dict) else {})
