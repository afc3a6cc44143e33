"""Files read by another version of DuckDB than wrote them (`make tools-clouds` installs an earlier one)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets_tests.published.places import other_duckdb

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.deep


def test_it_is_another_version() -> None:
    assert other_duckdb("SELECT version()", {}) != [[f"v{duckdb.__version__}"]]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT activity_id, SUM(watts) FROM '{home}/streams/*/*/*.parquet' GROUP BY ALL ORDER BY ALL",
        "SELECT * FROM '{home}/published/weekly_watts/*.parquet' ORDER BY ALL",
        "SELECT * FROM '{home}/published/activity_measures/*.parquet' ORDER BY ALL",
    ],
)
def test_parquet_files_are_read_with_the_same_values(synced_home: Path, query: str) -> None:
    query = query.format(home=synced_home)
    ours = [[str(value) for value in row] for row in duckdb.connect().execute(query).fetchall()]
    assert ours
    assert [[str(value) for value in row] for row in other_duckdb(query, {})] == ours


def test_a_warehouse_of_an_earlier_version_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.duckdb"
    made = f"ATTACH '{path}' AS earlier; CREATE TABLE earlier.x AS SELECT 7 AS number; SELECT 1"
    assert other_duckdb(made, {}) == [[1]]
    with DuckDBWarehouse(path) as warehouse:
        assert warehouse.query("SELECT number FROM x").to_pylist() == [{"number": 7}]
