"""Serves apps, and sends requests with headers that client libraries would not send."""

from __future__ import annotations

import http.client
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strava_assets.web.serving import create_server, open_listener

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.types import ASGIApp

LIMIT_S = 120
"""The time limit of hanging requests."""


@contextmanager
def serving(app: ASGIApp) -> Iterator[int]:
    """Serve an app for a block and yield its port."""
    listener = open_listener(0, name="The test's server")
    server = create_server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    with listener:
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            server.should_exit = True
            thread.join(LIMIT_S)
    assert not thread.is_alive()


@dataclass(frozen=True)
class Answer:
    """A response."""

    status: int
    text: str
    headers: http.client.HTTPMessage


def request(
    port: int,
    path: str = "/",
    *headers: tuple[str, str],
    method: str = "GET",
    hosts: Sequence[str] | None = None,
    body: str = "",
) -> Answer:
    """Send a request to loopback.

    Args:
        port: The port of the server.
        path: The path with query.
        headers: Headers besides Host and Content-Length; they may be repeated.
        method: The method in capitals.
        hosts: The Host headers; by default one with the real address.
        body: The body.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
    try:
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        for host in [f"127.0.0.1:{port}"] if hosts is None else hosts:
            connection.putheader("Host", host)
        for name, value in headers:
            connection.putheader(name, value)
        if body:
            connection.putheader("Content-Length", str(len(body.encode())))
        connection.endheaders(body.encode() or None)
        answer = connection.getresponse()
        return Answer(answer.status, answer.read().decode(), answer.msg)
    finally:
        connection.close()
