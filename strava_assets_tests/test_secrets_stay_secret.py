"""Secrets stay in the token file: the chain and its failures run, then every byte written is searched."""

from __future__ import annotations

import base64
import gzip
import secrets
from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from strava_assets.sandbox import CLIENT_ID, Fault, Sandbox, serve
from strava_assets.secrets.file import FileStore
from strava_assets_tests.cli.logins import answer, logging_in
from strava_assets_tests.cli.terminal import CommandResult, Terminal, own_environment
from strava_assets_tests.receivers import Webhook, answering
from strava_assets_tests.strava.scripted import Request, Response, ScriptedServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CANARY = "canary"
"""Every secret of these tests holds this word, and nothing else does."""
CLIENT_SECRET = f"{CANARY}-client-secret"
FIRST_REFRESH_TOKEN = f"{CANARY}-first-refresh-token"
BASIC = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode())

ON_A_REFRESH = (
    Fault.revoked_token,
    Fault.invalid_client_id,
    Fault.invalid_client_secret,
    Fault.html,
    Fault.truncated_body,
    Fault.cut_json,
    Fault.connection_reset,
    Fault.error_object_with_200,
    Fault.clock_skew,
)
ON_A_LISTING = (
    Fault.invalid_access_token,
    Fault.missing_scope,
    Fault.inactive_subscription,
    Fault.connection_reset,
    Fault.html,
)
ON_STREAMS = (Fault.invalid_access_token, Fault.inactive_subscription, Fault.missing_scope)


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    """A Strava whose every secret is a canary."""
    monkeypatch.setattr("strava_assets.sandbox.oauth.CLIENT_SECRET", CLIENT_SECRET)
    monkeypatch.setattr(
        "strava_assets.sandbox.tokens._new", lambda kind: f"{CANARY}-{kind}-{secrets.token_hex(16)}"
    )
    # A retry waits for seconds; what is retried is what counts here.
    monkeypatch.setattr("strava_assets.strava.client.FIRST_BACKOFF_S", 0)
    sandbox = Sandbox.many(5)
    sandbox.tokens.valid_refresh_token = FIRST_REFRESH_TOKEN
    return sandbox


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    own_environment(monkeypatch, tmp_path)
    return Terminal(
        tmp_path,
        {
            "STRAVA_CLIENT_ID": CLIENT_ID,
            "STRAVA_CLIENT_SECRET": CLIENT_SECRET,
        },
    )


