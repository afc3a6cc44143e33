"""The interface of every engine: tables by the registry, merges, SQL, transactions.

All SQL handed in is BigQuery's dialect with named `@parameters`; tables are named without a dataset.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType

    import pyarrow as pa

    from strava_assets.schema import Column, ColumnType, Table


COUNTED_BY = "counted_by"
"""The column of a merge's decisions that holds the values of `count_by`."""


@dataclass(frozen=True)
class MergeCounts:
    """What a merge did.

    Args:
        staged: rows handed in, repeated keys included.
        inserted: keys the table did not have.
        updated: keys whose new row won and differed.
        unchanged: all other keys the table had already.
        groups: keys inserted and keys updated for each value of the column that the merge was asked to count
            by, in the row that was kept; empty without such a column.
    """

    staged: int
    inserted: int
    updated: int
    unchanged: int
    groups: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, staged: int, counted: Sequence[Mapping[str, Any]], count_by: str | None) -> Self:
        """The counts of `staged` rows, from the rows that `statements.counts` answers."""
        inserted = sum(row["inserted"] for row in counted)
        updated = sum(row["updated"] for row in counted)
        matched = sum(row["matched"] for row in counted)
        groups = {row[COUNTED_BY]: (row["inserted"], row["updated"]) for row in counted} if count_by else {}
        return cls(staged, inserted, updated, matched - updated, groups)


@dataclass(frozen=True)
class JobReport:
    """One statement the engine ran, for the record of a run.

    Args:
        kind: what it was, e.g. `MERGE`, `CREATE TABLE`, `SELECT`.
        seconds: wall time until its answer was complete.
        rows: rows written or answered.
        job_id: the engine's name for it; BigQuery only.
        bytes_processed: what it is billed by; BigQuery only.
    """

    kind: str
    seconds: float
    rows: int
    job_id: str | None = None
    bytes_processed: int | None = None


@dataclass(frozen=True)
class Typed:
    """A parameter whose type its value does not show: a NULL, or a list that may be empty.

    Args:
        value: None, a scalar, or a list of scalars of that type.
        type: the logical type of the value, or of the list's elements.
    """

    value: Any
    type: ColumnType


@dataclass(frozen=True)
class SplitBy:
    """What a query never brings together: its answer for one value rests on the rows with this value alone.

    Args:
        column: whose values, e.g. `athlete_id`.
        tables: every stored table that the query reads, whether itself or through a view.
    """

    column: str
    tables: Sequence[str]


class Warehouse(ABC):
    """A place for tables. A context manager: leaving it releases the file or the client.

    Attributes:
        address: where it is, for people: the file, or project.dataset.
    """

    address: str

    @abstractmethod
    def table_address(self, name: str) -> str:
        """The name to paste into the engine's own console."""

    @abstractmethod
    def exists(self, name: str) -> bool:
        """Whether a table or view of that name is there."""

    @abstractmethod
    def stored_columns(self, name: str) -> dict[str, ColumnType]:
        """The columns as the engine has them, in order; empty where there is no such table.

        Raises:
            ForeignSchemaError: a column has a type the registry does not know.
        """

    @abstractmethod
    def ensure(self, table: Table) -> None:
        """Create the table if missing; let it gain nullable columns and lose NOT NULLs as the registry did.

        Raises:
            ForeignSchemaError: a stored column has another type, or a required one is missing.
        """

    @abstractmethod
    def merge(
        self,
        table: Table,
        rows: Iterable[pa.RecordBatch],
        *,
        wins: str,
        changed: str,
        latest: str,
        count_by: str | None = None,
    ) -> MergeCounts:
        """Merge rows into a table by its key, all or none.

        Rows are staged as they come, so memory does not grow with their number. Of rows with one key the one
        with the greatest `latest` is kept, of equals the last that came.

        Args:
            table: where to; it must be there (`ensure`).
            rows: batches whose columns are the table's; nullable ones may be absent.
            wins: SQL over T (stored) and S (staged): S replaces T where it holds.
            changed: SQL over T and S: a replacement counts as an update where it holds.
            latest: SQL over a staged row; of several, separated by commas, the first decides first.
            count_by: a text column by whose values the changes are counted, too.

        Raises:
            UnfitRowsError: an unknown column, a required one missing or null, a value beyond its type.
        """

    @abstractmethod
    def replace(self, table: Table, rows: pa.Table) -> int:
        """Put these rows in place of the whole table, atomically; returns their number.

        Raises:
            UnfitRowsError: as `merge`.
        """

    @abstractmethod
    def create_table_as(
        self,
        name: str,
        sql: str,
        *,
        description: str,
        columns: Sequence[Column],
        split_by: SplitBy | None = None,
    ) -> int:
        """Put the answer of a query in place of a table, atomically; returns its number of rows.

        The answer's columns are cast to the declared types, and required ones are held to be so.

        With `split_by` an engine may work share by share.
        """

    @abstractmethod
    def create_view_as(self, name: str, sql: str, *, description: str, columns: Sequence[Column]) -> None:
        """Put a query in place of a view or table; its columns are cast to the declared types."""

    @abstractmethod
    def execute(self, sql: str, params: Mapping[str, Any] | None = None) -> int:
        """Run one statement that changes rows; returns how many it changed."""

    def estimate(self, sql: str, params: Mapping[str, Any] | None = None) -> int | None:  # noqa: ARG002 - a default
        """Bytes a statement would process, without running it; None where nothing is billed."""
        return None

    @abstractmethod
    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        """The whole answer of a query, for small ones.

        Integers are int64, floats float64, instants timestamp[us, UTC], wall-clock times timestamp[us],
        JSON its text.
        """

    @abstractmethod
    def query_batches(
        self, sql: str, params: Mapping[str, Any] | None = None, *, batch_rows: int = 10_000
    ) -> Iterator[pa.RecordBatch]:
        """The answer of a query in pieces, for answers of any size; types as `query`."""

    @abstractmethod
    def drop(self, name: str) -> None:
        """Remove a table or view; nothing happens where there is none."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[None]:
        """Make what happens inside one change, or none; an inner one joins the outer.

        DuckDB keeps this promise. On BigQuery it does nothing: each statement is atomic by itself, and what
        is made of several must bear being run again.
        """

    @abstractmethod
    def take_reports(self) -> list[JobReport]:
        """What was run since the last call."""

    @abstractmethod
    def close(self) -> None:
        """Release the file or the client; a second call does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
