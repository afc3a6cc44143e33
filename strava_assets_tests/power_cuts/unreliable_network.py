"""A proxy before an object store that loses, repeats or delays one request or its answer."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from contextlib import closing, contextmanager
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator

DELAY_S = 0.3
_HOP_BY_HOP = {"connection", "transfer-encoding", "keep-alive", "content-length", "date", "server"}


class Trouble(StrEnum):
    """What happens to one request."""

    lost_request = "lost request"
    lost_answer = "lost answer"
    repeated = "repeated request"
    delayed = "request that arrives after its repetition"


class Network(ThreadingHTTPServer):
    """The proxy.

    Attributes:
        requests: Number of requests since `expect`.
    """

    daemon_threads = True

    def __init__(self, behind: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind = urlsplit(behind)
        self.requests = 0
        self._trouble: Trouble | None = None
        self._at = 0
        self._lock = threading.Lock()
        self.late: list[threading.Thread] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def expect(self, trouble: Trouble | None = None, at: int = 0) -> None:
        """Let something happen to the n-th request from now on."""
        self.settle()
        self.requests, self._trouble, self._at = 0, trouble, at

    def settle(self) -> None:
        """Wait for what is under way."""
        while self.late:
            self.late.pop().join()

    def next_trouble(self) -> Trouble | None:
        """What happens to this request."""
        with self._lock:
            self.requests += 1
            return self._trouble if self.requests == self._at else None

    @override
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients end their connections as they like."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Network

    def _handle(self) -> None:
        trouble = self.server.next_trouble()
        if self.headers.get("Expect"):
            self.send_response_only(100)
            self.end_headers()
        body = self._body()
        if trouble is Trouble.delayed:
            thread = threading.Thread(target=self._send_late, args=(body,))
            self.server.late.append(thread)
            thread.start()
        elif trouble is not Trouble.lost_request:
            answer, content = self._send(body)
            if trouble is Trouble.repeated:
                answer, content = self._send(body)
            if trouble is not Trouble.lost_answer:
                self._answer(answer, content)
                return
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    do_GET = do_PUT = do_DELETE = do_HEAD = do_POST = _handle  # noqa: N815 - the server's own names

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _send_late(self, body: bytes) -> None:
        time.sleep(DELAY_S)
        self._send(body)

    def _send(self, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        behind = self.server.behind
        with closing(
            http.client.HTTPConnection(behind.hostname or "", behind.port, timeout=60)
        ) as connection:
            headers = {name: value for name, value in self.headers.items() if name.lower() != "expect"}
            connection.request(self.command, self.path, body or None, headers)
            answer = connection.getresponse()
            return answer, answer.read()

    def _answer(self, answer: http.client.HTTPResponse, content: bytes) -> None:
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else str(len(content))
        self.send_header("Content-Length", length or "0")
        self.end_headers()
        self.wfile.write(content)

    @override
    def log_message(self, format: str, *arguments: Any) -> None:
        """Say nothing."""


@contextmanager
def before(address: str) -> Iterator[Network]:
    """A proxy before a server on this machine."""
    with Network(address) as network:
        thread = threading.Thread(target=network.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield network
        finally:
            network.settle()
            network.shutdown()
            thread.join()
