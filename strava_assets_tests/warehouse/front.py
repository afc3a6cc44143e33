"""A BigQuery that misbehaves on order: HTTP on loopback, alone or in front of the emulator."""

from __future__ import annotations

import http.client
import json
import re
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

_HOP_BY_HOP = {"connection", "transfer-encoding", "content-encoding", "content-length", "date", "server"}


@dataclass
class Order:
    """What to do with requests that match.

    Args:
        pattern: a regular expression over `METHOD path body`.
        status: answer with this; 0 hangs up without an answer.
        answer: the JSON to answer with.
        behind_first: let what is behind do its work before hanging up.
        times: how many requests it is for.
    """

    pattern: str
    status: int = 0
    answer: dict[str, Any] = field(default_factory=dict)
    behind_first: bool = False
    times: int = 1_000_000


def refusal(status: int, reason: str, message: str) -> dict[str, Any]:
    """Google's form of an error."""
    return {"error": {"code": status, "message": message, "errors": [{"reason": reason, "message": message}]}}


class Front:
    def __init__(self, behind: str | None) -> None:
        self.behind = urlsplit(behind).netloc if behind else None
        self.orders: list[Order] = []
        self.seen: list[str] = []
        self.bodies: list[str] = []
        self.address = ""

    def order(self, *args: Any, **options: Any) -> None:
        self.orders.append(Order(*args, **options))

    def order_for(self, request: str) -> Order | None:
        for order in self.orders:
            if order.times and re.search(order.pattern, request, re.DOTALL):
                order.times -= 1
                return order
        return None


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    front: Front

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.front.seen.append(f"{self.command} {self.path}")
        self.front.bodies.append(body.decode("utf-8", "replace"))
        order = self.front.order_for(f"{self.command} {self.path} {self.front.bodies[-1]}")
        if order and order.status:
            self._answer(
                order.status, {"Content-Type": "application/json"}, json.dumps(order.answer).encode()
            )
        elif order and not order.behind_first:
            self._hang_up()
        else:
            status, headers, content = self._ask_behind(body)
            if order:
                self._hang_up()
            else:
                self._answer(status, headers, content)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve  # noqa: N815 -- http.server's names

    def _hang_up(self) -> None:
        self.close_connection = True

    def _ask_behind(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        assert self.front.behind, "nothing stands behind this front"
        connection = http.client.HTTPConnection(self.front.behind, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        headers["Accept-Encoding"] = "identity"
        with closing(connection):
            connection.request(self.command, self.path, body, headers)
            response = connection.getresponse()
            return response.status, dict(response.getheaders()), response.read()

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        here = urlsplit(self.front.address).netloc
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() not in _HOP_BY_HOP:
                # An upload goes on where the answer says: here, and not behind.
                self.send_header(name, value.replace(f"//{self.front.behind}/", f"//{here}/"))
        # The answer to HEAD tells the length of a body that it does not have.
        is_head = self.command == "HEAD"
        length = headers.get("Content-Length") if is_head else None
        self.send_header("Content-Length", length or str(len(content)))
        self.end_headers()
        if not is_head:
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@contextmanager
def standing(behind: str | None = None) -> Iterator[Front]:
    """A front, listening until the test is over."""
    front = Front(behind)
    handler = type("Handler", (_Handler,), {"front": front})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        front.address = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield front
        server.shutdown()
