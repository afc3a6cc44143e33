"""The warehouse as a Dagster resource: which engine, and where."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

if TYPE_CHECKING:
    from strava_assets.warehouse.engine import Warehouse


class WarehouseResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # Dagster's generic is its value type, which is the resource itself
    """The engine that holds the tables: an embedded DuckDB file."""

    duckdb_path: str = Field(description="The DuckDB file.")
    duckdb_memory_limit: str = Field(description="What DuckDB may hold in memory, e.g. 256MB.")

    @property
    def storage_kind(self) -> str:
        """`duckdb`; shown on the assets without opening anything."""
        return "duckdb"

    def open(self) -> Warehouse:
        """The open warehouse, to be used as a context manager; leaving it releases the file.

        Raises:
            WarehouseError: the file is locked, foreign or cannot be written.
        """
        from strava_assets.warehouse.duckdb import DuckDBWarehouse

        return DuckDBWarehouse(Path(self.duckdb_path), memory_limit=self.duckdb_memory_limit)
