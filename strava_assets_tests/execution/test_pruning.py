"""Records of old runs are removed, except the latest result of each asset and check."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets.execution.pruning import PruningResult, prune_runs
from strava_assets_tests.execution.homes import instance_in, started_run, status_of

if TYPE_CHECKING:
    from collections.abc import Iterator

KEEP_DAYS = 30


@dg.asset
def weekly_watts(context: dg.AssetExecutionContext) -> None:
    print("a line that a step prints")  # noqa: T201 - what compute logs are made of
    context.log.info("a line of the log")


@dg.asset
def quarterly_overview() -> None: ...


@dg.asset_check(asset=weekly_watts)
def has_weeks() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=False, description="No week.")


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Iterator[dg.DagsterInstance]":
    monkeypatch.setenv("DAGSTER_HOME", "")  # restored afterwards
    with instance_in(tmp_path / "home") as opened:
        yield opened


def run(instance: dg.DagsterInstance, *assets: dg.AssetsDefinition) -> str:
    """A run that has ended; checks come with their asset."""
    checks = [has_weeks] if weekly_watts in assets else []
    return dg.materialize([*assets, *checks], instance=instance, raise_on_error=False).run_id


def prune(instance: dg.DagsterInstance, days_later: int) -> PruningResult:
    return prune_runs(instance, datetime.now(UTC) + timedelta(days=days_later), KEEP_DAYS)


def files_of(instance: dg.DagsterInstance, run_id: str) -> list[Path]:
    """Every file that has the run in its name or path."""
    return [path for path in Path(instance.root_directory).rglob("*") if run_id in str(path)]


@pytest.mark.deep
def test_what_is_young_stays(instance: dg.DagsterInstance) -> None:
    first, second = run(instance, weekly_watts), run(instance, weekly_watts)

    assert prune(instance, KEEP_DAYS - 1) == PruningResult()
    assert instance.has_run(first)
    assert instance.has_run(second)


@pytest.mark.deep
def test_what_is_old_goes_with_its_events_logs_and_files(instance: dg.DagsterInstance) -> None:
    first, second = run(instance, weekly_watts), run(instance, weekly_watts)
    assert files_of(instance, first)

    assert prune(instance, KEEP_DAYS + 1) == PruningResult(runs=1, needed_for_assets=1)

    assert not instance.has_run(first)
    assert files_of(instance, first) == []
    assert [
        e for e in instance.fetch_materializations(weekly_watts.key, limit=9).records if e.run_id == first
    ] == []
    assert instance.has_run(second)
    assert instance.all_logs(second)


@pytest.mark.deep
def test_the_last_success_of_every_asset_stays(instance: dg.DagsterInstance) -> None:
    both, weeks = run(instance, weekly_watts, quarterly_overview), run(instance, weekly_watts)

    assert prune(instance, 10 * KEEP_DAYS) == PruningResult(runs=0, needed_for_assets=2)

    latest = instance.get_latest_materialization_events([weekly_watts.key, quarterly_overview.key])
    assert {event.run_id for event in latest.values() if event} == {both, weeks}


@pytest.mark.deep
def test_what_a_check_found_last_stays_and_what_it_found_before_goes(instance: dg.DagsterInstance) -> None:
    for _ in range(3):
        run(instance, weekly_watts)
    prune(instance, KEEP_DAYS + 1)

    history = instance.event_log_storage.get_asset_check_execution_history(has_weeks.check_key, limit=9)

    assert len(history) == 1
    record = instance.get_latest_asset_check_evaluation_record(has_weeks.check_key)
    assert record
    assert record.evaluation
    assert record.evaluation.description == "No week."


def test_a_run_that_goes_on_stays_however_old_it_is(instance: dg.DagsterInstance) -> None:
    run_id = started_run(instance, pool=None)

    prune(instance, 10 * KEEP_DAYS)

    assert status_of(instance, run_id) is dg.DagsterRunStatus.STARTED


@dg.asset
def insights_report() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"page": "x" * 200_000})


@pytest.mark.deep
def test_the_room_of_many_runs_is_given_back(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("strava_assets.execution.pruning._BATCH", 2)
    monkeypatch.setattr("strava_assets.execution.pruning._WORTH_REWRITING_BYTES", 100_000)
    index = Path(instance.root_directory) / "history" / "runs" / "index.db"
    for _ in range(5):
        run(instance, insights_report)
    before = index.stat().st_size

    assert prune(instance, KEEP_DAYS + 1).runs == 4

    assert index.stat().st_size < before - 600_000
    run(instance, insights_report)
