"""BigQuery: tables in one dataset, through the interface of engine.py.

How a job is sent and awaited stands in bigquery_jobs.py, what failures mean in bigquery_errors.py. It uses
Google's client and not dagster_gcp's resource, which has no endpoint to set and would bring Dagster in.
"""

from __future__ import annotations

import logging
import tempfile
import uuid
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from google.api_core.exceptions import NotFound
from google.cloud import bigquery
from sqlglot import exp
from typing_extensions import override

from strava_assets.schema import ColumnType
from strava_assets.warehouse import statements
from strava_assets.warehouse.arrow import described, plain
from strava_assets.warehouse.bigquery_errors import FAILURES, DatasetElsewhereError, Place, explained
from strava_assets.warehouse.bigquery_jobs import LABELS, Jobs
from strava_assets.warehouse.bigquery_staging import Staged, staged_columns, write_parquet
from strava_assets.warehouse.engine import JobReport, MergeCounts, SplitBy, Warehouse
from strava_assets.warehouse.errors import ForeignSchemaError
from strava_assets.warehouse.evolution import StoredColumn, growth, known_types

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from strava_assets.schema import Column, Table

_TYPES = {column_type.bigquery: column_type for column_type in ColumnType}
_LEGACY_NAMES = {"INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"}
_STAGING_LIVES = timedelta(hours=1)
"""A staging table is dropped after its merge; should that fail, BigQuery drops it then."""

_log = logging.getLogger(__name__)


_TIME_TRAVEL_HOURS = 168
"""BigQuery's own default, where a dataset has no setting of its own."""


