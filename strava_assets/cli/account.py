"""The account a command works on: its token store and a client that fails instead of waiting.

A sync that may wait for a quarter hour has its client from `resources`.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from strava_assets.settings import SecretStoreKind
from strava_assets.strava.errors import MissingCredentialsError
from strava_assets.strava.hosts import require_oauth_host
from strava_assets.strava.login import Application
from strava_assets.strava.refresh import NEEDED
from strava_assets.strava.tokens import utc_now

if TYPE_CHECKING:
    from strava_assets.settings import Settings
    from strava_assets.strava.client import StravaClient
    from strava_assets.strava.token_store import TokenStore


def open_tokens(settings: Settings, kind: SecretStoreKind | None = None) -> TokenStore:
    """The token store that the settings name, or another kind of it; nothing is read yet."""
    from strava_assets.secrets import open_store

    return open_store(
        (kind or settings.secret_store_kind).value,
        environ=os.environ,
        path=settings.token_path.absolute(),
        project=settings.gcp_project,
        secret=settings.gcp_secret,
    )


def place_of_tokens(settings: Settings, kind: SecretStoreKind | None = None) -> str:
    """Where `open_tokens` keeps what it is given, without the environment it also reads."""
    kind = kind or settings.secret_store_kind
    if kind is SecretStoreKind.GCP:
        return f"Google Secret Manager, project {settings.gcp_project}, secret {settings.gcp_secret}"
    return "the environment" if kind is SecretStoreKind.ENV else str(settings.token_path.absolute())


def application(settings: Settings, tokens: TokenStore) -> Application:
    """The API application whose id and secret a store holds, to be used at the OAuth address in force.

    Raises:
        MissingCredentialsError: the store does not hold all of them.
        ForeignHostError: they belong to another host than that address.
    """
    known = tokens.read()
    if missing := [name for name in NEEDED if not known.get(name)]:
        raise MissingCredentialsError(missing, tokens.name)
    require_oauth_host(settings.oauth_base_url, known, remembers=tokens.writable)
    return Application(known["client_id"], known["client_secret"], settings.oauth_base_url)


def impatient_client(settings: Settings, tokens: TokenStore) -> StravaClient:
    """A client for a person who looks on: one retry, and an error instead of a wait for the quota."""
    from strava_assets.strava.auth import Authenticator
    from strava_assets.strava.client import StravaClient
    from strava_assets.strava.limits import Pacer

    pacer = Pacer(clock=utc_now, sleep=time.sleep, reserve_calls=0, max_waits=0)
    auth = Authenticator(tokens, settings.oauth_base_url)
    return StravaClient(auth, settings.api_base_url, pacer=pacer, max_retries=1)
