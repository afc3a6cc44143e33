"""The interface of a bucket, and its errors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strava_assets.errors import StravaAssetsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import timedelta
    from pathlib import Path


class BucketError(StravaAssetsError):
    """A bucket cannot be read or written."""

    def __init__(self, address: str, error: Exception) -> None:
        super().__init__(
            f"{address} cannot be used: {type(error).__name__}.",
            means="Nothing in it was changed.",
            remedy="Check that the bucket exists, and that these credentials may read and write it.",
        )


class ObjectReplacedError(StravaAssetsError):
    """Somebody else wrote the object since it was read."""

    transient = True

    def __init__(self, address: str) -> None:
        super().__init__(
            f"{address} was written by another run since this one read it.",
            means="The other run's object stays; this run's was not written.",
            remedy="Run again; nothing is lost, because the landing has all that was fetched.",
        )


@dataclass(frozen=True)
class Retention:
    """What a bucket keeps of objects that are removed.

    Args:
        keeps_for: how long removed objects can still be restored; zero where they cannot, None where the
            bucket does not tell.
        reason: in words, e.g. `soft delete of 7 days`; empty where nothing is kept.
    """

    keeps_for: timedelta | None
    reason: str


class Bucket(ABC):
    """A bucket or container of one cloud.

    Args:
        name: the bucket's.
        address: as settings write it, for messages.
    """

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.address = address

    @abstractmethod
    def version(self, key: str) -> str | None:
        """The version of an object as a precondition names it; None where there is no object."""

    @abstractmethod
    def fetch(self, key: str, to: Path) -> str | None:
        """Copy an object into a local file; returns the version that was copied, None where there is none."""

    @abstractmethod
    def put(self, key: str, source: Path, *, replaces: str | None) -> str:
        """Write an object only if what is there now is the version `replaces`, or nothing where that is None.

        Returns:
            The new version.

        Raises:
            ObjectReplacedError: something else is there; it was left alone.
        """

    @abstractmethod
    def remove(self, key: str) -> None:
        """Remove an object if it exists."""

    @abstractmethod
    def purge(self, prefix: str, is_ours: Callable[[str], bool]) -> int:
        """Remove all versions of objects that are no longer the current one, and markers of removals.

        Args:
            prefix: of the keys.
            is_ours: whether a key below the prefix may be touched.

        Returns:
            The number of versions removed.
        """

    @abstractmethod
    def retention(self) -> Retention:
        """What the bucket keeps after everything was removed that can be."""

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn the errors of a cloud's library into ours; their texts may hold what signed the request."""
        try:
            yield
        except StravaAssetsError:
            raise
        except Exception as error:
            raise BucketError(self.address, error) from error
