"""Every way in which Strava can fail us, each a class with its own cure.

Three families decide what happens next: transient (worth a bounded retry), quota (stop, go on later) and
permanent (a person has to do something). How an answer is recognised as one of them lives in `answers`.
"""
# ruff: noqa: N818 - the names are those of the failures; the bases carry the word "Error"

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from strava_assets.errors import StravaAssetsError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

Window = Literal["15min", "daily"]

NOTHING_LOST = "Nothing that was fetched before is lost."
LOGIN = "Run `strava-assets login`"


class StravaError(StravaAssetsError):
    """Any failure of a conversation with Strava.

    Args:
        happened: what was seen, in one sentence, without any secret.
    """

    MEANS: ClassVar[str] = NOTHING_LOST
    REMEDY: ClassVar[str] = ""

    def __init__(self, happened: str, *, means: str = "", remedy: str = "") -> None:
        super().__init__(happened, means=means or self.MEANS, remedy=remedy or self.REMEDY)


class TransientStravaError(StravaError):
    """A failure that is likely to pass by itself: retried with a bound, then left to the next run."""

    transient = True

    REMEDY = "Usually nothing: the next run tries again. If it lasts, look at https://status.strava.com."


class PermanentStravaError(StravaError):
    """A failure that no retry cures: a person has to act."""


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
            means="What was fetched so far is kept; the next run goes on from there.",
            remedy=f"Nothing: calls are possible again from {resume_at:%Y-%m-%d %H:%M} UTC.",
        )


class MissingCredentialsError(PermanentStravaError):
    """The secret store does not hold what a token refresh needs."""

    def __init__(self, names: Iterable[str], store: str) -> None:
        self.names = tuple(names)
        super().__init__(
            f"No {' and no '.join(self.names)} in {store}.",
            means="Strava cannot be asked for anything. " + NOTHING_LOST,
            remedy=f"{LOGIN}, or set STRAVA_CLIENT_ID, STRAVA_CLIENT_SECRET and STRAVA_REFRESH_TOKEN.",
        )


class ForeignHostError(PermanentStravaError):
    """An address in force leads to another host than the one the credentials belong to.

    Args:
        setting: the variable that holds the address.
        host: the host it leads to.
        owner: the host the credentials are stored for; empty where the store cannot say.
    """

    def __init__(self, setting: str, host: str, owner: str) -> None:
        whose = f"are stored for {owner}" if owner else "come from the environment, which names no host"
        back = f"Remove {setting}: Strava's own address is then used"
        if owner and not owner.endswith(".strava.com"):
            back = f"Set {setting} to an address of {owner}"
        first = "" if owner else "set STRAVA_ASSETS_SECRET_STORE=file and "
        super().__init__(
            f"{setting} leads to {host or 'no host'}, and these credentials {whose}.",
            means="Credentials go only to Strava or to the host they are stored for, so nothing was sent. "
            + NOTHING_LOST,
            remedy=f"{back}. If you do mean the new host, {first}run `strava-assets login`, which stores new "
            "credentials for it.",
        )


class MissingScopeError(PermanentStravaError):
    """The token is good, but it was not granted what was asked for.

    Attributes:
        scopes: the scopes that are missing, as Strava names them.
    """

    def __init__(self, scopes: Iterable[str]) -> None:
        self.scopes = tuple(scopes)
        super().__init__(
            f"Strava refuses this because the token lacks the scope {', '.join(self.scopes)}.",
            means=(
                "Refreshing the token cannot cure it: a token keeps the scopes it was granted. The refresh "
                "token shown on Strava's settings page has the scope `read` only and never reads activities."
            ),
            remedy=f"{LOGIN}, which asks Strava for consent again, and leave every box ticked.",
        )


class InactiveSubscriptionError(PermanentStravaError):
    """Strava has switched the API application off, for want of a subscription as a rule (403)."""

    MEANS = (
        "Since June 2026 an API application works only while the account that owns it has a paid Strava "
        "subscription. The token is not the cause and needs no renewal. The bulk export works without it."
    )
    REMEDY = (
        "Subscribe with the account that owns the application, then reactivate it at "
        "https://www.strava.com/settings/api. Without a subscription, use the bulk export."
    )


class InvalidRefreshTokenError(PermanentStravaError):
    """The refresh token is wrong, was revoked by the athlete, or was replaced by a newer one."""

    MEANS = (
        "Either access was revoked on Strava's site, or another program refreshed the same token and kept "
        "the new one to itself. " + NOTHING_LOST
    )
    REMEDY = f"{LOGIN} to authorise again."


