"""The guard over real HTTP with a minimal app."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from strava_assets.web.guard import Guard, SecurityHeaders, reads_run_no_query, writes_are_json
from strava_assets.web.hosts import AllowedHosts
from strava_assets_tests.web.requesting import LIMIT_S, request, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.websockets import WebSocket

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
JSON = ("Content-Type", "application/json")


async def reached(_: Request) -> Response:
    return PlainTextResponse("reached", headers={"Content-Security-Policy": "sandbox"})


async def reached_by_websocket(websocket: WebSocket) -> None:
    await websocket.accept()
    await websocket.send_text("reached")
    await websocket.close()


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    app = Starlette(
        routes=[
            WebSocketRoute("/{path:path}", reached_by_websocket),
            Route("/{path:path}", reached, methods=list(METHODS)),
        ]
    )
    with serving(SecurityHeaders(Guard(app, AllowedHosts(), reads_run_no_query, writes_are_json))) as port:
        yield port


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """The log of the server."""
    logger = logging.getLogger("uvicorn.error")
    logger.addHandler(caplog.handler)
    yield caplog
    logger.removeHandler(caplog.handler)


@pytest.mark.parametrize("method", METHODS)
def test_a_foreign_host_is_refused_whatever_it_asks(port: int, method: str) -> None:
    answer = request(port, "/", JSON, method=method, hosts=["evil.example"])
    assert answer.status == 403
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    if method != "HEAD":
        assert "does not accept requests for the host 'evil.example'" in answer.text
        assert "What to do: " in answer.text


@pytest.mark.parametrize("hosts", [["127.0.0.1", "evil.example"], ["evil.example", "127.0.0.1"]])
def test_a_second_host_does_not_help(port: int, hosts: list[str]) -> None:
    assert request(port, hosts=hosts).status in (400, 403)


@pytest.mark.parametrize("target", ["http://evil.example/", "http://evil.example/graphql?query={version}"])
def test_a_host_in_the_request_line_does_not_take_the_place_of_the_header(port: int, target: str) -> None:
    assert request(port, target, hosts=["evil.example"]).status == 403


@pytest.mark.parametrize("method", METHODS)
def test_a_page_of_another_site_is_refused_and_a_program_is_not(port: int, method: str) -> None:
    foreign = request(port, "/", JSON, ("Origin", "http://evil.example"), method=method)
    assert foreign.status == 403
    assert not [name for name in foreign.headers if name.lower().startswith("access-control-")]
    assert request(port, "/", JSON, ("Origin", f"http://localhost:{port}"), method=method).status == 200
    assert request(port, "/", JSON, method=method).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "MKCOL"])
@pytest.mark.parametrize(
    "types",
    [
        [],
        ["text/plain"],
        # Pages may send this without permission, and Dagster accepts application/json anywhere in it.
        ["text/plain; application/json"],
        ["text/plain;x=application/json"],
        ["application/x-www-form-urlencoded"],
        ["multipart/form-data; boundary=application/json"],
        ["application/graphql"],
        ["application/jsonx"],
        ["application/json, text/plain"],
        ["application/json", "text/plain"],
        ["text/plain", "application/json"],
        [""],
    ],
    ids=repr,
)
def test_what_may_change_something_must_be_json(port: int, method: str, types: list[str]) -> None:
    headers = [("Content-Type", value) for value in types]
    answer = request(port, "/report_asset_materialization/weekly_watts", *headers, method=method, body="{}")
    assert answer.status == 403
    assert "Content-Type: application/json" in answer.text


@pytest.mark.parametrize("value", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_is_let_through(port: int, value: str) -> None:
    assert request(port, "/graphql", ("Content-Type", value), method="POST", body="{}").text == "reached"


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize(
    "path",
    [
        "/graphql?query={version}",
        "/graphql?x=1&query=",
        "/graphql?qu%65ry={version}",
        "/graphql?query={version}&query=",
        "/%67raphql?query={version}",
        "/rides/graphql?query={version}",
        "/graphql/?query={version}",
        "//graphql?query={version}",
        "/graphql%0a?query={version}",
    ],
)
def test_a_query_in_the_address_is_refused(port: int, method: str, path: str) -> None:
    assert request(port, path, method=method).status == 403


@pytest.mark.parametrize(
    "path", ["/graphql", "/graphql?operation=x", "/runs?query=sync", "/graphql/x?query=1"]
)
def test_other_addresses_may_have_a_query(port: int, path: str) -> None:
    assert request(port, path).text == "reached"


def test_every_answer_forbids_framing_loading_and_guessing(port: int) -> None:
    for answer in (request(port), request(port, hosts=["evil.example"])):
        assert "frame-ancestors 'none'" in answer.headers.get_all("Content-Security-Policy", [])
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    # The app's own policy remains.
    assert "sandbox" in request(port).headers.get_all("Content-Security-Policy", [])


def test_a_websocket_of_our_own_page_or_of_a_program_is_opened(port: int) -> None:
    for origin in (None, Origin(f"http://127.0.0.1:{port}"), Origin(f"http://localhost:{port}")):
        with connect(f"ws://127.0.0.1:{port}/graphql", origin=origin, open_timeout=LIMIT_S) as websocket:
            assert websocket.recv(timeout=LIMIT_S) == "reached"


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://evil.example", None),
        ("null", None),
        ("http://127.0.0.1:1", None),
        (None, "evil.example"),
        ("http://evil.example", "evil.example"),
    ],
)
def test_a_websocket_of_another_site_is_refused_before_it_opens(
    port: int, origin: str | None, host: str | None, log: pytest.LogCaptureFixture
) -> None:
    address = f"ws://{host or '127.0.0.1'}:{port}/graphql"
    with socket.create_connection(("127.0.0.1", port)) as sock, pytest.raises(InvalidStatus) as refused:
        connect(address, sock=sock, origin=Origin(origin) if origin else None, open_timeout=LIMIT_S)
    assert refused.value.response.status_code == 403
    assert log.messages == []
