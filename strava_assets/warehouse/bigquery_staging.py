"""Rows on their way to BigQuery: the staging table's columns and the Parquet file that is loaded into it.

Parquet has no JSON that BigQuery would take for its own, so JSON travels as text. No client here.
"""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from strava_assets.schema import Column, ColumnType
from strava_assets.warehouse.arrow import arrow_schema, fitted
from strava_assets.warehouse.statements import STAGED_ROW

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from strava_assets.schema import Table

_ORDER = Column(STAGED_ROW, ColumnType.INTEGER, "The order in which rows came")


_MOST_OWNERS = 1_000


class Staged(NamedTuple):
    """What was staged.

    Args:
        rows: how many.
        distinct: whether each is known to have a key of its own.
        owners: the values of the key's first column, the athletes; empty where that is no text, or they are
            too many to name.
    """

    rows: int
    distinct: bool
    owners: tuple[str, ...] = ()


def staged_columns(table: Table) -> list[Column]:
    """The table's columns as they are staged, and the order in which rows came."""
    texts = [
        replace(column, type=ColumnType.TEXT) if column.type is ColumnType.JSON else column
        for column in table.columns
    ]
    return [*texts, _ORDER]


def write_parquet(file: Path, table: Table, rows: Iterable[pa.RecordBatch]) -> Staged:
    """Write rows as they come, so that memory holds one batch however many there are, and eight bytes a row.

    Raises:
        UnfitRowsError: an unknown column, a required one missing or null, a value beyond its type.
    """
    schema = arrow_schema(staged_columns(table))
    staged = 0
    # Two keys of one digest pass for one key: then the engine looks itself, and nothing is lost but time.
    digests = array("q")
    owners: set[str] = set()
    with pq.ParquetWriter(file, schema) as writer:
        for batch in rows:
            fit = fitted(table.name, table.columns, batch)
            numbers = pa.array(range(staged, staged + fit.num_rows), pa.int64())
            writer.write_batch(pa.record_batch([*fit.columns, numbers], schema=schema))
            staged += fit.num_rows
            keys = [fit.column(name).to_pylist() for name in table.key]
            owners.update(map(str, keys[0]))
            digests.extend(map(hash, zip(*keys, strict=True)))
    distinct = len(np.unique(np.frombuffer(digests, np.int64))) == staged
    is_text = schema.field(table.key[0]).type == pa.string()
    named = tuple(sorted(owners)) if is_text and len(owners) <= _MOST_OWNERS else ()
    return Staged(staged, distinct, named)
