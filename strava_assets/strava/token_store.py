"""The interface of a secret store; the stores themselves are in `secrets`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager


class TokenStore(Protocol):
    """Stores credentials and tokens.

    The keys are `client_id`, `client_secret`, `refresh_token`, `access_token`, `expires_at` (epoch seconds),
    `scope` (comma separated), `athlete_id`, and the hosts they may be sent to (`oauth_host`, `api_host`). All
    values are text; any key may be absent. A writable store can be pickled, because a refresh uses it in a
    subprocess.
    """

    @property
    def name(self) -> str:
        """The name of the store in messages."""

    @property
    def location(self) -> str:
        """Where tokens are kept, for messages."""

    @property
    def writable(self) -> bool:
        """Whether `write` stores anything."""

    @property
    def settling_waits_s(self) -> tuple[float, ...]:
        """Waits between reads for values that another process may be writing; empty if `lock` excludes it."""

    def read(self) -> dict[str, str]:
        """Return all current values."""

    def write(self, values: Mapping[str, str]) -> None:
        """Merge `values` into the store; they are durable when this returns."""

    def check_writable(self) -> None:
        """See that there is room for the next tokens."""

    def clear(self) -> None:
        """Remove everything that was written."""

    def lock(self) -> AbstractContextManager[None]:
        """Exclude other processes that would refresh at the same time; the holder may still write."""
