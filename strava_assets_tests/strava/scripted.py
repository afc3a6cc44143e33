"""A server of scripted responses that the sandbox never sends: odd headers, odd bodies, broken connections.

Strava's normal behavior is tested with the sandbox.
"""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

from strava_assets_tests.strava.conversation import HandTime, converse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from strava_assets.strava.client import StravaClient

GRANT = {"access_token": "scripted-access", "refresh_token": "scripted-refresh", "expires_at": 4_000_000_000}


@dataclass(frozen=True)
class Response:
    """One response: `document` as JSON, or `raw` bytes as they are."""

    status: int = 200
    document: Any = None
    raw: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        return json.dumps(self.document).encode() if self.raw is None else self.raw


@dataclass(frozen=True)
class Request:
    """One request as it arrived."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


class ScriptedServer:
    """Answers each request with the response of `script`, and stores the requests.

    Use as a context manager; `url` is the base address.
    """

    def __init__(self, script: Callable[[Request], Response]) -> None:
        self.requests: list[Request] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # One packet an answer: without it every one waits for a delayed acknowledgement.
            wbufsize = -1

            def _answer(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                request = Request(self.command, self.path, dict(self.headers), self.rfile.read(length))
                server.requests.append(request)
                response = script(request)
                self.send_response_only(response.status)
                headers = {"Content-Type": "application/json", "Content-Length": str(len(response.body))}
                for name, value in (headers | dict(response.headers)).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(response.body)

            do_GET = do_POST = _answer  # noqa: N815 - the library's names

            def log_message(self, *_args: Any) -> None:
                """Do not print requests in the output of the tests."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self.url = f"http://127.0.0.1:{self._http.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@contextmanager
def listing(pages: list[Any]) -> Iterator[StravaClient]:
    """A client of a server that answers with `pages` (bytes as they are), and then with an empty one."""

    def script(request: Request) -> Response:
        if request.method == "POST":
            return Response(document=GRANT)
        number = int(parse_qs(urlsplit(request.path).query)["page"][0])
        page = pages[number - 1] if number <= len(pages) else []
        return Response(document=page, raw=page if isinstance(page, bytes) else None)

    with ScriptedServer(script) as server:
        yield converse(server.url, HandTime()).client
