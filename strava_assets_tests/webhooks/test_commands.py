"""`strava-assets webhook` against a sandbox, with the receiver as a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
from typing import TYPE_CHECKING

import pytest
import requests

from strava_assets.sandbox import Sandbox, push, serve
from strava_assets.webhooks.event_store import EventStore
from strava_assets.webhooks.state import WebhookState
from strava_assets_tests.cli.started import Up, running_command
from strava_assets_tests.cli.terminal import (
    CREDENTIALS,
    Terminal,
    addresses,
    copy_home,
    own_environment,
)
from strava_assets_tests.webhooks.receiving import VERIFY_TOKEN, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets.sandbox import RunningSandbox


@pytest.fixture
def strava() -> Iterator[RunningSandbox]:
    sandbox = Sandbox.many(12)
    sandbox.tokens.rotate_refresh_token = False
    with serve(sandbox) as server:
        yield server


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strava: RunningSandbox) -> Terminal:
    own_environment(monkeypatch, tmp_path)
    environ = CREDENTIALS | addresses(strava) | {"STRAVA_ASSETS_WEBHOOKS": "true"}
    return Terminal(tmp_path, environ)


@pytest.fixture
def receiver(terminal: Terminal) -> Iterator[tuple[Up, str]]:
    """A running receiver and its address."""
    with running_command(
        terminal.folder, "serve", "--port", "0", command="webhook", **terminal.environ
    ) as process:
        process.read_until("The receiver listens on")
        match = re.search(r"127\.0\.0\.1:\d+", process.out)
        assert match
        yield process, f"http://{match[0]}"


def owner_of(strava: RunningSandbox) -> str:
    return str(strava.sandbox.athlete["id"])


def events(terminal: Terminal) -> EventStore:
    return EventStore(str(terminal.home / "events"))


def state(terminal: Terminal) -> WebhookState:
    return WebhookState(str(terminal.home / "events"))


def test_from_the_subscription_to_an_event_and_back(
    terminal: Terminal, strava: RunningSandbox, receiver: tuple[Up, str]
) -> None:
    process, address = receiver
    subscribed = terminal.run("webhook", "subscribe", "--url", address)
    assert subscribed.status == 0, subscribed.err
    made = strava.sandbox.push.subscription
    assert made is not None
    noted = state(terminal).subscription()
    assert noted is not None
    assert (noted.id, noted.athlete_ids) == (made.id, (owner_of(strava),))
    token = json.loads((terminal.home / "tokens.json").read_text())["webhook_verify_token"]
    for secret in (token, made.callback_url.rpartition("/")[2]):
        assert secret not in subscribed.out + (terminal.home / "events" / "subscription.json").read_text()

    added = strava.sandbox.history.add(name="Lunch with Anna")
    wait_until(lambda: events(terminal).waiting(owner_of(strava)))

    [name] = events(terminal).waiting(owner_of(strava))
    path = terminal.home / "events" / owner_of(strava) / name
    assert json.loads(path.read_text())["object_id"] == str(added)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    status = terminal.run("webhook", "status", "--url", address)
    assert status.status == 0, status.out
    assert "answers the handshake" in status.out
    assert "1 event of athlete" in status.out
    assert terminal.run("webhook", "unsubscribe").status == 0
    assert strava.sandbox.push.subscription is None
    assert state(terminal).subscription() is None
    process.process.send_signal(signal.SIGTERM)
    assert process.wait() == 143
    assert "An event arrived: activity create." in process.out
    for text in ("Traceback", token, "Anna", str(added)):
        assert text not in process.out


@pytest.mark.deep
@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_receiver_is_no_longer_alive(
    terminal: Terminal, receiver: tuple[Up, str], number: signal.Signals, status: int
) -> None:
    process, _ = receiver
    wait_until(lambda: state(terminal).receiver())
    process.process.send_signal(number)
    assert process.wait() == status
    status_lines = terminal.run("webhook", "status", "--offline")
    assert "It does not run, so Strava is polled" in status_lines.out


@pytest.mark.deep
def test_a_killed_receiver_loses_nothing_that_it_has_answered(
    terminal: Terminal, strava: RunningSandbox, receiver: tuple[Up, str]
) -> None:
    process, address = receiver
    assert terminal.run("webhook", "subscribe", "--url", address).status == 0
    ids = [strava.sandbox.history.add() for _ in range(5)]
    wait_until(lambda: sum(each.status == 200 for each in strava.sandbox.push.deliveries) >= 3)
    process.process.kill()
    process.wait()
    answered = {str(each.event["object_id"]) for each in strava.sandbox.push.deliveries if each.status == 200}
    store, owner = events(terminal), owner_of(strava)
    stored = {event.object_id for event in store.read(owner, store.waiting(owner))}
    assert answered <= stored <= {str(each) for each in ids}


@pytest.mark.deep
def test_events_that_are_lost_doubled_late_reordered_or_forged_leave_what_arrived(
    terminal: Terminal,
    strava: RunningSandbox,
    receiver: tuple[Up, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(push, "LATE_S", 0.5)
    assert terminal.run("webhook", "subscribe", "--url", receiver[1]).status == 0
    sandbox, owner, store = strava.sandbox, owner_of(strava), events(terminal)
    ids = {}
    for fault in ("event_lost", "event_doubled", "event_late", "event_out_of_order", "event_forged"):
        sandbox.faults.add(fault)
        ids[fault] = str(sandbox.history.add())
    wait_until(lambda: len(sandbox.push.deliveries) >= 6)
    wait_until(lambda: len(store.waiting(owner)) >= 5)
    stored = {event.object_id for event in store.read(owner, store.waiting(owner))}
    forged = stored - set(ids.values())
    assert len(forged) == 1
    assert stored - forged == set(ids.values()) - {ids["event_lost"]}


@pytest.mark.deep
def test_only_announced_changes_send_an_event(
    terminal: Terminal, strava: RunningSandbox, receiver: tuple[Up, str]
) -> None:
    assert terminal.run("webhook", "subscribe", "--url", receiver[1]).status == 0
    history, sent = strava.sandbox.history, strava.sandbox.push.deliveries
    newest = history.ids()[0]
    history.edit(newest, gear_id="b9")
    history.crop(newest, end_s=60)
    history.edit(newest, name="Evening ride", private=True)
    history.delete(newest)
    strava.sandbox.tokens.revoke()
    wait_until(lambda: len(sent) >= 3)
    assert [each.event["aspect_type"] for each in sent] == ["update", "delete", "update"]
    assert [each.event["updates"] for each in sent] == [
        {"title": "Evening ride", "private": "true"},
        {},
        {"authorized": "false"},
    ]
    assert {each.status for each in sent} == {200}


@pytest.mark.deep
def test_an_event_is_tried_three_times(
    terminal: Terminal, strava: RunningSandbox, receiver: tuple[Up, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "RETRY_AFTER_S", 0.05)
    assert terminal.run("webhook", "subscribe", "--url", receiver[1]).status == 0
    receiver[0].process.kill()
    receiver[0].wait()
    strava.sandbox.history.add()
    wait_until(lambda: len(strava.sandbox.push.deliveries) >= 3)
    assert [each.status for each in strava.sandbox.push.deliveries] == [None, None, None]


@pytest.mark.deep
def test_a_second_subscription_is_refused_with_what_to_do(
    terminal: Terminal, receiver: tuple[Up, str]
) -> None:
    assert terminal.run("webhook", "subscribe", "--url", receiver[1]).status == 0
    again = terminal.run("webhook", "subscribe", "--url", receiver[1])
    assert again.status == 1
    assert "has a push subscription of this application already" in again.err
    assert "strava-assets webhook unsubscribe" in " ".join(again.err.split())


def test_an_address_that_does_not_answer_makes_no_subscription(
    terminal: Terminal, strava: RunningSandbox
) -> None:
    environ = {"STRAVA_ASSETS_WEBHOOK_VERIFY_TOKEN": VERIFY_TOKEN}
    result = terminal.run("webhook", "subscribe", "--url", strava.base_url, **environ)
    assert result.status == 1
    assert "Strava could not verify the callback address." in result.err
    assert "polling goes on" in " ".join(result.err.split())
    assert VERIFY_TOKEN not in result.out + result.err
    assert state(terminal).subscription() is None


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://rides.example.com", "https://"),
        ("https://rides.example.com/path", "without a path"),
        ("https://me:secret@rides.example.com", "without a path"),
        ("rides.example.com", "https://"),
        ("https://", "valid URL"),
        ("https://[rides.example.com", "valid URL"),
        ("me:secret@rides.example.com", "https://"),
    ],
)
def test_an_address_that_strava_cannot_use_is_refused(terminal: Terminal, url: str, problem: str) -> None:
    environ = {"STRAVA_ASSETS_WEBHOOK_VERIFY_TOKEN": VERIFY_TOKEN}
    result = terminal.run("webhook", "subscribe", "--url", url, **environ)
    assert result.status == 1
    assert problem in result.err
    assert "No subscription was made" in result.err
    assert "secret@" not in result.err


def test_the_client_secret_is_not_sent_to_a_foreign_host(terminal: Terminal) -> None:
    environ = {
        "STRAVA_ASSETS_WEBHOOK_VERIFY_TOKEN": VERIFY_TOKEN,
        "STRAVA_API_BASE_URL": "https://strava.example/api",
        "STRAVA_OAUTH_BASE_URL": "https://strava.example/oauth",
    }
    result = terminal.run("webhook", "unsubscribe", **environ)
    assert result.status == 1
    assert "STRAVA_API_BASE_URL points to https://strava.example" in " ".join(result.err.split())


@pytest.mark.parametrize("action", ["serve", "subscribe", "status"])
def test_without_the_setting_nothing_is_done(terminal: Terminal, action: str) -> None:
    options = ("--url", "https://rides.example.com") if action == "subscribe" else ()
    result = terminal.run("webhook", action, *options, STRAVA_ASSETS_WEBHOOKS="")
    assert result.status == 1
    assert "Set STRAVA_ASSETS_WEBHOOKS=true" in " ".join(result.err.split())


def test_a_short_verify_token_is_refused_without_showing_it(terminal: Terminal) -> None:
    result = terminal.run("webhook", "status", "--offline", STRAVA_ASSETS_WEBHOOK_VERIFY_TOKEN="canary")
    assert result.status == 1
    assert "must have 20 characters or more" in result.err
    assert "canary" not in result.err


@pytest.mark.deep
def test_a_verify_token_that_is_set_needs_no_access_to_the_tokens(terminal: Terminal, tmp_path: Path) -> None:
    environ = {name: value for name, value in terminal.environ.items() if name not in CREDENTIALS}
    environ |= {
        "STRAVA_ASSETS_WEBHOOK_VERIFY_TOKEN": VERIFY_TOKEN,
        "STRAVA_ASSETS_EVENTS_URL": str(tmp_path / "shared-events"),
        "STRAVA_ASSETS_SECRET_STORE": "env",
    }
    with running_command(tmp_path, "serve", "--port", "0", command="webhook", **environ) as process:
        process.read_until("The receiver listens on")
        assert not (tmp_path / "data").exists()
        process.process.send_signal(signal.SIGTERM)
        process.wait()


@pytest.mark.deep
def test_the_doctor_knows_of_the_subscription_and_of_access_that_was_taken_back(
    terminal: Terminal, strava: RunningSandbox, receiver: tuple[Up, str]
) -> None:
    assert terminal.run("webhook", "subscribe", "--url", receiver[1]).status == 0
    assert "Subscribed since" in terminal.run("doctor", "--offline").out
    noted = state(terminal).subscription()
    assert noted is not None
    state(terminal).write_logged_out(owner_of(strava), noted.since)
    doctor = terminal.run("doctor", "--offline")
    assert doctor.status == 1
    assert "took the access back" in doctor.out
    strava.sandbox.push.subscription = None
    status = terminal.run("webhook", "status")
    assert "It does not have the subscription" in status.out
    assert status.status == 1


@pytest.mark.deep
def test_forgetting_an_athlete_ends_the_subscription_and_removes_the_events(
    terminal: Terminal, strava: RunningSandbox, receiver: tuple[Up, str], synced_home: Path
) -> None:
    process, address = receiver
    assert terminal.run("webhook", "subscribe", "--url", address).status == 0
    strava.sandbox.history.add()
    wait_until(lambda: events(terminal).waiting(owner_of(strava)))
    process.process.send_signal(signal.SIGTERM)
    process.wait()
    stored = terminal.folder / "events-of-now"
    os.rename(terminal.home / "events", stored)  # noqa: PTH104 - the home is replaced around it
    tokens = (terminal.home / "tokens.json").read_bytes()
    for path in terminal.home.iterdir():
        path.unlink()
    terminal.home.rmdir()
    copy_home(synced_home, terminal.folder)
    (terminal.home / "tokens.json").write_bytes(tokens)
    os.rename(stored, terminal.home / "events")  # noqa: PTH104

    result = terminal.run("forget", "--yes")

    assert result.status == 0, result.err
    assert strava.sandbox.push.subscription is None
    assert not (terminal.home / "events").exists()


def test_two_calls_with_wrong_credentials_say_so(strava: RunningSandbox) -> None:
    wrong = {"client_id": "12345", "client_secret": "wrong"}
    answer = requests.get(f"{strava.base_url}/push_subscriptions", params=wrong, timeout=30)
    assert answer.status_code == 401
    answer = requests.delete(
        f"{strava.base_url}/api/v3/push_subscriptions/5",
        params={"client_id": "12345", "client_secret": "sandbox-secret"},
        timeout=30,
    )
    assert answer.status_code == 404
