"""The interface of every form of published table: publish, expire, read back, remove.

A form is a subclass in a module of its own. What all forms do alike belongs here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strava_assets.file_modes import modes_at
from strava_assets.published.errors import PlaceUnusableError, PublishError
from strava_assets.shards import shard_of_folder
from strava_assets.storage_folder import StorageFolder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from strava_assets.published.draft import Draft
    from strava_assets.schema.columns import Table

MARK = "strava_assets.table"
"""The property that marks a table as written by this project; its value is the table's name."""
DIGEST = "strava_assets.digest"
"""The property with the digest of the rows, by which a table that has not changed is left alone."""


@dataclass(frozen=True)
class Published:
    """What publishing a table did.

    Args:
        address: where readers find it.
        rows: its number of rows.
        version: the form's own name of what readers see now.
        is_new: whether it replaced another version; otherwise the same rows were there already.
    """

    address: str
    rows: int
    version: str
    is_new: bool


@dataclass(frozen=True)
class StoredTable:
    """A table of this project as it lies at its place.

    Args:
        name: the mart's.
        version: as `Published.version`.
        digest: of its rows.
        published_at: when this version was written, aware UTC; None if the place does not tell.
    """

    name: str
    version: str
    digest: str
    published_at: datetime | None


class Publisher(ABC):
    """Tables of one form under one address.

    Args:
        url: a folder or fsspec address; each table has a folder of its name in it.
    """

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    def table_address(self, name: str) -> str:
        """Where readers find a table."""
        return f"{self.url}/{name}"

    def publish(self, table: Table, draft: Draft) -> Published:
        """Put the rows of a draft in place of a table; readers see the old rows or the new ones.

        Raises:
            ForeignTableError: another program's table is there; it was not touched.
            PublishConflictError: another run published the table meanwhile.
            PlaceUnusableError: the place cannot be written; the table is as it was.
        """
        address = self.table_address(table.name)
        with self._explained(address), modes_at(self.url):
            stored = self.stored(table.name)
            if stored and self._is_same(stored, draft):
                return Published(address, draft.rows, stored.version, is_new=False)
            version = self._swap(table, draft)
        return Published(address, draft.rows, version, is_new=True)

    @abstractmethod
    def stored(self, name: str) -> StoredTable | None:
        """The table as it lies there; None where there is none.

        Raises:
            ForeignTableError: what is there is another program's.
        """

    def _is_same(self, stored: StoredTable, draft: Draft) -> bool:
        return stored.digest == draft.digest

    @abstractmethod
    def _swap(self, table: Table, draft: Draft) -> str:
        """Replace the table atomically, or create it; returns its version."""

    @abstractmethod
    def names(self) -> list[str]:
        """The names of this project's tables at the place, those of earlier releases too, in order."""

    @abstractmethod
    def data_files(self, name: str) -> list[str]:
        """The addresses of the Parquet files that hold the current rows."""

    @abstractmethod
    def expire(self, name: str, before: datetime) -> int:
        """Remove what readers no longer see and is older than a time; returns the number of files."""

    def reader_problem(self, name: str) -> str:  # noqa: ARG002 - a default
        """Why some readers of this form could not open the table; empty where all can."""
        return ""

    @abstractmethod
    def remove(self, name: str) -> int:
        """Remove a table with all its versions; returns the number of files."""

    @abstractmethod
    def is_own_path(self, path: str) -> bool:
        """Whether a path below the address has the form of this publisher's files."""

    def check_writable(self) -> None:
        """Write and remove a small file.

        Raises:
            PlaceUnusableError: the place cannot be written.
        """
        self._folder().check_writable()

    def foreign_files(self) -> list[str]:
        """What this project did not write at the place; nothing reads or removes it."""
        ours = set(self.names())
        return [
            entry.name
            for entry in self._folder().entries()
            if entry.name not in ours and not shard_of_folder(entry.name)
        ]

    def _folder(self, name: str = "") -> StorageFolder:
        address = self.table_address(name) if name else self.url
        return StorageFolder(address, lambda problem: PlaceUnusableError(address, problem))

    @contextmanager
    def _explained(self, address: str) -> Iterator[None]:
        """Turn the errors of a form's library into ours; they share no class but `Exception`."""
        try:
            yield
        except PublishError:
            raise
        except Exception as error:
            raise self._as_publish_error(address, error) from error

    def _as_publish_error(self, address: str, error: Exception) -> PublishError:
        return PlaceUnusableError.because(address, error)


def shard_folders(root: str) -> list[str]:
    """The names of the folders under an address in which shards have published.

    Raises:
        PlaceUnusableError: the place cannot be read.
    """
    folder = StorageFolder(root, lambda problem: PlaceUnusableError(root, problem))
    return [entry.name for entry in folder.entries() if shard_of_folder(entry.name)]


def remove_files(folder: StorageFolder, paths: list[str]) -> int:
    """Remove files and the folders that this leaves empty; returns the number of files."""
    folder.remove(paths)
    parents = {path.rsplit("/", depth)[0] for path in paths for depth in range(1, path.count("/") + 1)}
    for parent in sorted(parents, key=len, reverse=True):
        folder.remove_if_empty(parent)
    folder.remove_if_empty()
    return len(paths)
