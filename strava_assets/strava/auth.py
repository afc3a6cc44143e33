"""Keeps an access token at hand: reuses it while it lives, across processes, and has it refreshed then.

How a refresh is made safe lives in `refresh`; getting the very first token from the athlete in `login`.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import requests

from strava_assets.strava.hosts import require_api_host
from strava_assets.strava.refresh import Refresh, lives
from strava_assets.strava.tokens import OAUTH_BASE_URL, TIMEOUT_S, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from strava_assets.strava.token_store import TokenStore

logger = logging.getLogger("strava_assets.strava")


class Authenticator:
    """Hands out access tokens for one athlete.

    A rotated refresh token is durable in the store before the access token that came with it is handed out.
    With a read-only store everything works as long as the process lives, with a loud warning on rotation.

    Args:
        store: where the credentials are.
        oauth_base_url: base of `/token`, with or without a slash at the end.
        session: for refreshes with a read-only store; others are made in a process of their own.
        clock: gives the aware UTC time.
        timeout: connect and read, in seconds.
        on_warning: told what a person should know; the log by default.

    Attributes:
        calls: token requests sent so far.
    """

    def __init__(
        self,
        store: TokenStore,
        oauth_base_url: str = OAUTH_BASE_URL,
        session: requests.Session | None = None,
        clock: Callable[[], datetime] = utc_now,
        *,
        timeout: tuple[float, float] = TIMEOUT_S,
        on_warning: Callable[[str], None] = logger.warning,
    ) -> None:
        self._store = store
        self._oauth_base_url = oauth_base_url
        self._session = session or requests.Session()
        self._clock = clock
        self._timeout = timeout
        self._on_warning = on_warning
        self._tokens: dict[str, str] = {}
        self.calls = 0

    def access_token(self, api_base_url: str) -> str:
        """An access token with some minutes of life left.

        Args:
            api_base_url: where it will be sent.

        Raises:
            ForeignHostError: it may not be sent there.
            MissingCredentialsError: the store lacks something that a refresh needs.
            StravaError: the refresh failed.
        """
        if not lives(self._tokens, self._clock()) and self._store.writable:
            self._tokens = self._store.read()
        require_api_host(api_base_url, self._tokens, self._oauth_base_url)
        if not lives(self._tokens, self._clock()):
            self.refresh()
        return self._tokens["access_token"]

    def refresh(self, reject: str | None = None) -> None:
        """Get a new access token, unless another process just did.

        Args:
            reject: the token that was refused although it should live; it is not taken again from the store.
        """
        writable = self._store.writable
        refresh = Refresh(
            self._store,
            self._oauth_base_url,
            self._timeout,
            self._clock(),
            reject,
            newer={} if writable else self._tokens,
        )
        outcome = refresh.in_subprocess() if writable else refresh.make(self._session)
        self.calls += outcome.requests_sent
        if not writable and outcome.values["refresh_token"] != self._newest_known():
            self._on_warning(
                f"Strava has replaced the refresh token, and {self._store.name} cannot keep the new one: "
                "the next run will be refused. What to do: use a store that remembers, such as the file "
                "store, and run `strava-assets login`."
            )
        self._tokens = outcome.values

    def _newest_known(self) -> str | None:
        return self._tokens.get("refresh_token") or self._store.read().get("refresh_token")
