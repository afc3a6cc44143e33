"""Credentials from the environment: read-only, so a token that Strava replaces is lost."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from strava_assets.secrets.errors import SecretStoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class EnvironmentStore:
    """The credentials that the settings found in the environment or in `.env`.

    Args:
        credentials: by store key; any may be absent.
    """

    name = location = "the environment"
    path = None
    writable = False
    settling_waits_s: tuple[float, ...] = ()

    def __init__(self, credentials: Mapping[str, str]) -> None:
        self._credentials = dict(credentials)
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return "EnvironmentStore()"

    def read(self) -> dict[str, str]:
        """The credentials that are set."""
        return dict(self._credentials)

    def write(self, values: Mapping[str, str]) -> None:
        """Refuse: nothing written to this process's environment outlives it.

        Raises:
            SecretStoreError: always.
        """
        raise SecretStoreError(
            f"The environment cannot keep {', '.join(sorted(values))}.",
            means="Environment variables are given to a process, not taken from it.",
            remedy="Set STRAVA_ASSETS_SECRET_STORE=file, or gcp, aws or azure for a cloud's own store.",
        )

    def check_writable(self) -> None:
        """Refuse, as `write` does."""
        self.write({})

    def clear(self) -> None:
        """Refuse, as `write` does."""
        self.write({})

    def has_tokens(self) -> bool:
        """Whether tokens are kept here besides the credentials of the environment: never."""
        return False

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Exclude this process's other threads; other processes share nothing with it."""
        with self._lock:
            yield
