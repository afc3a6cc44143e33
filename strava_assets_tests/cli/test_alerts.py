"""Alerts of commands that run unattended, as in a container or from cron."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from strava_assets_tests.cli.terminal import CREDENTIALS
from strava_assets_tests.execution.homes import instance_in, started_run
from strava_assets_tests.receivers import Webhook, answering

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.sandbox import RunningSandbox, Sandbox
    from strava_assets_tests.cli.terminal import CommandResult, Terminal


@pytest.fixture
def webhook(terminal: Terminal) -> Iterator[Webhook]:
    with answering(Webhook()) as server:
        terminal.environ["STRAVA_ASSETS_ALERT_URLS"] = server.address
        yield server


@pytest.mark.deep
def test_a_sync_tells_its_failure_once_and_its_recovery_once(
    synced: Terminal, webhook: Webhook, strava: RunningSandbox, sandbox: Sandbox
) -> None:
    synced.at(strava)
    sandbox.faults.add("inactive_subscription", on="list", times=None)
    failed = synced.run("sync", **CREDENTIALS)
    sandbox.faults.clear()
    recovered, silent = (synced.run("sync", **CREDENTIALS) for _ in range(2))

    assert (failed.status, recovered.status, silent.status) == (1, 0, 0), recovered.out
    assert ["An alert was sent." in run.out for run in (failed, recovered, silent)] == [True, True, False]
    assert [message["title"] for message in webhook.messages] == [
        "strava_assets: sync failed",
        "strava_assets: sync succeeds again",
    ]
    assert "https://www.strava.com/settings/api" in webhook.messages[0]["message"]


@pytest.mark.deep
def test_the_next_command_tells_of_a_run_whose_process_was_killed(
    terminal: Terminal, webhook: Webhook, strava: RunningSandbox
) -> None:
    with instance_in(terminal.home) as instance:
        dead = started_run(instance)

    synced = terminal.at(strava).run("sync", **CREDENTIALS)

    assert synced.status == 0, synced.out
    assert [message["title"] for message in webhook.messages] == [
        "strava_assets: sync failed",
        "strava_assets: sync succeeds again",
    ]
    assert "it was killed" in webhook.messages[0]["message"]
    assert webhook.messages[0]["message"].endswith(f"Run {dead}")


@pytest.mark.deep
def test_a_receiver_that_is_down_changes_nothing_but_a_line_on_the_terminal(
    synced: Terminal, webhook: Webhook
) -> None:
    webhook.status = 404
    failed = synced.run("sync", STRAVA_OAUTH_BASE_URL="http://127.0.0.1:9/oauth")

    assert failed.status == 1
    line = " ".join(failed.out.split())
    assert (
        "! The alert was not delivered to all receivers. address 1 (json://…): It responded with status 404."
        in line
    )
    assert "strava-assets doctor --test-alert" in line
    assert "canary-secret" not in failed.out + failed.err


@pytest.mark.deep
@pytest.mark.parametrize("command", ["sync", "rebuild", "report"])
def test_a_command_that_does_not_come_to_a_run_tells_that(
    terminal: Terminal, webhook: Webhook, command: str
) -> None:
    terminal.home.mkdir()
    (terminal.home / "dagster").write_text("a file where the folder should be")

    result = terminal.run(command)

    assert result.status == 1
    [message] = webhook.messages
    assert message["title"] == f"strava_assets: {command} failed"
    assert message["message"] == result.err.strip()


def test_an_error_that_is_not_ours_is_told_and_shown(terminal: Terminal, webhook: Webhook) -> None:
    (terminal.home / "dagster").mkdir(parents=True)
    (terminal.home / "dagster" / "history").write_text("a file where the folder should be")

    with pytest.raises(OSError, match="history"):
        terminal.run("report")

    [message] = webhook.messages
    assert message["message"].startswith("It ended with ")


def test_settings_that_cannot_be_used_tell_nobody(terminal: Terminal, webhook: Webhook) -> None:
    assert terminal.run("sync", STRAVA_ASSETS_UNITS="nautical").status == 1
    assert webhook.messages == []


def alert_lines(result: CommandResult) -> list[str]:
    return [line for line in result.out.splitlines() if line[2:].startswith("alerts ")]


def test_the_doctor_says_whether_the_addresses_can_be_used(terminal: Terminal, webhook: Webhook) -> None:
    result = terminal.run("doctor", "--offline", STRAVA_ASSETS_ALERT_URLS=f"{webhook.address} slack://canary")

    [good, bad] = alert_lines(result)
    assert good == "✓ alerts       address 1 (json://…) can be told."
    assert bad.startswith("✗ alerts       address 2 (slack://…): apprise does not support this address.")
    assert "STRAVA_ASSETS_ALERT_URLS" in bad
    assert "canary" not in result.out
    assert webhook.messages == []


def test_the_doctor_sends_a_test_message_when_asked_to(terminal: Terminal, webhook: Webhook) -> None:
    result = terminal.run("doctor", "--offline", "--test-alert")

    assert alert_lines(result) == ["✓ alerts       address 1 (json://…) took the test message."]
    [message] = webhook.messages
    assert message["title"] == "strava_assets: test"


def test_the_doctor_says_that_nobody_is_told_and_that_a_test_went_nowhere(terminal: Terminal) -> None:
    [line] = alert_lines(terminal.run("doctor", "--offline"))
    assert line.startswith("✓ alerts       Nobody is told of a failed run. → Set STRAVA_ASSETS_ALERT_URLS")
    [line] = alert_lines(terminal.run("doctor", "--offline", "--test-alert"))
    assert line.startswith("✗")


def test_the_doctor_names_what_takes_the_place_of_an_old_setting(terminal: Terminal) -> None:
    result = terminal.run("doctor", "--offline", STRAVA_ASSETS_ALERT_WEBHOOK_URL="http://127.0.0.1:9/canary")

    [receiver, old] = alert_lines(result)
    assert receiver == "✓ alerts       the webhook can be told."
    assert old.startswith("! alerts       STRAVA_ASSETS_ALERT_WEBHOOK_URL still works in this release")
    assert "Use STRAVA_ASSETS_ALERT_URLS instead" in old
    assert "canary" not in result.out + result.err
