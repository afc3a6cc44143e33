"""Jobs: how a statement or a file gets to BigQuery, is awaited and recorded. What is run: bigquery.py.

Every job's id is chosen here before it is sent. A request whose answer was lost is sent again under the same
id, and BigQuery refuses the second one: the first is then awaited, and nothing is applied twice. The ids are
new with each call, not made from the content: a history rebuilt later may load the same rows again. Only what
may happen once in a table's life is named by that (`execute_once`).
"""

from __future__ import annotations

import math
import time
import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import Conflict
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_RETRY

from strava_assets.schema import ColumnType
from strava_assets.warehouse.bigquery_errors import FAILURES, Place, explained
from strava_assets.warehouse.engine import JobReport, Typed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_REQUEST_S = 60.0
LABELS = {"application": "strava_assets"}
"""On every job and on the dataset, for the bill."""


@dataclass
class Jobs:
    """Runs jobs in one project and location, and keeps their record.

    Args:
        place: project, dataset, location and endpoint.
        api_endpoint: another address than Google's (an emulator's); it is asked without credentials.
        maximum_bytes_billed: BigQuery refuses a statement that would be billed for more; None for no limit.
        retry_for_s: how long a request is repeated while the network or BigQuery fails, in seconds.
        job_timeout_s: how long a job may take, in seconds.
    """

    place: Place
    api_endpoint: str | None
    maximum_bytes_billed: int | None
    retry_for_s: float
    job_timeout_s: float
    reports: list[JobReport] = field(default_factory=list)

    @cached_property
    def client(self) -> bigquery.Client:
        """Google's client; made when first needed, since looking for credentials may ask the network."""
        options = ClientOptions(api_endpoint=self.api_endpoint) if self.api_endpoint else None
        try:
            return bigquery.Client(
                project=self.place.project,
                location=self.place.location,
                credentials=_nobody() if self.api_endpoint else None,
                client_options=options,
            )
        except FAILURES as error:
            raise explained(error, self.place) from error

    @property
    def request_options(self) -> dict[str, Any]:
        """Arguments of every call: how long it is repeated, and how long one try may take."""
        return {"retry": DEFAULT_RETRY.with_timeout(self.retry_for_s), "timeout": _REQUEST_S}

    @property
    def _upload_tries(self) -> int:
        """An upload waits 1, 2, 4, … seconds between tries: as many as fit the time."""
        return int(math.log2(self.retry_for_s + 1))

    def query(
        self, sql: str, params: Mapping[str, Any] | None = None, *, kind: str, page_rows: int | None = None
    ) -> tuple[bigquery.QueryJob, bigquery.table.RowIterator]:
        """Run one statement to its end.

        Args:
            sql: BigQuery's SQL; tables without a dataset are the warehouse's.
            params: values of its named parameters.
            kind: what it is, for the record and the job's id.
            page_rows: rows a page of the answer; BigQuery decides by default.

        Raises:
            WarehouseError: it failed; which class says why.
        """
        began = time.monotonic()
        try:
            job = self._sent(sql, params, kind, _job_id(kind))
            rows = job.result(
                page_size=page_rows, job_retry=None, **{**self.request_options, "timeout": self.job_timeout_s}
            )
        except FAILURES as error:
            raise explained(error, self.place) from error
        changed = job.num_dml_affected_rows
        self._record(kind, began, rows.total_rows or 0 if changed is None else changed, job)
        return job, rows

    def execute_once(self, sql: str, *, kind: str, once: str) -> int | None:
        """Run a statement under a name that BigQuery lets run once; waits for whoever had the name before.

        Args:
            sql: BigQuery's SQL; tables without a dataset are the warehouse's.
            kind: what it is, for the record.
            once: what this may happen to once; letters, digits, underscores and hyphens.

        Returns:
            How many rows it changed; None where another one had the name, whatever has become of it.

        Raises:
            WarehouseError: it failed, or the other one does not end; which class says why.
        """
        began = time.monotonic()
        try:
            job = self._sent(sql, None, kind, f"strava_assets_{_word(kind)}_{once}")
            if job.query != sql:
                job.exception(timeout=self.job_timeout_s)
                return None
            job.result(job_retry=None, **{**self.request_options, "timeout": self.job_timeout_s})
        except FAILURES as error:
            raise explained(error, self.place) from error
        changed = int(job.num_dml_affected_rows or 0)
        self._record(kind, began, changed, job)
        return changed

    def estimate(self, sql: str, params: Mapping[str, Any] | None = None) -> int:
        """Bytes the statement would process, by a dry run; nothing is run or billed."""
        config = self._config(params, "dry_run")
        config.dry_run = True
        config.use_query_cache = False
        try:
            job = self.client.query(sql, job_config=config, job_retry=None, **self.request_options)
        except FAILURES as error:
            raise explained(error, self.place) from error
        return int(job.total_bytes_processed or 0)

    def load_parquet(self, path: Path, destination: str, schema: Sequence[bigquery.SchemaField]) -> int:
        """Load a file into a table that is there and empty; returns the rows loaded."""
        began = time.monotonic()
        config = bigquery.LoadJobConfig(
            source_format=bigquery.SourceFormat.PARQUET,
            schema=schema,
            create_disposition=bigquery.CreateDisposition.CREATE_NEVER,
            write_disposition=bigquery.WriteDisposition.WRITE_EMPTY,
            labels={**LABELS, "statement": "load"},
        )
        try:
            job_id = _job_id("load")
            try:
                with path.open("rb") as file:
                    job = self.client.load_table_from_file(
                        file,
                        destination,
                        job_id=job_id,
                        job_config=config,
                        timeout=_REQUEST_S,
                        num_retries=self._upload_tries,
                    )
            except Conflict:
                job = self._submitted(job_id)
            job.result(retry=self.request_options["retry"], timeout=self.job_timeout_s)
        except FAILURES as error:
            raise explained(error, self.place) from error
        self._record("LOAD", began, job.output_rows or 0, job)
        return int(job.output_rows or 0)

    def _sent(self, sql: str, params: Mapping[str, Any] | None, kind: str, job_id: str) -> Any:
        config = self._config(params, kind)
        try:
            return self.client.query(
                sql, job_config=config, job_id=job_id, job_retry=None, **self.request_options
            )
        except Conflict:
            return self._submitted(job_id)

    def _submitted(self, job_id: str) -> Any:
        """A job that was sent already; which kind it is, its id says and the client does not."""
        return self.client.get_job(job_id, **self.request_options)

    def _config(self, params: Mapping[str, Any] | None, kind: str) -> bigquery.QueryJobConfig:
        config = bigquery.QueryJobConfig(
            default_dataset=f"{self.place.project}.{self.place.dataset}",
            query_parameters=list(_parameters(params or {})),
            labels={**LABELS, "statement": _word(kind)},
        )
        if self.maximum_bytes_billed is not None:
            config.maximum_bytes_billed = self.maximum_bytes_billed
        return config

    def _record(self, kind: str, began: float, rows: int, job: bigquery.QueryJob | bigquery.LoadJob) -> None:
        processed = getattr(job, "total_bytes_processed", None)
        self.reports.append(JobReport(kind, time.monotonic() - began, int(rows), str(job.job_id), processed))


