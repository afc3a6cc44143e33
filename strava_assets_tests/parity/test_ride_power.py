"""Power from seconds over time: both engines hold the same rows, and remove and replace the same ones."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from strava_assets.history.ride_power import RidePowerReport, compute_ride_power
from strava_assets.schema.activities import ACTIVITIES
from strava_assets.schema.mart_inputs import ATHLETE_PROFILE
from strava_assets.streams import StreamEntry, StreamStore, from_channels
from strava_assets.warehouse.arrow import arrow_schema
from strava_assets_tests.marts.histories import activity
from strava_assets_tests.warehouse.bigquery_engine import BigQueryEngine
from strava_assets_tests.warehouse.engines import DuckDBEngine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets.schema import Table
    from strava_assets.warehouse import Warehouse

pytestmark = [pytest.mark.bigquery_emulator, pytest.mark.xdist_group("bigquery_emulator")]

NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)
FIGURES = {"athlete_id": "7", "valid_from": date(2024, 1, 1), "ftp_w": 250.0}


@pytest.fixture
def engines(emulator: str, tmp_path: Path) -> Iterator[tuple[Warehouse, Warehouse]]:
    local, remote = DuckDBEngine(tmp_path), BigQueryEngine(emulator)
    with closing(local), closing(remote), local.open() as on_duckdb, remote.open() as on_bigquery:
        yield on_duckdb, on_bigquery


def put(engine: Warehouse, table: Table, *rows: dict[str, Any]) -> None:
    engine.replace(table, pa.Table.from_pylist(list(rows), schema=arrow_schema(table.columns)))


def keep(store: StreamStore, seconds: int, *ids: str) -> None:
    with store.writer() as writer:
        for number in ids:
            watts = np.random.default_rng(int(number)).integers(0, 500, seconds)
            entry = StreamEntry("7", number, 2024, "stored", "api", NOW, fingerprint="f")
            writer.add(entry, from_channels("7", number, {"t_s": np.arange(seconds), "watts": watts}))


def held(engine: Warehouse) -> list[list[dict[str, Any]]]:
    return [
        engine.query(f"SELECT * FROM {table} ORDER BY {key}").to_pylist()  # noqa: S608 - constants
        for table, key in (
            ("ride_power", "activity_id"),
            ("ride_bests", "activity_id, duration_s"),
            ("ride_bests_after_work", "activity_id, work_basis, after_work, duration_s"),
            ("recording_zones", "activity_id"),
        )
    ]


@pytest.mark.deep
def test_both_engines_hold_the_same_power_through_changes(
    engines: tuple[Warehouse, Warehouse], tmp_path: Path
) -> None:
    store = StreamStore(str(tmp_path / "streams"))
    keep(store, 400, "1", "2", "3")
    rides = [activity(date(2024, 1, int(number)), number) for number in ("1", "2", "3")]

    def computed() -> RidePowerReport:
        duckdb_report, bigquery_report = (compute_ride_power(engine, store, NOW) for engine in engines)
        assert duckdb_report == bigquery_report
        on_duckdb, on_bigquery = (held(engine) for engine in engines)
        assert on_duckdb == on_bigquery
        assert {row["activity_id"] for row in on_duckdb[0]} == {row["activity_id"] for row in on_duckdb[1]}
        return duckdb_report

    for engine in engines:
        put(engine, ACTIVITIES, *rides)
        put(engine, ATHLETE_PROFILE, FIGURES)
    first = computed()
    assert (first.computed, first.unchanged, first.removed) == (3, 0, 0)
    assert computed().unchanged == 3

    keep(store, 90, "1")
    for engine in engines:
        put(engine, ACTIVITIES, *rides[:2])
        put(engine, ATHLETE_PROFILE, FIGURES, FIGURES | {"valid_from": date(2024, 1, 2), "ftp_w": 300.0})
    second = computed()
    assert (second.computed, second.unchanged, second.removed) == (2, 0, 1)
