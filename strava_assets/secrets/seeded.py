"""Joins the credentials of the environment with a place that keeps tokens.

A person pastes id, secret and a refresh token into `.env`. The tokens that replace them are kept elsewhere,
and a newly pasted token wins over a kept one.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

SEED_MARK = "seed_mark"
CLIENT = ("client_id", "client_secret")
OF_ONE_GRANT = ("refresh_token", "access_token", "expires_at", "scope", "athlete_id")
SENT_TO_OAUTH = ("client_secret", "refresh_token")
HOSTS = ("oauth_host", "api_host")


class Keeper(Protocol):
    """A store that can be written as a whole."""

    name: str
    """In a sentence, e.g. `the token file /home/me/tokens.json`."""
    location: str
    """Where it is, e.g. the path of the file."""
    settling_waits_s: tuple[float, ...]

    @property
    def path(self) -> Path | None:
        """The file on this machine that holds them; None where there is none."""

    def read(self) -> dict[str, str]:
        """All values, as they are now."""

    def replace(self, values: Mapping[str, str]) -> None:
        """Put `values` in the place of everything; they are durable when this returns."""

    def check_writable(self) -> None:
        """See that there is room for the next tokens."""

    def clear(self) -> None:
        """Remove everything."""

    def lock(self) -> AbstractContextManager[None]:
        """Exclude other processes as far as the store can; its holder may take it again."""


class SeededStore:
    """A store that grows from credentials given elsewhere.

    Which refresh token it grew from is remembered as a salted hash. Client id and secret given by the
    seed always win: they are never rotated, so the seed is the place where a person corrects them.

    Args:
        keeper: where tokens are kept.
        seed: the credentials given, by store key; any may be absent.
    """

    writable = True

    def __init__(self, keeper: Keeper, seed: Mapping[str, str]) -> None:
        self._keeper = keeper
        self._seed = dict(seed)
        self.name = f"the environment and {keeper.name}"
        self.location = keeper.location
        self.path = keeper.path
        self.settling_waits_s = keeper.settling_waits_s

    def __repr__(self) -> str:
        return f"SeededStore({self._keeper!r})"

    def read(self) -> dict[str, str]:
        """The kept tokens where they belong to this seed, otherwise the seed itself."""
        tokens = self._keeper.read()
        mark = tokens.pop(SEED_MARK, "")
        client = {key: self._seed[key] for key in CLIENT if key in self._seed}
        if self._is_outgrown(tokens, mark):
            outgrown = set(OF_ONE_GRANT)
            # The hosts are bound to the secrets that were kept. They are let go only with all of these, or a
            # pasted token would take a kept client secret along to another host.
            if all(key in self._seed for key in SENT_TO_OAUTH):
                outgrown |= set(HOSTS)
            return {key: value for key, value in tokens.items() if key not in outgrown} | self._seed
        return tokens | client

    def write(self, values: Mapping[str, str]) -> None:
        """Merge `values`, and remember which seed they grew from.

        Done under the lock: merging into what another process is just replacing would bring a token back that
        is worth nothing any more.
        """
        with self.lock():
            whole = self.read() | dict(values)
            salt = secrets.token_hex(8)
            self._keeper.replace(whole | {SEED_MARK: _mark(salt, self._seed.get("refresh_token", ""))})

    def check_writable(self) -> None:
        """See that there is room for the next tokens, before Strava replaces those that are kept."""
        self._keeper.check_writable()

    def clear(self) -> None:
        """Remove what is kept; the seed is not ours to remove."""
        self._keeper.clear()

    def lock(self) -> AbstractContextManager[None]:
        """Exclude other processes as the keeper does."""
        return self._keeper.lock()

    def has_tokens(self) -> bool:
        """Whether anything is kept yet, besides the credentials of the environment."""
        return bool(self._keeper.read())

    def _is_outgrown(self, tokens: Mapping[str, str], mark: str) -> bool:
        """Whether the seed changed since something was kept: its tokens are then another grant's."""
        if "client_id" in tokens and self._seed.get("client_id", tokens["client_id"]) != tokens["client_id"]:
            return True
        pasted = self._seed.get("refresh_token", "")
        return bool(pasted) and mark != _mark(mark.partition(":")[0], pasted)


def _mark(salt: str, token: str) -> str:
    return f"{salt}:{hashlib.sha256(f'{salt}:{token}'.encode()).hexdigest()}"
