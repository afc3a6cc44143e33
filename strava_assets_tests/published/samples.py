"""A table of every type that is published, with rows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa

from strava_assets.published.draft import drafted
from strava_assets.schema.columns import Column, ColumnType, Table
from strava_assets.warehouse.arrow import arrow_schema

if TYPE_CHECKING:
    from strava_assets.published import Published, Publisher

COLUMNS = (
    Column("athlete_id", ColumnType.TEXT, "whose", nullable=False),
    Column("week", ColumnType.DATE, "the week's first day", nullable=False),
    Column("average_watts", ColumnType.FLOAT, "mean power", unit="W"),
    Column("rides", ColumnType.INTEGER, "rides"),
    Column("is_partial", ColumnType.BOOLEAN, "whether the week is running"),
)
WEEKS = Table("weekly_watts", "Riding by week.", "one week", ("athlete_id", "week"), COLUMNS)
WIDER = Table(
    "weekly_watts",
    "Riding by week.",
    "one week",
    ("athlete_id", "week"),
    (*COLUMNS, Column("work_kj", ColumnType.FLOAT, "work", unit="kJ")),
)


def weeks(count: int, *, watts: float = 150.0, table: Table = WEEKS) -> list[pa.RecordBatch]:
    """Rows in two batches, every fifth of them without power."""
    rows = [
        {
            "athlete_id": "7",
            "week": date(2024, 1, 1) + timedelta(weeks=number),
            "average_watts": None if number % 5 == 0 else watts + number / 7,
            "rides": number,
            "is_partial": number == count - 1,
        }
        | ({"work_kj": number * 1.5} if table is WIDER else {})
        for number in range(count)
    ]
    schema = arrow_schema(table.columns)
    halves = [rows[: count // 2], rows[count // 2 :]]
    return [pa.RecordBatch.from_pylist(half, schema=schema) for half in halves if half]


def publish(publisher: Publisher, rows: list[pa.RecordBatch], table: Table = WEEKS) -> Published:
    with drafted(table, rows) as draft:
        return publisher.publish(table, draft)
