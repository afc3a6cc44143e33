"""Tokens across calls, runs and processes: reused while they live, rotated safely, refreshed once."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from strava_assets.sandbox import Fault, Sandbox, serve
from strava_assets.strava import errors
from strava_assets.strava.auth import Authenticator
from strava_assets.strava.tokens import utc_now
from strava_assets_tests.stores import open_store
from strava_assets_tests.strava.conversation import ENVIRON, HandTime, converse

ROOT = Path(__file__).parents[2]
RUN = """
import sys
from pathlib import Path
from strava_assets_tests.stores import open_store
from strava_assets.strava.auth import Authenticator
from strava_assets_tests.strava.conversation import ENVIRON
sys.stdin.read()
store = open_store("file", environ=ENVIRON, path=Path(sys.argv[1]))
print(Authenticator(store, sys.argv[2] + "/oauth").access_token(sys.argv[2]))
"""


def authenticator(base_url: str, path: Path, time: HandTime) -> Authenticator:
    store = open_store("file", environ=ENVIRON, path=path)
    return Authenticator(store, f"{base_url}/oauth", requests.Session(), time.clock)


def test_an_access_token_is_reused_across_runs_while_it_lives(tmp_path: Path) -> None:
    time = HandTime()
    sandbox = Sandbox(clock=time.clock)
    with serve(sandbox) as server:
        first = authenticator(server.base_url, tmp_path / "tokens.json", time)
        token = first.access_token(server.base_url)
        time.now += timedelta(hours=5)
        second = authenticator(server.base_url, tmp_path / "tokens.json", time)
        assert second.access_token(server.base_url) == first.access_token(server.base_url) == token
    assert (first.calls, second.calls, sandbox.calls("/oauth/token")) == (1, 0, 1)


def test_a_token_is_replaced_some_minutes_before_it_ends(tmp_path: Path) -> None:
    time = HandTime()
    sandbox = Sandbox(clock=time.clock)
    with serve(sandbox) as server:
        auth = authenticator(server.base_url, tmp_path / "tokens.json", time)
        token = auth.access_token(server.base_url)
        time.now += timedelta(hours=5, minutes=56)
        assert auth.access_token(server.base_url) != token
    assert sandbox.calls("/oauth/token") == 2


def test_a_rotated_refresh_token_serves_the_next_run(tmp_path: Path) -> None:
    time = HandTime()
    sandbox = Sandbox(clock=time.clock)
    store = open_store("file", environ=ENVIRON, path=tmp_path / "tokens.json")
    with serve(sandbox) as server:
        for _ in range(3):
            authenticator(server.base_url, tmp_path / "tokens.json", time).access_token(server.base_url)
            assert store.read()["refresh_token"] == sandbox.tokens.valid_refresh_token
            time.now += timedelta(hours=6)
    assert sandbox.calls("/oauth/token") == 3


def test_the_rotated_token_is_in_the_store_before_the_access_token_is_used(tmp_path: Path) -> None:
    time = HandTime()
    sandbox = Sandbox.many(1, clock=time.clock)
    store = open_store("file", environ=ENVIRON, path=tmp_path / "tokens.json")
    kept_at_use: list[bool] = []
    accepts = sandbox.tokens.accepts

    def watch(access_token: str) -> bool:
        stored = store.read()
        kept_at_use.append(stored["refresh_token"] == sandbox.tokens.valid_refresh_token)
        return accepts(access_token)

    sandbox.tokens.accepts = watch  # type: ignore[method-assign]  # the moment of use is inside the server
    with serve(sandbox) as server:
        auth = authenticator(server.base_url, tmp_path / "tokens.json", time)
        headers = {"Authorization": f"Bearer {auth.access_token(server.base_url)}"}
        assert requests.get(f"{server.base_url}/athlete", headers=headers, timeout=5).ok
    assert kept_at_use == [True]


def test_two_runs_refreshing_at_once_end_with_one_valid_token(tmp_path: Path) -> None:
    sandbox = Sandbox()
    path = tmp_path / "tokens.json"
    with serve(sandbox) as server:
        command = [sys.executable, "-c", RUN, str(path), server.base_url]
        runs = [
            subprocess.Popen(  # noqa: S603 - our own interpreter
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            for _ in range(2)
        ]
        for run in runs:
            assert run.stdin
            run.stdin.close()
            run.stdin = None
        tokens = {run.communicate(timeout=60)[0].strip() for run in runs}
    (token,) = tokens
    assert sandbox.tokens.accepts(token)
    assert sandbox.calls("/oauth/token") == 1
    stored = open_store("file", environ=ENVIRON, path=path).read()
    assert stored["refresh_token"] == sandbox.tokens.valid_refresh_token


def test_a_refused_token_is_not_taken_again_from_the_store(tmp_path: Path) -> None:
    time = HandTime()
    sandbox = Sandbox(clock=time.clock)
    with serve(sandbox) as server:
        auth = authenticator(server.base_url, tmp_path / "tokens.json", time)
        refused = auth.access_token(server.base_url)
        sandbox.tokens.expire_access_tokens()
        auth.refresh(reject=refused)
        assert auth.access_token(server.base_url) != refused


def test_a_token_that_another_run_replaced_is_taken_without_a_request(tmp_path: Path) -> None:
    time = HandTime()
    sandbox = Sandbox(clock=time.clock)
    with serve(sandbox) as server:
        late = authenticator(server.base_url, tmp_path / "tokens.json", time)
        refused = late.access_token(server.base_url)
        sandbox.tokens.expire_access_tokens()
        early = authenticator(server.base_url, tmp_path / "tokens.json", time)
        early.refresh(reject=refused)
        late.refresh(reject=refused)
        assert late.access_token(server.base_url) == early.access_token(server.base_url) != refused
    assert (early.calls, late.calls) == (1, 1)


def test_the_environment_cannot_keep_a_rotated_token_and_says_so_once() -> None:
    time = HandTime()
    sandbox = Sandbox.many(3, clock=time.clock)
    with serve(sandbox) as server:
        conversation = converse(server.base_url, time)
        list(conversation.client.pages())
        list(conversation.client.pages())
        assert len(conversation.warnings) == 1
        time.now += timedelta(hours=7)
        assert list(conversation.client.pages())
    assert len(conversation.warnings) == 2
    assert "`strava-assets login`" in conversation.warnings[0]
    assert str(sandbox.tokens.valid_refresh_token) not in "".join(conversation.warnings)


def test_no_warning_where_nothing_rotates() -> None:
    time = HandTime()
    sandbox = Sandbox.many(3, clock=time.clock)
    sandbox.tokens.rotate_refresh_token = False
    with serve(sandbox) as server:
        conversation = converse(server.base_url, time)
        list(conversation.client.pages())
    assert conversation.warnings == []


@pytest.mark.parametrize("kind", ["file", "env"])
def test_missing_credentials_are_named_with_their_place(tmp_path: Path, kind: str) -> None:
    environ = {"STRAVA_CLIENT_ID": "12345", "STRAVA_CLIENT_SECRET": "  "}
    store = open_store("env" if kind == "env" else "file", environ=environ, path=tmp_path / "tokens.json")
    with pytest.raises(
        errors.MissingCredentialsError, match="No client_secret and no refresh_token in"
    ) as raised:
        Authenticator(store, "http://127.0.0.1:9/oauth").access_token("http://127.0.0.1:9")
    assert raised.value.names == ("client_secret", "refresh_token")
    assert "strava-assets login" in raised.value.remedy


@pytest.mark.parametrize("fault", [Fault.revoked_token, Fault.invalid_client_secret, Fault.server_error])
def test_a_failed_refresh_leaves_the_store_as_it_was(tmp_path: Path, fault: Fault) -> None:
    sandbox = Sandbox()
    sandbox.faults.add(fault, on="token", times=None)
    store = open_store("file", environ=ENVIRON, path=tmp_path / "tokens.json")
    before = store.read()
    with serve(sandbox) as server, pytest.raises(errors.StravaError) as raised:
        Authenticator(store, f"{server.base_url}/oauth", clock=utc_now).access_token(server.base_url)
    assert raised.value.happened
    assert raised.value.remedy
    assert store.read() == before
