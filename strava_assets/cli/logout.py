"""`strava-assets logout`: take the access back at Strava, then forget the tokens here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from strava_assets.cli.options import AthleteId

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.landing.athlete_index import Athlete
    from strava_assets.settings import Settings
    from strava_assets.strava.login import Application
    from strava_assets.strava.token_store import TokenStore

SEED = "STRAVA_REFRESH_TOKEN"


@click.command("logout")
@click.option(
    "--athlete",
    "athlete_id",
    type=AthleteId(),
    help="The athlete's id at Strava; needed only where several athletes logged in here.",
)
def command(*, athlete_id: str | None) -> None:
    """Revoke this project's access and forget its tokens.

    Your synced data stays.
    """
    from strava_assets import wiring
    from strava_assets.cli.console import say
    from strava_assets.settings_reader import load_settings

    settings = load_settings()
    with wiring.changing_athletes(settings) as index:
        athlete = _choose(index.logged_in(), athlete_id)
        others = [other for other in index.logged_in() if other != athlete]
        tokens = wiring.token_store(settings, athlete)
        if not tokens.read().get("refresh_token"):
            say("ok", f"You are not logged in: there are no tokens in {tokens.location}.")
        else:
            log_out(settings, tokens, others_stay=bool(others))
        if athlete and athlete.has_own_store and not others:
            # The verify token was kept there for the events of this last athlete.
            usual = wiring.token_store(settings)
            if usual.writable and not usual.read().get("refresh_token"):
                usual.clear()
        if athlete:
            index.put(replace(athlete, logged_in=False, scopes=()))
            wiring.expect_events(settings, index)


def _choose(logged_in: Sequence[Athlete], athlete_id: str | None) -> Athlete | None:
    """The athlete to log out; None where nobody is listed, whose tokens are in the usual store.

    Raises:
        ConfigurationError: several are logged in and none was named, or the one named is not.
    """
    from strava_assets.errors import ConfigurationError

    if athlete_id is None and len(logged_in) <= 1:
        return logged_in[0] if logged_in else None
    for athlete in logged_in:
        if athlete.athlete_id == athlete_id:
            return athlete
    names = ", ".join(athlete.label for athlete in logged_in) or "nobody"
    raise ConfigurationError(
        f"Athlete {athlete_id} is not logged in." if athlete_id else "Several athletes are logged in.",
        means=f"Logged in: {names}. Nothing was changed.",
        remedy="Name one: strava-assets logout --athlete ID.",
    )


def log_out(settings: Settings, tokens: TokenStore, *, others_stay: bool) -> None:
    """Revoke the tokens if Strava can be asked, and forget them in any case; prints the result.

    Args:
        settings: how Strava is asked.
        tokens: the athlete's store.
        others_stay: whether other athletes are logged in; their events come to an address that is derived
            from the verify token, which is kept beside the tokens of the first athlete.
    """
    from strava_assets.cli.console import say
    from strava_assets.cli.webhook_credentials import VERIFY_TOKEN

    # A refresh that another run makes meanwhile would write its tokens back.
    with tokens.lock():
        _revoke(settings, tokens)
        if tokens.writable:
            verify_token = tokens.read().get(VERIFY_TOKEN) if others_stay else None
            tokens.clear()
            if verify_token:
                tokens.write({VERIFY_TOKEN: verify_token})
            say("ok", f"Tokens, client id and client secret are removed from {tokens.location}.")
    if settings.refresh_token:
        say("warning", f"{SEED} is still set, in .env or the environment: remove it there.")


def _revoke(settings: Settings, tokens: TokenStore) -> None:
    import requests

    from strava_assets.cli.console import say
    from strava_assets.errors import StravaAssetsError
    from strava_assets.strava.login import revoke

    try:
        with requests.Session() as session:
            revoke(_application(settings, tokens), tokens.read()["refresh_token"], session=session)
    except StravaAssetsError as error:
        say("warning", f"Access could not be taken back at Strava. {error.happened}")
        say("warning", "To be sure, revoke it by hand at https://www.strava.com/settings/apps.")
    else:
        say("ok", "Strava accepts these tokens no longer.")


def _application(settings: Settings, tokens: TokenStore) -> Application:
    """The API application whose id and secret a store holds, to be used at the OAuth address in force.

    Raises:
        MissingCredentialsError: the store does not hold all of them.
        ForeignHostError: they belong to another host than that address.
    """
    from strava_assets.strava.errors import MissingCredentialsError
    from strava_assets.strava.hosts import require_oauth_host
    from strava_assets.strava.login import Application
    from strava_assets.strava.refresh import NEEDED

    stored = tokens.read()
    if missing := [name for name in NEEDED if not stored.get(name)]:
        raise MissingCredentialsError(missing, tokens.name)
    require_oauth_host(settings.oauth_base_url, stored, remembers=tokens.writable)
    return Application(stored["client_id"], stored["client_secret"], settings.oauth_base_url)
