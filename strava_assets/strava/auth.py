"""Provides a valid access token: reuses the stored one until it expires, then refreshes it.

`refresh` makes a refresh safe; `login` gets the first token from the athlete.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import requests

from strava_assets.strava.hosts import require_api_host
from strava_assets.strava.refresh import Refresh, has_valid_access_token
from strava_assets.strava.tokens import OAUTH_BASE_URL, TIMEOUT_S, utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from strava_assets.strava.token_store import TokenStore

logger = logging.getLogger("strava_assets.strava")


class Authenticator:
    """Hands out access tokens for one athlete.

    A rotated refresh token is stored durably before the access token that came with it is handed out.
    A read-only store works for the lifetime of the process; a warning is logged when the token is rotated.

    Args:
        store: holds the credentials.
        oauth_base_url: base of `/token`, with or without a trailing slash.
        session: used for refreshes with a read-only store; other refreshes run in a subprocess.
        clock: returns the current aware UTC time.
        timeout: connect and read timeouts, in seconds.
        on_warning: called with each warning for the user; logs it by default.
        in_subprocess: whether a refresh with a writable store runs in a process that outlives this one.

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
        in_subprocess: bool = True,
    ) -> None:
        self._store = store
        self._oauth_base_url = oauth_base_url
        self._session = session or requests.Session()
        self._clock = clock
        self._timeout = timeout
        self._on_warning = on_warning
        self._in_subprocess = in_subprocess
        self._tokens: dict[str, str] = {}
        self.calls = 0

    def access_token(self, api_base_url: str) -> str:
        """Return an access token that is valid for at least five more minutes.

        Raises:
            ForeignHostError: the token may not be sent to `api_base_url`.
            MissingCredentialsError: the store lacks something that a refresh needs.
            StravaError: the refresh failed.
        """
        if not has_valid_access_token(self._tokens, self._clock()) and self._store.writable:
            self._tokens = self._store.read()
        require_api_host(api_base_url, self._tokens, self._oauth_base_url)
        if not has_valid_access_token(self._tokens, self._clock()):
            self.refresh()
        return self._tokens["access_token"]

    def refresh(self, reject: str | None = None) -> None:
        """Get a new access token, unless another process just did.

        Args:
            reject: a token that Strava refused before it expired; it is not read from the store again.
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
        outlives = writable and self._in_subprocess
        outcome = refresh.in_subprocess() if outlives else refresh.make(self._session)
        self.calls += outcome.requests_sent
        if not writable and outcome.values["refresh_token"] != self._newest_refresh_token():
            self._on_warning(
                f"Strava has replaced the refresh token, and {self._store.name} cannot store the new one: "
                "the next run will be refused. What to do: Use a writable store, such as the file store, "
                "and run `strava-assets login`."
            )
        self._tokens = outcome.values

    def _newest_refresh_token(self) -> str | None:
        return self._tokens.get("refresh_token") or self._store.read().get("refresh_token")
