"""The compose file's proxy with a real Caddy: nothing is reached without the password, all is with it."""

from __future__ import annotations

import base64
import os
import shutil
import signal
import socket
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from strava_assets.web.guard import Guard, writes_are_json
from strava_assets.web.hosts import AllowedHosts
from strava_assets_tests.deploy.compose import SERVER
from strava_assets_tests.free_ports import free_port
from strava_assets_tests.processes import Child
from strava_assets_tests.web.requesting import LIMIT_S, request, serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.websockets import WebSocket

TOOLS = Path(__file__).parents[2] / ".tools"
SITE = "rides.example"
PASSWORD = "correct horse battery staple"


def authorization(password: str = PASSWORD) -> tuple[str, str]:
    return "Authorization", "Basic " + base64.b64encode(f"athlete:{password}".encode()).decode()


@pytest.fixture(scope="module")
def caddy() -> str:
    program = shutil.which("caddy") or shutil.which(TOOLS / "caddy" / "caddy")
    if not program:
        pytest.skip("Caddy is not installed: make tools-caddy")
    return program


@pytest.fixture(scope="module")
def password_hash(caddy: str) -> str:
    command = [caddy, "hash-password", "--plaintext", PASSWORD]
    return subprocess.check_output(command, text=True).strip()  # noqa: S603 - the program above


@pytest.fixture(scope="module")
def reached() -> list[str]:
    """What got past the proxy and the guard."""
    return []


@pytest.fixture(scope="module")
def port(
    caddy: str, password_hash: str, reached: list[str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    """The proxy's, in front of an app that is guarded as the UI is."""

    async def answer(request: Request) -> Response:
        reached.append(request.url.path)
        return PlainTextResponse("reached")

    async def answer_websocket(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("reached")
        await websocket.close()

    routes = [
        WebSocketRoute("/graphql", answer_websocket),
        Route("/{path:path}", answer, methods=["GET", "POST"]),
    ]
    allowed = AllowedHosts.of_setting([SITE], "STRAVA_ASSETS_ALLOWED_HOSTS")
    folder = tmp_path_factory.mktemp("caddy")
    with serving(Guard(Starlette(routes=routes), allowed, writes_are_json)) as upstream:
        port = free_port()
        environment = {
            # With a scheme, so that no certificate is asked for.
            "SITE": f"http://{SITE}:{port}",
            "PROXY_USER": "athlete",
            "PROXY_PASSWORD_HASH": password_hash,
        }
        text = (SERVER / "Caddyfile").read_text().replace("webserver:3000", f"127.0.0.1:{upstream}")
        file = folder / "Caddyfile"
        file.write_text("{\n\tadmin off\n\tdefault_bind 127.0.0.1\n}\n" + text)
        with running([caddy, "run", "--config", str(file)], folder, environment):
            yield port


@contextmanager
def running(command: list[str], folder: Path, environment: Mapping[str, str]) -> Iterator[None]:
    """Caddy, from when it says that it serves until the block ends."""
    own = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    with Child(command, cwd=folder, env={**own, **environment}, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        lines = []
        try:
            for line in process.stderr:
                lines.append(line)
                if "serving initial configuration" in line:
                    break
            else:
                pytest.fail("".join(lines))
            yield
        finally:
            process.send_signal(signal.SIGTERM)


def open_websocket(port: int, *headers: tuple[str, str], origin: str) -> ClientConnection:
    return connect(
        f"ws://{SITE}:{port}/graphql",
        sock=socket.create_connection(("127.0.0.1", port)),
        origin=Origin(origin),
        additional_headers=headers,
        open_timeout=LIMIT_S,
    )


@pytest.mark.parametrize("headers", [[], [authorization("wrong")], [("Authorization", "Bearer x")]])
@pytest.mark.parametrize("path", ["/", "/graphql", "/report/", "/server_info"])
def test_without_the_password_nothing_is_reached(
    port: int, path: str, headers: list[tuple[str, str]], reached: list[str]
) -> None:
    reached.clear()
    assert request(port, path, *headers, hosts=[f"{SITE}:{port}"]).status == 401
    assert reached == []


def test_with_the_password_the_ui_answers_under_its_name(port: int) -> None:
    own_page = ("Origin", f"http://{SITE}:{port}")
    json = ("Content-Type", "application/json")
    hosts = [f"{SITE}:{port}"]
    assert request(port, "/", authorization(), hosts=hosts).text == "reached"
    answer = request(port, "/graphql", authorization(), own_page, json, method="POST", body="{}", hosts=hosts)
    assert answer.text == "reached"
    with open_websocket(port, authorization(), origin=f"http://{SITE}:{port}") as websocket:
        assert websocket.recv(timeout=LIMIT_S) == "reached"


def test_a_page_of_another_site_does_not_use_the_password_that_the_browser_keeps(port: int) -> None:
    evil = ("Origin", "http://evil.example")
    text = ("Content-Type", "text/plain")
    hosts = [f"{SITE}:{port}"]
    for headers in ((evil, text), (evil, ("Content-Type", "application/json")), (text,)):
        answer = request(port, "/graphql", authorization(), *headers, method="POST", body="x", hosts=hosts)
        assert answer.status == 403
    with pytest.raises(InvalidStatus) as refused:
        open_websocket(port, authorization(), origin="http://evil.example")
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("missing", ["SITE", "PROXY_USER", "PROXY_PASSWORD_HASH"])
def test_it_does_not_start_while_anything_is_missing(
    caddy: str, password_hash: str, missing: str, tmp_path: Path
) -> None:
    environment = {"SITE": SITE, "PROXY_USER": "athlete", "PROXY_PASSWORD_HASH": password_hash, missing: ""}
    done = subprocess.run(  # noqa: S603 - the program above
        [caddy, "validate", "--adapter", "caddyfile", "--config", str(SERVER / "Caddyfile")],
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path)} | environment,
        capture_output=True,
        check=False,
        timeout=LIMIT_S,
    )
    assert done.returncode != 0
