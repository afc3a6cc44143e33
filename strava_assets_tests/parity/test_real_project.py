"""A real project, tried by `make test-bigquery PROJECT=…` alone: it asks Google, and costs cents at most.

It works in a dataset of its own and drops it. Against the emulator it always runs, and so is known to work.
"""

from __future__ import annotations

import os
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from strava_assets.schema.activities import ACTIVITIES
from strava_assets.schema.tables import TABLES
from strava_assets.warehouse.arrow import arrow_schema
from strava_assets.warehouse.bigquery import BigQueryWarehouse
from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets_tests.parity.comparing import MARTS, differences, stored
from strava_assets_tests.parity.test_random import inputs
from strava_assets_tests.warehouse.bigquery_engine import PROJECT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets.warehouse import Warehouse

REAL_PROJECT = os.environ.get("BIGQUERY_TEST_PROJECT", "")
LOCATION = os.environ.get("BIGQUERY_TEST_LOCATION", "EU")
GOLDEN = "weekly_watts"


@contextmanager
def scratch(project: str, endpoint: str | None) -> Iterator[BigQueryWarehouse]:
    """A dataset that is gone afterwards."""
    dataset = f"strava_assets_smoke_{uuid.uuid4().hex}"
    with BigQueryWarehouse(
        project, dataset, location=LOCATION, api_endpoint=endpoint, maximum_bytes_billed=10**9
    ) as opened:
        try:
            yield opened
        finally:
            opened._client.delete_dataset(f"{project}.{dataset}", delete_contents=True, not_found_ok=True)


def fill(warehouse: Warehouse) -> None:
    """A golden history, merged as a sync does it, and what the marts read beside it."""
    given = inputs(7, size=40, days=60)
    for name, table in TABLES.items():
        warehouse.ensure(table)
        rows = pa.Table.from_pylist(given.get(name, []), schema=arrow_schema(table.columns))
        if table is ACTIVITIES:
            warehouse.merge(table, rows.to_batches(), wins="TRUE", changed="TRUE", latest="fetched_at")
        else:
            warehouse.replace(table, rows)
    for mart in MARTS.values():
        if mart.is_view:
            warehouse.create_view_as(mart.name, mart.sql, description=mart.description, columns=mart.columns)


def smoke(there: BigQueryWarehouse, here: Warehouse) -> dict[str, int]:
    """Dry-run every mart, make the golden one, compare; the bytes each would process."""
    made = MARTS[GOLDEN]
    for warehouse in (there, here):
        fill(warehouse)
    estimates = {name: there.estimate(mart.sql) for name, mart in MARTS.items()}
    for warehouse in (there, here):
        warehouse.create_table_as(GOLDEN, made.sql, description=made.description, columns=made.columns)
    assert differences(GOLDEN, stored(there, GOLDEN), stored(here, GOLDEN)) == []
    return estimates


@pytest.mark.bigquery_emulator
@pytest.mark.xdist_group("bigquery_emulator")
def test_the_smoke_test_works(emulator: str, tmp_path: Path) -> None:
    with DuckDBWarehouse(tmp_path / "here.duckdb") as here, scratch(PROJECT, emulator) as there:
        assert smoke(there, here).keys() == MARTS.keys()
        place = there.address

    with BigQueryWarehouse(PROJECT, place.split(".")[1], location=LOCATION, api_endpoint=emulator) as again:
        assert not again.exists(GOLDEN)


@pytest.mark.skipif(not REAL_PROJECT, reason="make test-bigquery PROJECT=… runs it on a real project")
def test_a_real_project_takes_every_statement_and_agrees_on_a_golden_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with DuckDBWarehouse(tmp_path / "here.duckdb") as here, scratch(REAL_PROJECT, None) as there:
        estimates = smoke(there, here)

    with capsys.disabled():
        for name, processed in estimates.items():
            print(f"{name}: {processed:,} bytes by dry run")  # noqa: T201 -- what the person asked for
    assert all(processed > 0 for processed in estimates.values())
