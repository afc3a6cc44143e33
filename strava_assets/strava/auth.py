"""Keeps an access token at hand: reuses it while it lives, refreshes it once for all, keeps what rotates.

Getting the very first token from the athlete is `login`'s; where secrets are kept is the store's.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

import requests

from strava_assets.strava import errors
from strava_assets.strava.tokens import OAUTH_BASE_URL, TIMEOUT_S, request_grant, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager
    from datetime import datetime

logger = logging.getLogger("strava_assets.strava")

# A token with less life than this is not used for a new call: clocks differ and requests take their time.
LIFE_MARGIN_S = 300


class TokenStore(Protocol):
    """Where credentials and tokens are kept.

    The keys are `client_id`, `client_secret`, `refresh_token`, `access_token`, `expires_at` (epoch seconds),
    `scope` (comma separated) and `athlete_id`, all values being text; absent keys are simply not there.
    """

    @property
    def name(self) -> str:
        """The store as a person would name it, for messages."""

    @property
    def writable(self) -> bool:
        """Whether `write` keeps anything."""

    def read(self) -> dict[str, str]:
        """All values, as they are now."""

    def write(self, values: Mapping[str, str]) -> None:
        """Merge `values` into the store; they are durable when this returns."""

    def lock(self) -> AbstractContextManager[None]:
        """Hold off other processes that would refresh at the same time."""


class Authenticator:
    """Hands out access tokens for one athlete.

    A rotated refresh token is durable in the store before the access token that came with it is handed out.
    With a read-only store everything works as long as the process lives, with a loud warning on rotation.

    Args:
        store: where the credentials are.
        oauth_base_url: base of `/token`.
        session: for the token requests.
        clock: gives the aware UTC time.
        timeout: connect and read, in seconds.
    """

    def __init__(
        self,
        store: TokenStore,
        oauth_base_url: str = OAUTH_BASE_URL,
        session: requests.Session | None = None,
        clock: Callable[[], datetime] = utc_now,
        timeout: tuple[float, float] = TIMEOUT_S,
    ) -> None:
        self._store = store
        self._oauth_base_url = oauth_base_url
        self._session = session or requests.Session()
        self._clock = clock
        self._timeout = timeout
        self._held: dict[str, str] = {}
        self.calls = 0

    def access_token(self) -> str:
        """An access token with some minutes of life left.

        Raises:
            MissingCredentials: the store lacks something that a refresh needs.
            StravaError: the refresh failed.
        """
        if not self._lives(self._held):
            self._held = self._known()
        if not self._lives(self._held):
            self.refresh()
        return self._held["access_token"]

    def refresh(self, reject: str | None = None) -> None:
        """Get a new access token, unless another process just did.

        Args:
            reject: the token that was refused although it should live; it is not taken again from the store.
        """
        with self._store.lock():
            known = self._known()
            if self._lives(known) and known["access_token"] != reject:
                self._held = known
                return
            self._held = known | self._renew(known)

    def _renew(self, known: Mapping[str, str]) -> dict[str, str]:
        wanted = ("client_id", "client_secret", "refresh_token")
        missing = [name for name in wanted if not known.get(name)]
        if missing:
            raise errors.MissingCredentials(missing, self._store.name)
        form = {name: known[name] for name in wanted} | {"grant_type": "refresh_token"}
        self.calls += 1
        grant = request_grant(
            self._session, self._oauth_base_url, form, clock=self._clock, timeout=self._timeout
        )
        values = grant.as_values()
        if self._store.writable:
            self._store.write(values)
        elif grant.refresh_token != known["refresh_token"]:
            logger.warning(
                "Strava has replaced the refresh token, and %s cannot keep the new one: the next run will be "
                "refused. What to do: use a store that remembers, such as the file store, and run "
                "`strava-assets login`.",
                self._store.name,
            )
        return values

    def _known(self) -> dict[str, str]:
        """What the store says; a read-only store is behind what this process was given since."""
        stored = self._store.read()
        return stored if self._store.writable else stored | self._held

    def _lives(self, values: Mapping[str, str]) -> bool:
        try:
            expires_at = float(values.get("expires_at", 0))
        except ValueError:
            return False
        return bool(values.get("access_token")) and expires_at - self._clock().timestamp() > LIFE_MARGIN_S
