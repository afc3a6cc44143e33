"""The OAuth state of a sandbox with one athlete and one application: codes, tokens and scopes.

HTTP is in oauth.py.
"""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from strava_assets.sandbox.clock import Clock

CLIENT_ID = "12345"
CLIENT_SECRET = "sandbox-secret"  # noqa: S105 - fixed and documented, valid for sandboxes only
REFRESH_TOKEN = "sandbox-refresh"  # noqa: S105 - the same

ACCESS_TOKEN_LIFE_S = 21_600
REUSE_ABOVE_S = 3_600
"""A refresh returns the same access token if its remaining life is longer than this."""

SCOPES = ("read", "activity:read", "activity:read_all", "profile:read_all")
DEFAULT_SCOPES = frozenset({"read", "activity:read_all", "profile:read_all"})


class InvalidGrantError(Exception):
    """The code or refresh token is unknown, used, replaced or revoked."""


@dataclass(frozen=True)
class Grant:
    """The tokens that the token endpoint returns."""

    access_token: str
    refresh_token: str
    expires_at: int


class OAuthState:
    """The state of one athlete's authorization. Thread-safe.

    Attributes:
        scopes: The granted scopes; can be set at any time.
        rotate_refresh_token: Whether each new access token comes with a new refresh token that replaces the
            old one.
        consented: Whether the athlete has agreed on the consent page before.
        on_revoke: Called after access was revoked.
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
        self.on_revoke: Callable[[], None] = lambda: None

    def now_s(self) -> int:
        """The sandbox's time, epoch seconds."""
        return int(self._clock().timestamp())

    @property
    def current_access_token(self) -> str | None:
        """The latest access token, even if it has expired."""
        return self._current.access_token if self._current else None

    def consent(self, scopes: Iterable[str]) -> str:
        """Grant scopes and return the code for the redirect."""
        with self._lock:
            code = _new("code")
            self._codes[code] = frozenset(scopes)
            self.consented = True
            return code

    def exchange(self, code: str) -> Grant:
        """Exchange a code for tokens, once.

        Raises:
            InvalidGrantError: The code is unknown or used.
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
        """Exchange a refresh token for an access token, the same one as long as it has an hour left.

        Raises:
            InvalidGrantError: The refresh token is not valid.
        """
        with self._lock:
            if refresh_token != self.valid_refresh_token:
                raise InvalidGrantError(refresh_token)
            if self._current and self._is_alive(self._current.access_token, REUSE_ABOVE_S):
                return replace(self._current, refresh_token=refresh_token)
            if self.rotate_refresh_token:
                self.valid_refresh_token = _new("refresh")
            return self._issue(self.valid_refresh_token)

    def issued(self, code: str) -> bool:
        """Whether a code was issued here and not used yet."""
        return code in self._codes

    def accepts(self, access_token: str) -> bool:
        """Whether the access token is valid now."""
        with self._lock:
            return self._is_alive(access_token, 0)

    def expire_access_tokens(self) -> None:
        """Invalidate all access tokens, as after six hours."""
        with self._lock:
            self._access_tokens.clear()

    def revoke(self, token: str | None = None) -> None:
        """Revoke all access; an unknown token has no effect."""
        with self._lock:
            if token is None or token == self.valid_refresh_token or token in self._access_tokens:
                self.valid_refresh_token = None
                self._access_tokens.clear()
                self._current = None
                self.consented = False
                self.on_revoke()

    def _issue(self, refresh_token: str) -> Grant:
        expires_at = self.now_s() + ACCESS_TOKEN_LIFE_S
        access_token = _new("access")
        self._access_tokens[access_token] = expires_at
        self._current = Grant(access_token, refresh_token, expires_at)
        return self._current

    def _is_alive(self, access_token: str, at_least_s: int) -> bool:
        return self._access_tokens.get(access_token, 0) > self.now_s() + at_least_s


def _new(kind: str) -> str:
    # Random, so that tokens of another sandbox are never valid here.
    return f"sandbox-{kind}-{secrets.token_hex(16)}"
