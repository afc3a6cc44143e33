"""The warehouse as a Dagster resource: which engine, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import dagster as dg
from pydantic import Field, PrivateAttr

from strava_assets import wiring
from strava_assets.settings import Settings

if TYPE_CHECKING:
    from strava_assets.warehouse.engine import Warehouse


class WarehouseResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # Dagster's generic is its value type, which is the resource itself
    """The engine that holds the tables.

    dagster_gcp's `BigQueryResource` is not used: it has no endpoint to set, writes credentials into the
    environment of the whole process, and its import costs seconds that the embedded engine need not pay.
    """

    kind: str = Field(description="The engine, e.g. duckdb.")
    address: str = Field(description="The file, or the project and dataset.")
    _settings: Settings = PrivateAttr()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The warehouse that the settings describe."""
        resource = cls(kind=settings.warehouse_kind, address=wiring.warehouse(settings).address)
        resource._settings = settings
        return resource

    def open(self) -> Warehouse:
        """The open warehouse, to be used as a context manager; leaving it releases the file or the client.

        Raises:
            WarehouseError: it cannot be opened, e.g. DuckDB's file is locked, foreign or cannot be written.
        """
        return wiring.warehouse(self._settings).open()
