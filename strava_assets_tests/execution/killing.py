"""Kills runs in a step, and reads Dagster's databases like another process."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# The time limit of a hanging test; every condition normally becomes true within seconds.
LIMIT_S = 600


def until(condition: Callable[[], Any], description: str) -> Any:
    """Wait until a condition is true and return its value."""
    deadline = time.monotonic() + LIMIT_S
    while not (value := condition()):
        if time.monotonic() > deadline:
            pytest.fail(f"{description} did not come within {LIMIT_S} s")
        time.sleep(0.005)
    return value


def holder_of_step(home: Path, step: str) -> str | None:
    """The run in which the step holds its pool."""
    rows = _rows(
        home / "dagster" / "history" / "runs" / "index.db", "SELECT run_id, step_key FROM concurrency_slots"
    )
    return next((run_id for run_id, step_key in rows if step_key == step and run_id), None)


def held_pools(home: Path) -> list[str]:
    """The steps that hold a pool."""
    rows = _rows(home / "dagster" / "history" / "runs" / "index.db", "SELECT step_key FROM concurrency_slots")
    return [step for (step,) in rows if step]


def runs_by_status(home: Path) -> dict[str, int]:
    """The number of runs by status."""
    rows = _rows(
        home / "dagster" / "history" / "runs.db", "SELECT status, COUNT(*) FROM runs GROUP BY status"
    )
    return dict(rows)


def process_of_run(home: Path, run_id: str) -> int:
    """The process that executes a run, as its tag says."""
    query = "SELECT value FROM run_tags WHERE key = 'strava_assets/process' AND run_id = '%s'"
    [(tag,)] = until(
        lambda: _rows(home / "dagster" / "history" / "runs.db", query % run_id), "the tag of the run"
    )
    match = re.match(r"process (\d+) on ", tag)
    assert match
    return int(match[1])


def kill_in_step(home: Path, step: str) -> str:
    """Wait for a run in this step, kill its process, and return the run id."""
    run_id: str = until(lambda: holder_of_step(home, step), f"a run in {step}")
    os.kill(process_of_run(home, run_id), signal.SIGKILL)
    assert held_pools(home) == [step], "it died with its pool in its hands"
    return run_id


def _rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    # Before the first run the file or table does not exist, and during writes the database may be locked.
    with (
        suppress(sqlite3.OperationalError),
        closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as db,
    ):
        return db.execute(query).fetchall()
    return []
