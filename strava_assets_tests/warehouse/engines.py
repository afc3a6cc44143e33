"""The engines under test: how a test opens one, and how it looks at what the engine itself says is there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

import duckdb

from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets.warehouse.statements import for_duckdb

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from strava_assets.warehouse import Warehouse


class Engine(ABC):
    """One warehouse of one test; `open` may be called again to see what was kept.

    Attributes:
        refuses_null_where_required: whether a query's NULL in a required column is an error, as in BigQuery
            and not in its emulator.
        replaces_whole_or_not_at_all: whether CREATE OR REPLACE TABLE AS leaves the old table when its query
            fails, as BigQuery does and its emulator does not.
    """

    refuses_null_where_required = True
    replaces_whole_or_not_at_all = True

    @abstractmethod
    def open(self) -> Warehouse: ...

    @abstractmethod
    def descriptions(self, name: str) -> dict[str, str]:
        """What the engine's own catalog says of a table (under its name) and of its columns."""

    @abstractmethod
    def tables(self) -> set[str]:
        """Every table and view the engine has, staging included."""

    @abstractmethod
    def prepare(self, ddl: str) -> None:
        """Run DDL in BigQuery's dialect past the warehouse, as a stranger would."""

    @abstractmethod
    def close(self) -> None:
        """Release what the test's own look at the engine holds."""


class DuckDBEngine(Engine):
    def __init__(self, folder: Path) -> None:
        self.path = folder / "warehouse.duckdb"

    def open(self) -> DuckDBWarehouse:
        return DuckDBWarehouse(self.path)

    def close(self) -> None:
        assert self.path.parent.exists()

    def _rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with duckdb.connect(self.path) as connection:
            return connection.execute(sql, values).fetchall()

    def descriptions(self, name: str) -> dict[str, str]:
        tables = "SELECT table_name, comment FROM duckdb_tables() WHERE table_name = ?"
        views = "SELECT view_name, comment FROM duckdb_views() WHERE view_name = ?"
        columns = "SELECT column_name, comment FROM duckdb_columns() WHERE table_name = ?"
        return dict(self._rows(f"{tables} UNION ALL {views} UNION ALL {columns}", name, name, name))

    def tables(self) -> set[str]:
        return {name for (name,) in self._rows("SELECT table_name FROM information_schema.tables")}

    def prepare(self, ddl: str) -> None:
        self._rows(for_duckdb(ddl))


LOCAL_ENGINES: dict[str, Callable[[Path], Engine]] = {"duckdb": DuckDBEngine}
"""Engines that need nothing but a folder."""
