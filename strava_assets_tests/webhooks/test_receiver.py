"""The receiver over HTTP: handshake, events, and everything that anyone on the internet may send."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
import requests

from strava_assets.webhooks import event_store, receiver, serving
from strava_assets.webhooks.callback_address import callback_path
from strava_assets.webhooks.event_store import MORE, MOST_WAITING, EventStore
from strava_assets.webhooks.events import Event
from strava_assets_tests.webhooks.receiving import (
    ATHLETE,
    VERIFY_TOKEN,
    Served,
    event,
    serving_receiver,
    wait_until,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HANDSHAKE = {"hub.mode": "subscribe", "hub.challenge": "15f7d1a9", "hub.verify_token": VERIFY_TOKEN}
LIMIT_S = 30


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving_receiver(tmp_path / "events") as running:
        yield running


def files(served: Served) -> set[str]:
    """The files of the folder, without the noted subscription and the sign of life."""
    paths = {str(path.relative_to(served.folder)) for path in served.folder.rglob("*") if path.is_file()}
    return paths - {"subscription.json", "receiver.json"}


def test_the_handshake_returns_the_challenge(served: Served) -> None:
    answer = requests.get(served.callback_url, params=HANDSHAKE, timeout=LIMIT_S)
    assert (answer.status_code, answer.json()) == (200, {"hub.challenge": "15f7d1a9"})
    assert files(served) == set()


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"hub.verify_token": "guessed"}, 403),
        ({"hub.verify_token": ""}, 403),
        ({"hub.verify_token": "\u00fc"}, 403),
        ({"hub.mode": "unsubscribe"}, 403),
        ({"hub.challenge": ""}, 400),
        ({"hub.challenge": "x" * 257}, 400),
        ({"hub.challenge": "<script>\u00fc"}, 400),
    ],
)
def test_a_wrong_handshake_is_refused_without_a_body(
    served: Served, changed: dict[str, str], status: int
) -> None:
    answer = requests.get(served.callback_url, params=HANDSHAKE | changed, timeout=LIMIT_S)
    assert (answer.status_code, answer.content) == (status, b"")


def test_an_event_becomes_one_small_file_without_its_title(served: Served) -> None:
    assert served.post(event(updates={"title": "Lunch with Anna"}, change="update")) == 200
    [name] = served.waiting()
    path = served.folder / str(ATHLETE) / name
    assert path.stat().st_size < 200
    assert "Anna" not in path.read_text()
    assert json.loads(path.read_text())["object_id"] == "99"


def test_an_event_that_comes_twice_is_one_file(served: Served) -> None:
    assert [served.post(event()), served.post(event())] == [200, 200]
    assert len(served.waiting()) == 1


def test_deauthorization_is_read_from_its_text(served: Served) -> None:
    revoked = event(
        ATHLETE, "update", object_type="athlete", updates={"authorized": "false"}, subscription_id=120_475
    )
    assert served.post(revoked) == 200
    [read] = served.events.read(str(ATHLETE), served.waiting())
    assert read.deauthorized
    assert read.subject == "athlete"


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (event(subscription_id=1), 403, "unknown subscription"),
        (event(owner_id=8), 403, "unknown athlete"),
        (event(owner_id="7"), 400, "not an event"),
        (event(owner_id=-7), 400, "not an event"),
        (event(owner_id=2**63), 400, "not an event"),
        (event(owner_id=True), 400, "not an event"),
        (event(object_id="../../etc/passwd"), 400, "not an event"),
        (event(event_time=10**11), 400, "not an event"),
        (event(event_time=-1), 400, "not an event"),
        (event(change="destroy"), 400, "not an event"),
        (event(object_type="../athlete"), 400, "not an event"),
        (event(updates="false"), 400, "not an event"),
        ([event()], 400, "not an event"),
        ({}, 400, "not an event"),
        (None, 400, "not an event"),
        (event(updates={"title": "x" * 5000}), 413, "too large"),
    ],
)
def test_what_is_no_event_of_this_home_is_refused_and_counted(
    served: Served, body: Any, status: int, reason: str
) -> None:
    assert served.post(body) == status
    assert files(served) == set()
    assert served.refused() == {reason: 1}


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe", b"[" * 4000, b'{"a":' * 600, b"null", b"NaN"],
    ids=["empty", "cut", "binary", "deep list", "deep object", "null", "NaN"],
)
def test_a_body_that_is_no_json_is_refused(served: Served, body: bytes) -> None:
    answer = requests.post(served.callback_url, data=body, timeout=LIMIT_S)
    assert answer.status_code == 400
    assert files(served) == set()


@pytest.mark.parametrize("updates", [{}, None, []])
def test_an_event_without_updates_is_accepted_in_each_of_its_forms(served: Served, updates: object) -> None:
    assert served.post(event(updates=updates)) == 200


def test_without_a_noted_subscription_every_event_is_refused(tmp_path: Path) -> None:
    with serving_receiver(tmp_path / "events", subscribed=False) as served:
        assert served.post(event()) == 403
        assert files(served) == set()


@pytest.mark.parametrize("path", ["/", "/strava/", "/strava/wrong", "/graphql", "/strava/%C3%BC", "//x"])
def test_any_other_path_is_not_there(served: Served, path: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        answer = requests.request(method, served.base_url + path, json=event(), timeout=LIMIT_S)
        assert (answer.status_code, answer.content) == (404, b"")
    assert files(served) == set()


def test_the_path_is_not_known_without_the_verify_token() -> None:
    assert callback_path("one") != callback_path("two")
    assert VERIFY_TOKEN not in callback_path(VERIFY_TOKEN)


def test_other_methods_are_refused(served: Served) -> None:
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "HEAD"):
        assert requests.request(method, served.callback_url, timeout=LIMIT_S).status_code == 405


def test_a_flood_of_events_leaves_a_bounded_number_of_files_and_asks_for_everything(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_store, "MOST_WAITING", 20)
    assert MOST_WAITING > 20
    with requests.Session() as session:
        statuses = {
            session.post(served.callback_url, json=event(1000 + number), timeout=LIMIT_S).status_code
            for number in range(60)
        }
    assert statuses == {200}
    assert len(files(served)) == 21
    assert MORE in served.waiting()
    served.app.leave_sign_of_life(at_once=True)
    status = served.state.receiver()
    assert status is not None
    assert status.accepted == {"stored": 20, "more": 40}


def test_a_huge_body_is_cut_off_long_before_its_end(served: Served) -> None:
    sent = 0
    with socket.create_connection(("127.0.0.1", served.port), timeout=LIMIT_S) as connection:
        path = callback_path(VERIFY_TOKEN)
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {10**9}\r\n\r\n"
        connection.sendall(head.encode())
        # It is refused or cut off after a few kilobytes, and not after a gigabyte.
        with contextlib.suppress(OSError):
            while sent < 50 * 2**20:
                connection.sendall(b"x" * 65536)
                sent += 65536
    assert sent < 50 * 2**20
    assert served.post(event()) == 200


def test_a_body_that_comes_slowly_is_given_up_within_the_time_that_strava_waits(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver, "_BODY_LIMIT_S", 0.3)
    with socket.create_connection(("127.0.0.1", served.port), timeout=LIMIT_S) as connection:
        head = f"POST {callback_path(VERIFY_TOKEN)} HTTP/1.1\r\nHost: x\r\nContent-Length: 200\r\n\r\n{{"
        began = time.monotonic()
        connection.sendall(head.encode())
        answer = connection.recv(200)
    assert b" 408 " in answer
    assert time.monotonic() - began < 2
    assert served.refused() == {"too slow": 1}


def test_connections_that_send_nothing_are_ended_and_leave_room_for_strava(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "CONNECTION_LIFE_S", 0.5)
    idle = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(serving.MOST_CONNECTIONS)]
    try:
        wait_until(lambda: served.post(event()) == 200)
        for connection in idle:
            connection.settimeout(LIMIT_S)
            with pytest.raises(OSError):  # noqa: PT011, PT012 - reset, as the kernel sees it
                if connection.recv(1) == b"":
                    raise ConnectionResetError
    finally:
        for connection in idle:
            connection.close()


def test_above_the_limit_of_connections_requests_are_refused(served: Served) -> None:
    idle = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(serving.MOST_CONNECTIONS)]
    try:
        wait_until(lambda: served.post(event()) == 503)
    finally:
        for connection in idle:
            connection.close()
    wait_until(lambda: served.post(event()) == 200)


def test_headers_without_end_are_refused(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=LIMIT_S) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 30_000)
        assert b" 400 " in connection.recv(200)


def test_a_folder_that_cannot_be_written_lets_strava_try_again(served: Served) -> None:
    served.folder.joinpath(str(ATHLETE)).write_text("a file in the place of the folder")
    assert served.post(event()) == 503
    assert served.refused() == {"not stored": 1}
    served.folder.joinpath(str(ATHLETE)).unlink()
    assert served.post(event()) == 200


def test_a_damaged_note_of_the_subscription_refuses_events(served: Served) -> None:
    served.folder.joinpath("subscription.json").write_text("{")
    assert served.post(event()) == 403


def test_nothing_of_a_request_is_logged(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    served.post(event(424242, updates={"title": "Lunch with Anna"}))
    served.post({"secret": "canary-text"})
    requests.get(served.callback_url, params=HANDSHAKE | {"hub.verify_token": "canary-text"}, timeout=LIMIT_S)
    own = " ".join(
        record.getMessage() for record in caplog.records if not record.name.startswith(("urllib3", "asyncio"))
    )
    assert "An event arrived: activity create." in own
    for text in ("424242", "Anna", "canary-text", VERIFY_TOKEN, callback_path(VERIFY_TOKEN)):
        assert text not in own


def test_events_live_on_an_object_store_as_well() -> None:
    store = EventStore(f"memory://events-{time.monotonic_ns()}")
    one = Event("7", "activity", "99", "create", 1_790_000_000)
    assert store.owners() == []
    assert [store.add(one), store.add(one)] == ["stored", "doubled"]
    assert store.owners() == ["7"]
    assert store.read("7", store.waiting("7")) == [one]
    store.remove("7", [one.name, "../../secret", MORE])
    assert store.waiting("7") == []


def test_a_storage_that_hangs_is_answered_before_strava_gives_up(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    goes_on = threading.Event()
    monkeypatch.setattr(EventStore, "add", lambda *_: goes_on.wait(LIMIT_S) and "stored")
    began = time.monotonic()
    try:
        assert served.post(event()) == 503
        assert time.monotonic() - began < 2
        assert served.app._refused == {"not stored in time": 1}
    finally:
        goes_on.set()
