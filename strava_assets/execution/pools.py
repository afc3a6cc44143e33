"""Describes the runs that hold a pool."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from strava_assets.execution.tags import PROCESS_TAG

if TYPE_CHECKING:
    import dagster as dg


@dataclass(frozen=True)
class PoolHolder:
    """A run that holds a slot of a pool.

    Args:
        run_id: The run.
        job_name: Its job; empty if the run has no record.
        step_key: The step that needs the pool.
        since: The start of the step, aware UTC, or None if it has not started.
        process: Where the run is executed, e.g. `process 4711 on myhost`; empty if unknown.
    """

    run_id: str
    job_name: str
    step_key: str
    since: datetime | None
    process: str

    def __str__(self) -> str:
        since = f" since {self.since:%Y-%m-%d %H:%M} UTC" if self.since else ""
        process = f", {self.process}" if self.process else ""
        return f"the run {self.job_name} ({self.run_id[:8]}{process}) with {self.step_key}{since}"


def holders_of(instance: dg.DagsterInstance, pool: str) -> list[PoolHolder]:
    """The runs that currently hold a slot of a pool."""
    holders = []
    for slot in instance.event_log_storage.get_concurrency_info(pool).claimed_slots:
        run = instance.get_run_by_id(slot.run_id)
        starts = [stats.start_time for stats in instance.get_run_step_stats(slot.run_id, [slot.step_key])]
        since = datetime.fromtimestamp(starts[0], UTC) if starts and starts[0] else None
        process = run.tags.get(PROCESS_TAG, "") if run else ""
        holders.append(PoolHolder(slot.run_id, run.job_name if run else "", slot.step_key, since, process))
    return holders
