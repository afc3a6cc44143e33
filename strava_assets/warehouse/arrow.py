"""Rows in transit: the Arrow form of the registry's types, and the check that rows fit their table.

Engines differ in what they let pass (a NULL in a required field, an unknown field); held here, they do not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa

from strava_assets.schema import Column, ColumnType
from strava_assets.warehouse.errors import UnfitRowsError

if TYPE_CHECKING:
    from collections.abc import Sequence

ARROW_TYPES = {
    ColumnType.TEXT: pa.string(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.FLOAT: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.DATE: pa.date32(),
    ColumnType.DATETIME: pa.timestamp("us"),
    ColumnType.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    ColumnType.JSON: pa.string(),
}


def arrow_schema(columns: Sequence[Column]) -> pa.Schema:
    """The Arrow schema rows of these columns travel in; JSON travels as its text."""
    return pa.schema([pa.field(c.name, ARROW_TYPES[c.type], nullable=c.nullable) for c in columns])


def fitted(table: str, columns: Sequence[Column], batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with exactly these columns, in order and type; absent nullable ones are null.

    Raises:
        UnfitRowsError: an unknown or doubled column, a required one absent or null, a value beyond its type.
    """
    declared = {column.name for column in columns}
    for name in batch.schema.names:
        if name not in declared:
            raise UnfitRowsError(table, name, "is not declared")
        if batch.schema.names.count(name) > 1:
            raise UnfitRowsError(table, name, "stands there twice")
    return pa.record_batch(
        [_fitted(table, column, batch) for column in columns], schema=arrow_schema(columns)
    )


def _fitted(table: str, column: Column, batch: pa.RecordBatch) -> pa.Array:
    expected = ARROW_TYPES[column.type]
    if column.name not in batch.schema.names:
        if not column.nullable:
            raise UnfitRowsError(table, column.name, "is required and missing")
        return pa.nulls(batch.num_rows, expected)
    values = batch.column(column.name)
    if not column.nullable and values.null_count:
        raise UnfitRowsError(
            table, column.name, f"is required and null in {values.null_count} of {batch.num_rows} rows"
        )
    if _zone_differs(values.type, expected):
        raise UnfitRowsError(
            table, column.name, f"is {values.type}, expected {expected}: an instant is not a wall-clock time"
        )
    try:
        return values.cast(expected)
    except pa.ArrowInvalid as error:
        raise UnfitRowsError(
            table, column.name, f"is {values.type}, expected {expected} ({error})"
        ) from error
    except pa.ArrowNotImplementedError as error:
        raise UnfitRowsError(table, column.name, f"is {values.type}, expected {expected}") from error


def _zone_differs(data_type: pa.DataType, expected: pa.DataType) -> bool:
    """Arrow casts between the two silently, as if every wall clock stood in UTC."""
    both_times = pa.types.is_timestamp(data_type) and pa.types.is_timestamp(expected)
    return both_times and (data_type.tz is None) != (expected.tz is None)


def plain(schema: pa.Schema) -> pa.Schema:
    """The schema both engines answer in: one integer, one float, one text, times in microseconds."""
    return pa.schema([pa.field(field.name, _plain(field.type)) for field in schema])


def _plain(data_type: pa.DataType) -> pa.DataType:  # noqa: PLR0911 -- one line a type
    if pa.types.is_integer(data_type) or (pa.types.is_decimal(data_type) and data_type.scale == 0):
        return pa.int64()
    if pa.types.is_floating(data_type) or pa.types.is_decimal(data_type):
        return pa.float64()
    if pa.types.is_large_string(data_type) or pa.types.is_string_view(data_type):
        return pa.string()
    if pa.types.is_timestamp(data_type):
        return pa.timestamp("us", tz="UTC" if data_type.tz else None)
    if pa.types.is_date(data_type):
        return pa.date32()
    if pa.types.is_list(data_type) or pa.types.is_large_list(data_type):
        return pa.list_(_plain(data_type.value_type))
    return data_type


def described(column: Column) -> str:
    """A column's meaning with its unit, as it stands in the engine."""
    return f"{column.meaning} [{column.unit}]" if column.unit else column.meaning
