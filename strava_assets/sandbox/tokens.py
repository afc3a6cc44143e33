"""Who may read the sandbox: codes, access and refresh tokens, scopes, and what revoking does.

One athlete, one application. HTTP is in oauth.py.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from strava_assets.sandbox.clock import Clock

CLIENT_ID = "12345"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - fixed and documented, opens nothing but the sandbox
REFRESH_TOKEN = "sandbox-refresh"  # noqa: S105 - the same

ACCESS_TOKEN_LIFE_S = 21_600
REUSE_ABOVE_S = 3_600
"""A refresh returns the same access token while it has more than this left."""

SCOPES = ("read", "activity:read", "activity:read_all", "profile:read_all")
DEFAULT_SCOPES = frozenset({"read", "activity:read_all", "profile:read_all"})


class InvalidGrantError(Exception):
    """The code or refresh token is unknown, spent, rotated away or revoked."""


@dataclass(frozen=True)
class Grant:
    """What the token endpoint hands out."""

    access_token: str
    refresh_token: str
    expires_at: int


class TokenBook:
    """The state of one athlete's authorisation. Thread-safe.

    Attributes:
        scopes: what the athlete has granted; may be set, and counts at once.
        rotate_refresh_token: whether a new access token comes with a new refresh token, the old one
            then being worth nothing.
        consented: whether the athlete has agreed on the consent page before.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.RLock()
        self._codes: dict[str, frozenset[str]] = {}
        self._access_tokens: dict[str, int] = {}
        self._current: Grant | None = None
        self.scopes: frozenset[str] | set[str] = DEFAULT_SCOPES
        self.rotate_refresh_token = True
        self.consented = False
        self.valid_refresh_token: str | None = REFRESH_TOKEN

    def now_s(self) -> int:
        """The sandbox's time, epoch seconds."""
        return int(self._clock().timestamp())

    @property
    def current_access_token(self) -> str | None:
        """The access token handed out last, whether or not it still lives."""
        return self._current.access_token if self._current else None

    def consent(self, scopes: Iterable[str]) -> str:
        """The athlete agrees to these scopes; returns the code for the redirect."""
        with self._lock:
            code = _new("code")
            self._codes[code] = frozenset(scopes)
            self.consented = True
            return code

    def exchange(self, code: str) -> Grant:
        """Redeem a code, once.

        Raises:
            InvalidGrantError: the code is unknown or spent.
        """
        with self._lock:
            scopes = self._codes.pop(code, None)
            if scopes is None:
                raise InvalidGrantError(code)
            self.scopes = scopes
            self.valid_refresh_token = _new("refresh")
            self._access_tokens.clear()
            return self._issue(self.valid_refresh_token)

    def refresh(self, refresh_token: str) -> Grant:
        """Exchange a refresh token for an access token: the same one while it has an hour left.

        Raises:
            InvalidGrantError: the refresh token is not the valid one.
        """
        with self._lock:
            if refresh_token != self.valid_refresh_token:
                raise InvalidGrantError(refresh_token)
            if self._current and self._lives(self._current.access_token, REUSE_ABOVE_S):
                return replace(self._current, refresh_token=refresh_token)
            if self.rotate_refresh_token:
                self.valid_refresh_token = _new("refresh")
            return self._issue(self.valid_refresh_token)

    def accepts(self, access_token: str) -> bool:
        """Whether this access token opens the API now."""
        with self._lock:
            return self._lives(access_token, 0)

    def expire_access_tokens(self) -> None:
        """Every access token handed out so far stops working, as after six hours."""
        with self._lock:
            self._access_tokens.clear()

    def rotate_away(self) -> str:
        """Another client of the same app refreshed: the known refresh token is worth nothing now."""
        with self._lock:
            self.valid_refresh_token = _new("refresh")
            return self.valid_refresh_token

    def revoke(self, token: str | None = None) -> None:
        """The athlete (or a client, with its token) takes access back; an unknown token does nothing."""
        with self._lock:
            if token is None or token == self.valid_refresh_token or token in self._access_tokens:
                self.valid_refresh_token = None
                self._access_tokens.clear()
                self._current = None
                self.consented = False

    def _issue(self, refresh_token: str) -> Grant:
        expires_at = self.now_s() + ACCESS_TOKEN_LIFE_S
        access_token = _new("access")
        self._access_tokens[access_token] = expires_at
        self._current = Grant(access_token, refresh_token, expires_at)
        return self._current

    def _lives(self, access_token: str, at_least_s: int) -> bool:
        return self._access_tokens.get(access_token, 0) > self.now_s() + at_least_s


def _new(kind: str) -> str:
    # Random, so that what a client kept from another sandbox is never taken for this one's.
    return f"sandbox-{kind}-{secrets.token_hex(16)}"
