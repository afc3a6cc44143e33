"""Marks runs as failed if their process has ended, and frees the pools that they hold.

A killed process cannot update its run: the run stays "started" and keeps its pool, so all later runs would
wait. Such a run is recognized by its lock file, because nobody holds the lock.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from strava_assets.execution.locks import exclusive
from strava_assets.execution.run_locks import RunLocks
from strava_assets.execution.tags import PROCESS_TAG

if TYPE_CHECKING:
    from collections.abc import Iterator

_IN_PROGRESS = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
FAILURE_REASON = (
    "The process of this run ended unexpectedly: it was killed, ran out of memory, or the machine stopped."
)


@dataclass(frozen=True)
class DeadRun:
    """A run whose process has ended, and the pools that the run holds."""

    run: dg.DagsterRun
    pools: tuple[str, ...]

    def __str__(self) -> str:
        process = self.run.tags.get(PROCESS_TAG, "its process")
        freed = f" The pool {' and '.join(self.pools)} is free again." if self.pools else ""
        return (
            f"The run {self.run.job_name} ({self.run.run_id[:8]}, {process}) was killed before it ended; it "
            f"is marked as failed.{freed}"
        )


def open_instance() -> dg.DagsterInstance:
    """Dagster's instance of this home; its database is created if it is missing.

    The lock prevents several processes from creating the database at the same time, which would break it.
    """
    with exclusive(Path(os.environ["DAGSTER_HOME"]) / "preparing.lock"):
        return dg.DagsterInstance.get()


def is_running_something(instance: dg.DagsterInstance) -> bool:
    """Whether a run was launched and has not ended."""
    return bool(instance.get_runs_count(dg.RunsFilter(statuses=_IN_PROGRESS)))


def find_dead_runs(instance: dg.DagsterInstance) -> list[DeadRun]:
    """Unfinished runs whose lock nobody holds; nothing is changed.

    Runs with a lock in another folder, e.g. of another container, are ignored.
    """
    locks = RunLocks.of(instance)
    if locks is None:
        return []
    runs = instance.get_runs(dg.RunsFilter(statuses=_IN_PROGRESS))
    suspects = [run for run in runs if locks.owns(run) and not locks.is_alive(run.run_id)]
    if not suspects:
        return []
    pools = _pools_by_run(instance)
    # A run may have ended between the query and the check of its lock.
    unfinished = {run.run_id for run in instance.get_runs(dg.RunsFilter(statuses=_IN_PROGRESS))}
    return [DeadRun(run, pools.get(run.run_id, ())) for run in suspects if run.run_id in unfinished]


def end_dead_runs(instance: dg.DagsterInstance) -> list[DeadRun]:
    """Mark dead runs as failed, free all pools that no active run holds, and return the dead runs."""
    dead = find_dead_runs(instance)
    for dead_run in dead:
        instance.report_run_failed(dead_run.run, FAILURE_REASON)
    for run_id in _ended_holders(instance):
        instance.event_log_storage.free_concurrency_slots_for_run(run_id)
    if locks := RunLocks.of(instance):
        locks.remove_abandoned()
    return dead


def _ended_holders(instance: dg.DagsterInstance) -> Iterator[str]:
    """Runs that hold or wait for a pool, but are finished or have no record."""
    locks = RunLocks.of(instance)
    for run_id in instance.event_log_storage.get_concurrency_run_ids():
        run = instance.get_run_by_id(run_id)
        is_finished = run is None or run.is_finished
        if is_finished and not (locks and locks.is_alive(run_id)):
            yield run_id


def _pools_by_run(instance: dg.DagsterInstance) -> dict[str, tuple[str, ...]]:
    storage = instance.event_log_storage
    pools_by_run: dict[str, set[str]] = {}
    for pool, info in storage.get_concurrency_infos(list(storage.get_concurrency_keys())).items():
        for slot in info.claimed_slots:
            pools_by_run.setdefault(slot.run_id, set()).add(pool)
    return {run_id: tuple(sorted(pools)) for run_id, pools in pools_by_run.items()}
