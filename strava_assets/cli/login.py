"""`strava-assets login`: the athlete gives consent in a browser, the tokens go into the store.

What is asked of Strava is in `strava/login.py`; this leads a person through it.
"""

from __future__ import annotations

import secrets
import webbrowser
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from strava_assets import wiring
from strava_assets.cli.options import Port
from strava_assets.landing.athlete_index import Athlete
from strava_assets.secrets import KINDS
from strava_assets.strava.errors import (
    ForeignHostError,
    InvalidAccessTokenError,
    InvalidClientError,
    InvalidRefreshTokenError,
    MissingCredentialsError,
    MissingScopeError,
)
from strava_assets.strava.hosts import require_oauth_host
from strava_assets.strava.login import Application

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strava_assets.landing.athlete_index import AthleteIndex
    from strava_assets.settings import Settings
    from strava_assets.strava.login import Consent
    from strava_assets.strava.token_store import TokenStore

# The consent page may first ask for Strava's own login, with a second factor.
LONGEST_WAIT_S = 600
# Two calls: enough to see that the listing works, and to count a short history to its end.
PAGES_COUNTED = 2
# What a login replaces.
_USELESS_TOKENS = (
    ForeignHostError,
    InvalidAccessTokenError,
    InvalidClientError,
    InvalidRefreshTokenError,
    MissingCredentialsError,
    MissingScopeError,
)

HOW_TO_GET_AN_APPLICATION = """\
You need an API application of your own at Strava, which takes a minute:
  1. Open https://www.strava.com/settings/api (its owner needs a paid Strava subscription).
  2. Create an application: any name, category and website; Authorization Callback Domain: localhost
  3. Copy its Client ID and Client Secret here.
"""


@click.command("login")
@click.option("--no-browser", is_flag=True, help="Print the address; paste back where the browser ends up.")
@click.option(
    "--port",
    type=Port(zero_is_any=True),
    default=0,
    help="Where the browser comes back to, on loopback; any free one by default.",
)
@click.option(
    "--store",
    type=click.Choice([name for name, kind in KINDS.items() if kind.keeper]),
    help="Where the tokens are kept; as STRAVA_ASSETS_SECRET_STORE says by default.",
)
def command(*, no_browser: bool, port: int, store: str | None) -> None:
    """Give this project access to your Strava activities.

    Client id and secret are asked for, or taken from STRAVA_CLIENT_ID and STRAVA_CLIENT_SECRET. Another
    athlete who logs in here is added: each has tokens and data of their own.
    """
    import requests

    from strava_assets.cli.console import say
    from strava_assets.settings_reader import changed_settings, load_settings
    from strava_assets.strava.login import exchange_code, store_grant

    settings = load_settings()
    kept_in = changed_settings(settings, secret_store=store) if store else settings
    usual_store = wiring.token_store(kept_in)
    credentials = _read(usual_store)
    of_token = _athlete_of_tokens(kept_in, usual_store, credentials)
    app = _application(settings, credentials)
    _explain_scopes()
    consent = _consent_by_hand(app) if no_browser else _consent_in_browser(app, port)
    with requests.Session() as session:
        grant = exchange_code(app, consent.code, session=session)
    athlete_id = str(grant.athlete.get("id", ""))
    with wiring.changing_athletes(settings) as index:
        before = _athletes_so_far(settings, index, of_token)
        athlete = Athlete(
            athlete_id,
            added_at=datetime.now(UTC),
            name=_full_name(grant.athlete),
            scopes=consent.scopes,
            has_own_store=of_token not in (None, athlete_id),
            logged_in=True,
        )
        if entry := before.get(athlete_id):
            athlete = replace(
                athlete,
                added_at=entry.added_at,
                shows_numbers=entry.shows_numbers,
                # Also while nobody's tokens are in the usual store: those in their own would stay behind.
                has_own_store=athlete.has_own_store or entry.has_own_store,
            )
        tokens = wiring.token_store(kept_in, athlete)
        store_grant(tokens, app, grant, consent.scopes, api_base_url=settings.api_base_url)
        index.put(athlete)
        if state := index.state(athlete_id):
            # With the new tokens it is tried at the next sync, and not only tomorrow.
            renewed = replace(state, refused_since=None, failures=0, problem="")
            if state.refused_since or not (entry and entry.logged_in):
                # Strava sent no events meanwhile.
                renewed = replace(renewed, listed_fully_at=None)
            index.write_state(athlete_id, renewed)
        wiring.expect_events(settings, index)
    say("ok", f"Logged in as {_name(grant.athlete)}. The tokens are kept in {tokens.location}.")
    if before and not entry:
        say("ok", f"There are {len(before) + 1} athletes now: strava-assets athletes lists them.")
        if len(before) == 1:
            say("step", "strava-assets up, if it runs, loads its graph anew with a partition per athlete.")
    if store and store != settings.secret_store_kind:
        say("warning", f"Set STRAVA_ASSETS_SECRET_STORE={store}, or runs will not look there.")
    _confirm(settings, tokens, consent.scopes)


def _athletes_so_far(settings: Settings, index: AthleteIndex, of_token: str | None) -> dict[str, Athlete]:
    """The athletes before this login, by id."""
    wiring.list_known_athletes(settings, index, of_token)
    return {athlete.athlete_id: athlete for athlete in index.athletes()}


