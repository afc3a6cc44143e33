"""The vocabulary of the registry: a column, its type, a table.

What the columns *are* stands in the files beside this one, one a table; how a value gets into them is the
loading room's matter.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class ColumnType(Enum):
    """A logical type and its name in both engines.

    `DATETIME` is wall-clock time without a zone (the athlete's own clock); `TIMESTAMP` is an instant in UTC.
    """

    TEXT = ("VARCHAR", "STRING")
    INTEGER = ("BIGINT", "INT64")
    FLOAT = ("DOUBLE", "FLOAT64")
    BOOLEAN = ("BOOLEAN", "BOOL")
    DATE = ("DATE", "DATE")
    DATETIME = ("TIMESTAMP", "DATETIME")
    TIMESTAMP = ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP")
    JSON = ("JSON", "JSON")

    @property
    def duckdb(self) -> str:
        """The type's name in DuckDB's DDL."""
        return self.value[0]

    @property
    def bigquery(self) -> str:
        """The type's name in GoogleSQL's DDL."""
        return self.value[1]


@dataclass(frozen=True)
class Column:
    """One column of a stored table.

    Args:
        name: the column's name, with its unit where it has one.
        type: the logical type.
        meaning: one line, for the person who reads the table.
        unit: the unit as shown (`W`, `m`, `s`, `bpm`); empty for names, dates and flags.
        source: where Strava says it: the field's path in the API's summary activity (`map.summary_polyline`);
            empty for what is derived or kept by the project itself.
        nullable: whether the value may be missing.
        summary: what it is over several rows of a mart: `sum`, `ratio: …`, or empty where it is nothing.
    """

    name: str
    type: ColumnType
    meaning: str
    unit: str = ""
    source: str = ""
    nullable: bool = True
    summary: str = ""


@dataclass(frozen=True)
class Table:
    """A stored table: its name, its grain in words, its key and its columns in order.

    Args:
        name: the table's name in the warehouse.
        description: what it holds and how it is used.
        grain: what one row is.
        key: the columns that together identify a row; none of them is nullable.
        columns: all columns, in storage order.
        partition_by: the date column by whose months an engine may split the storage; empty for none.
        cluster_by: the columns by which it may sort the storage.
    """

    name: str
    description: str
    grain: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    partition_by: str = ""
    cluster_by: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        doubled = {name for name in names if names.count(name) > 1}
        if doubled:
            raise ValueError(f"{self.name} declares {sorted(doubled)} twice")
        for name in self.key:
            if self.column(name).nullable:
                raise ValueError(f"{self.name}.{name} is part of the key and so may not be nullable")
        if self.partition_by and self.column(self.partition_by).type is not ColumnType.DATE:
            raise ValueError(f"{self.name}.{self.partition_by} splits the storage and so must be a date")
        for name in self.cluster_by:
            self.column(name)

    def column(self, name: str) -> Column:
        """The column of that name.

        Raises:
            KeyError: the table has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name} has no column {name!r}")
