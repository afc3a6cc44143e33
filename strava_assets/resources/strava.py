"""Strava as a Dagster resource: secrets, token refresh, limits and pagination behind one client.

The configuration names places, never secrets; those are read from their store when a run asks for a client.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import dagster as dg
from pydantic import Field, PrivateAttr

from strava_assets import wiring
from strava_assets.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from strava_assets.landing.athlete_index import Athlete
    from strava_assets.strava.client import StravaClient
    from strava_assets.strava.limits import Pacer
    from strava_assets.strava.token_store import TokenStore


class StravaResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # Dagster's generic is its value type, which is the resource itself
    """An authenticated client of Strava's API that keeps to its rate limits."""

    api_base_url: str = Field(description="The API's address.")
    oauth_base_url: str = Field(description="The address of consent and tokens.")
    tokens: str = Field(description="Where credentials and the tokens that replace them are kept.")
    rate_limit_reserve: int = Field(description="Calls of every limit left to the athlete's other apps.")
    _settings: Settings = PrivateAttr()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Strava as the settings describe it."""
        resource = cls(
            api_base_url=settings.api_base_url,
            oauth_base_url=settings.oauth_base_url,
            tokens=wiring.token_store(settings).location,
            rate_limit_reserve=settings.rate_limit_reserve,
        )
        resource._settings = settings
        return resource

    def store(self, athlete: Athlete | None = None) -> TokenStore:
        """The token store, of the first athlete if none is given; nothing is read yet."""
        return wiring.token_store(self._settings, athlete)

    def pacer(
        self,
        announce: Callable[[str], None],
        *,
        reserve: int | None = None,
        max_wait_s: float = wiring.LONGEST_WAIT_S,
    ) -> Pacer:
        """What keeps one step within the quota; the arguments are those of `wiring.pacer`."""
        return wiring.pacer(self._settings, announce, reserve=reserve, max_wait_s=max_wait_s)

    def client(
        self, announce: Callable[[str], None], pacer: Pacer | None = None, athlete: Athlete | None = None
    ) -> StravaClient:
        """A client for one sync.

        Args:
            announce: called with a sentence for each wait, retry and refresh; never with a secret.
            pacer: keeps to the quota; the usual one by default.
            athlete: whose tokens it sends; by default the first athlete's.
        """
        return wiring.waiting_client(self._settings, announce, pacer or self.pacer(announce), athlete=athlete)
