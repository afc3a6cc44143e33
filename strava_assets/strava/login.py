"""The OAuth dance as a library: where to send the athlete, what to do with the answer, and how to revoke.

Waiting for the redirect on a loopback port is `callback`'s; talking to the person is the command line's.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from strava_assets.strava import errors, responses
from strava_assets.strava.hosts import bound_hosts
from strava_assets.strava.scopes import SCOPES
from strava_assets.strava.tokens import OAUTH_BASE_URL, TIMEOUT_S, Grant, request_grant, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from strava_assets.strava.token_store import TokenStore


@dataclass(frozen=True)
class Application:
    """An API application as registered at strava.com/settings/api, and the OAuth base it is used with."""

    client_id: str
    client_secret: str = field(repr=False)
    oauth_base_url: str = OAUTH_BASE_URL


@dataclass(frozen=True)
class Consent:
    """The athlete's answer: a code that works once, and the scopes that were left ticked."""

    code: str = field(repr=False)
    scopes: tuple[str, ...]


def authorization_url(app: Application, redirect_uri: str, state: str, *, ask_again: bool = True) -> str:
    """The address of the consent page.

    Args:
        app: the API application; only its id goes into the address.
        redirect_uri: where the answer goes; `localhost` and `127.0.0.1` are always allowed.
        state: a random text that must come back unchanged.
        ask_again: show the page even if consent was given before, which is the cure for missing scopes.
    """
    query = {
        "client_id": app.client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": ",".join(scope.name for scope in SCOPES),
        "approval_prompt": "force" if ask_again else "auto",
        "state": state,
    }
    return f"{app.oauth_base_url.rstrip('/')}/authorize?{urlencode(query)}"


def read_redirect(address: str, state: str) -> Consent:
    """Read the address that the consent page redirected to, as a browser or a person hands it over.

    Raises:
        ForeignRedirect: its `state` is not ours.
        AuthorizationDeniedError: it was refused, or there is no code in it.
    """
    query = {name: values[0] for name, values in parse_qs(urlsplit(address.strip()).query).items()}
    if not hmac.compare_digest(query.get("state", "").encode(), state.encode()):
        raise errors.ForeignRedirect(
            "The redirect does not belong to this login: its `state` is another one."
        )
    if query.get("error"):
        raise errors.AuthorizationDeniedError("Access was refused on Strava's consent page.")
    if not query.get("code"):
        raise errors.AuthorizationDeniedError("The redirect holds no code.")
    scopes = query.get("scope", "").replace(" ", ",").split(",")
    return Consent(query["code"], tuple(scope for scope in scopes if scope))


def exchange_code(
    app: Application, code: str, *, session: requests.Session, clock: Callable[[], datetime] = utc_now
) -> Grant:
    """Exchange the redirect's code for the first tokens.

    Raises:
        InvalidAuthorizationCodeError: the code was used before or is too old.
        InvalidClientError: id or secret is wrong.
        StravaError: any other failure.
    """
    form = {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "grant_type": "authorization_code",
        "code": code,
    }
    return request_grant(session, app.oauth_base_url, form, clock=clock)


def keep(
    store: TokenStore, app: Application, grant: Grant, scopes: Iterable[str], *, api_base_url: str
) -> None:
    """Write everything a login brought into the store, in one go, with the hosts it may be sent to.

    Args:
        store: where it is kept.
        app: the API application, and the OAuth address that has accepted it.
        grant: the tokens.
        scopes: what they were granted for.
        api_base_url: the API that the access token is for.
    """
    hosts = bound_hosts(app.oauth_base_url, api_base_url)
    values = (
        grant.as_values()
        | hosts
        | {
            "client_id": app.client_id,
            "client_secret": app.client_secret,
            "scope": ",".join(scopes),
            "athlete_id": str(grant.athlete.get("id", "")),
        }
    )
    store.write(values)


def revoke(app: Application, token: str, *, session: requests.Session) -> None:
    """Take back the access that was granted; a token that is worth nothing any more does no harm.

    Args:
        app: the API application.
        token: the refresh token, or an access token.
        session: for the request.

    Raises:
        InvalidClientError: id or secret is wrong.
        StravaError: any other failure.
    """
    request = "POST /oauth/revoke"
    try:
        answer = session.post(
            f"{app.oauth_base_url.rstrip('/')}/revoke",
            data={"token": token},
            auth=(app.client_id, app.client_secret),
            timeout=TIMEOUT_S,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        # `from None`: the library's exception holds the request, and the request holds the secrets.
        raise responses.transport_failure(error, request) from None
    if answer.status_code >= 300:
        raise responses.token_failure(answer.status_code, answer.content, request)
