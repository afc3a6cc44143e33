"""The secrets of `strava-assets webhook`: the verify token, and client id and secret for the calls."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from strava_assets import wiring
from strava_assets.errors import ConfigurationError
from strava_assets.setting_paths import check_web_address, printable
from strava_assets.strava.hosts import LOOPBACK, host_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.settings import Settings
    from strava_assets.strava.subscriptions import SubscriptionCalls

VERIFY_TOKEN = "webhook_verify_token"  # noqa: S105 - the key in the token store, not a secret


def verify_token(settings: Settings, *, make: bool) -> str:
    """The secret of the callback address: as set, or else that of the token store.

    Args:
        settings: where to look.
        make: make one and keep it where there is none.

    Raises:
        ConfigurationError: there is none.
    """
    if settings.webhook_verify_token:
        return settings.webhook_verify_token.get_secret_value()
    from strava_assets.webhooks.callback_address import new_verify_token

    tokens = wiring.token_store(settings)
    if not make or not tokens.writable:
        stored = tokens.read().get(VERIFY_TOKEN)
    else:
        with tokens.lock():
            stored = tokens.read().get(VERIFY_TOKEN)
            if not stored:
                stored = new_verify_token()
                tokens.write({VERIFY_TOKEN: stored})
    if stored:
        return stored
    raise ConfigurationError(
        f"There is no verify token in {tokens.location}, and STRAVA_ASSETS_WEBHOOK_VERIFY_TOKEN is not set.",
        means="The callback address is derived from it, so the receiver has none.",
        remedy="Start strava-assets webhook serve first, which makes one where the token store can be "
        "written, or set the variable to a long random text.",
    )


@contextmanager
def subscription_calls(settings: Settings) -> Iterator[SubscriptionCalls]:
    """Calls that manage the application's subscription.

    Raises:
        MissingCredentialsError: client id or secret is missing.
        ForeignHostError: the client secret may not be sent to the API in the settings.
    """
    import requests

    from strava_assets.strava.errors import MissingCredentialsError
    from strava_assets.strava.hosts import require_oauth_host
    from strava_assets.strava.subscriptions import SubscriptionCalls

    tokens = wiring.application_store(settings)
    stored = tokens.read()
    if missing := [name for name in ("client_id", "client_secret") if not stored.get(name)]:
        raise MissingCredentialsError(missing, tokens.name)
    # These calls carry the client secret, and nothing records the host that accepts it.
    require_oauth_host(settings.api_base_url, stored, remembers=False, setting="STRAVA_API_BASE_URL")
    with requests.Session() as session:
        yield SubscriptionCalls(stored, settings.api_base_url, session)


def athletes_of_home(settings: Settings) -> tuple[str, ...]:
    """The athletes whose events are expected; asks Strava if neither a login nor a sync has stored it yet."""
    from strava_assets.history.fetch import athlete_of_token

    if logged_in := wiring.athlete_index(settings).logged_in():
        return tuple(athlete.athlete_id for athlete in logged_in)
    tokens = wiring.application_store(settings)
    return (athlete_of_token(wiring.fail_fast_client(settings, tokens), tokens),)


def public_address(url: str) -> str:
    """The start of the callback address: scheme, host and port.

    Raises:
        ConfigurationError: Strava could not use it.
    """
    problem = ""
    try:
        parts = check_web_address(url)
    except ValueError as error:
        problem = str(error)
    else:
        if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
            problem = "must be a host alone, without a path; the receiver chooses the path"
        elif parts.scheme != "https" and host_of(url) != LOOPBACK:
            problem = "must begin with https://, because Strava sends events over HTTPS alone"
    if problem:
        raise ConfigurationError(
            f"{printable(url)!r} {problem}.",
            means="No subscription was made.",
            remedy="Give your public address, e.g. --url https://rides.example.com.",
        )
    return f"{parts.scheme}://{parts.netloc}"
