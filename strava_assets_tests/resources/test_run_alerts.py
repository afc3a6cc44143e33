"""A failed run is told once, whoever sees it and however many do at the same time; so is its recovery."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets.alerts import AlertNotDeliveredError
from strava_assets.errors import ConfigurationError
from strava_assets.resources.alerts import REPORTED, RunAlerts
from strava_assets.settings import Settings
from strava_assets_tests.receivers import Webhook, answering

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

CANARY = "canary"


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with answering(Webhook()) as server:
        yield server


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """Kept on the disk, where several processes would look."""
    with dg.DagsterInstance.local_temp(str(tmp_path)) as instance:
        yield instance


@pytest.fixture
def alerts(tmp_path: Path, webhook: Webhook) -> RunAlerts:
    return alerts_to(tmp_path, webhook)


def alerts_to(folder: Path, webhook: Webhook) -> RunAlerts:
    return RunAlerts(Settings.model_validate({"home": folder / "home", "alert_urls": webhook.address}))


def run(
    instance: dg.DagsterInstance,
    error: BaseException | None = None,
    job: str = "sync",
    tags: Mapping[str, str] | None = None,
) -> str:
    """A run of one step that fails with the error, if any; its id."""

    @dg.op
    def the_step() -> None:
        if error:
            raise error

    @dg.job(name=job)
    def the_job() -> None:
        the_step()

    return the_job.execute_in_process(instance=instance, raise_on_error=False, tags=tags).run_id


def failing(instance: dg.DagsterInstance, job: str = "sync") -> str:
    return run(instance, dg.Failure("It broke.\nWhat to do: Mend it."), job)


def titles(webhook: Webhook) -> list[str]:
    return [message["title"] for message in webhook.messages]


@pytest.mark.deep
def test_a_failure_is_told_once_in_its_own_words(
    instance: dg.DagsterInstance, alerts: RunAlerts, webhook: Webhook
) -> None:
    run_id = failing(instance)

    assert alerts.report_failure(instance, run_id)
    assert not alerts.report_failure(instance, run_id)

    [message] = webhook.messages
    assert message["title"] == "strava_assets: sync failed"
    assert message["type"] == "failure"
    assert message["message"] == f"the_step: It broke.\nWhat to do: Mend it.\n\nRun {run_id}"


@pytest.mark.deep
def test_many_who_see_it_at_the_same_time_tell_it_once(
    tmp_path: Path, instance: dg.DagsterInstance, webhook: Webhook
) -> None:
    run_id = failing(instance)
    watchers = [alerts_to(tmp_path, webhook) for _ in range(6)]
    with ThreadPoolExecutor(len(watchers)) as pool:
        sent = list(pool.map(lambda alerts: alerts.report_failure(instance, run_id), watchers))

    assert sent.count(True) == 1
    assert len(webhook.messages) == 1
    assert list((tmp_path / "home" / "dagster" / "alerts").iterdir()) == []


@pytest.mark.deep
def test_recovery_is_told_once_after_any_number_of_failures(
    instance: dg.DagsterInstance, alerts: RunAlerts, webhook: Webhook
) -> None:
    for _ in range(2):
        alerts.report_failure(instance, failing(instance))
    recovered = run(instance)
    sent = [alerts.report_success(instance, run_id) for run_id in (recovered, recovered, run(instance))]

    assert sent == [True, False, False]
    assert titles(webhook) == [
        *["strava_assets: sync failed"] * 2,
        "strava_assets: sync succeeds again",
    ]


@pytest.mark.deep
def test_a_retry_inherits_the_tags_and_is_told_all_the_same(
    instance: dg.DagsterInstance, alerts: RunAlerts, webhook: Webhook
) -> None:
    first = failing(instance)
    alerts.report_failure(instance, first)
    told_run = instance.get_run_by_id(first)
    assert told_run

    retried = run(instance, dg.Failure("Again."), tags=told_run.tags)
    assert alerts.report_failure(instance, retried)
    recovered = run(instance, tags=told_run.tags)
    assert alerts.report_success(instance, recovered)

    assert len(webhook.messages) == 3


@pytest.mark.deep
def test_a_failure_of_another_job_and_one_that_nobody_was_told_are_no_recovery(
    instance: dg.DagsterInstance, alerts: RunAlerts, webhook: Webhook
) -> None:
    alerts.report_failure(instance, failing(instance, "report"))
    failing(instance)

    assert not alerts.report_success(instance, run(instance))
    assert titles(webhook) == ["strava_assets: report failed"]


@pytest.mark.deep
def test_a_run_whose_process_died_is_told_by_whoever_marks_it_as_failed(
    instance: dg.DagsterInstance, alerts: RunAlerts, webhook: Webhook
) -> None:
    @dg.job
    def sync() -> None:
        pass

    dead = instance.create_run_for_job(sync, status=dg.DagsterRunStatus.STARTED)
    instance.report_run_failed(dead, "The process of this run was killed.\nWhat to do: Nothing.")

    assert alerts.report_failure(instance, dead.run_id)
    assert webhook.messages[0]["message"].startswith(
        "The process of this run was killed.\nWhat to do: Nothing."
    )
    assert alerts.report_success(instance, run(instance))


def test_a_run_that_a_person_stopped_is_no_news(
    instance: dg.DagsterInstance, alerts: RunAlerts, webhook: Webhook
) -> None:
    stopped = run(instance, dg.DagsterExecutionInterruptedError())

    assert not alerts.report_failure(instance, stopped)
    assert not alerts.report_success(instance, run(instance))
    assert webhook.messages == []


@pytest.mark.deep
def test_a_check_that_stopped_the_run_is_named(
    instance: dg.DagsterInstance, alerts: RunAlerts, webhook: Webhook
) -> None:
    @dg.asset
    def rides() -> None: ...

    @dg.asset_check(asset=rides, blocking=True)
    def no_ride_is_negative() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False, description="Two rides are. What to do: Look at them.")

    @dg.asset_check(asset=rides)
    def not_blocking() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=False, severity=dg.AssetCheckSeverity.WARN)

    @dg.asset(deps=[rides])
    def weeks() -> None: ...

    definitions = [rides, no_ride_is_negative, not_blocking, weeks]
    result = dg.materialize(definitions, instance=instance, raise_on_error=False)
    assert not result.success

    assert alerts.report_failure(instance, result.run_id)
    text = webhook.messages[0]["message"]
    assert text.startswith("rides.no_ride_is_negative: Two rides are. What to do: Look at them.\n\nRun")


@pytest.mark.deep
def test_the_text_of_an_error_that_is_not_ours_stays_here(
    instance: dg.DagsterInstance, alerts: RunAlerts, webhook: Webhook
) -> None:
    assert alerts.report_failure(instance, run(instance, ValueError(f"https://host/{CANARY}")))
    text = webhook.messages[0]["message"]
    assert text.startswith("the_step: It ended with ValueError.\nWhat to do: See the run's log")
    assert CANARY not in text


@pytest.mark.deep
def test_what_nobody_took_is_told_by_the_next_who_looks(
    instance: dg.DagsterInstance, alerts: RunAlerts, webhook: Webhook
) -> None:
    run_id = failing(instance)
    webhook.status = 404
    with pytest.raises(AlertNotDeliveredError) as refused:
        alerts.report_failure(instance, run_id)
    assert "It responded with status 404." in str(refused.value)
    webhook.status = 200

    assert alerts.report_failure(instance, run_id)


@pytest.mark.deep
def test_what_one_of_two_took_is_not_told_again(
    tmp_path: Path, instance: dg.DagsterInstance, webhook: Webhook
) -> None:
    run_id = failing(instance)
    both = f"{webhook.address} json://127.0.0.1:9/gone"
    alerts = RunAlerts(Settings.model_validate({"home": tmp_path / "home", "alert_urls": both}))
    with pytest.raises(AlertNotDeliveredError, match=r"address 2 \(json://…\): It could not be reached"):
        alerts.report_failure(instance, run_id)

    assert not alerts.report_failure(instance, run_id)
    run_of = instance.get_run_by_id(run_id)
    assert run_of
    assert run_of.tags[REPORTED] == f"failed {run_id}"
    assert len(webhook.messages) == 1


@pytest.mark.deep
def test_a_command_that_ended_without_a_run_is_told_and_so_is_the_next_success(
    instance: dg.DagsterInstance, alerts: RunAlerts, webhook: Webhook
) -> None:
    assert alerts.report_error("sync", ConfigurationError("No.", means="Nothing was done.", remedy="Do it."))
    assert alerts.report_error("sync", ValueError(CANARY))
    sent = [alerts.report_success(instance, run(instance)) for _ in range(2)]

    assert sent == [True, False]
    assert [message["message"].partition("\n\nRun")[0] for message in webhook.messages] == [
        "No.\nNothing was done.\nWhat to do: Do it.",
        "It ended with ValueError.\nWhat to do: See what the command printed.",
        "Nothing is to be done: what the failed runs missed has been caught up.",
    ]


@pytest.mark.deep
def test_a_home_that_cannot_be_written_keeps_no_message_back(
    tmp_path: Path, instance: dg.DagsterInstance, webhook: Webhook
) -> None:
    (tmp_path / "home").write_text("a file")
    alerts = alerts_to(tmp_path, webhook)

    assert alerts.report_failure(instance, failing(instance))
    assert alerts.report_error("sync", OSError())
    assert len(webhook.messages) == 2


def test_where_nobody_is_to_be_told_nothing_is_done(tmp_path: Path, instance: dg.DagsterInstance) -> None:
    alerts = RunAlerts(Settings(home=tmp_path / "home"))

    assert not alerts.report_failure(instance, failing(instance))
    assert not alerts.report_success(instance, run(instance))
    assert not alerts.report_error("sync", ValueError())
    assert not (tmp_path / "home").exists()
