"""The warehouse as a Dagster resource: which engine, and where."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from pydantic import Field

from strava_assets.settings import WarehouseKind

if TYPE_CHECKING:
    from strava_assets.warehouse.engine import Warehouse


class WarehouseResource(dg.ConfigurableResource):  # type: ignore[type-arg]  # Dagster's generic is its value type, which is the resource itself
    """The engine that holds the tables: an embedded DuckDB file, or BigQuery.

    dagster_gcp's `BigQueryResource` is not used: it has no endpoint to set, writes credentials into the
    environment of the whole process, and its import costs seconds that the embedded engine need not pay.
    """

    kind: WarehouseKind = Field(description="duckdb or bigquery.")
    duckdb_path: str = Field(description="The DuckDB file.")
    duckdb_memory_limit: str = Field(description="What DuckDB may hold in memory, e.g. 128MB.")
    gcp_project: str | None = Field(default=None, description="The project of BigQuery's jobs and dataset.")
    bigquery_dataset: str = Field(description="The dataset; made when missing.")
    bigquery_location: str = Field(description="Where the dataset is, or is made.")
    bigquery_max_bytes_billed: int = Field(description="The most a statement may be billed for, bytes.")
    bigquery_api_endpoint: str | None = Field(default=None, description="An emulator's address, for tests.")

    def open(self) -> Warehouse:
        """The open warehouse, to be used as a context manager; leaving it releases the file or the client.

        Raises:
            WarehouseError: DuckDB's file is locked, foreign or cannot be written.
        """
        if self.kind is WarehouseKind.BIGQUERY:
            from strava_assets.warehouse.bigquery import BigQueryWarehouse

            return BigQueryWarehouse(
                self.gcp_project or "",
                self.bigquery_dataset,
                location=self.bigquery_location,
                api_endpoint=self.bigquery_api_endpoint,
                maximum_bytes_billed=self.bigquery_max_bytes_billed,
            )
        from strava_assets.warehouse.duckdb import DuckDBWarehouse

        return DuckDBWarehouse(Path(self.duckdb_path), memory_limit=self.duckdb_memory_limit)