class InvalidAuthorizationCodeError(PermanentStravaError):
    """The code of the redirect was not accepted: codes work once and only for a short while."""

    REMEDY = f"{LOGIN} again and use the address of the newest redirect."


class AuthorizationDeniedError(PermanentStravaError):
    """The consent page was answered with a refusal, or not at all."""

    MEANS = "No token was issued and nothing was changed."
    REMEDY = f"{LOGIN} again and choose Authorize."


class ForeignRedirect(AuthorizationDeniedError):
    """A redirect that belongs to another login than the one that was begun."""

    MEANS = "It may come from an old tab, or be somebody else's doing. Nothing was changed."
    REMEDY = f"Use the tab that was opened last, or run {LOGIN.removeprefix('Run ')} again."


class InvalidClientError(PermanentStravaError):
    """The client id or the client secret is not the one of an API application."""

    REMEDY = (
        "Compare STRAVA_CLIENT_ID and STRAVA_CLIENT_SECRET with https://www.strava.com/settings/api: "
        "a client secret that was reset there invalidates the old one."
    )


class InvalidAccessTokenError(PermanentStravaError):
    """The access token was refused although it was just refreshed."""

    MEANS = "The athlete has probably revoked access on Strava's site. " + NOTHING_LOST
    REMEDY = f"{LOGIN} to authorise again."


class RequestRefusedError(PermanentStravaError):
    """Strava understood the request and does not want it (another 4xx)."""

    REMEDY = "Run `strava-assets doctor`; if it finds nothing, please report this with the message above."


class ActivityNotFoundError(PermanentStravaError):
    """There is no such activity, or it is not visible with this token's scopes (404)."""

    MEANS = "It was deleted, or it is private and the token lacks the scope activity:read_all."
    REMEDY = "Nothing if it was deleted; otherwise run `strava-assets login` and leave every box ticked."


class RepeatedPageError(PermanentStravaError):
    """The listing brings the same activities over and over, so it would never end."""

    MEANS = "The listing was stopped; no conclusion is drawn from it. " + NOTHING_LOST
    REMEDY = "Check whether a proxy or cache stands between this machine and Strava, then run again."


class TlsError(PermanentStravaError):
    """No trusted encrypted connection: a certificate that does not verify, or no TLS at all."""

    MEANS = "No secret was sent. " + NOTHING_LOST
    REMEDY = (
        "Check the address and the clock of this machine. Behind a proxy that inspects traffic, point "
        "REQUESTS_CA_BUNDLE at its certificate. Verification is never switched off."
    )


class ClockSkewError(PermanentStravaError):
    """This machine's clock and Strava's disagree by so much that token lives and fetch times are wrong."""

    def __init__(self, skew: timedelta) -> None:
        seconds = int(skew.total_seconds())
        side = "behind" if seconds > 0 else "ahead of"
        super().__init__(
            f"This machine's clock is {abs(seconds)} seconds {side} Strava's.",
            means=(
                "Token lives, quota windows and the order of fetches all hang on the time, so the sync stops "
                "before it records wrong ones. " + NOTHING_LOST
            ),
            remedy="Set the clock, and let it be kept by a time service (NTP).",
        )


class ServerError(TransientStravaError):
    """Strava or something before it failed (5xx)."""


class RequestTimeoutError(TransientStravaError):
    """No answer in time."""


class ConnectionLostError(TransientStravaError):
    """The connection could not be made or broke."""

    REMEDY = (
        "Check the network and the address. Otherwise nothing: the next run tries again. "
        "If it lasts, look at https://status.strava.com."
    )


class NotJsonError(TransientStravaError):
    """Something else than JSON came back, a web page as a rule."""

    REMEDY = (
        "Usually nothing, Strava shows such a page during maintenance. If it lasts, check the address "
        "and whether a proxy or a login portal stands between this machine and Strava."
    )


class TruncatedBodyError(TransientStravaError):
    """The answer was empty or cut off half-way."""


class UnexpectedResponseError(TransientStravaError):
    """Valid JSON with a good status, but not of the shape that this request is answered with."""

    REMEDY = (
        "Usually nothing: the next run tries again. If it lasts, check the API address and "
        "whether Strava has changed its API."
    )
