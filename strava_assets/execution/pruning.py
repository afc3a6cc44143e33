"""Removes the records of old runs: Dagster itself keeps every event of every run forever.

A sync every six hours writes some 1.5 MB of records, two gigabytes a year beside a warehouse of five
megabytes. What an asset or a check showed last stays on record, however old it is.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._core.storage.event_log import SqliteEventLogStorage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

# SQLite takes some hundred values in one statement.
_BATCH = 200
# Rewriting the database is worth it when half of it is empty and that is more than a few megabytes.
_WORTH_REWRITING_BYTES = 20_000_000


@dataclass(frozen=True)
class Pruned:
    """What a pruning removed.

    Args:
        runs: runs whose records and logs were removed.
        needed_for_assets: older runs that were kept, because they hold the last success of an asset.
    """

    runs: int = 0
    needed_for_assets: int = 0


def prune_runs(instance: dg.DagsterInstance, now: datetime, keep_days: int) -> Pruned:
    """Remove records and logs of runs that ended before the last days.

    Args:
        instance: whose runs.
        now: the present, aware UTC.
        keep_days: how many days are kept.
    """
    old = dg.RunsFilter(statuses=list(FINISHED_STATUSES), created_before=now - timedelta(days=keep_days))
    needed = _runs_of_latest_materializations(instance)
    run_ids = instance.get_run_ids(old)
    removed = [run_id for run_id in run_ids if run_id not in needed]
    for run_id in removed:
        _remove(instance, run_id)
    for start in range(0, len(removed), _BATCH):
        _remove_check_evaluations(instance, removed[start : start + _BATCH])
    _rewrite_if_mostly_empty(instance)
    return Pruned(len(removed), len(run_ids) - len(removed))


def _runs_of_latest_materializations(instance: dg.DagsterInstance) -> set[str]:
    latest = instance.get_latest_materialization_events(instance.all_asset_keys())
    return {event.run_id for event in latest.values() if event}


def _remove(instance: dg.DagsterInstance, run_id: str) -> None:
    """Remove a run, its events and what its steps printed."""
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    instance.delete_run(run_id)
    for path in _database_files(instance, run_id):
        path.unlink(missing_ok=True)


def _database_files(instance: dg.DagsterInstance, shard: str) -> Iterable[Path]:
    """The files of a run's own database, where each run has one: SQLite's journals beside it included."""
    storage = instance.event_log_storage
    if not isinstance(storage, SqliteEventLogStorage):
        return []
    path = storage.path_for_shard(shard)
    return [Path(f"{path}{suffix}") for suffix in ("", "-wal", "-shm", "-journal")]


def _remove_check_evaluations(instance: dg.DagsterInstance, run_ids: Sequence[str]) -> None:
    """Remove what the checks of these runs found, except what each check found last."""
    from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
    from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
    from sqlalchemy import func, select

    storage, evaluations = instance.event_log_storage, AssetCheckExecutionsTable
    assert isinstance(storage, SqlEventLogStorage)  # noqa: S101 - SQLite and PostgreSQL are; there is no other
    latest = select(func.max(evaluations.c.id)).group_by(evaluations.c.asset_key, evaluations.c.check_name)
    with storage.index_connection() as connection:
        keep = [row[0] for row in connection.execute(latest)]
        connection.execute(
            evaluations.delete().where(
                evaluations.c.run_id.in_(run_ids) & evaluations.c.id.not_in(keep),
            )
        )


def _rewrite_if_mostly_empty(instance: dg.DagsterInstance) -> None:
    """Give the room of removed records back to the disk, where nobody else is at work on the database."""
    for path in _database_files(instance, "index"):
        if path.suffix != ".db" or not path.exists():
            continue
        with closing(sqlite3.connect(path, timeout=5)) as connection, suppress(sqlite3.OperationalError):
            [[pages]] = connection.execute("PRAGMA page_count")
            [[empty]] = connection.execute("PRAGMA freelist_count")
            [[page_bytes]] = connection.execute("PRAGMA page_size")
            if 2 * empty > pages and empty * page_bytes > _WORTH_REWRITING_BYTES:
                connection.execute("VACUUM")
