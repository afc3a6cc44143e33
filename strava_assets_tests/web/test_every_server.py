"""Every server of the project checks host and origin."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from strava_assets.sandbox import Sandbox
from strava_assets.sandbox import serve as serve_sandbox
from strava_assets.strava.callback import listen
from strava_assets_tests.web.requesting import request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    Server = Callable[[Path], AbstractContextManager[str]]


@contextmanager
def sandbox(_: Path) -> Iterator[str]:
    with serve_sandbox(Sandbox.many(2)) as server:
        yield f"{server.base_url}/admin/state"


@contextmanager
def login(_: Path) -> Iterator[str]:
    with listen("the-state") as callback:
        yield f"{callback.redirect_uri}?state=the-state&code=c&scope=read"


EVERY_SERVER = pytest.mark.parametrize("server", [sandbox, login], ids=lambda server: server.__name__)


@EVERY_SERVER
@pytest.mark.parametrize("hosts", [["evil.example"], ["evil.example:80"], [], ["127.0.0.1", "evil.example"]])
def test_a_request_to_a_foreign_host_is_refused(server: Server, hosts: list[str], tmp_path: Path) -> None:
    with server(tmp_path) as address:
        parts = urlsplit(address)
        answer = request(int(parts.port or 0), f"{parts.path}?{parts.query}", hosts=hosts)
    # h11 refuses on its own what HTTP does not allow.
    assert answer.status == 403 or (answer.status == 400 and len(hosts) != 1)


@EVERY_SERVER
def test_a_request_of_a_page_of_another_site_is_refused(server: Server, tmp_path: Path) -> None:
    with server(tmp_path) as address:
        parts = urlsplit(address)
        path = f"{parts.path}?{parts.query}"
        answer = request(int(parts.port or 0), path, ("Origin", "http://evil.example"))
        embedded = request(
            int(parts.port or 0), path, ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors")
        )
    assert (answer.status, embedded.status) == (403, 403)


@EVERY_SERVER
def test_a_request_of_this_machine_is_answered(server: Server, tmp_path: Path) -> None:
    with server(tmp_path) as address:
        parts = urlsplit(address)
        port, path = int(parts.port or 0), f"{parts.path}?{parts.query}"
        statuses = [
            request(port, path, hosts=[f"{name}:{port}"]).status for name in ("127.0.0.1", "localhost")
        ]
    assert statuses == [200, 200]


def test_a_page_of_another_site_changes_nothing_in_the_sandbox() -> None:
    with serve_sandbox(Sandbox.many(2)) as server:
        answer = request(
            server.port,
            "/admin/tokens",
            ("Origin", "http://evil.example"),
            ("Content-Type", "text/plain"),
            method="POST",
            body='{"revoke": true}',
        )
        assert answer.status == 403
        assert server.sandbox.tokens.valid_refresh_token


def test_a_foreign_redirect_to_a_login_neither_ends_it_nor_logs_in() -> None:
    with listen("the-state") as callback:
        parts = urlsplit(callback.redirect_uri)
        path = f"{parts.path}?state=the-state&code=evil&scope=read"
        assert request(int(parts.port or 0), path, hosts=["evil.example"]).status == 403
        assert request(int(parts.port or 0), path.replace("evil", "own")).status == 200
        assert callback.wait(timeout_s=5).code == "own"
