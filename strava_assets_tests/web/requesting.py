"""An app on a port, and requests with headers that no client library would send."""

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
"""Nothing waits for it; it ends what hangs."""


@contextmanager
def serving(app: ASGIApp) -> Iterator[int]:
    """The port on which an app answers until the block ends."""
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
    """What came back."""

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
        port: where.
        path: with its query.
        headers: besides Host and Content-Length, each as often as it is given.
        method: in capitals.
        hosts: the Host headers; one with the true address if left out.
        body: its content.
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
