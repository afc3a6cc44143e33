"""Removes the records of old runs, because Dagster never removes any.

A sync every six hours writes about 1.5 MB of records, two gigabytes per year next to a warehouse of five
megabytes. The latest result of each asset and check is kept, however old it is.
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

# SQLite accepts only some hundred values in one statement.
_BATCH = 200
# The database is rewritten if half of it is empty and this is more than a few megabytes.
_WORTH_REWRITING_BYTES = 20_000_000


@dataclass(frozen=True)
class PruningResult:
    """Counts of one pruning.

    Args:
        runs: Runs whose records and logs were removed.
        needed_for_assets: Old runs that were kept, because they contain the latest success of an asset.
    """

    runs: int = 0
    needed_for_assets: int = 0


def prune_runs(instance: dg.DagsterInstance, now: datetime, keep_days: int) -> PruningResult:
    """Remove records and logs of finished runs that are older than `keep_days` at `now` (aware UTC)."""
    old = dg.RunsFilter(statuses=list(FINISHED_STATUSES), created_before=now - timedelta(days=keep_days))
    needed = _runs_of_latest_materializations(instance)
    run_ids = instance.get_run_ids(old)
    removed = [run_id for run_id in run_ids if run_id not in needed]
    for run_id in removed:
        _remove(instance, run_id)
    for start in range(0, len(removed), _BATCH):
        _remove_check_evaluations(instance, removed[start : start + _BATCH])
    _rewrite_if_mostly_empty(instance)
    return PruningResult(len(removed), len(run_ids) - len(removed))


def _runs_of_latest_materializations(instance: dg.DagsterInstance) -> set[str]:
    latest = instance.get_latest_materialization_events(instance.all_asset_keys())
    return {event.run_id for event in latest.values() if event}


def _remove(instance: dg.DagsterInstance, run_id: str) -> None:
    """Remove a run, its events and its compute logs."""
    instance.compute_log_manager.delete_logs(prefix=[run_id])
    instance.delete_run(run_id)
    for path in _database_files(instance, run_id):
        path.unlink(missing_ok=True)


def _database_files(instance: dg.DagsterInstance, shard: str) -> Iterable[Path]:
    """The files of a run's own SQLite database including journals, if runs have their own."""
    storage = instance.event_log_storage
    if not isinstance(storage, SqliteEventLogStorage):
        return []
    path = storage.path_for_shard(shard)
    return [Path(f"{path}{suffix}") for suffix in ("", "-wal", "-shm", "-journal")]


def _remove_check_evaluations(instance: dg.DagsterInstance, run_ids: Sequence[str]) -> None:
    """Remove the check evaluations of these runs, except the latest of each check."""
    from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
    from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
    from sqlalchemy import func, select

    storage, evaluations = instance.event_log_storage, AssetCheckExecutionsTable
    assert isinstance(storage, SqlEventLogStorage)  # noqa: S101 - true for both storages of Dagster
    latest = select(func.max(evaluations.c.id)).group_by(evaluations.c.asset_key, evaluations.c.check_name)
    with storage.index_connection() as connection:
        keep = [row[0] for row in connection.execute(latest)]
        connection.execute(
            evaluations.delete().where(
                evaluations.c.run_id.in_(run_ids) & evaluations.c.id.not_in(keep),
            )
        )


def _rewrite_if_mostly_empty(instance: dg.DagsterInstance) -> None:
    """Shrink the database after many records were removed, unless it is in use."""
    for path in _database_files(instance, "index"):
        if path.suffix != ".db" or not path.exists():
            continue
        with closing(sqlite3.connect(path, timeout=5)) as connection, suppress(sqlite3.OperationalError):
            [[pages]] = connection.execute("PRAGMA page_count")
            [[empty]] = connection.execute("PRAGMA freelist_count")
            [[page_bytes]] = connection.execute("PRAGMA page_size")
            if 2 * empty > pages and empty * page_bytes > _WORTH_REWRITING_BYTES:
                connection.execute("VACUUM")
