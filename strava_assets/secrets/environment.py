"""Secrets from the environment: read-only, so a token that Strava rotates is not kept.

The names of the variables live here; reading a `.env` file is the settings' matter.
"""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING

from strava_assets.secrets.errors import SecretStoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

VARIABLES = {
    "client_id": "STRAVA_CLIENT_ID",
    "client_secret": "STRAVA_CLIENT_SECRET",
    "refresh_token": "STRAVA_REFRESH_TOKEN",
}


def values_of(environ: Mapping[str, str]) -> dict[str, str]:
    """The credentials that the environment holds, by store key; blank ones are absent."""
    found = {key: environ.get(variable, "").strip() for key, variable in VARIABLES.items()}
    return {key: value for key, value in found.items() if value}


class EnvironmentStore:
    """The three credentials as environment variables.

    Args:
        environ: the environment, given by the caller and read at every `read`.
    """

    name = "the environment"
    writable = False
    settling_waits_s: tuple[float, ...] = ()

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return "EnvironmentStore()"

    def read(self) -> dict[str, str]:
        """The credentials that are set."""
        return values_of(self._environ)

    def write(self, values: Mapping[str, str]) -> None:
        """Refuse: nothing written to this process's environment outlives it.

        Raises:
            SecretStoreError: always.
        """
        raise SecretStoreError(
            f"The environment cannot keep {', '.join(sorted(values))}.",
            means="Environment variables are given to a process, not taken from it.",
            remedy="Set STRAVA_ASSETS_SECRET_STORE=file, or gcp for Google Secret Manager.",
        )

    def clear(self) -> None:
        """Refuse, as `write` does."""
        self.write({})

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold off this process's other threads; other processes share nothing with it."""
        with self._lock:
            yield
