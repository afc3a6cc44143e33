"""Counts what a load of many waiting batches asks of BigQuery, and times a rebuild of many in DuckDB.

    make tools
    .venv/bin/python -m benchmarks.waiting_batches

Each batch is a full listing of one athlete's hundred activities, of which two are new each time. BigQuery is
the emulator over HTTP: its statements are counted, its seconds say nothing of Google's. The load that is
counted finds a table with one batch of every athlete.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from strava_assets.history.loader import Loader
from strava_assets.landing import Landing, Manifest
from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets_tests.history.stories import activity
from strava_assets_tests.warehouse.bigquery_engine import BigQueryEngine, running_emulator

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets.warehouse import Warehouse

BEGINNING = datetime(2026, 3, 2, 6, tzinfo=UTC)
RECORDS = 100
NEW_EACH_TIME = 2


def land(landing: Landing, athlete: int, number: int) -> None:
    """A committed full listing of one athlete; the next one comes six hours later and lists two more."""
    began = BEGINNING + timedelta(hours=6 * number, seconds=athlete)
    first = athlete * 100_000
    starts = [
        f"{BEGINNING - timedelta(days=n):%Y-%m-%dT%H:%M:%SZ}" for n in range(RECORDS + NEW_EACH_TIME * number)
    ]
    records = [
        activity(n, athlete=athlete) | {"id": first + n, "start_date": start, "start_date_local": start}
        for n, start in enumerate(starts)
    ]
    batch = landing.begin("full", began, str(athlete))
    batch.write_page(1, json.dumps(records).encode(), began + timedelta(minutes=1), len(records))
    batch.commit(
        Manifest(
            batch_id=batch.batch_id,
            kind="full",
            source="api",
            athlete_id=str(athlete),
            started_at=began,
            finished_at=began + timedelta(minutes=1),
            complete=True,
            pages=tuple(batch.pages),
            records=len(records),
            activity_ids=tuple(str(record["id"]) for record in records),
        )
    )


def count_statements(engine: BigQueryEngine, folder: Path, athletes: int) -> tuple[Counter[str], float]:
    """What the load of one waiting batch of each athlete sends, by kind, and its seconds."""
    landing = Landing(str(folder / f"landing-{athletes}"))
    with engine.open() as warehouse:
        for table in ("bq_activities", "rejected_records", "loaded_batches"):
            warehouse.drop(table)
        for number in range(2):
            for athlete in range(1, athletes + 1):
                land(landing, athlete, number)
            warehouse.take_reports()
            began = time.perf_counter()
            Loader(landing, warehouse).load(BEGINNING)
        seconds = time.perf_counter() - began
        return Counter(report.kind for report in warehouse.take_reports()), seconds


def time_rebuilds(warehouse: Warehouse, landing: Landing, times: int) -> Sequence[float]:
    """Seconds of each rebuild."""
    Loader(landing, warehouse).load(BEGINNING)
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        Loader(landing, warehouse).load(BEGINNING, rebuild=True)
        seconds.append(time.perf_counter() - began)
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--waiting", type=int, nargs="*", default=[1, 10, 50])
    parser.add_argument("--rebuilt", type=int, default=200)
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.waiting:
            with running_emulator(folder / "emulator") as address:
                for waiting in options.waiting:
                    counted, seconds = count_statements(BigQueryEngine(address), folder, waiting)
                    kinds = ", ".join(f"{kind} {count}" for kind, count in sorted(counted.items()))
                    print(f"{waiting} waiting: {counted.total()} statements ({kinds}), {seconds:.1f} s here")
        landing = Landing(str(folder / "landing"))
        for number in range(options.rebuilt):
            land(landing, 1, number)
        with DuckDBWarehouse(folder / "warehouse.duckdb") as warehouse:
            seconds_each = time_rebuilds(warehouse, landing, options.times)
        print(
            f"rebuild of {options.rebuilt} batches in DuckDB: {statistics.median(seconds_each):.1f} s median,"
            f" {min(seconds_each):.1f} to {max(seconds_each):.1f}"
        )


if __name__ == "__main__":
    main()
