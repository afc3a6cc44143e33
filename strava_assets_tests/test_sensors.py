"""Alerts as a person gets them: the failure's own cure, once a failure, and good news once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets.resources.alerts import WEBHOOK_VARIABLE
from strava_assets_tests.chain import chain, riding
from strava_assets_tests.receivers import MailServer, Webhook, answering

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets_tests.chain import Chain

FAILURE, RECOVERY = "alert_on_failure", "tell_of_recovery"


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    with answering(Webhook()) as server:
        monkeypatch.setenv(WEBHOOK_VARIABLE, server.url)
        yield server


@pytest.fixture
def platform(tmp_path: Path) -> Iterator[Chain]:
    """A small platform whose runs are kept on the disk, where sensors look."""
    with (
        dg.DagsterInstance.local_temp(str(tmp_path)) as instance,
        chain(tmp_path / "home", riding(9), instance) as small,
    ):
        yield small


class Ticks:
    """The sensors of a platform, ticking when told to."""

    def __init__(self, platform: Chain, **fields: object) -> None:
        definitions = platform.definitions(**fields)
        self._repository = definitions.get_repository_def()
        self._resources = {"alerts": (definitions.resources or {})["alerts"]}
        self._instance = platform.instance
        self._cursors: dict[str, str | None] = {}
        # The first tick only notes where the sensor begins.
        self.tick()

    def tick(self) -> list[str]:
        """Tick both sensors; returns the errors that the ticks show."""
        errors = []
        for name in (FAILURE, RECOVERY):
            context = dg.build_sensor_context(
                self._instance,
                cursor=self._cursors.get(name),
                # As the daemon does; a run from the command line names no repository.
                repository_name=self._repository.name,
                repository_def=self._repository,
                resources=self._resources,
            )
            with context:
                answer = self._repository.get_sensor_def(name).evaluate_tick(context)
            self._cursors[name] = answer.cursor
            errors += [
                str(told.error.to_string()) for told in answer.dagster_run_reactions or () if told.error
            ]
        return errors


def fail(platform: Chain) -> str:
    """A sync that fails for want of a subscription; returns the run's id."""
    platform.sandbox.faults.add("inactive_subscription", on="list", times=None)
    run = platform.ingest()
    platform.sandbox.faults.clear()
    assert not run.succeeded
    return run.result.run_id


def test_a_failure_is_told_once_with_its_cure_and_recovery_once(platform: Chain, webhook: Webhook) -> None:
    ticks = Ticks(platform)
    run_id = fail(platform)

    assert ticks.tick() == []
    assert ticks.tick() == []

    [told] = webhook.got
    assert told["status"] == "failed"
    assert told["run_id"] == run_id
    assert "https://www.strava.com/settings/api" in told["text"]
    assert told["text"].startswith("raw_activities: ")
    assert "Traceback" not in told["text"]

    assert platform.ingest().succeeded
    ticks.tick()
    assert platform.ingest().succeeded
    ticks.tick()

    assert [message["status"] for message in webhook.got] == ["failed", "recovered"]
    assert "succeeds again" in webhook.got[1]["subject"]


def test_two_failures_are_two_messages_and_one_recovery(platform: Chain, webhook: Webhook) -> None:
    ticks = Ticks(platform)
    fail(platform)
    ticks.tick()
    fail(platform)
    ticks.tick()
    platform.ingest()
    ticks.tick()

    assert [message["status"] for message in webhook.got] == ["failed", "failed", "recovered"]


def test_a_run_that_succeeds_after_another_is_no_news(platform: Chain, webhook: Webhook) -> None:
    ticks = Ticks(platform)
    platform.ingest()
    platform.ingest()
    ticks.tick()

    assert webhook.got == []


def test_slack_gets_its_own_form(platform: Chain, webhook: Webhook) -> None:
    ticks = Ticks(platform, alert_webhook_form="slack")
    run_id = fail(platform)
    ticks.tick()

    [told] = webhook.got
    assert told.keys() == {"text"}
    assert told["text"].startswith(":x: *The run")
    assert run_id in told["text"]


def test_mail_reaches_a_mail_server(platform: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WEBHOOK_VARIABLE, raising=False)
    with answering(MailServer()) as server:
        ticks = Ticks(
            platform, alert_mail_to="rider@example.org", smtp_host="127.0.0.1", smtp_port=server.port
        )
        run_id = fail(platform)
        assert ticks.tick() == []

    [mail] = server.got
    assert mail["To"] == "rider@example.org"
    assert "failed" in str(mail["Subject"])
    text = mail.get_content()
    assert "Subscribe with the account that owns the application" in text.replace("\r\n", " ")
    assert run_id in text


def test_a_receiver_that_is_down_is_an_error_that_keeps_its_address(
    platform: Chain, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with answering(Webhook()) as gone:
        monkeypatch.setenv(WEBHOOK_VARIABLE, gone.url)
    ticks = Ticks(platform)
    fail(platform)

    [error] = ticks.tick()

    assert "The alert webhook could not be reached" in error
    assert "What to do:" in error
    assert "canary-secret" not in error
    assert "canary-secret" not in caplog.text


def test_a_receiver_that_refuses_is_an_error_too(platform: Chain, webhook: Webhook) -> None:
    webhook.status = 410
    ticks = Ticks(platform)
    fail(platform)

    [error] = ticks.tick()

    assert "status 410" in error
    assert "canary-secret" not in error


def test_where_no_address_is_set_nothing_is_sent(platform: Chain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(WEBHOOK_VARIABLE, raising=False)
    ticks = Ticks(platform)
    fail(platform)

    assert ticks.tick() == []
