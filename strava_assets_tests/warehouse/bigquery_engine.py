"""The BigQuery emulator as an engine under test: a process of its own, reached by Google's client over HTTP.

What it does otherwise than BigQuery stands in docs/bigquery.md.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from strava_assets.warehouse.bigquery import BigQueryWarehouse
from strava_assets_tests.warehouse.engines import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator

PROJECT = "a-project"
LOCATION = "EU"
LAUNCHER = Path(__file__).parent / "emulator_launcher.py"
PYTHON = Path(__file__).parents[2] / ".tools" / "local-bigquery" / "bin" / "python"
_READY = re.compile(r"Uvicorn running on (http://127\.0\.0\.1:\d+)")


def why_missing() -> str:
    """Why the emulator cannot be started; empty if it can."""
    return "" if PYTHON.exists() else "the BigQuery emulator is not installed: make tools"


@contextmanager
def running_emulator(folder: Path) -> Iterator[str]:
    """Starts an emulator and yields its address."""
    options = ["--host", "127.0.0.1", "--port", "0", "--grpc-port", "0", "--project", PROJECT]
    command = [str(PYTHON), str(LAUNCHER), *options, "--data-dir", str(folder)]
    process = subprocess.Popen(  # noqa: S603 -- the tests' own emulator
        command, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True
    )
    try:
        yield _address(process)
    finally:
        process.kill()
        process.communicate()
        shutil.rmtree(folder, ignore_errors=True)


def _address(process: subprocess.Popen[str]) -> str:
    """Wait until the emulator prints its address. Then read its output, so that it does not block."""
    assert process.stdout is not None
    output, lines = process.stdout, []
    for line in output:
        lines.append(line)
        if match := _READY.search(line):
            threading.Thread(target=output.read, daemon=True).start()
            return match[1]
    raise AssertionError(f"the emulator did not start: {''.join(lines)}")


class BigQueryEngine(Engine):
    refuses_null_where_required = False
    replaces_whole_or_not_at_all = False

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.dataset = f"test_{uuid.uuid4().hex}"
        # AnonymousCredentials has no type information.
        nobody = AnonymousCredentials()  # type: ignore[no-untyped-call]
        self.client = bigquery.Client(PROJECT, nobody, client_options={"api_endpoint": endpoint})

    def open(self) -> BigQueryWarehouse:
        return BigQueryWarehouse(
            PROJECT,
            self.dataset,
            location=LOCATION,
            api_endpoint=self.endpoint,
            retry_for_s=1.0,
            job_timeout_s=60.0,
        )

    def close(self) -> None:
        # The emulator reads its whole catalog for every statement: what is left slows down all that follow.
        self.client.delete_dataset(f"{PROJECT}.{self.dataset}", delete_contents=True, not_found_ok=True)
        self.client.close()  # type: ignore[no-untyped-call]  # Google's client declares no type here

    def descriptions(self, name: str) -> dict[str, str]:
        table = self.client.get_table(f"{self.dataset}.{name}")
        return {name: table.description, **{field.name: field.description for field in table.schema}}

    def tables(self) -> set[str]:
        return {table.table_id for table in self.client.list_tables(self.dataset)}

    def prepare(self, ddl: str) -> None:
        dataset = bigquery.Dataset(f"{PROJECT}.{self.dataset}")
        dataset.location = LOCATION
        self.client.create_dataset(dataset)
        config = bigquery.QueryJobConfig(default_dataset=f"{PROJECT}.{self.dataset}")
        self.client.query(ddl, job_config=config, job_retry=None).result(job_retry=None)