def written(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below a folder, unpacked."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            if path.suffix == ".gz":
                content = gzip.decompress(content)
            elif path.suffix == ".parquet":
                content += repr(pq.read_table(path, partitioning=None).to_pydict()).encode()
            yield path, content


def leaks(folder: Path) -> list[str]:
    """Files other than the token file that hold a secret, in any case or encoding it is sent in."""
    return [
        str(path)
        for path, content in written(folder)
        if path.name != "tokens.json" and (CANARY.encode() in content.lower() or BASIC in content)
    ]


def output_of(result: CommandResult) -> str:
    return (result.out + result.err).lower()


@pytest.mark.deep
def test_the_whole_chain_and_its_failures_write_no_secret_anywhere(
    terminal: Terminal, sandbox: Sandbox
) -> None:
    given = {"STRAVA_REFRESH_TOKEN": FIRST_REFRESH_TOKEN}
    with serve(sandbox) as server, answering(Webhook()) as webhook:
        terminal.at(server)
        alerts = {
            # A receiver that takes the message and one that is gone.
            "STRAVA_ASSETS_ALERT_URLS": f"{webhook.address} json://127.0.0.1:9/{CANARY}-hook",
            "STRAVA_ASSETS_ALERT_WEBHOOK_URL": f"http://127.0.0.1:9/{CANARY}-hook",
        }
        # A ride's streams fail and are asked for again.
        sandbox.faults.add(Fault.html, on="streams", times=4)
        results = [terminal.run("sync", **given)]
        assert results[0].status == 0, results[0].out
        for endpoint, faults in (("token", ON_A_REFRESH), ("list", ON_A_LISTING), ("streams", ON_STREAMS)):
            for fault in faults:
                sandbox.faults.clear()
                sandbox.faults.add(fault, on=endpoint, times=None)
                sandbox.tokens.expire_access_tokens()
                # An alert takes seconds: one an endpoint.
                alert_settings = alerts if fault is faults[0] else {}
                failed = terminal.run("sync", **given, **alert_settings)
                assert failed.status == 1, f"{fault} on {endpoint}: {failed.out}"
                results += [failed, terminal.run("doctor", **given)]
        sandbox.faults.clear()
        with logging_in(terminal, "--no-browser") as login:
            status, out = login.ended(answer(login.address, "activity:read_all", "profile:read_all") + "\n")
        assert status == 0, out
        results += [
            CommandResult(status, out, ""),
            terminal.run("doctor", "--json"),
            terminal.run("sync"),
            terminal.run("rebuild"),
        ]
        assert any(path.suffix == ".parquet" for path, _ in written(terminal.home / "streams"))
        [tokens] = [content for path, content in written(terminal.home) if path.name == "tokens.json"]
        assert CANARY.encode() in tokens, "the search would find one"
        results.append(terminal.run("logout", STRAVA_OAUTH_BASE_URL="http://127.0.0.1:9/oauth"))
        results.append(terminal.run("doctor", "--offline", "--test-alert", **alerts))
    assert [message["type"] for message in webhook.messages] == ["failure", "failure", "failure", "info"]
    assert CANARY not in str(webhook.messages).lower()
    assert not [text for text in map(output_of, results) if CANARY in text or BASIC.decode().lower() in text]
    assert leaks(terminal.folder) == []


@pytest.mark.deep
@pytest.mark.usefixtures("sandbox")
@pytest.mark.parametrize("status", [200, 400, 401, 403, 500])
def test_a_server_that_sends_back_what_it_was_sent_makes_no_secret_known(
    terminal: Terminal, status: int
) -> None:
    def echo(request: Request) -> Response:
        message = f"{request.headers} {request.body!r} {request.path}"
        return Response(status, {"message": message, "errors": []})

    with ScriptedServer(echo) as server:
        terminal.environ |= {"STRAVA_API_BASE_URL": server.url, "STRAVA_OAUTH_BASE_URL": server.url}
        given = {"STRAVA_REFRESH_TOKEN": FIRST_REFRESH_TOKEN}
        results = [terminal.run(*command, **given) for command in (("doctor",), ("logout",))]
    assert any(CANARY in str(request.body) for request in server.requests)
    assert not [text for text in map(output_of, results) if CANARY in text or BASIC.decode().lower() in text]
    assert leaks(terminal.folder) == []


COMMANDS = (("sync",), ("doctor",), ("login", "--no-browser"), ("logout",))


@pytest.mark.parametrize(
    "command", [pytest.param(("sync",), marks=pytest.mark.deep), *COMMANDS[1:]], ids=" ".join
)
@pytest.mark.parametrize("elsewhere", ["API", "OAuth", "both"])
def test_another_host_that_is_configured_receives_no_secret_from_any_command(
    terminal: Terminal, command: tuple[str, ...], elsewhere: str
) -> None:
    FileStore(terminal.home / "tokens.json").replace(
        {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "refresh_token": FIRST_REFRESH_TOKEN,
            "access_token": f"{CANARY}-access-token",
            "expires_at": "4000000000" if elsewhere == "API" else "0",
            "oauth_host": "https://www.strava.com",
            "api_host": "https://www.strava.com",
        }
    )
    del terminal.environ["STRAVA_CLIENT_SECRET"]
    # Where Strava's own address stays in force, nothing listens behind the proxy.
    terminal.environ["HTTPS_PROXY"] = "http://127.0.0.1:9"

    with ScriptedServer(lambda _: Response(401, {})) as foreign:
        if elsewhere != "OAuth":
            terminal.environ["STRAVA_API_BASE_URL"] = foreign.url
        if elsewhere != "API":
            terminal.environ["STRAVA_OAUTH_BASE_URL"] = foreign.url
        result = terminal.run(*command)
        assert foreign.requests == [], result
    assert CANARY not in output_of(result)
    assert leaks(terminal.folder) == []


def test_a_password_in_an_address_is_written_nowhere(terminal: Terminal) -> None:
    for name in ("STRAVA_API_BASE_URL", "STRAVA_OAUTH_BASE_URL", "STRAVA_ASSETS_LANDING_URL"):
        for command in (*COMMANDS, ("up", "--once")):
            result = terminal.run(*command, **{name: f"https://user:{CANARY}@127.0.0.1:9/x"})
            assert result.status == 1
            assert name in output_of(result).upper()
            assert CANARY not in output_of(result)
    assert leaks(terminal.folder) == []
