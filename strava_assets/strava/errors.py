"""The errors of the Strava API, each with its remedy. `responses` maps responses to them.

- StravaError
  - TransientStravaError: retried a bounded number of times, then left to the next run
    - ServerError, RequestTimeoutError, ConnectionLostError
    - NotJsonError, TruncatedBodyError, UnexpectedResponseError
  - QuotaExhaustedError: stops the run; a later run continues
    - TurnOverError: stops one athlete's turn; a later turn continues
  - PermanentStravaError: the user has to act
    - MissingCredentialsError, ForeignHostError, ForeignAthleteError, MissingScopeError
    - InactiveSubscriptionError, InvalidClientError
    - InvalidRefreshTokenError, InvalidAuthorizationCodeError, InvalidAccessTokenError
    - AuthorizationDeniedError
      - ForeignRedirectError
    - RequestRefusedError, ActivityNotFoundError, RepeatedPageError
    - TlsError, ClockSkewError
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from strava_assets.errors import StravaAssetsError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

Window = Literal["15min", "daily"]

NOTHING_LOST = "Data that was fetched earlier is not affected."
LOGIN = "Run `strava-assets login`"


class StravaError(StravaAssetsError):
    """Base class of all errors of the Strava API; `happened` is one sentence without any secret."""

    MEANS: ClassVar[str] = NOTHING_LOST
    REMEDY: ClassVar[str] = ""

    def __init__(self, happened: str, *, means: str = "", remedy: str = "") -> None:
        super().__init__(happened, means=means or self.MEANS, remedy=remedy or self.REMEDY)


class TransientStravaError(StravaError):
    """A failure that usually passes by itself: retried within bounds, then left to the next run."""

    transient = True

    REMEDY = (
        "Usually nothing: the next run tries again. If the problem persists, check https://status.strava.com."
    )


class PermanentStravaError(StravaError):
    """A failure that retrying cannot fix: the user has to act."""


class QuotaExhaustedError(StravaError):
    """The application's rate limit is used up as far as this project may use it.

    Attributes:
        window: the limit that was reached, `15min` or `daily`.
        resume_at: aware UTC time from which calls are possible again.
    """

    def __init__(self, window: Window, resume_at: datetime, detail: str) -> None:
        self.window: Window = window
        self.resume_at = resume_at
        name = "daily" if window == "daily" else "15-minute"
        super().__init__(
            f"Strava's {name} rate limit is reached ({detail}).",
            means="Data fetched so far is kept, and the next run continues from there.",
            remedy=f"Nothing: calls are possible again from {resume_at:%Y-%m-%d %H:%M} UTC.",
        )


class TurnOverError(QuotaExhaustedError):
    """One athlete's turn has sent as many calls as it may, so that the other athletes get theirs.

    Args:
        calls: the calls of the turn.
        resume_at: aware UTC time of the next quarter hour, when the athlete may have another turn.
    """

    def __init__(self, calls: int, resume_at: datetime) -> None:
        StravaError.__init__(
            self,
            f"This turn has sent the {calls} calls that it may.",
            means="Data fetched so far is kept. The other athletes come next, and a later turn continues.",
            remedy="Nothing.",
        )
        self.window: Window = "15min"
        self.resume_at = resume_at


class MissingCredentialsError(PermanentStravaError):
    """The secret store does not hold what a token refresh needs."""

    def __init__(self, names: Iterable[str], store: str) -> None:
        self.names = tuple(names)
        super().__init__(
            f"No {' and no '.join(self.names)} in {store}.",
            means="No request to Strava is possible. " + NOTHING_LOST,
            remedy=f"{LOGIN}, or set STRAVA_CLIENT_ID, STRAVA_CLIENT_SECRET and STRAVA_REFRESH_TOKEN.",
        )


class ForeignHostError(PermanentStravaError):
    """The configured address belongs to another host than the credentials.

    Args:
        setting: the name of the variable with the address.
        host: the host of that address.
        owner: the host the credentials are stored for; empty if the store does not record it.
    """

    def __init__(self, setting: str, host: str, owner: str) -> None:
        origin = f"are stored for {owner}" if owner else "come from the environment, which names no host"
        fix = f"Remove {setting} to use Strava's own address"
        if owner and not owner.endswith(".strava.com"):
            fix = f"Set {setting} to an address of {owner}"
        first = "" if owner else "set STRAVA_ASSETS_SECRET_STORE=file and "
        super().__init__(
            f"{setting} points to {host or 'no host'}, but these credentials {origin}.",
            means="Credentials are sent only to Strava or to the host they are stored for, so nothing was "
            "sent. " + NOTHING_LOST,
            remedy=f"{fix}. To use the new host, {first}run `strava-assets login`, which stores new "
            "credentials for it.",
        )


class MissingScopeError(PermanentStravaError):
    """The token is valid but lacks a scope that the request needs.

    Attributes:
        scopes: the missing scopes, as Strava names them.
    """

    def __init__(self, scopes: Iterable[str]) -> None:
        self.scopes = tuple(scopes)
        super().__init__(
            f"Strava refused the request because the token lacks the scope {', '.join(self.scopes)}.",
            means=(
                "Refreshing the token does not help, because a token keeps its scopes. The refresh token "
                "shown on Strava's settings page has only the scope `read` and cannot read activities."
            ),
            remedy=f"{LOGIN}, which asks for consent again, and leave every box ticked.",
        )


class ForeignAthleteError(PermanentStravaError):
    """The tokens of one athlete belong to another one.

    Args:
        athlete_id: whose tokens they should be.
        owner_id: whose they are.
    """

    def __init__(self, athlete_id: str, owner_id: str) -> None:
        super().__init__(
            f"The stored tokens of athlete {athlete_id} belong to athlete {owner_id}.",
            means="Nothing was stored for either of them from this fetch. " + NOTHING_LOST,
            remedy=f"{LOGIN} as athlete {athlete_id}.",
        )


class InactiveSubscriptionError(PermanentStravaError):
    """Strava has deactivated the API application, usually because a subscription is missing (403)."""

    MEANS = (
        "Since June 2026 an API application works only while the account that owns it has a paid Strava "
        "subscription. The token is not the cause. The bulk export works without a subscription."
    )
    REMEDY = (
        "Subscribe with the account that owns the application, then reactivate it at "
        "https://www.strava.com/settings/api. Without a subscription, use the bulk export."
    )


class InvalidRefreshTokenError(PermanentStravaError):
    """The refresh token is wrong, was revoked by the athlete, or was replaced by a newer one."""

    MEANS = (
        "Either access was revoked on Strava's site, or another program refreshed the same token and did not "
        "store the new one here. " + NOTHING_LOST
    )
    REMEDY = f"{LOGIN} to authorize again."


class InvalidAuthorizationCodeError(PermanentStravaError):
    """The code of the redirect was not accepted: a code works once and expires soon."""

    REMEDY = f"{LOGIN} again and use the address of the latest redirect."


class AuthorizationDeniedError(PermanentStravaError):
    """The athlete refused access on the consent page, or did not answer it."""

    MEANS = "No token was issued, and nothing was changed."
    REMEDY = f"{LOGIN} again and choose Authorize."


class ForeignRedirectError(AuthorizationDeniedError):
    """A redirect that belongs to another login than the current one."""

    MEANS = "It may come from an old tab, or from someone else. Nothing was changed."
    REMEDY = f"Use the tab that was opened last, or run {LOGIN.removeprefix('Run ')} again."


class InvalidClientError(PermanentStravaError):
    """The client id or the client secret does not belong to an API application."""

    REMEDY = (
        "Compare STRAVA_CLIENT_ID and STRAVA_CLIENT_SECRET with https://www.strava.com/settings/api: "
        "resetting the client secret there invalidates the old one. What a login stored is replaced by "
        "another `strava-assets login`."
    )


class InvalidAccessTokenError(PermanentStravaError):
    """The access token was refused immediately after a refresh."""

    MEANS = "The athlete has probably revoked access on Strava's site. " + NOTHING_LOST
    REMEDY = f"{LOGIN} to authorize again."


class RequestRefusedError(PermanentStravaError):
    """Strava rejected the request (another 4xx)."""

    REMEDY = "Run `strava-assets doctor`. If it finds nothing, please report this with the message above."


class ActivityNotFoundError(PermanentStravaError):
    """The activity does not exist, or it is not visible with this token's scopes (404)."""

    MEANS = "It was deleted, or it is private and the token lacks the scope activity:read_all."
    REMEDY = "Nothing if it was deleted. Otherwise run `strava-assets login` and leave every box ticked."


