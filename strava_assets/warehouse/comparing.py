"""Tables of two warehouses compared row by row, whichever engines they are on."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from strava_assets.schema import ColumnType
from strava_assets.warehouse.arrow import arrow_schema
from strava_assets.warehouse.statements import column_named, table_named

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.schema import Table
    from strava_assets.warehouse.engine import Warehouse

_READ_ROWS = 5_000
_INT64 = 2**63


@dataclass(frozen=True)
class RowDifference:
    """A row that two tables do not have alike.

    Args:
        key: the row's, by column.
        columns: the columns that differ; empty where only one table has the row.
        extra: whether only the actual table has the row, and not the expected one.
    """

    key: dict[str, Any]
    columns: tuple[str, ...] = ()
    extra: bool = False


def row_differences(table: Table, actual: Warehouse, expected: Warehouse) -> Iterator[RowDifference]:
    """The rows that differ, in the order of their keys; memory does not grow with the tables.

    Both warehouses must have the table.
    """
    actual_rows, expected_rows = _ordered(actual, table), _ordered(expected, table)
    row, expected_row = next(actual_rows, None), next(expected_rows, None)
    while row or expected_row:
        if expected_row is None or (row and row[0] < expected_row[0]):
            yield RowDifference(_named(table, row), extra=True)
            row = next(actual_rows, None)
        elif row is None or expected_row[0] < row[0]:
            yield RowDifference(_named(table, expected_row))
            expected_row = next(expected_rows, None)
        else:
            if row[1] != expected_row[1]:
                pairs = zip(table.columns, row[1], expected_row[1], strict=True)
                yield RowDifference(
                    _named(table, row), tuple(column.name for column, a, b in pairs if a != b)
                )
            row, expected_row = next(actual_rows, None), next(expected_rows, None)


def read_table(warehouse: Warehouse, table: Table, *, by_key: bool = False) -> Iterator[pa.RecordBatch]:
    """A table in batches, with the columns and types of the registry; a column that it lacks is null.

    The rows come in the order of their keys if `by_key`.
    """
    stored = warehouse.stored_columns(table.name)
    present = [column for column in table.columns if column.name in stored]
    names = ", ".join(column_named(column.name).sql(dialect="bigquery") for column in present)
    query = f"SELECT {names} FROM {table_named(table.name).sql(dialect='bigquery')}"  # noqa: S608 -- checked names
    if by_key:
        query += f" ORDER BY {', '.join(column_named(name).sql(dialect='bigquery') for name in table.key)}"
    schema = arrow_schema(table.columns)
    for batch in warehouse.query_batches(query, batch_rows=_READ_ROWS):
        columns = [
            batch.column(column.name).cast(schema.field(column.name).type)
            if column.name in stored
            else pa.nulls(batch.num_rows, schema.field(column.name).type)
            for column in table.columns
        ]
        yield pa.record_batch(columns, schema=schema)


def comparable_rows(table: Table, batch: pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
    """Rows as Python values that are equal for the same row on either engine."""
    columns = [_comparable(c.type, batch.column(c.name)) for c in table.columns]
    return zip(*columns, strict=True)


def _ordered(warehouse: Warehouse, table: Table) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...]]]:
    places = [[column.name for column in table.columns].index(name) for name in table.key]
    for batch in read_table(warehouse, table, by_key=True):
        for row in comparable_rows(table, batch):
            yield tuple(row[place] for place in places), row


def _named(table: Table, row: tuple[tuple[Any, ...], tuple[Any, ...]] | None) -> dict[str, Any]:
    return dict(zip(table.key, row[0], strict=True)) if row else {}


def _comparable(column_type: ColumnType, values: pa.Array) -> list[Any]:
    """Values whose Python form says the same on either engine."""
    if column_type in (ColumnType.DATETIME, ColumnType.TIMESTAMP):
        return list(values.cast(pa.int64()).to_pylist())
    if column_type is ColumnType.FLOAT:
        # 0.0 and -0.0 are one number and two texts.
        return list(pc.add(values, 0.0).to_pylist())
    if column_type is ColumnType.JSON:
        return [None if text is None else _plain_json(text) for text in values.to_pylist()]
    return list(values.to_pylist())


def _plain_json(text: str) -> str:
    """JSON as both engines keep it: keys in any order, a number as a 64-bit integer or a float holds it."""
    return json.dumps(json.loads(text, parse_int=_number, parse_float=_number), sort_keys=True)


def _number(text: str) -> int | float:
    try:
        whole = int(text)
    except ValueError:
        value = float(text)
        return int(value) if value.is_integer() and abs(value) < _INT64 else value
    return whole if -_INT64 <= whole < _INT64 else float(text)
