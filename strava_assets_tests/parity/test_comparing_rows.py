"""The comparison of two tables' rows: it sees every column, and ignores two ways to write one value."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pytest

from strava_assets.schema import ColumnType
from strava_assets.schema.activities import ACTIVITIES
from strava_assets.warehouse.arrow import arrow_schema
from strava_assets.warehouse.comparing import comparable_rows

Row = dict[str, Any]
OF_TYPE: dict[ColumnType, tuple[Any, Any]] = {
    ColumnType.TEXT: ("a", "b"),
    ColumnType.INTEGER: (1, 2),
    ColumnType.FLOAT: (0.1, 0.1 + 2**-55),
    ColumnType.BOOLEAN: (True, False),
    ColumnType.DATE: (date(2026, 1, 1), date(2026, 1, 2)),
    ColumnType.DATETIME: (
        datetime.fromisoformat("2026-01-01"),
        datetime.fromisoformat("2026-01-01T00:00:00.000001"),
    ),
    ColumnType.TIMESTAMP: (datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, 0, 0, 0, 1, UTC)),
    ColumnType.JSON: ('{"a": 1}', '{"a": 2}'),
}
ROW: Row = {column.name: OF_TYPE[column.type][0] for column in ACTIVITIES.columns}


def comparable(row: Row) -> tuple[Any, ...]:
    """A row as the comparison sees it."""
    batch = pa.RecordBatch.from_pylist([row], schema=arrow_schema(ACTIVITIES.columns))
    [comparable] = comparable_rows(ACTIVITIES, batch)
    return comparable


def test_it_sees_a_change_in_every_column() -> None:
    changed = [
        ROW | {column.name: value}
        for column in ACTIVITIES.columns
        for value in [OF_TYPE[column.type][1], *([None] if column.nullable else [])]
    ]

    assert len(set(map(repr, map(comparable, [ROW, *changed])))) == 1 + len(changed)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"extra": '{"a": 1, "b": [2]}'}, {"extra": '{"b":[2],"a":1}'}),
        ({"extra": '{"a": 1.0}'}, {"extra": '{"a": 1}'}),
        ({"extra": '{"a": 123456789012345678901234567890}'}, {"extra": '{"a": 1.2345678901234568e+29}'}),
        ({"distance_m": 0.0}, {"distance_m": -0.0}),
    ],
    ids=["keys in another order", "a whole float", "beyond 64 bits", "negative zero"],
)
def test_two_ways_to_write_one_value_are_one(one: Row, other: Row) -> None:
    assert comparable(ROW | one) == comparable(ROW | other)
