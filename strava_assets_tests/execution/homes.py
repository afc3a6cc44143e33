"""Dagster homes with runs as after a crash."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import dagster as dg

from strava_assets.cli.instance import prepare_home
from strava_assets.execution.recovery import open_instance
from strava_assets.execution.run_locks import RunLocks
from strava_assets.settings import Settings
from strava_assets_tests.processes import Child

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLD = """
import sys
import dagster as dg
from strava_assets.execution.run_locks import RunLocks
with dg.DagsterInstance.get() as instance:
    lock = RunLocks.of(instance).take(sys.argv[1])
    print("held", flush=True)
    sys.stdin.read()
"""


def _job() -> dg.JobDefinition:
    """A minimal job with the same records as the project's jobs, which have a hundred steps."""

    @dg.op
    def bq_activities() -> None: ...

    @dg.job(name="sync")
    def sync() -> None:
        bq_activities()

    return sync


@contextmanager
def instance_in(home: Path) -> Iterator[dg.DagsterInstance]:
    """Dagster's instance of a home as the commands prepare it."""
    os.environ["DAGSTER_HOME"] = str(prepare_home(Settings(home=home)))
    with open_instance() as instance:
        yield instance


def started_run(
    instance: dg.DagsterInstance, pool: str | None = "warehouse", step: str = "bq_activities"
) -> str:
    """A run that is recorded as started and may hold a pool, but has no process."""
    locks = RunLocks.of(instance)
    assert locks
    run = instance.create_run_for_job(_job(), tags=locks.tags(), status=dg.DagsterRunStatus.STARTED)
    if pool:
        instance.event_log_storage.initialize_concurrency_limit_to_default(pool)
        assert instance.event_log_storage.claim_concurrency_slot(pool, run.run_id, step).is_claimed
    return run.run_id


@contextmanager
def alive(run_id: str) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lock of a run."""
    with Child(
        [sys.executable, "-c", HOLD, run_id],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def status_of(instance: dg.DagsterInstance, run_id: str) -> dg.DagsterRunStatus:
    run = instance.get_run_by_id(run_id)
    assert run
    return run.status


def holders(instance: dg.DagsterInstance, pool: str = "warehouse") -> set[str]:
    return instance.event_log_storage.get_concurrency_info(pool).active_run_ids
