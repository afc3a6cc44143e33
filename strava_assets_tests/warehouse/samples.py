"""A small table of the tests' own, with every type, and rows for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from strava_assets.schema import Column, ColumnType, Table
from strava_assets.warehouse.arrow import arrow_schema

if TYPE_CHECKING:
    from collections.abc import Iterable

    from strava_assets.warehouse import MergeCounts, Warehouse

RIDES = Table(
    name="rides",
    description="Rides, for the tests; it's theirs",
    grain="one ride",
    key=("athlete_id", "ride_id"),
    columns=(
        Column("athlete_id", ColumnType.TEXT, "Who", nullable=False),
        Column("ride_id", ColumnType.TEXT, "Which", nullable=False),
        Column("fetched_at", ColumnType.TIMESTAMP, "When Strava said so", nullable=False),
        Column("hash", ColumnType.TEXT, "Digest"),
        Column("watts", ColumnType.FLOAT, "The rider's power", unit="W"),
        Column("seconds", ColumnType.INTEGER, "Time", unit="s"),
        Column("indoors", ColumnType.BOOLEAN, "On a trainer"),
        Column("day", ColumnType.DATE, "Local day"),
        Column("began", ColumnType.DATETIME, "Local time"),
        Column("extra", ColumnType.JSON, "Whatever else"),
    ),
)

WEEKS = (
    Column("week", ColumnType.DATE, "First day", nullable=False),
    Column("rides", ColumnType.INTEGER, "How many", unit="count", nullable=False),
    Column("watts", ColumnType.FLOAT, "Mean of the rider's power", unit="W"),
)

EARLY = datetime(2026, 1, 1, 6, tzinfo=UTC)
LATE = datetime(2026, 1, 2, 6, tzinfo=UTC)


def with_column(column: Column, table: Table = RIDES) -> Table:
    return replace(table, columns=(*table.columns, column))


def ride(ride_id: str, fetched_at: datetime = EARLY, digest: str = "h1", **values: Any) -> dict[str, Any]:
    return {"athlete_id": "7", "ride_id": ride_id, "fetched_at": fetched_at, "hash": digest, **values}


def full_ride(ride_id: str) -> dict[str, Any]:
    """Values at the edges of their types."""
    return ride(
        ride_id,
        watts=-0.1,
        seconds=2**63 - 1,
        indoors=False,
        day=date(1969, 12, 31),
        began=datetime(1900, 2, 28, 23, 59, 59, 999999),  # noqa: DTZ001 -- a wall clock, on purpose
        extra='{"name": "Zürich \\u2603 🚴", "big": 12345678901, "nested": [1.5, null, {"a": "\\"q\\""}]}',
    )


def batch(rows: Iterable[dict[str, Any]], table: Table = RIDES) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(list(rows), schema=_nullable(table))


def table_of(rows: Iterable[dict[str, Any]], table: Table = RIDES) -> pa.Table:
    return pa.Table.from_batches([batch(rows, table)])


def _nullable(table: Table) -> pa.Schema:
    return pa.schema([pa.field(field.name, field.type) for field in arrow_schema(table.columns)])


def merge(
    warehouse: Warehouse,
    *batches: pa.RecordBatch,
    table: Table = RIDES,
    wins: str = "",
    latest: str = "fetched_at",
    count_by: str | None = None,
) -> MergeCounts:
    return warehouse.merge(
        table,
        batches,
        wins=wins or "S.fetched_at >= T.fetched_at",
        changed="S.hash != T.hash",
        latest=latest,
        count_by=count_by,
    )


def stored(warehouse: Warehouse, columns: str = "*", name: str = "rides") -> list[dict[str, Any]]:
    query = f"SELECT {columns} FROM {name} ORDER BY 1, 2"  # noqa: S608 -- the tests' own words
    rows: list[dict[str, Any]] = warehouse.query(query).to_pylist()
    return rows
