"""Launches runs like Dagster's default launcher, and reports dead runs to the monitoring daemon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg
from dagster._core.launcher.base import CheckRunHealthResult, WorkerStatus
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher
from typing_extensions import override

from strava_assets.execution.run_locks import RunLocks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dagster._serdes.config_class import ConfigurableClassData


class LockCheckingRunLauncher(DefaultRunLauncher):
    """Checks a run's lock to determine whether its process is alive.

    The daemon checks every few seconds, including runs of the command line.

    Args:
        locks_in: The folder whose subfolder `running` contains the locks; by default Dagster's home. On a
            server all processes must share it.
        inst_data: Dagster's serialized configuration.
    """

    def __init__(self, locks_in: str | None = None, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(inst_data)
        self.locks_in = locks_in

    @classmethod
    @override
    def config_type(cls) -> dict[str, dg.Field]:
        return {"locks_in": dg.Field(dg.StringSource, is_required=False)}

    @classmethod
    @override
    def from_config_value(
        cls, inst_data: ConfigurableClassData, config_value: Mapping[str, Any]
    ) -> LockCheckingRunLauncher:
        return cls(config_value.get("locks_in"), inst_data)

    @property
    @override
    def supports_check_run_worker_health(self) -> bool:
        return True

    @override
    def check_run_worker_health(self, run: dg.DagsterRun) -> CheckRunHealthResult:
        locks = RunLocks.of(self._instance)
        if locks is None or not locks.owns(run) or locks.is_alive(run.run_id):
            return CheckRunHealthResult(WorkerStatus.RUNNING)
        return CheckRunHealthResult(WorkerStatus.FAILED, "Its process ended unexpectedly.")