def _nobody() -> AnonymousCredentials:
    return AnonymousCredentials()  # type: ignore[no-untyped-call]  # Google's class declares no type


def _job_id(kind: str) -> str:
    return f"strava_assets_{_word(kind)}_{uuid.uuid4().hex}"


def _word(kind: str) -> str:
    """The kind as labels and ids may be written."""
    return kind.lower().replace(" ", "_")


def _parameters(
    params: Mapping[str, Any],
) -> Iterator[bigquery.ScalarQueryParameter | bigquery.ArrayQueryParameter]:
    for name, parameter in params.items():
        value = parameter.value if isinstance(parameter, Typed) else parameter
        if isinstance(value, list | tuple):
            of = parameter.type if isinstance(parameter, Typed) else _type_of(value[0] if value else None)
            yield bigquery.ArrayQueryParameter(name, of.bigquery, list(value))
        else:
            of = parameter.type if isinstance(parameter, Typed) else _type_of(value)
            yield bigquery.ScalarQueryParameter(name, of.bigquery, value)


def _type_of(value: Any) -> ColumnType:
    """The logical type a Python value shows; text where it shows none."""
    if isinstance(value, bool):
        return ColumnType.BOOLEAN
    if isinstance(value, int):
        return ColumnType.INTEGER
    if isinstance(value, float):
        return ColumnType.FLOAT
    if isinstance(value, datetime):
        return ColumnType.TIMESTAMP if value.tzinfo else ColumnType.DATETIME
    if isinstance(value, date):
        return ColumnType.DATE
    return ColumnType.TEXT
