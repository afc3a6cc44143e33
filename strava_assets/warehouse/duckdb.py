"""The embedded engine: tables in one DuckDB file, through the interface of engine.py.

How the file is opened and what its failures mean stands in duckdb_file.py; the SQL's text in statements.py.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
from sqlglot import exp
from typing_extensions import override

from strava_assets.schema import ColumnType
from strava_assets.warehouse import statements
from strava_assets.warehouse.arrow import described, fitted, plain
from strava_assets.warehouse.duckdb_file import explained, open_file
from strava_assets.warehouse.engine import JobReport, MergeCounts, SplitBy, Typed, Warehouse
from strava_assets.warehouse.errors import ForeignSchemaError, StatementFailedError
from strava_assets.warehouse.evolution import StoredColumn, growth, known_types

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from strava_assets.schema import Column, Table

_BYTES_A_VALUE = 20
"""How much of the memory limit a value read by a mart counts for: less would spill more, more would scan
more often; benchmarks/marts.py shows both."""

_TYPES = {column_type.duckdb: column_type for column_type in ColumnType}


class DuckDBWarehouse(Warehouse):
    """Tables in one DuckDB file. One process writes at a time; others wait for it, within bounds.

    Args:
        path: the file; made, with its folder, when missing.
        memory_limit: what DuckDB may hold in memory, e.g. `128MB`; beyond it, it spills beside the file.
        threads: how many threads it may use; each needs its share of the memory.
        read_only: open without the right to change anything; works beside other readers, not beside a writer.
        wait_for_lock_s: how long to wait for another process to let go of the file, in seconds.
        clock: the time in seconds, for waiting and reports.
        sleep: waits that many seconds.

    Raises:
        WarehouseLockedError: another process kept the file for longer than `wait_for_lock_s`.
        NotAWarehouseError: the file is something else; it was not touched.
        DamagedWarehouseError: part of the file is missing; it was not touched.
        WarehouseMissingError: there is nothing to read.
        WarehouseUnwritableError: the folder or the file cannot be written.
    """

    def __init__(
        self,
        path: Path,
        *,
        memory_limit: str = "128MB",
        threads: int = 2,
        read_only: bool = False,
        wait_for_lock_s: float = 30.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.path = path
        self.address = str(path)
        self._read_only = read_only
        self._clock = clock
        self._reports: list[JobReport] = []
        self._depth = 0
        self._broken = False
        self._closed = False
        self._connection = open_file(
            path, read_only=read_only, wait_s=wait_for_lock_s, clock=clock, sleep=sleep
        )
        # As an option of connect() the time zone would ask for an extension from the internet.
        self._run("SET GLOBAL TimeZone = 'UTC'")
        self._run("SET memory_limit = $limit", {"limit": memory_limit})
        self._run("SET threads = $threads", {"threads": threads})

    @override
    def table_address(self, name: str) -> str:
        return f"main.{name}"

    @override
    def exists(self, name: str) -> bool:
        return self._relation_kind(name) is not None

    @override
    def stored_columns(self, name: str) -> dict[str, ColumnType]:
        return known_types(self._stored(name), _TYPES, address=self.table_address(name))

    @override
    def ensure(self, table: Table) -> None:
        with self.transaction():
            kind = self._relation_kind(table.name)
            if kind is None:
                self._create(table.name, table.columns)
            elif kind == "VIEW":
                address, column = self.table_address(table.name), table.columns[0].name
                raise ForeignSchemaError(address, column, actual="part of a view", expected="part of a table")
            else:
                self._evolve(table)
            self._comment("TABLE", table.name, table.description, table.columns)

    def _evolve(self, table: Table) -> None:
        needed = growth(
            table,
            self._stored(table.name),
            address=self.table_address(table.name),
            type_name=lambda column_type: column_type.duckdb,
        )
        alter = f"ALTER TABLE {_quoted(table.name)}"
        for column in needed.added:
            self._run(f"{alter} ADD COLUMN {_quoted(column.name)} {column.type.duckdb}")
        for column in needed.relaxed:
            self._run(f"{alter} ALTER COLUMN {_quoted(column.name)} DROP NOT NULL")

    @override
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
        stage, decided = f"stage_{table.name}", f"decided_{table.name}"
        began = self._clock()
        with self.transaction(), self._staged(table, stage, rows) as staged:
            deciding = _deciding(table, stage, wins=wins, changed=changed, latest=latest, count_by=count_by)
            self._run(f"CREATE TEMP TABLE {_quoted(decided)} AS {deciding}")
            counting = statements.counts(statements.table_named(decided), count_by)
            counted = self._answer(counting.sql(dialect="duckdb")).to_pylist()
            self._take_over(table, stage, decided)
            self._run(f"DROP TABLE {_quoted(decided)}")
        counts = MergeCounts.of(staged, counted, count_by)
        self._report("MERGE", began, counts.inserted + counts.updated)
        return counts

    def _take_over(self, table: Table, stage: str, decided: str) -> None:
        """Replace and insert what was decided.

        By deleting and inserting, and not by MERGE, which holds whole rows in memory: with it, fifty thousand
        activities did not fit into 128 MB.
        """
        chosen = exp.select("staged_row").from_(statements.table_named(decided)).where("is_new OR wins")
        replaced = (
            exp.select("stored_row").from_(statements.table_named(decided)).where("NOT is_new AND wins")
        )
        target = statements.table_named(table.name)
        names = statements.unstaged(table)
        arriving = exp.select(*names).from_(statements.table_named(stage))
        arriving = arriving.where(exp.column(statements.STAGED_ROW).isin(query=chosen))
        self._run(exp.delete(target, where=exp.column("rowid").isin(query=replaced)).sql(dialect="duckdb"))
        inserting = exp.insert(arriving, target, columns=[column.name for column in table.columns])
        self._run(inserting.sql(dialect="duckdb", identify=True))

    @contextmanager
    def _staged(self, table: Table, stage: str, rows: Iterable[pa.RecordBatch]) -> Iterator[int]:
        """A temporary table: of this connection alone, outside the file, gone with a rollback or a crash.

        Yields:
            The number of its rows.
        """
        definition = ", ".join(f"{_quoted(c.name)} {c.type.duckdb}" for c in table.columns)
        self._run(
            f"CREATE TEMP TABLE {_quoted(stage)} ({definition}, {_quoted(statements.STAGED_ROW)} BIGINT)"
        )
        staged = 0
        for batch in rows:
            fit = fitted(table.name, table.columns, batch)
            numbers = pa.array(range(staged, staged + fit.num_rows), pa.int64())
            self._append(stage, fit.append_column(statements.STAGED_ROW, numbers))
            staged += fit.num_rows
        yield staged
        self._run(f"DROP TABLE {_quoted(stage)}")

    @override
    def replace(self, table: Table, rows: pa.Table) -> int:
        began = self._clock()
        with self.transaction():
            self._clear(table.name)
            self._create(table.name, table.columns)
            for batch in rows.to_batches():
                self._append(table.name, fitted(table.name, table.columns, batch))
            self._comment("TABLE", table.name, table.description, table.columns)
        self._report("CREATE TABLE", began, rows.num_rows)
        return int(rows.num_rows)

    @override
    def create_table_as(
        self,
        name: str,
        sql: str,
        *,
        description: str,
        columns: Sequence[Column],
        split_by: SplitBy | None = None,
    ) -> int:
        began = self._clock()
        # Built beside the old table, which the query may read, then put in its place.
        building = f"{name}_building"
        with self.transaction():
            self._create(building, columns)
            shares = self._in_shares(split_by) if split_by else [None]
            filling = f"INSERT INTO {_quoted(building)} {_cast(sql, tuple(columns))}"
            rows = sum(self._changed_rows(filling) for _ in shares)
            self._clear(name)
            self._run(f"ALTER TABLE {_quoted(building)} RENAME TO {_quoted(name)}")
            self._comment("TABLE", name, description, columns)
        self._report("CREATE TABLE", began, rows)
        return rows

    def _in_shares(self, split_by: SplitBy) -> Iterator[None]:
        """Show statements one share of the tables after another, each as much as the memory takes at once.

        Sorting more than that goes through the disk, and takes longer the more there is. A temporary view
        stands before the table of its name, within other views too.
        """
        tables = self._run(
            "SELECT table_name, estimated_size * column_count FROM duckdb_tables() JOIN duckdb_columns()"
            " USING (database_name, schema_name, table_name) WHERE database_name = current_database()"
            " AND schema_name = 'main' AND table_name IN $tables AND column_name = $column",
            {"tables": list(split_by.tables), "column": split_by.column},
        ).fetchall()
        [(catalog, memory_bytes)] = self._run(
            "SELECT current_database(), parse_formatted_bytes(current_setting('memory_limit'))"
        ).fetchall()
        shares = 1 + max((values for _, values in tables), default=0) * _BYTES_A_VALUE // memory_bytes
        if shares == 1:
            yield
            return
        # The file's name, which may be no plain word.
        file = exp.to_identifier(catalog, quoted=True).sql(dialect="duckdb")
        for share in range(shares):
            for table, _ in tables:
                self._run(
                    f"CREATE OR REPLACE TEMP VIEW {_quoted(table)} AS FROM {file}.main.{_quoted(table)}"
                    f" WHERE hash({_quoted(split_by.column)}) % {shares} = {share}"
                )
            yield
        for table, _ in tables:
            self._run(f"DROP VIEW temp.{_quoted(table)}")

    @override
    def create_view_as(self, name: str, sql: str, *, description: str, columns: Sequence[Column]) -> None:
        began = self._clock()
        query = _cast(sql, tuple(columns))
        with self.transaction():
            if self._relation_kind(name) == "BASE TABLE":
                self._clear(name)
            self._run(f"CREATE OR REPLACE VIEW {_quoted(name)} AS {query}")
            self._comment("VIEW", name, description, columns)
        self._report("CREATE VIEW", began, 0)

    @override
    def execute(self, sql: str, params: Mapping[str, Any] | None = None) -> int:
        began = self._clock()
        rows = self._changed_rows(statements.for_duckdb(sql), _values(params))
        self._report(statements.kind_of(sql), began, rows)
        return rows

    @override
    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        began = self._clock()
        answer = self._answer(statements.for_duckdb(sql), _values(params))
        self._report(statements.kind_of(sql), began, answer.num_rows)
        return answer.cast(plain(answer.schema))

    @override
    def query_batches(
        self, sql: str, params: Mapping[str, Any] | None = None, *, batch_rows: int = 10_000
    ) -> Iterator[pa.RecordBatch]:
        began = self._clock()
        # On a connection of its own, where no transaction binds it, other statements do not end the reading.
        connection = self._connection if self._depth else self._connection.cursor()
        rows = 0
        try:
            reader = connection.sql(statements.for_duckdb(sql), params=_values(params)).to_arrow_reader(
                batch_rows
            )
            schema = plain(reader.schema)
            for batch in reader:
                rows += batch.num_rows
                yield batch.cast(schema)
        except duckdb.Error as error:
            raise explained(error, self.path) from error
        finally:
            if connection is not self._connection:
                connection.close()
        self._report(statements.kind_of(sql), began, rows)

    @override
    def drop(self, name: str) -> None:
        with self.transaction():
            self._clear(name)

    @override
    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._depth == 0:
            self._run("BEGIN TRANSACTION")
            self._broken = False
        self._depth += 1
        try:
            yield
        except BaseException:
            self._broken = True
            raise
        finally:
            self._depth -= 1
            if self._depth == 0 and self._broken:
                self._connection.rollback()
        if self._depth == 0:
            self._commit()

    def _commit(self) -> None:
        if self._broken:
            raise StatementFailedError(
                "A change inside a larger one failed, and the larger one went on.",
                means="All of it was undone; the warehouse is as it was before.",
                remedy="Run it again; if it stays so, report the first error of this run.",
            )
        try:
            self._connection.commit()
        except duckdb.Error as error:
            raise explained(error, self.path) from error

    @override
    def take_reports(self) -> list[JobReport]:
        reports, self._reports = self._reports, []
        return reports

    @override
    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        try:
            if not self._read_only and not self._depth:
                self._run("CHECKPOINT")
        finally:
            self._connection.close()

    def _report(self, kind: str, began: float, rows: int) -> None:
        self._reports.append(JobReport(kind, self._clock() - began, rows))

    def _run(self, sql: str, values: Mapping[str, Any] | None = None) -> duckdb.DuckDBPyConnection:
        try:
            return self._connection.execute(sql, values)
        except duckdb.Error as error:
            raise explained(error, self.path) from error

    def _changed_rows(self, sql: str, values: Mapping[str, Any] | None = None) -> int:
        # All rows: a result that is not read to its end keeps the connection from its next statement.
        counted = self._run(sql, values).fetchall()
        return int(counted[0][0]) if counted else 0

    def _answer(self, sql: str, values: Mapping[str, Any] | None = None) -> pa.Table:
        try:
            return self._connection.sql(sql, params=values).to_arrow_table()
        except duckdb.Error as error:
            raise explained(error, self.path) from error

    def _append(self, name: str, batch: pa.RecordBatch) -> None:
        if batch.num_rows == 0:
            return
        try:
            self._connection.from_arrow(pa.Table.from_batches([batch])).insert_into(name)
        except duckdb.Error as error:
            raise explained(error, self.path) from error

    def _relation_kind(self, name: str) -> str | None:
        statements.identifier(name)
        rows = self._run(
            "SELECT table_type FROM information_schema.tables"
            " WHERE table_catalog = current_database() AND table_schema = 'main' AND table_name = $name",
            {"name": name},
        ).fetchall()
        return str(rows[0][0]) if rows else None

    def _stored(self, name: str) -> dict[str, StoredColumn]:
        rows = self._run(
            "SELECT column_name, data_type, is_nullable FROM duckdb_columns() WHERE schema_name = 'main'"
            " AND table_name = $name AND database_name = current_database() ORDER BY column_index",
            {"name": name},
        ).fetchall()
        return {column: StoredColumn(type_name, nullable) for column, type_name, nullable in rows}

    def _create(self, name: str, columns: Sequence[Column]) -> None:
        definition = ", ".join(
            f"{_quoted(c.name)} {c.type.duckdb}{'' if c.nullable else ' NOT NULL'}" for c in columns
        )
        self._run(f"CREATE TABLE {_quoted(name)} ({definition})")

    def _clear(self, name: str) -> None:
        kind = self._relation_kind(name)
        if kind is not None:
            self._run(f"DROP {'VIEW' if kind == 'VIEW' else 'TABLE'} {_quoted(name)}")

    def _comment(self, kind: str, name: str, description: str, columns: Sequence[Column]) -> None:
        """Set the comments that are not there yet: each is a statement, and most loads change none."""
        catalog = "duckdb_views()" if kind == "VIEW" else "duckdb_tables()"
        rows = self._run(
            f"SELECT comment FROM {catalog} WHERE schema_name = 'main' AND database_name = current_database()"  # noqa: S608 - constants
            f" AND {kind.lower()}_name = $name",
            {"name": name},
        ).fetchone()
        if rows != (description,):
            self._run(f"COMMENT ON {kind} {_quoted(name)} IS {_literal(description)}")
        stored = dict(
            self._run(
                "SELECT column_name, comment FROM duckdb_columns() WHERE schema_name = 'main'"
                " AND table_name = $name AND database_name = current_database()",
                {"name": name},
            ).fetchall()
        )
        for column in columns:
            if stored.get(column.name) != described(column):
                self._run(
                    f"COMMENT ON COLUMN {_quoted(name)}.{_quoted(column.name)}"
                    f" IS {_literal(described(column))}"
                )


@cache
def _deciding(table: Table, stage: str, *, wins: str, changed: str, latest: str, count_by: str | None) -> str:
    """What decides over staged rows, as DuckDB's text, with the stored row each would replace."""
    deciding = statements.decisions(table, stage, wins=wins, changed=changed, latest=latest)
    deciding = statements.with_counted_by(deciding, count_by)
    return deciding.select(exp.alias_(statements.column_named("rowid", "T"), "stored_row")).sql(
        dialect="duckdb"
    )


@cache
def _cast(sql: str, columns: tuple[Column, ...]) -> str:
    """The query with its columns as declared, as DuckDB's text."""
    return statements.duckdb_text(statements.cast_select(sql, columns))


@cache
def _quoted(name: str) -> str:
    return statements.identifier(name).sql(dialect="duckdb")


def _literal(text: str) -> str:
    return exp.Literal.string(text).sql(dialect="duckdb")


def _values(params: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if params is None:
        return None
    return {name: value.value if isinstance(value, Typed) else value for name, value in params.items()}