class BigQueryWarehouse(Warehouse):
    """Tables in one dataset, which is made when the first table is.

    Nothing is asked of Google before the first call. A method's change is one job (after staging, where rows
    are brought), so that it happens whole or not at all.

    Args:
        project: the project's id; jobs run in it and are billed to it.
        dataset: the dataset's name in that project.
        location: where the dataset is, or is made, and where jobs run: `EU`, `US`, `europe-west3`, ….
        api_endpoint: another address than Google's, for an emulator; it is asked without credentials.
        maximum_bytes_billed: the most one statement may be billed for, in bytes; None for no limit.
        retry_for_s: how long a request is repeated while the network or BigQuery fails, in seconds.
        job_timeout_s: how long a job may take, in seconds.
    """

    def __init__(
        self,
        project: str,
        dataset: str,
        *,
        location: str,
        api_endpoint: str | None = None,
        maximum_bytes_billed: int | None = None,
        retry_for_s: float = 120.0,
        job_timeout_s: float = 1_800.0,
    ) -> None:
        self._place = Place(project, dataset, location, api_endpoint or "https://bigquery.googleapis.com")
        self.address = self._place.address
        self._jobs = Jobs(
            place=self._place,
            api_endpoint=api_endpoint,
            maximum_bytes_billed=maximum_bytes_billed,
            retry_for_s=retry_for_s,
            job_timeout_s=job_timeout_s,
        )
        self._dataset_exists = False

    @override
    def table_address(self, name: str) -> str:
        return f"{self.address}.{name}"

    def time_travel_hours(self) -> int:
        """How long a dropped table or a changed row can be read as it was."""
        with self._explaining():
            dataset = self._client.get_dataset(self.address, **self._jobs.request_options)
        return int(dataset.max_time_travel_hours or _TIME_TRAVEL_HOURS)

    @override
    def exists(self, name: str) -> bool:
        return self._existing(name) is not None

    @override
    def stored_columns(self, name: str) -> dict[str, ColumnType]:
        existing = self._existing(name)
        return known_types(_stored(existing), _TYPES, address=self.table_address(name)) if existing else {}

    @override
    def ensure(self, table: Table) -> None:
        self._ensure_dataset()
        existing = self._existing(table.name)
        if existing is None:
            self._create(table)
        elif existing.table_type != "TABLE":
            column = table.columns[0].name
            raise ForeignSchemaError(
                self.table_address(table.name), column, actual="part of a view", expected="part of a table"
            )
        else:
            self._evolve(table, existing)

    def _create(self, table: Table) -> None:
        new = bigquery.Table(self.table_address(table.name), schema=[_field(c) for c in table.columns])
        new.description = table.description
        new.clustering_fields = list(table.cluster_by) or None
        if table.partition_by:
            new.time_partitioning = bigquery.TimePartitioning(
                type_=bigquery.TimePartitioningType.MONTH, field=table.partition_by
            )
        with self._explaining():
            self._client.create_table(new, exists_ok=True, **self._jobs.request_options)

    def _evolve(self, table: Table, existing: bigquery.Table) -> None:
        growth(
            table,
            _stored(existing),
            address=self.table_address(table.name),
            type_name=lambda column_type: column_type.bigquery,
        )
        declared = {column.name: _field(column) for column in table.columns}
        fields = [_merged(field, declared.pop(field.name, None)) for field in existing.schema]
        expected = [*fields, *declared.values()]
        if expected == list(existing.schema) and existing.description == table.description:
            return
        existing.schema = expected
        existing.description = table.description
        with self._explaining():
            self._client.update_table(existing, ["schema", "description"], **self._jobs.request_options)

    def _ensure_dataset(self) -> None:
        if self._dataset_exists:
            return
        new = bigquery.Dataset(self.address)
        new.location = self._place.location
        new.labels = LABELS
        with self._explaining():
            try:
                existing = self._client.get_dataset(self.address, **self._jobs.request_options)
            except NotFound:
                existing = self._client.create_dataset(new, exists_ok=True, **self._jobs.request_options)
        if existing.location.upper() != self._place.location.upper():
            raise DatasetElsewhereError(self._place, existing.location)
        self._dataset_exists = True

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
        with self._staged(table, rows) as (stage, staged):
            if not staged.rows:
                return MergeCounts(staged=0, inserted=0, updated=0, unchanged=0)
            filled = self._filled(table, stage, None if staged.distinct else latest)
            if filled is not None:
                if count_by is None:
                    return MergeCounts(staged=staged.rows, inserted=filled, updated=0, unchanged=0)
                return MergeCounts.of(
                    staged.rows, self._counted(statements.count_groups(table, count_by)), count_by
                )
            decided = statements.decisions(
                table,
                stage,
                wins=wins,
                changed=changed,
                latest=latest,
                json_as_text=True,
                owners=staged.owners,
            )
            decided = statements.with_counted_by(decided, count_by)
            counted = self._counted(statements.counts(decided.subquery("decided"), count_by))
            merging = statements.merge(
                table, stage, wins=wins, latest=latest, json_as_text=True, owners=staged.owners
            )
            self._jobs.query(merging.sql(dialect="bigquery"), kind="MERGE")
        return MergeCounts.of(staged.rows, counted, count_by)

    def _counted(self, counting: exp.Select) -> list[dict[str, Any]]:
        _, counted = self._jobs.query(counting.sql(dialect="bigquery"), kind="SELECT")
        rows: list[dict[str, Any]] = counted.to_arrow(create_bqstorage_client=False).to_pylist()
        return rows

    def _filled(self, table: Table, stage: str, latest: str | None) -> int | None:
        """Insert into a table without rows, where there is nothing to merge with; None: merge after all.

        BigQuery makes one MERGE wait for another, but no INSERT. So this one may run once in a table's life:
        of two calls that find it empty, or of a call and what a killed one left running, the second merges.
        """
        existing = self._existing(table.name)
        if existing is None or existing.num_rows or existing.created is None:
            return None
        inserting = statements.fill(table, stage, latest=latest, json_as_text=True)
        return self._jobs.execute_once(
            inserting.sql(dialect="bigquery"),
            kind="INSERT",
            once=f"{self._place.dataset}_{table.name}_{existing.created:%Y%m%dT%H%M%S%f}",
        )

    @contextmanager
    def _staged(self, table: Table, rows: Iterable[pa.RecordBatch]) -> Iterator[tuple[str, Staged]]:
        """A staging table with these rows, and what they are."""
        name = f"stage_{table.name}_{uuid.uuid4().hex}"
        schema = [_field(column) for column in staged_columns(table)]
        stage = bigquery.Table(self.table_address(name), schema=schema)
        stage.expires = datetime.now(UTC) + _STAGING_LIVES
        self._ensure_dataset()
        with tempfile.TemporaryDirectory(prefix="strava_assets_") as folder, ThreadPoolExecutor(1) as thread:
            file = Path(folder) / "rows.parquet"
            # BigQuery makes the table while the rows are written.
            creation = thread.submit(
                self._client.create_table, stage, exists_ok=True, **self._jobs.request_options
            )
            try:
                staged = write_parquet(file, table, rows)
                with self._explaining():
                    creation.result()
                self._jobs.load_parquet(file, self.table_address(name), schema)
                yield name, staged
            finally:
                wait([creation])
                self._forget(name)

    def _forget(self, stage: str) -> None:
        try:
            self._client.delete_table(
                self.table_address(stage), not_found_ok=True, **self._jobs.request_options
            )
        except FAILURES:
            # It expires by itself; what is worth a person's attention is the failure that led here, if any.
            _log.warning(
                "%s could not be dropped; BigQuery drops it within the hour", self.table_address(stage)
            )

    @override
    def replace(self, table: Table, rows: pa.Table) -> int:
        with self._staged(table, rows.to_batches()) as (stage, _):
            self._clear(table.name, table.cluster_by)
            selection = exp.select(*statements.unstaged(table, json_as_text=True)).from_(
                statements.table_named(stage)
            )
            self._jobs.query(
                f"{_create_table(table.name, table.description, table.columns, _layout(table))}"
                f" AS {selection.sql(dialect='bigquery')}",
                kind="CREATE TABLE",
            )
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
        self._ensure_dataset()
        # BigQuery divides its work by itself; whoever asks for one athlete is to read only their blocks.
        cluster_by = [split_by.column] if split_by else []
        self._clear(name, cluster_by)
        create = _create_table(name, description, columns, _clustering(cluster_by))
        self._jobs.query(f"{create} AS {statements.native_cast_select(sql, columns)}", kind="CREATE TABLE")
        table = self._existing(name)
        return int(table.num_rows or 0) if table else 0

    @override
    def create_view_as(self, name: str, sql: str, *, description: str, columns: Sequence[Column]) -> None:
        self._ensure_dataset()
        existing = self._existing(name)
        if existing is not None and existing.table_type != "VIEW":
            self.drop(name)
        qualified = statements.qualified(sql, project=self._place.project, dataset=self._place.dataset)
        named = ", ".join(f"{_quoted(c.name)} OPTIONS(description={_literal(described(c))})" for c in columns)
        self._jobs.query(
            f"CREATE OR REPLACE VIEW {_quoted(name)} ({named}) OPTIONS(description={_literal(description)})"
            f" AS {statements.native_cast_select(qualified, columns)}",
            kind="CREATE VIEW",
        )

    def _clear(self, name: str, cluster_by: Sequence[str]) -> None:
        """Drop what a table of that name cannot replace: a view, or a table that is clustered otherwise."""
        existing = self._existing(name)
        if existing is not None and (
            existing.table_type != "TABLE" or list(existing.clustering_fields or []) != list(cluster_by)
        ):
            self.drop(name)

    @override
    def execute(self, sql: str, params: Mapping[str, Any] | None = None) -> int:
        job, _ = self._jobs.query(sql, params, kind=statements.kind_of(sql))
        return int(job.num_dml_affected_rows or 0)

    @override
    def query(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        _, rows = self._jobs.query(sql, params, kind=statements.kind_of(sql))
        with self._explaining():
            answer = rows.to_arrow(create_bqstorage_client=False)
        return answer.cast(plain(answer.schema))

    @override
    def query_batches(
        self, sql: str, params: Mapping[str, Any] | None = None, *, batch_rows: int = 10_000
    ) -> Iterator[pa.RecordBatch]:
        _, rows = self._jobs.query(sql, params, kind=statements.kind_of(sql), page_rows=batch_rows)
        with self._explaining():
            for batch in rows.to_arrow_iterable():
                yield batch.cast(plain(batch.schema))

    @override
    def estimate(self, sql: str, params: Mapping[str, Any] | None = None) -> int:
        return self._jobs.estimate(sql, params)

    @override
    def drop(self, name: str) -> None:
        statements.identifier(name)
        with self._explaining():
            self._client.delete_table(
                self.table_address(name), not_found_ok=True, **self._jobs.request_options
            )

    @override
    @contextmanager
    def transaction(self) -> Iterator[None]:
        yield

    @override
    def take_reports(self) -> list[JobReport]:
        reports, self._jobs.reports = self._jobs.reports, []
        return reports

    @override
    def close(self) -> None:
        if "client" in self._jobs.__dict__:
            self._client.close()  # type: ignore[no-untyped-call]  # Google's client declares no type here

    @property
    def _client(self) -> bigquery.Client:
        return self._jobs.client

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except FAILURES as error:
            raise explained(error, self._place) from error

    def _existing(self, name: str) -> bigquery.Table | None:
        statements.identifier(name)
        with self._explaining():
            try:
                return self._client.get_table(self.table_address(name), **self._jobs.request_options)
            except NotFound:
                return None


def _stored(existing: bigquery.Table) -> dict[str, StoredColumn]:
    return {
        field.name: StoredColumn(_type_name(field), field.mode != "REQUIRED") for field in existing.schema
    }


def _type_name(field: bigquery.SchemaField) -> str:
    name = _LEGACY_NAMES.get(field.field_type, field.field_type)
    return f"ARRAY<{name}>" if field.mode == "REPEATED" else name


def _field(column: Column) -> bigquery.SchemaField:
    mode = "NULLABLE" if column.nullable else "REQUIRED"
    return bigquery.SchemaField(column.name, column.type.bigquery, mode=mode, description=described(column))


def _merged(existing: bigquery.SchemaField, declared: bigquery.SchemaField | None) -> bigquery.SchemaField:
    """A stored field with the registry's words; never stricter than it was, which BigQuery would refuse."""
    if declared is None:
        return existing
    mode = "NULLABLE" if existing.mode == "NULLABLE" else declared.mode
    return bigquery.SchemaField(
        existing.name, existing.field_type, mode=mode, description=declared.description
    )


def _create_table(name: str, description: str, columns: Sequence[Column], layout: str) -> str:
    defined = ", ".join(
        f"{_quoted(c.name)} {c.type.bigquery}{'' if c.nullable else ' NOT NULL'}"
        f" OPTIONS(description={_literal(described(c))})"
        for c in columns
    )
    options = f"OPTIONS(description={_literal(description)})"
    return f"CREATE OR REPLACE TABLE {_quoted(name)} ({defined}){layout} {options}"


def _layout(table: Table) -> str:
    split = f" PARTITION BY DATE_TRUNC({_quoted(table.partition_by)}, MONTH)" if table.partition_by else ""
    return split + _clustering(table.cluster_by)


def _clustering(columns: Sequence[str]) -> str:
    return f" CLUSTER BY {', '.join(map(_quoted, columns))}" if columns else ""


def _quoted(name: str) -> str:
    return statements.identifier(name).sql(dialect="bigquery")


def _literal(text: str) -> str:
    return exp.Literal.string(text).sql(dialect="bigquery")