def _read(tokens: TokenStore) -> dict[str, str]:
    """What a store holds that can also be written.

    Raises:
        StravaAssetsError: it cannot be read or written; this is found before the person is asked for consent.
    """
    if not tokens.writable:
        # The store's own refusal says what it is and which one to use.
        tokens.write({"refresh_token": ""})
    with tokens.lock():
        return tokens.read()


def _athlete_of_tokens(settings: Settings, tokens: TokenStore, stored: Mapping[str, str]) -> str | None:
    """The athlete of the tokens in the usual store, which the login of another one leaves alone.

    Of pasted tokens that never synced Strava says whose they are. None without tokens, and for tokens that
    are of no use as they are.

    Raises:
        StravaError: Strava cannot say it now; this is found before the person is asked for consent.
    """
    from strava_assets.history.fetch import athlete_of_token

    if not stored.get("refresh_token"):
        return stored.get("athlete_id")
    try:
        return athlete_of_token(wiring.fail_fast_client(settings, tokens), tokens)
    except _USELESS_TOKENS:
        return None


def _application(settings: Settings, stored: Mapping[str, str]) -> Application:
    """The API application: from the environment, else asked for; Enter takes what is stored."""
    client_id = settings.client_id
    secret = settings.client_secret.get_secret_value() if settings.client_secret else None
    if not (client_id and secret) and not stored.get("client_secret"):
        click.echo(HOW_TO_GET_AN_APPLICATION)
    if not client_id:
        client_id = str(
            click.prompt("Client ID", type=click.IntRange(min=1), default=stored.get("client_id"))
        )
    if not secret:
        usable = _stored_secret(settings, stored) if client_id == stored.get("client_id") else None
        note = "not shown; Enter keeps the stored one" if usable else "not shown"
        secret = click.prompt(f"Client Secret ({note})", hide_input=True, default=usable, show_default=False)
    return Application(client_id.strip(), secret.strip(), settings.oauth_base_url)


def _stored_secret(settings: Settings, stored: Mapping[str, str]) -> str | None:
    """The stored client secret; None where it belongs to another host than the one logged in at."""
    try:
        require_oauth_host(settings.oauth_base_url, stored, remembers=True)
    except ForeignHostError:
        return None
    return stored.get("client_secret")


def _explain_scopes() -> None:
    from strava_assets.strava.scopes import SCOPES

    click.echo("Strava will ask for your consent. Leave every box ticked; this is what each is for:")
    for scope in SCOPES:
        click.echo(f"  {scope.name:<18} {scope.purpose}")
    click.echo("Nothing is ever written to Strava.\n")


def _consent_in_browser(app: Application, port: int) -> Consent:
    """The answer of the consent page, as the browser brings it to a loopback port."""
    from strava_assets.strava.callback import listen
    from strava_assets.strava.login import authorization_url

    state = secrets.token_urlsafe(32)
    with listen(state, port) as callback:
        address = authorization_url(app, callback.redirect_uri, state)
        opened = webbrowser.open(address)
        click.echo("Your browser opens" if opened else "No browser could be opened. Open this yourself")
        click.echo(f"  {address}\n")
        click.echo(
            "Waiting for your answer there. If the page shows an error instead of a question, the client"
        )
        click.echo("id is wrong: press Ctrl-C and start again. Without a browser here: --no-browser.")
        return callback.wait(LONGEST_WAIT_S)


def _consent_by_hand(app: Application) -> Consent:
    """The answer of the consent page, as the person copies it from a browser anywhere."""
    from strava_assets.strava.callback import PATH
    from strava_assets.strava.login import authorization_url, read_redirect

    state = secrets.token_urlsafe(32)
    click.echo("Open this address in any browser, on any machine:\n")
    click.echo(f"  {authorization_url(app, f'http://localhost{PATH}', state)}\n")
    click.echo("After your answer the browser shows a page that cannot be reached. That is as it should be:")
    click.echo("copy the whole address of that page and paste it here.")
    return read_redirect(click.prompt("Address"), state)


def _name(athlete: Mapping[str, Any]) -> str:
    return _full_name(athlete) or f"athlete {athlete.get('id', 'without a name')}"


def _full_name(athlete: Mapping[str, Any]) -> str:
    parts = (athlete.get("firstname"), athlete.get("lastname"))
    return " ".join(str(part) for part in parts if part)


def _confirm(settings: Settings, tokens: TokenStore, scopes: tuple[str, ...]) -> None:
    """Say what can be seen with the new tokens, and what cannot.

    Raises:
        PermanentStravaError: Strava refuses the listing; the tokens are kept all the same.
    """
    from strava_assets.cli.console import say
    from strava_assets.strava.errors import QuotaExhaustedError, TransientStravaError
    from strava_assets.strava.scopes import missing_scopes

    missing = missing_scopes(scopes)
    for name, without in missing:
        say("warning", f"Without {name}: {without}. To change that, log in again and leave the box ticked.")
    if not {"activity:read", "activity:read_all"} & set(scopes):
        return
    try:
        pages = list(islice(wiring.fail_fast_client(settings, tokens).pages(), PAGES_COUNTED))
    except (TransientStravaError, QuotaExhaustedError) as error:
        say("warning", f"Your activities could not be counted now. {error.happened}")
        return
    count = sum(len(page.new_ids) for page in pages)
    number = f"at least {count:,}" if len(pages) == PAGES_COUNTED else f"{count:,}"
    say("ok", f"Strava shows {number} {'activity' if number == '1' else 'activities'} with these tokens.")
    click.echo("\nNext: make run, or strava-assets sync. To take the access back: strava-assets logout.")
