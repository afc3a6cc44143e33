"""A run whose process was killed is marked as failed, and the pool it held is free again."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets.execution.launcher import LockCheckingRunLauncher
from strava_assets.execution.pools import holders_of
from strava_assets.execution.recovery import end_dead_runs, find_dead_runs
from strava_assets.execution.run_locks import RunLocks
from strava_assets_tests.execution.homes import alive, holders, instance_in, started_run, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

STARTED, FAILURE = dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.FAILURE


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dg.DagsterInstance]:
    monkeypatch.setenv("DAGSTER_HOME", "")  # restored afterwards
    with instance_in(tmp_path / "home") as opened:
        yield opened


def health(instance: dg.DagsterInstance, run_id: str) -> str:
    """The status that the launcher reports to Dagster's monitoring daemon."""
    assert isinstance(instance.run_launcher, LockCheckingRunLauncher)
    run = instance.get_run_by_id(run_id)
    assert run
    return instance.run_launcher.check_run_worker_health(run).status.value


def test_a_dead_run_is_ended_and_its_pool_is_free(instance: dg.DagsterInstance) -> None:
    run_id = started_run(instance)

    [dead] = find_dead_runs(instance)
    assert status_of(instance, run_id) is STARTED, "finding changes nothing"
    assert holders(instance) == {run_id}
    assert health(instance, run_id) == "FAILED"

    assert end_dead_runs(instance) == [dead]
    assert status_of(instance, run_id) is FAILURE
    assert holders(instance) == set()
    assert str(dead).startswith(f"The run sync ({run_id[:8]}, process ")
    assert str(dead).endswith(
        "was killed before it ended; it is marked as failed. The pool warehouse is free again."
    )
    assert end_dead_runs(instance) == [], "once"


@pytest.mark.deep
def test_a_run_whose_process_lives_is_left_alone(instance: dg.DagsterInstance) -> None:
    run_id = started_run(instance)
    with alive(run_id) as process:
        assert end_dead_runs(instance) == []
        assert status_of(instance, run_id) is STARTED
        assert holders(instance) == {run_id}
        assert health(instance, run_id) == "RUNNING"
        process.kill()
        process.wait()
        assert [dead.run.run_id for dead in end_dead_runs(instance)] == [run_id]


def test_a_run_of_another_folder_of_locks_is_not_ours_to_judge(instance: dg.DagsterInstance) -> None:
    """Another container may have its own Dagster home on the same database; its locks are invisible here."""
    run_id = started_run(instance)
    locks = RunLocks.of(instance)
    assert locks
    shutil.rmtree(f"{instance.root_directory}/running")

    assert end_dead_runs(instance) == []
    assert status_of(instance, run_id) is STARTED
    assert health(instance, run_id) == "RUNNING"
    assert locks.tags()["strava_assets/locks"] != instance.get_run_tags(["strava_assets/locks"])[0][1].pop()


@pytest.mark.deep
def test_a_dead_run_that_was_only_waiting_does_not_stand_in_the_queue(instance: dg.DagsterInstance) -> None:
    holder = started_run(instance)
    waiting = started_run(instance, pool=None)
    storage = instance.event_log_storage
    assert not storage.claim_concurrency_slot("warehouse", waiting, "bq_activities").is_claimed

    with alive(holder):
        assert [dead.run.run_id for dead in end_dead_runs(instance)] == [waiting]
    storage.free_concurrency_slots_for_run(holder)
    newest = started_run(instance)

    assert holders(instance) == {newest}


@pytest.mark.deep
@pytest.mark.parametrize("ending", ["report_run_failed", "report_run_canceled"])
def test_a_run_that_somebody_marked_as_over_holds_no_pool(instance: dg.DagsterInstance, ending: str) -> None:
    run_id = started_run(instance)
    getattr(instance, ending)(instance.get_run_by_id(run_id))
    assert holders(instance) == {run_id}, "Dagster leaves it"

    end_dead_runs(instance)

    assert holders(instance) == set()


def test_a_run_that_was_deleted_holds_no_pool(instance: dg.DagsterInstance) -> None:
    run_id = started_run(instance)
    instance.run_storage.delete_run(run_id)
    assert holders(instance) == {run_id}

    end_dead_runs(instance)

    assert holders(instance) == set()


def test_who_holds_a_pool_is_said_with_its_step_and_process(instance: dg.DagsterInstance) -> None:
    run_id = started_run(instance)

    [holder] = holders_of(instance, "warehouse")

    assert str(holder).startswith(f"the run sync ({run_id[:8]}, process ")
    assert str(holder).endswith(" with bq_activities")
