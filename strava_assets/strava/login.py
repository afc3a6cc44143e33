"""The OAuth flow: the address of the consent page, the redirect, the first tokens, and revoking access.

`callback` waits for the redirect on a loopback port; the command line interacts with the user.
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
    """An API application as registered at strava.com/settings/api, and the OAuth base URL to use with it."""

    client_id: str
    client_secret: str = field(repr=False)
    oauth_base_url: str = OAUTH_BASE_URL


@dataclass(frozen=True)
class Consent:
    """The athlete's consent: a code that works once, and the granted scopes."""

    code: str = field(repr=False)
    scopes: tuple[str, ...]


def authorization_url(app: Application, redirect_uri: str, state: str, *, ask_again: bool = True) -> str:
    """The address of the consent page.

    Args:
        app: the API application; only its id is part of the address.
        redirect_uri: receives the result; Strava always allows `localhost` and `127.0.0.1`.
        state: a random text that the redirect must return unchanged.
        ask_again: show the page even if consent was given before, which is needed to add scopes.
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
    """Read the address that the consent page redirected to.

    Raises:
        ForeignRedirectError: it has another `state`.
        AuthorizationDeniedError: access was refused, or the address has no code.
    """
    query = {name: values[0] for name, values in parse_qs(urlsplit(address.strip()).query).items()}
    if not hmac.compare_digest(query.get("state", "").encode(), state.encode()):
        raise errors.ForeignRedirectError("The redirect does not belong to this login: its `state` differs.")
    if query.get("error"):
        raise errors.AuthorizationDeniedError("Access was refused on Strava's consent page.")
    if not query.get("code"):
        raise errors.AuthorizationDeniedError("The redirect contains no code.")
    scopes = query.get("scope", "").replace(" ", ",").split(",")
    return Consent(query["code"], tuple(scope for scope in scopes if scope))


def exchange_code(
    app: Application, code: str, *, session: requests.Session, clock: Callable[[], datetime] = utc_now
) -> Grant:
    """Exchange the code of the redirect for the first tokens.

    Raises:
        InvalidAuthorizationCodeError: the code was used before or has expired.
        InvalidClientError: the client id or secret is wrong.
        StravaError: any other failure.
    """
    form = {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "grant_type": "authorization_code",
        "code": code,
    }
    return request_grant(session, app.oauth_base_url, form, clock=clock)


def store_grant(
    store: TokenStore, app: Application, grant: Grant, scopes: Iterable[str], *, api_base_url: str
) -> None:
    """Write the results of a login into the store in one step, with the hosts they may be sent to.

    Args:
        store: receives the values.
        app: the API application, and the OAuth address that accepted it.
        grant: the tokens.
        scopes: the granted scopes.
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
    """Revoke the granted access; an invalid token is not an error.

    Args:
        app: the API application.
        token: the refresh token, or an access token.
        session: used for the request.

    Raises:
        InvalidClientError: the client id or secret is wrong.
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
        # `from None`: the library's exception contains the request, and the request contains the secrets.
        raise responses.transport_failure(error, request) from None
    if answer.status_code >= 300:
        raise responses.token_failure(answer.status_code, answer.content, request)
