"""What this room asks of a secret store; the stores themselves live in another room and match by shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager


class TokenStore(Protocol):
    """Where credentials and tokens are kept.

    The keys are `client_id`, `client_secret`, `refresh_token`, `access_token`, `expires_at` (epoch seconds),
    `scope` (comma separated), `athlete_id`, and the hosts they may be sent to (`oauth_host`, `api_host`), all
    values being text; absent keys are simply not there.
    A writable store can be pickled: a refresh works on it in a process of its own.
    """

    @property
    def name(self) -> str:
        """The store as a person would name it, for messages."""

    @property
    def writable(self) -> bool:
        """Whether `write` keeps anything."""

    @property
    def settling_waits_s(self) -> tuple[float, ...]:
        """Waits between looks for what another process may be writing; empty where `lock` holds it off."""

    def read(self) -> dict[str, str]:
        """All values, as they are now."""

    def write(self, values: Mapping[str, str]) -> None:
        """Merge `values` into the store; they are durable when this returns."""

    def clear(self) -> None:
        """Forget what was written."""

    def lock(self) -> AbstractContextManager[None]:
        """Hold off other processes that would refresh at the same time; its holder may still write."""
