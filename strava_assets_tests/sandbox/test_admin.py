"""Driving a sandbox over HTTP, as from another process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from strava_assets.sandbox import Sandbox, serve

Admin = tuple[Sandbox, Callable[..., requests.Response]]


@pytest.fixture
def admin() -> Iterator[Admin]:
    sandbox = Sandbox.many(2)
    with serve(sandbox) as server, requests.Session() as session:

        def send(method: str, path: str, body: Any = None) -> requests.Response:
            return session.request(method, f"{server.base_url}/admin{path}", json=body, timeout=5)

        yield sandbox, send


def test_a_history_is_edited_from_outside(admin: Admin) -> None:
    sandbox, send = admin
    ride = send("POST", "/activities", {"name": "From outside", "start_date": "2026-05-01T08:00:00Z"}).json()
    address = f"/activities/{ride['id']}"
    assert send("PATCH", address, {"name": "Renamed"}).json()["name"] == "Renamed"
    assert send("POST", f"{address}/crop", {"end_s": 600}).json()["elapsed_time"] < ride["elapsed_time"]
    assert send("DELETE", address).status_code == 200
    assert len(sandbox.history) == 2
    assert send("POST", f"{address}/restore").json()["name"] == "Renamed"
    assert len(sandbox.history) == 3


def test_a_fault_is_planned_and_cleared_from_outside(admin: Admin) -> None:
    sandbox, send = admin
    planned = send("POST", "/faults", {"fault": "html", "on": "list", "times": 3, "after": 1}).json()
    assert planned == {"fault": "html", "on": "list", "times": 3, "after": 1}
    assert len(sandbox.faults.pending()) == 1
    send("DELETE", "/faults")
    assert sandbox.faults.pending() == []


def test_limits_are_set_and_switched_off_from_outside(admin: Admin) -> None:
    sandbox, send = admin
    headers = send("POST", "/limits", {"read": [5, 50], "read_usage": [4, 4]}).json()
    assert headers["X-ReadRateLimit-Limit"] == "5,50"
    assert sandbox.limits is not None
    assert sandbox.limits.read_usage == (4, 4)
    assert send("POST", "/limits").status_code == 200
    assert sandbox.limits is not None
    assert send("POST", "/limits", {"off": True}).status_code == 200
    assert sandbox.limits is None


def test_tokens_are_changed_from_outside(admin: Admin) -> None:
    sandbox, send = admin
    state = send("POST", "/tokens", {"rotate_refresh_token": False, "scopes": ["read"]}).json()
    assert state["scopes"] == ["read"]
    assert sandbox.tokens.rotate_refresh_token is False
    assert send("POST", "/tokens", {"revoke": True}).json()["valid_refresh_token"] is None


def test_what_makes_no_sense_is_a_bad_request_with_the_reason(admin: Admin) -> None:
    _, send = admin
    assert "Use one of" in send("POST", "/faults", {"fault": "earthquake"}).json()["message"]
    assert "no activity 5" in send("PATCH", "/activities/5", {"name": "x"}).json()["message"]
    assert send("POST", "/faults", []).status_code == 400
    assert send("POST", "/limits", {"weekly": [1, 2]}).status_code == 400
    for numbers in ({"times": "x"}, {"times": -1}, {"times": 1.5}, {"after": None}, {"after": True}):
        answer = send("POST", "/faults", {"fault": "html"} | numbers)
        assert answer.status_code == 400
        assert "whole numbers" in answer.json()["message"]
    for activity in ("9" * 5_000, "abc", "\uff11"):
        assert "no activity" in send("PATCH", f"/activities/{activity}", {"name": "x"}).json()["message"]


@pytest.mark.parametrize("body", [b"[" * 100_000, b"{", b"\xff", b"9" * 5_000])
def test_a_body_that_is_no_document_is_a_bad_request(admin: Admin, body: bytes) -> None:
    sandbox, _ = admin
    with serve(sandbox) as server:
        answer = requests.post(f"{server.base_url}/admin/faults", data=body, timeout=5)
    assert answer.status_code == 400
    assert "invalid" in answer.json()["message"]


def test_the_administration_is_not_among_the_requests(admin: Admin) -> None:
    sandbox, send = admin
    assert send("GET", "/state").json()["requests"] == 0
    assert sandbox.requests == []
