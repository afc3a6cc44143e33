"""`strava-assets logout`: take the access back at Strava, then forget the tokens here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from strava_assets.settings import Settings
    from strava_assets.strava.token_store import TokenStore

SEED = "STRAVA_REFRESH_TOKEN"


@click.command("logout")
def command() -> None:
    """Revoke this project's access and forget its tokens.

    Your synced data stays.
    """
    from strava_assets.cli.account import open_tokens, place_of_tokens
    from strava_assets.cli.console import say
    from strava_assets.settings import load_settings

    settings = load_settings()
    tokens = open_tokens(settings)
    if not tokens.read().get("refresh_token"):
        say("ok", f"You are not logged in: there are no tokens in {place_of_tokens(settings)}.")
        return
    log_out(settings, tokens)


def log_out(settings: Settings, tokens: TokenStore) -> None:
    """Revoke the tokens if Strava can be asked, and forget them in any case; tells what came of it."""
    from strava_assets.cli.account import place_of_tokens
    from strava_assets.cli.console import say

    # A refresh that another run makes meanwhile would write its tokens back.
    with tokens.lock():
        _revoke(settings, tokens)
        if tokens.writable:
            tokens.clear()
            say("ok", f"Tokens, client id and client secret are removed from {place_of_tokens(settings)}.")
    if settings.refresh_token:
        say("warning", f"{SEED} is still set, in .env or the environment: remove it there.")


def _revoke(settings: Settings, tokens: TokenStore) -> None:
    import requests

    from strava_assets.cli.account import application
    from strava_assets.cli.console import say
    from strava_assets.errors import StravaAssetsError
    from strava_assets.strava.login import revoke

    try:
        with requests.Session() as session:
            revoke(application(settings, tokens), tokens.read()["refresh_token"], session=session)
    except StravaAssetsError as error:
        say("warning", f"Access could not be taken back at Strava. {error.happened}")
        say("warning", "To be sure, revoke it by hand at https://www.strava.com/settings/apps.")
    else:
        say("ok", "Strava accepts these tokens no longer.")
