"""Strava as a Dagster resource: secrets, token refresh, limits and pagination behind one client.

The configuration names places, never secrets; those are read from their store when a run asks for a client.
"""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from strava_assets.settings import SecretStoreKind

if TYPE_CHECKING:
    from collections.abc import Callable

    from strava_assets.strava.client import StravaClient
    from strava_assets.strava.token_store import TokenStore


# A quarter hour and a little: the next window of the short limit is worth waiting for, a day is not.
LONGEST_WAIT_S = 960.0


class StravaResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # Dagster's generic is its value type, which is the resource itself
    """An authenticated, paced client of Strava's API."""

    api_base_url: str = Field(description="The API's address.")
    oauth_base_url: str = Field(description="The address of consent and tokens.")
    secret_store: SecretStoreKind = Field(description="Where credentials and rotated tokens live.")
    token_path: str = Field(description="The file store's file.")
    gcp_project: str | None = Field(default=None, description="The project of Secret Manager.")
    gcp_secret: str = Field(default="strava-assets", description="The secret there that holds the tokens.")
    rate_limit_reserve: int = Field(description="Calls of every limit left to the athlete's other apps.")

    def store(self) -> TokenStore:
        """The secret store; nothing is read yet."""
        from strava_assets.secrets.opening import open_store

        return open_store(
            self.secret_store.value,
            environ=os.environ,
            path=Path(self.token_path),
            project=self.gcp_project,
            secret=self.gcp_secret,
        )

    def client(
        self,
        announce: Callable[[str], None],
        *,
        reserve: int | None = None,
        max_wait_s: float = LONGEST_WAIT_S,
    ) -> StravaClient:
        """A client for one sync.

        Args:
            announce: told of waits for a rate limit, retries and refreshes; never told a secret.
            reserve: calls of every limit that are not used; by default what is left to the other apps.
            max_wait_s: the longest wait for a rate limit, seconds; zero ends the work instead.
        """
        from strava_assets.strava.auth import Authenticator
        from strava_assets.strava.client import StravaClient
        from strava_assets.strava.limits import Pacer

        def on_wait(seconds: float, until: datetime, reason: str) -> None:
            announce(f"{reason}. Waiting {seconds:.0f} s, until {until:%H:%M} UTC.")

        pacer = Pacer(
            clock=lambda: datetime.now(UTC),
            sleep=time.sleep,
            reserve_calls=self.rate_limit_reserve if reserve is None else reserve,
            max_wait_s=max_wait_s,
            on_wait=on_wait,
        )
        auth = Authenticator(self.store(), self.oauth_base_url)
        return StravaClient(auth, self.api_base_url, pacer=pacer, on_event=announce)
