"""What the stores of all clouds share: no lock, one connection, and the words for a refusal.

How a cloud keeps versions, and what it raises, stands in its own module.
"""

from __future__ import annotations

import contextlib
import logging
from functools import cached_property
from typing import TYPE_CHECKING, Any

from strava_assets.cloud_failures import Failure, cloud_failure
from strava_assets.secrets.errors import SecretStoreError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

logger = logging.getLogger("strava_assets.secrets")

NOTHING_ASKED = "Strava is not asked for a token that could not be kept."
"""What a refusal means."""


class CloudStore:
    """One secret at one place of a cloud.

    No cloud has a lock, so two processes may refresh at once: the one that is refused looks for what the
    other has written (`settling_waits_s`).

    Args:
        place: where the secret is: what `connect` takes.
        secret: its name there.
        connect: makes the client.
    """

    path = None
    settling_waits_s: tuple[float, ...] = (0.5, 1.0, 2.0)
    name: str
    location: str

    def __init__(self, place: str, secret: str, connect: Callable[..., Any]) -> None:
        self._place = place
        self._secret = secret
        self._connect = connect

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._place!r}, {self._secret!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # A connection cannot move to another process; how to make one can.
        return type(self), (self._place, self._secret, self._connect)

    def lock(self) -> AbstractContextManager[None]:
        """Exclude nobody; the class says why."""
        return contextlib.nullcontext()

    def check_writable(self) -> None:
        """Nothing to see beforehand: no cloud is full, and each version that is written costs."""

    @cached_property
    def _client(self) -> Any:
        return self._connect(self._place)

    def _warn_not_retired(self, error: Exception) -> None:
        failure = cloud_failure(error)
        logger.warning(
            "%s has a new version, but the one before it could not be retired (%s).",
            self.name,
            failure.code if failure else type(error).__name__,
        )

    def _refused(self, error: Exception, done: str, *, grant: str, otherwise: str) -> SecretStoreError:
        """A refusal in our words.

        Args:
            error: the client's.
            done: what could not be done, e.g. `read`.
            grant: the remedy where the permission is missing.
            otherwise: the remedy where the failure is of no known kind.
        """
        failure = cloud_failure(error)
        if failure and failure.kind is Failure.FORBIDDEN:
            return SecretStoreError(
                f"{self.name} may not be {done} by this account.", means=NOTHING_ASKED, remedy=grant
            )
        reason = f": {failure.message}" if failure else f" ({type(error).__name__})"
        return SecretStoreError(
            f"{self.name} could not be {done}{reason}.",
            means=NOTHING_ASKED,
            remedy=failure.remedy if failure else otherwise,
        )
