"""Compares a merge of 100,000 activities into BigQuery with the client's own load of the same rows.

    make tools
    .venv/bin/python -m benchmarks.bigquery_merge

All use the emulator over HTTP, five times each in turns. The first merge stages and inserts into an empty
table; the second one stages, counts and merges into the full table. The client only loads a data frame. The
bare client loads the staged file and runs the same INSERT and MERGE without the project. Memory is the growth
of this process.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
import warnings
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
from google.cloud import bigquery

from strava_assets.schema.activities import ACTIVITIES
from strava_assets.warehouse import statements
from strava_assets.warehouse.arrow import arrow_schema
from strava_assets.warehouse.bigquery_staging import write_parquet
from strava_assets_tests.marts.histories import activity
from strava_assets_tests.warehouse.bigquery_engine import BigQueryEngine, running_emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH = 5_000
LABELS = (
    "merge into an empty table",
    "the same again",
    "bare client, load and INSERT",
    "bare client, load and MERGE",
    "client's load of a data frame",
)
EXTRA = '{"map": {"summary_polyline": "' + "a" * 400 + '"}, "kudoers": [1, 2, 3]}'


def batches(rows: int, start: int = 0) -> Iterator[pa.RecordBatch]:
    """Activities in batches."""
    schema = arrow_schema(ACTIVITIES.columns)
    first = date(2000, 1, 3)
    for begin in range(start, start + rows, BATCH):
        numbers = range(begin, min(begin + BATCH, start + rows))
        yield pa.RecordBatch.from_pylist(
            [
                activity(first + timedelta(days=n % 9_000), str(n), name=f"Ride {n}", extra=EXTRA)
                for n in numbers
            ],
            schema=schema,
        )


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def time_merge(engine: BigQueryEngine, rows: list[pa.RecordBatch]) -> tuple[float, float]:
    """Seconds of a merge into an empty table, and of the same rows again into the full one."""
    with engine.open() as warehouse:
        warehouse.drop(ACTIVITIES.name)
        warehouse.ensure(ACTIVITIES)
        seconds = []
        for _ in range(2):
            began = time.perf_counter()
            warehouse.merge(ACTIVITIES, iter(rows), wins="TRUE", changed="TRUE", latest="fetched_at")
            seconds.append(time.perf_counter() - began)
            phases = ", ".join(f"{report.kind} {report.seconds:.1f} s" for report in warehouse.take_reports())
            print(f"  {phases}")
    return seconds[0], seconds[1]


def time_bare_client(engine: BigQueryEngine, rows: list[pa.RecordBatch]) -> tuple[float, float]:
    """Seconds of the bare client for load and INSERT, and for load and MERGE."""
    stage, target = f"{engine.dataset}.by_hand", ACTIVITIES.name
    config = bigquery.LoadJobConfig(source_format="PARQUET", write_disposition="WRITE_TRUNCATE")
    settings = bigquery.QueryJobConfig(default_dataset=f"{engine.client.project}.{engine.dataset}")
    with engine.open() as warehouse, tempfile.TemporaryDirectory() as folder:
        warehouse.drop(target)
        warehouse.ensure(ACTIVITIES)
        file = Path(folder) / "rows.parquet"
        write_parquet(file, ACTIVITIES, rows)
        seconds = []
        for statement in (
            statements.fill(ACTIVITIES, "by_hand", latest=None, json_as_text=True),
            statements.merge(ACTIVITIES, "by_hand", wins="TRUE", latest="fetched_at", json_as_text=True),
        ):
            sql = statement.sql(dialect="bigquery")
            began = time.perf_counter()
            with file.open("rb") as file_content:
                engine.client.load_table_from_file(file_content, stage, job_config=config).result()
            engine.client.query(sql, job_config=settings, job_retry=None).result(job_retry=None)
            seconds.append(time.perf_counter() - began)
    return seconds[0], seconds[1]


def time_dataframe_load(engine: BigQueryEngine, rows: list[pa.RecordBatch]) -> float:
    """Seconds of the client's own load of the same rows as a data frame."""
    frame = pa.Table.from_batches(rows).to_pandas()
    kinds = {c.name: "STRING" if c.type.bigquery == "JSON" else c.type.bigquery for c in ACTIVITIES.columns}
    config = bigquery.LoadJobConfig(
        schema=[bigquery.SchemaField(name, kind) for name, kind in kinds.items()],
        write_disposition="WRITE_TRUNCATE",
    )
    began = time.perf_counter()
    engine.client.load_table_from_dataframe(
        frame, f"{engine.dataset}.by_the_client", job_config=config
    ).result()
    return time.perf_counter() - began


def main() -> None:
    # The client recommends another package for data frames, but its own implementation is measured.
    warnings.filterwarnings("ignore", category=FutureWarning)
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_emulator(Path(folder) / "data") as address:
        engine = BigQueryEngine(address)
        with engine.open() as warehouse:
            warehouse.ensure(ACTIVITIES)
            warehouse.merge(ACTIVITIES, batches(BATCH), wins="TRUE", changed="TRUE", latest="fetched_at")
            small = peak_mb()
            warehouse.merge(
                ACTIVITIES, batches(options.rows), wins="TRUE", changed="TRUE", latest="fetched_at"
            )
            print(f"memory: {small:.0f} MB after {BATCH:,} rows, {peak_mb():.0f} MB after {options.rows:,}")
        rows = list(batches(options.rows))
        turns = [
            (*time_merge(engine, rows), *time_bare_client(engine, rows), time_dataframe_load(engine, rows))
            for _ in range(options.times)
        ]
    load = [turn[-1] for turn in turns]
    for label, seconds in zip(LABELS, zip(*turns, strict=True), strict=True):
        times = statistics.median(one / other for one, other in zip(seconds, load, strict=True))
        print(
            f"{label}: {statistics.median(seconds):.2f} s median, {min(seconds):.2f} to {max(seconds):.2f};"
            f" {times:.2f} times the client's load of its turn"
        )


if __name__ == "__main__":
    main()
