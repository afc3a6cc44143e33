"""Checks Strava with one request: the connection, the credentials, the clock and the remaining quota."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets import wiring
from strava_assets.cli.checkups.finding import Finding, State, failed, ok, warning
from strava_assets.strava import errors

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.settings import Settings
    from strava_assets.strava.limits import Quota

# The subject of each error; all others are about the connection.
_ABOUT: dict[type[errors.StravaError], str] = {
    errors.InactiveSubscriptionError: "subscription",
    errors.MissingScopeError: "scopes",
    errors.MissingCredentialsError: "secrets",
    errors.InvalidRefreshTokenError: "token",
    errors.InvalidAccessTokenError: "token",
    errors.InvalidClientError: "client",
    errors.ClockSkewError: "clock",
    errors.QuotaExhaustedError: "quota",
}


def look(settings: Settings) -> Iterator[Finding]:
    """List one activity. An expired token is refreshed and stored, as in every run."""
    client = wiring.fail_fast_client(settings, wiring.application_store(settings))
    try:
        newest = next(client.pages(per_page=1), None)
    except (errors.TransientStravaError, errors.QuotaExhaustedError) as error:
        # It ends without any action.
        yield failed(_ABOUT.get(type(error), "strava"), error, State.WARNING)
    except errors.StravaError as error:
        yield failed(_ABOUT.get(type(error), "strava"), error)
    else:
        refreshed = " (just refreshed)" if client.calls["token"] else ""
        yield ok("token", f"Strava accepts it{refreshed}; the application is active and the clocks agree.")
        if newest is None:
            yield warning("activities", "Strava shows none.", "Nothing, if there are none yet.")
    if client.quota:
        yield _quota(client.quota, settings.rate_limit_reserve)


def _quota(quota: Quota, reserve_calls: int) -> Finding:
    usages, short = [], False
    for window, spoken in (("15min", "this quarter hour"), ("daily", "today")):
        for bucket, allowance in quota.window("daily" if window == "daily" else "15min").items():
            if allowance.limit is None or allowance.left is None:
                continue
            usages.append(f"{bucket} {allowance.usage} of {allowance.limit} {spoken}, {allowance.left} left")
            short = short or allowance.left <= min(reserve_calls, allowance.limit // 2)
    message = f"Used: {'; '.join(usages)}."
    if short:
        return warning("quota", message, "Nothing: a sync stops at the limit and continues when it may.")
    return ok("quota", message)
