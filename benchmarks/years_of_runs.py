"""How large a home gets that is synced every six hours: its size after every 40 of several hundred runs.

Each run is the command `strava-assets sync`, called in this process, against a local sandbox whose athlete
rides every day. After it, all records of runs are made six hours older, so that a few hundred runs are a few
months; the command removes what is older than the setting says, as it does for an owner.

    python -m benchmarks.years_of_runs [--runs 400] [--keep-days 30]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import sqlite3
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from strava_assets.cli import main as command
from strava_assets.sandbox import serve
from strava_assets_tests.chain import riding
from strava_assets_tests.cli.terminal import CREDENTIALS, addresses

BETWEEN_RUNS = timedelta(hours=6)
REPORT_EVERY = 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--keep-days", type=int, default=30)
    arguments = parser.parse_args()
    sandbox = riding(60)
    sandbox.limits = None
    print("| runs | days | runs on record | records, MB | whole home, MB | s a run |")
    print("| --- | --- | --- | --- | --- | --- |", flush=True)
    with tempfile.TemporaryDirectory() as place, serve(sandbox) as server:
        os.chdir(place)
        os.environ |= CREDENTIALS | addresses(server)
        os.environ["STRAVA_ASSETS_KEEP_RUNS_DAYS"] = str(arguments.keep_days)
        home, began = Path(place) / "data", time.monotonic()
        for number in range(1, arguments.runs + 1):
            if number % 4 == 0:
                sandbox.history.add(start_date=datetime.now(UTC) - timedelta(hours=2))
            sync()
            make_older(home / "dagster" / "history")
            if number % REPORT_EVERY == 0 or number == arguments.runs:
                figures = (
                    number,
                    number * BETWEEN_RUNS / timedelta(days=1),
                    count_runs(home / "dagster" / "history" / "runs.db"),
                    size_mb(home / "dagster"),
                    size_mb(home),
                    (time.monotonic() - began) / number,
                )
                print("| {} | {:.0f} | {} | {:.1f} | {:.1f} | {:.1f} |".format(*figures), flush=True)


def sync() -> None:
    """One `strava-assets sync`, whose output is shown when it fails."""
    output = io.StringIO()
    try:
        with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
            command(["sync"])
    except SystemExit as ended:
        if ended.code:
            raise SystemExit(output.getvalue()) from None


def make_older(history: Path) -> None:
    """Move all records of runs into the past by the time between two runs."""
    with closing(sqlite3.connect(history / "runs.db")) as runs, runs:
        change = f"-{BETWEEN_RUNS.total_seconds():.0f} seconds"
        runs.execute("UPDATE runs SET create_timestamp = datetime(create_timestamp, ?)", (change,))


def count_runs(database: Path) -> int:
    with closing(sqlite3.connect(database)) as runs:
        [(count,)] = runs.execute("SELECT COUNT(*) FROM runs").fetchall()
    return int(count)


def size_mb(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


if __name__ == "__main__":
    main()
