"""A real DuckDB for the marts' tests: inputs go in as the registry types them, rows come out of the SQL."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa
import pytest

from strava_assets.marts import Mart, load
from strava_assets.schema.activities import ACTIVITIES
from strava_assets.schema.mart_inputs import ATHLETE_GEAR, ATHLETE_PROFILE, MART_SETTINGS, PLANNED_LOAD
from strava_assets.schema.recording_zones import RECORDING_ZONES
from strava_assets.schema.ride_power import RIDE_BESTS, RIDE_BESTS_AFTER_WORK, RIDE_POWER
from strava_assets.schema.sports import SPORT_RULES, sport_rules
from strava_assets.warehouse.arrow import arrow_schema
from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets.warehouse.statements import for_duckdb

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from strava_assets.schema import Table

Row = dict[str, Any]


class Marts(Protocol):
    """Runs marts on a history."""

    def __call__(
        self,
        history: Sequence[Row],
        *names: str,
        as_of: date = ...,
        figures: Sequence[Row] = ...,
        power: Sequence[Row] = ...,
        planned: Sequence[Row] = ...,
        gear: Sequence[Row] = ...,
        bests: Sequence[Row] = ...,
        after_work: Sequence[Row] = ...,
        zones: Sequence[Row] = ...,
        power_sports: Sequence[str] | None = ...,
        **settings: Any,
    ) -> list[list[Row]]:
        """The rows of each named mart, ordered by its key."""


@pytest.fixture(scope="session")
def catalog() -> dict[str, Mart]:
    return {mart.name: mart for mart in load()}


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBWarehouse]:
    with DuckDBWarehouse(tmp_path_factory.mktemp("marts") / "warehouse.duckdb", threads=1) as opened:
        yield opened


@pytest.fixture(scope="session")
def marts(warehouse: DuckDBWarehouse, catalog: dict[str, Mart]) -> Marts:
    """A function from a history and settings to the rows of marts."""
    tables: dict[str, pa.Table] = {}
    measured: set[str] = set()

    def load_table(table: Table, rows: Sequence[Row]) -> None:
        content = pa.Table.from_pylist(list(rows), schema=arrow_schema(table.columns))
        # Most tests change one table of nine.
        if table.name not in tables or not tables[table.name].equals(content):
            warehouse.replace(table, content)
            tables[table.name] = content
            measured.clear()

    def run(
        history: Sequence[Row],
        *names: str,
        as_of: date = date(2024, 1, 1),
        figures: Sequence[Row] = (),
        power: Sequence[Row] = (),
        planned: Sequence[Row] = (),
        gear: Sequence[Row] = (),
        bests: Sequence[Row] = (),
        after_work: Sequence[Row] = (),
        zones: Sequence[Row] = (),
        power_sports: Sequence[str] | None = None,
        **settings: Any,
    ) -> list[list[Row]]:
        row = {
            "as_of": as_of,
            "week_start": "monday",
            "count_commutes": True,
            "count_virtual": True,
        } | settings
        load_table(ACTIVITIES, history)
        load_table(ATHLETE_PROFILE, figures)
        load_table(RIDE_POWER, power)
        load_table(RIDE_BESTS, bests)
        load_table(RIDE_BESTS_AFTER_WORK, after_work)
        load_table(RECORDING_ZONES, zones)
        load_table(PLANNED_LOAD, planned)
        load_table(ATHLETE_GEAR, gear)
        load_table(MART_SETTINGS, [row])
        load_table(SPORT_RULES, sport_rules(power_sports))
        # What other marts read is a view here, so that it is never of an earlier history.
        read = {name for mart in catalog.values() for name in mart.reads}
        for mart in catalog.values():
            # Intermediate tables are what every other mart reads, several times over.
            if mart.kind == "intermediate" and mart.name not in measured:
                warehouse._run(f"CREATE OR REPLACE TABLE {mart.name} AS {for_duckdb(mart.sql)}")
                measured.add(mart.name)
            elif mart.name in read and not warehouse.exists(mart.name):
                warehouse.create_view_as(
                    mart.name, mart.sql, description=mart.description, columns=mart.columns
                )
        return [_rows(warehouse, catalog[name]) for name in names]

    return run


def _rows(warehouse: DuckDBWarehouse, mart: Mart) -> list[Row]:
    # Not as Arrow: DuckDB plans a query twice for that, which takes longer than the answer.
    result = warehouse._run(for_duckdb(mart.sql))
    names = [name for name, *_ in result.description or ()]
    rows: list[Row] = [dict(zip(names, values, strict=True)) for values in result.fetchall()]
    return sorted(rows, key=lambda row: [row[name] for name in mart.key])
