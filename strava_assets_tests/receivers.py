"""Real receivers of alerts on loopback: a webhook over HTTP and a mail server over SMTP."""

from __future__ import annotations

import json
import socketserver
import threading
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage


T = TypeVar("T", bound=socketserver.BaseServer)


class Webhook(ThreadingHTTPServer):
    """Stores every message that is posted to it.

    Attributes:
        messages: The decoded bodies in order.
        paths: The path of each request.
        status: The status of its responses.
        faults: How many requests get status 503 first.
    """

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.status = 200
        self.faults = 0
        super().__init__(("127.0.0.1", 0), _Post)

    @property
    def url(self) -> str:
        """Its URL, which ends in a secret like Slack's."""
        return f"http://127.0.0.1:{self.server_port}/services/T0/B0/canary-secret"

    @property
    def address(self) -> str:
        """Its URL in apprise's format."""
        return self.url.replace("http://", "json://")


class _Post(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.messages.append(json.loads(body))
        self.server.paths.append(self.path)
        status = self.server.status
        if self.server.faults:
            self.server.faults -= 1
            status = 503
        self.send_response(status)
        self.send_header("Content-Length", "2")
        self.end_headers()
        # As Slack responds.
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Write nothing to the terminal."""


class MailServer(socketserver.ThreadingTCPServer):
    """Stores every mail in `messages`."""

    daemon_threads = True

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        super().__init__(("127.0.0.1", 0), _Smtp)

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.server_address[1])


class _Smtp(socketserver.StreamRequestHandler):
    server: MailServer
    ANSWERS: ClassVar = {"DATA": "354 go on", "QUIT": "221 bye"}

    def handle(self) -> None:
        self._send("220 ready")
        for line in self.rfile:
            verb = line.decode().strip().split(" ")[0].split(":")[0].upper()
            self._send(self.ANSWERS.get(verb, "250 well"))
            if verb == "QUIT":
                return
            if verb == "DATA":
                self._take()

    def _take(self) -> None:
        body = b"".join(iter(self.rfile.readline, b".\r\n"))
        self.server.messages.append(message_from_bytes(body, policy=policy.default))
        self._send("250 taken")

    def _send(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def answering(server: T) -> Iterator[T]:
    """Serve until the block ends."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
