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

from strava_assets.assets.marts import refresh_mart
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
    """A random history, inserted and then merged as a sync does it, and what the marts read beside it."""
    given = inputs(1, size=120, days=250)
    for name, table in TABLES.items():
        warehouse.ensure(table)
        rows = pa.Table.from_pylist(given.get(name, []), schema=arrow_schema(table.columns))
        if table is ACTIVITIES:
            for part in (rows, rows.slice(10)):
                warehouse.merge(table, part.to_batches(), wins="TRUE", changed="TRUE", latest="fetched_at")
        else:
            warehouse.replace(table, rows)


def smoke(remote: BigQueryWarehouse, here: Warehouse) -> dict[str, int]:
    """Dry-run every mart, make it since others read it, compare; the bytes each would process."""
    for warehouse in (remote, here):
        fill(warehouse)
    estimates = {}
    for name, mart in MARTS.items():
        estimates[name] = remote.estimate(mart.sql)
        for warehouse in (remote, here):
            refresh_mart(warehouse, mart)
        assert differences(name, stored(remote, name), stored(here, name)) == []
    return estimates


@pytest.mark.deep
@pytest.mark.bigquery_emulator
@pytest.mark.xdist_group("bigquery_emulator")
def test_the_smoke_test_works(emulator: str, tmp_path: Path) -> None:
    with DuckDBWarehouse(tmp_path / "here.duckdb") as here, scratch(PROJECT, emulator) as remote:
        assert smoke(remote, here).keys() == MARTS.keys()
        place = remote.address

    with BigQueryWarehouse(PROJECT, place.split(".")[1], location=LOCATION, api_endpoint=emulator) as again:
        assert not again.exists("weekly_watts")


@pytest.mark.skipif(not REAL_PROJECT, reason="make test-bigquery PROJECT=… runs it on a real project")
def test_a_real_project_takes_every_statement_and_agrees_on_every_mart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with DuckDBWarehouse(tmp_path / "here.duckdb") as here, scratch(REAL_PROJECT, None) as remote:
        estimates = smoke(remote, here)

    with capsys.disabled():
        for name, processed in estimates.items():
            print(f"{name}: {processed:,} bytes by dry run")  # noqa: T201 -- what the person asked for
    assert all(processed > 0 for processed in estimates.values())