class RepeatedPageError(PermanentStravaError):
    """The listing repeats the same activities and would never end."""

    MEANS = "The listing was stopped, and no deletions are concluded from it. " + NOTHING_LOST
    REMEDY = "Check whether there is a proxy or cache between this machine and Strava, then run again."


class TlsError(PermanentStravaError):
    """The TLS connection failed: the certificate is not valid, or the server does not use TLS."""

    MEANS = "No secret was sent. " + NOTHING_LOST
    REMEDY = (
        "Check the address and the clock of this machine. If a proxy inspects traffic, set "
        "REQUESTS_CA_BUNDLE to its certificate. Verification cannot be disabled."
    )


class ClockSkewError(PermanentStravaError):
    """This machine's clock differs so much from Strava's that token expiry and fetch times would be wrong."""

    def __init__(self, skew: timedelta) -> None:
        seconds = int(skew.total_seconds())
        side = "behind" if seconds > 0 else "ahead of"
        super().__init__(
            f"This machine's clock is {abs(seconds)} seconds {side} Strava's.",
            means=(
                "Token expiry, quota windows and the order of fetches depend on the time, so the sync stops "
                "before it records wrong times. " + NOTHING_LOST
            ),
            remedy="Set the clock, and synchronize it with a time service (NTP).",
        )


class ServerError(TransientStravaError):
    """Strava or a server in front of it failed (5xx)."""


class RequestTimeoutError(TransientStravaError):
    """Strava did not respond in time."""


class ConnectionLostError(TransientStravaError):
    """The connection could not be established, or it broke."""

    REMEDY = (
        "Check the network and the address; the next run tries again. "
        "If the problem persists, check https://status.strava.com."
    )


class NotJsonError(TransientStravaError):
    """The response is not JSON; usually it is a web page."""

    REMEDY = (
        "Usually nothing: Strava sends such a page during maintenance. If the problem persists, check the "
        "address, and whether there is a proxy or a login portal between this machine and Strava."
    )


class TruncatedBodyError(TransientStravaError):
    """The response was empty or incomplete."""


class UnexpectedResponseError(TransientStravaError):
    """Valid JSON with status 200, but not of the expected shape."""

    REMEDY = (
        "Usually nothing: the next run tries again. If the problem persists, check the API address and "
        "whether Strava has changed its API."
    )
