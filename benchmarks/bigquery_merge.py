"""100,000 activities through the BigQuery path, beside the client's own load of the same rows.

    make tools
    .venv/bin/python -m benchmarks.bigquery_merge

Both ask the emulator over HTTP, in turns, three times each. The merge stages, counts and merges into an empty
table, and once more into the full one; the client only loads. Memory is this process's growth.
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
from strava_assets.warehouse.arrow import arrow_schema
from strava_assets_tests.marts.histories import activity
from strava_assets_tests.warehouse.bigquery_engine import BigQueryEngine, running_emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH = 5_000
EXTRA = '{"map": {"summary_polyline": "' + "a" * 400 + '"}, "kudoers": [1, 2, 3]}'


def batches(rows: int, start: int = 0) -> Iterator[pa.RecordBatch]:
    """Activities, a batch at a time."""
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


def merged(engine: BigQueryEngine, made: list[pa.RecordBatch]) -> tuple[float, float]:
    """Seconds of a merge into an empty table, and of the same rows again into the full one."""
    with engine.open() as warehouse:
        warehouse.drop(ACTIVITIES.name)
        warehouse.ensure(ACTIVITIES)
        seconds = []
        for _ in range(2):
            began = time.perf_counter()
            warehouse.merge(ACTIVITIES, iter(made), wins="TRUE", changed="TRUE", latest="fetched_at")
            seconds.append(time.perf_counter() - began)
            parts = ", ".join(f"{report.kind} {report.seconds:.1f} s" for report in warehouse.take_reports())
            print(f"  {parts}")
    return seconds[0], seconds[1]


def loaded(engine: BigQueryEngine, made: list[pa.RecordBatch]) -> float:
    """Seconds of the client's own load of the same rows as a data frame."""
    frame = pa.Table.from_batches(made).to_pandas()
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
    # The client recommends another package for data frames; what is measured is what it does by itself.
    warnings.filterwarnings("ignore", category=FutureWarning)
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--times", type=int, default=3)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, running_emulator(Path(folder) / "data") as address:
        engine = BigQueryEngine(address)
        with engine.open() as warehouse:
            warehouse.ensure(ACTIVITIES)
            warehouse.merge(ACTIVITIES, batches(BATCH), wins="TRUE", changed="TRUE", latest="fetched_at")
            small = peak_mb()
            warehouse.merge(ACTIVITIES, batches(asked.rows), wins="TRUE", changed="TRUE", latest="fetched_at")
            print(f"memory: {small:.0f} MB after {BATCH:,} rows, {peak_mb():.0f} MB after {asked.rows:,}")
        made = list(batches(asked.rows))
        first, again, client = [], [], []
        for _ in range(asked.times):
            one, two = merged(engine, made)
            first.append(one)
            again.append(two)
            client.append(loaded(engine, made))
    for told, seconds in (
        ("merge into an empty table", first),
        ("the same again", again),
        ("client's load", client),
    ):
        print(f"{told}: {statistics.median(seconds):.2f} s median, {min(seconds):.2f} to {max(seconds):.2f}")


if __name__ == "__main__":
    main()
