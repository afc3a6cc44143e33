"""The kinds of warehouse: where each one is, how it is opened, and what it says of itself.

A new engine is a module beside this one with a `Warehouse`, and here a `WarehouseLocation` with an entry in
`KINDS`. Nothing else asks which kind it is. The engines' own modules bring their clients along, so they are
imported where they are opened.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from strava_assets.buckets.bucket import Retention

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets.settings import Settings
    from strava_assets.warehouse.engine import Warehouse
    from strava_assets.warehouse.stored_file import StoredFile

_WAIT_FOR_LOCK_S = 30.0
# After time travel Google can still restore a table for so long; it cannot be changed.
_FAIL_SAFE = timedelta(days=7)


@dataclass(frozen=True)
class WarehouseLocation(ABC):
    """Where the settings put the tables."""

    settings: Settings

    needs: ClassVar[tuple[str, ...]] = ()
    """Fields of the settings without which it cannot be opened."""

    @property
    @abstractmethod
    def address(self) -> str:
        """Where it is, as messages and the UI show it."""

    @abstractmethod
    def open(self, *, read_only: bool = False, wait_for_lock_s: float = _WAIT_FOR_LOCK_S) -> Warehouse:
        """The open warehouse, to be used as a context manager.

        An engine without such a mode ignores `read_only`, one without locks `wait_for_lock_s`.

        Raises:
            WarehouseError: it cannot be opened.
        """

    def exists(self) -> bool:
        """Whether there may be something to read; without asking over the network."""
        return True

    def fetch(self) -> None:  # noqa: B027 - most engines have nothing to fetch
        """Before a command's first look: bring the tables to this machine, where they are kept elsewhere."""

    def store(self) -> None:  # noqa: B027 - the same
        """After a command that wrote: put them back there.

        Raises:
            ObjectReplacedError: another run has written meanwhile; after `fetch` this one can run again.
        """

    def remove_traces(self) -> str:
        """Remove what dropping the tables leaves behind; says what became of it, or nothing."""
        return ""

    def retention(self) -> Retention:
        """What can still be restored after the tables were dropped, and for how long."""
        return Retention(timedelta(0), "")

    @property
    def data_studio_source(self) -> tuple[str, str] | None:
        """The project and dataset that Data Studio connects to; None where it cannot read the engine."""
        return None


class DuckDBLocation(WarehouseLocation):
    """One file in the home."""

    @property
    def path(self) -> Path:
        """The file."""
        return self.settings.duckdb_path.absolute()

    @property
    @override
    def address(self) -> str:
        return str(self.path)

    @override
    def open(self, *, read_only: bool = False, wait_for_lock_s: float = _WAIT_FOR_LOCK_S) -> Warehouse:
        from strava_assets.warehouse.duckdb import DuckDBWarehouse

        return DuckDBWarehouse(
            self.path,
            memory_limit=self.settings.duckdb_memory_limit,
            read_only=read_only,
            wait_for_lock_s=wait_for_lock_s,
        )

    @override
    def exists(self) -> bool:
        return self.path.exists()

    @override
    def fetch(self) -> None:
        if stored := self._stored:
            stored.fetch()

    @override
    def store(self) -> None:
        if stored := self._stored:
            stored.store()

    @property
    def _stored(self) -> StoredFile | None:
        from strava_assets.warehouse.stored_file import StoredFile

        address = self.settings.duckdb_url
        return StoredFile(self.path, address) if address else None

    @override
    def remove_traces(self) -> str:
        from strava_assets.warehouse.duckdb_file import foreign_tables, remove_file

        if foreign := foreign_tables(self.path):
            return f"The file {self.path} stays: it holds tables of another program ({', '.join(foreign)})."
        remove_file(self.path)
        if stored := self._stored:
            stored.remove()
            return f"The file {self.path} and its copy in {self.settings.duckdb_url} are removed."
        return f"The file {self.path} is removed."


class BigQueryLocation(WarehouseLocation):
    """One dataset of a Google Cloud project."""

    needs = ("gcp_project",)

    @property
    @override
    def address(self) -> str:
        return f"{self.settings.gcp_project}.{self.settings.bigquery_dataset}"

    @override
    def open(self, *, read_only: bool = False, wait_for_lock_s: float = _WAIT_FOR_LOCK_S) -> Warehouse:
        from strava_assets.warehouse.bigquery import BigQueryWarehouse

        return BigQueryWarehouse(
            self.settings.gcp_project or "",
            self.settings.bigquery_dataset,
            location=self.settings.bigquery_location,
            api_endpoint=self.settings.bigquery_api_endpoint,
            maximum_bytes_billed=self.settings.bigquery_max_bytes_billed,
        )

    @override
    def retention(self) -> Retention:
        from strava_assets.warehouse.bigquery import BigQueryWarehouse

        with self.open() as engine:
            hours = engine.time_travel_hours() if isinstance(engine, BigQueryWarehouse) else 0
        window = timedelta(hours=hours) + _FAIL_SAFE
        return Retention(
            window, f"time travel of {hours} hours and BigQuery's fail-safe of {_FAIL_SAFE.days} days"
        )

    @property
    @override
    def data_studio_source(self) -> tuple[str, str]:
        return self.settings.gcp_project or "", self.settings.bigquery_dataset


KINDS: dict[str, type[WarehouseLocation]] = {"duckdb": DuckDBLocation, "bigquery": BigQueryLocation}


def warehouse_location(settings: Settings) -> WarehouseLocation:
    """Where the settings put the tables; nothing is opened yet."""
    return KINDS[settings.warehouse_kind](settings)
