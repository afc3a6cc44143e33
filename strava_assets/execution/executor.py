"""The executor of all runs: it executes all steps in this process and holds the run's lock.

Dagster's in-process executor waits for a pool in a busy loop that ignores signals and dead runs. This one
sleeps between attempts, stops within a second when the run is stopped, and checks regularly whether the run
that holds the pool is still alive.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import dagster as dg
from dagster._core.errors import DagsterExecutionInterruptedError
from dagster._core.execution.api import ExecuteRunWithPlanIterable
from dagster._core.execution.context_creation_job import PlanExecutionContextManager
from dagster._core.execution.plan.execute_plan import inner_plan_execution_iterator
from dagster._core.execution.plan.instance_concurrency_context import InstanceConcurrencyContext
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.base import Executor
from dagster._utils.interrupts import pop_captured_interrupt
from dagster_shared.error import SerializableErrorInfo
from typing_extensions import override

from strava_assets.execution.pools import holders_of
from strava_assets.execution.recovery import end_dead_runs
from strava_assets.execution.run_locks import hold_run_lock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dagster._core.execution.context.system import PlanExecutionContext, PlanOrchestrationContext
    from dagster._core.execution.plan.plan import ExecutionPlan

# The pause between two attempts to claim a pool, and the longest delay of a signal.
RETRY_POOL_S = 0.5
# How often a waiting step checks for dead runs.
CHECK_HOLDER_S = 5.0


@dg.executor(name="one_process")
def run_executor(_: dg.InitExecutorContext) -> Executor:
    """Executes all steps in one process: DuckDB has one writer, and a process per step costs seconds."""
    return OneProcessExecutor()


class OneProcessExecutor(Executor):
    """Executes the steps one after the other in this process."""

    @property
    @override
    def retries(self) -> RetryMode:
        return RetryMode.ENABLED

    @override
    def execute(
        self, plan_context: PlanOrchestrationContext, execution_plan: ExecutionPlan
    ) -> Iterator[dg.DagsterEvent]:
        hold_run_lock(plan_context.instance, plan_context.dagster_run)
        yield from ExecuteRunWithPlanIterable(
            execution_plan=execution_plan,
            iterator=_run_steps,
            execution_context_manager=PlanExecutionContextManager(
                job=plan_context.job,
                retry_mode=self.retries,
                execution_plan=execution_plan,
                run_config=plan_context.run_config,
                dagster_run=plan_context.dagster_run,
                instance=plan_context.instance,
                raise_on_error=plan_context.raise_on_error,
                output_capture=plan_context.output_capture,
            ),
        )


def _run_steps(job_context: PlanExecutionContext, execution_plan: ExecutionPlan) -> Iterator[dg.DagsterEvent]:
    with _InterruptiblePools(job_context) as pools:
        for event in inner_plan_execution_iterator(job_context, execution_plan, pools):
            yield explained_failure(event)


def explained_failure(event: dg.DagsterEvent) -> dg.DagsterEvent:
    """The event; the failure of a step that explains itself is without its stack.

    Dagster repeats the error of the first failed step at the end of the run. There a person reads what to do;
    the stack stays in the step's own event.
    """
    if event.event_type is not dg.DagsterEventType.STEP_FAILURE:
        return event
    data = event.step_failure_data
    if not (data.user_failure_data and data.user_failure_data.description):
        return event
    error = SerializableErrorInfo(data.user_failure_data.description, stack=[], cls_name=dg.Failure.__name__)
    return event._replace(event_specific_data=data._replace(error=error))


class _InterruptiblePools(InstanceConcurrencyContext):
    """Claims pools for one run, with a wait that is logged and can be interrupted."""

    def __init__(self, job_context: PlanExecutionContext) -> None:
        super().__init__(job_context.instance, job_context.dagster_run)
        self._log = job_context.log
        self._announced: dict[str, str] = {}
        self._next_check = 0.0

    @override
    def claim(self, concurrency_key: str, step_key: str, step_priority: int = 0) -> bool:
        """Claim the pool for a step, or sleep briefly and return False.

        Raises:
            DagsterExecutionInterruptedError: The run was stopped while it waited.
        """
        if super().claim(concurrency_key, step_key, step_priority):
            self._announced.pop(step_key, None)
            return True
        self._announce(concurrency_key, step_key)
        if time.monotonic() >= self._next_check:
            self._next_check = time.monotonic() + CHECK_HOLDER_S
            for report in end_dead_runs(self._instance):
                self._log.warning(str(report))
        if pop_captured_interrupt():
            raise DagsterExecutionInterruptedError
        time.sleep(RETRY_POOL_S)
        # Dagster would wait up to 15 seconds longer after each attempt.
        self._pending_timeouts[step_key] = 0.0
        return False

    def _announce(self, pool: str, step_key: str) -> None:
        """Log who holds the pool, once and whenever the holder changes."""
        holders = " and ".join(map(str, holders_of(self._instance, pool))) or "a run that is ending"
        if self._announced.get(step_key) != holders:
            self._announced[step_key] = holders
            self._log.info(f"{step_key} waits for the pool {pool}, which is held by {holders}.")
