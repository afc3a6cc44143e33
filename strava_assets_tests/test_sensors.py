"""The daemon's sensors tell a failed run once, even where a command tells it as well, and recovery once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets.resources.alerts import RunAlerts
from strava_assets_tests.chain import chain, riding
from strava_assets_tests.receivers import Webhook, answering

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets_tests.chain import Chain

SENSORS = ("alert_on_failure", "alert_on_recovery")


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    with answering(Webhook()) as server:
        yield server


@pytest.fixture
def platform(tmp_path: Path, webhook: Webhook) -> Iterator[Chain]:
    """A small platform whose runs are kept on the disk, where sensors look."""
    with (
        dg.DagsterInstance.local_temp(str(tmp_path)) as instance,
        chain(tmp_path / "home", riding(9), instance, alert_urls=webhook.address) as small,
    ):
        yield small


class Daemon:
    """The sensors of a platform, which tick when a test says so."""

    def __init__(self, platform: Chain) -> None:
        definitions = platform.definitions()
        self._repository = definitions.get_repository_def()
        self.alerts = RunAlerts(platform.settings())
        self._instance = platform.instance
        self._cursors: dict[str, str | None] = {}
        # The first tick only notes where the sensor begins.
        self.tick()

    def tick(self) -> list[str]:
        """Tick both sensors; returns the errors that the ticks show."""
        errors = []
        for name in SENSORS:
            context = dg.build_sensor_context(
                self._instance,
                cursor=self._cursors.get(name),
                # As the daemon does; a run from the command line names no repository.
                repository_name=self._repository.name,
                repository_def=self._repository,
                resources={"alerts": self.alerts},
            )
            with context:
                answer = self._repository.get_sensor_def(name).evaluate_tick(context)
            self._cursors[name] = answer.cursor
            errors += [
                str(reaction.error.to_string())
                for reaction in answer.dagster_run_reactions or ()
                if reaction.error
            ]
        return errors


def fail(platform: Chain) -> str:
    """A sync that fails for want of a subscription; returns the run's id."""
    platform.sandbox.faults.add("inactive_subscription", on="list", times=None)
    run = platform.ingest()
    platform.sandbox.faults.clear()
    assert not run.succeeded
    return run.result.run_id


@pytest.mark.deep
def test_a_failure_is_told_once_with_what_to_do_and_recovery_once(platform: Chain, webhook: Webhook) -> None:
    daemon = Daemon(platform)
    run_id = fail(platform)

    assert daemon.tick() == []
    assert daemon.tick() == []

    [message] = webhook.messages
    assert message["type"] == "failure"
    assert message["message"].startswith("raw_activities: ")
    assert "https://www.strava.com/settings/api" in message["message"]
    assert "Traceback" not in message["message"]
    assert message["message"].endswith(f"Run {run_id}")

    for _ in range(2):
        assert platform.ingest().succeeded
        daemon.tick()

    assert [message["type"] for message in webhook.messages] == ["failure", "success"]
    assert "succeeds again" in webhook.messages[1]["title"]


@pytest.mark.deep
def test_what_a_command_has_told_the_daemon_does_not_tell_again(platform: Chain, webhook: Webhook) -> None:
    daemon = Daemon(platform)
    daemon.alerts.report_failure(platform.instance, fail(platform))
    daemon.tick()
    daemon.alerts.report_success(platform.instance, platform.ingest().result.run_id)
    daemon.tick()

    assert [message["type"] for message in webhook.messages] == ["failure", "success"]


@pytest.mark.deep
def test_what_the_daemon_has_told_a_command_does_not_tell_again(platform: Chain, webhook: Webhook) -> None:
    daemon = Daemon(platform)
    run_id = fail(platform)
    daemon.tick()

    assert not daemon.alerts.report_failure(platform.instance, run_id)
    assert len(webhook.messages) == 1


@pytest.mark.deep
def test_a_receiver_that_is_down_is_an_error_of_the_tick_that_keeps_its_address(
    platform: Chain, webhook: Webhook, caplog: pytest.LogCaptureFixture
) -> None:
    daemon = Daemon(platform)
    fail(platform)
    webhook.status = 410

    [error] = daemon.tick()

    assert "It responded with status 410." in error
    assert "What to do:" in error
    assert "canary-secret" not in error
    assert "canary-secret" not in caplog.text
