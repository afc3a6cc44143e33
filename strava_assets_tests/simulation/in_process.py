"""A sandbox without sockets: requests go to its app in this process."""

from __future__ import annotations

import asyncio
import atexit
import io
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import BaseAdapter, HTTPAdapter
from typing_extensions import override

from strava_assets.sandbox.serving import sandbox_app

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strava_assets.sandbox import Sandbox

BASE_URL = "http://127.0.0.1:1"
"""Nothing listens there; the adapter takes what is sent to it."""


@cache
def _event_loop() -> asyncio.AbstractEventLoop:
    """The loop of this process; one for each adapter would leave its sockets open."""
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop


class SandboxAdapter(BaseAdapter):
    """Hands the requests of a `requests` session to the app of a sandbox.

    A connection that the sandbox resets, or closes too early, ends as it does on a socket.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__()
        self.sandbox = sandbox
        self._was_cut = False
        self._app = sandbox_app(sandbox, self._cut)
        self._builder = HTTPAdapter()

    def session(self) -> requests.Session:
        """A new session whose requests come here."""
        session = requests.Session()
        session.mount(BASE_URL, self)
        return session

    @override
    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        self._was_cut = False
        messages: list[dict[str, Any]] = []
        _event_loop().run_until_complete(self._exchange(request, messages))
        if not messages:
            if self._was_cut:
                raise requests.ConnectionError("Connection reset by peer", request=request)
            raise requests.ReadTimeout("Read timed out", request=request)
        head, *parts = messages
        if self._was_cut:
            raise requests.exceptions.ChunkedEncodingError(
                "Connection broken: IncompleteRead", request=request
            )
        raw = urllib3.HTTPResponse(
            body=io.BytesIO(b"".join(part.get("body", b"") for part in parts)),
            headers=urllib3.HTTPHeaderDict(
                (name.decode(), value.decode()) for name, value in head["headers"]
            ),
            status=head["status"],
            preload_content=False,
        )
        return self._builder.build_response(request, raw)

    @override
    def close(self) -> None:
        """A session ends; the next one goes on here."""

    async def _exchange(self, request: requests.PreparedRequest, messages: list[dict[str, Any]]) -> None:
        url = urlsplit(request.url or "")
        body = request.body or b""
        sent = [{"type": "http.request", "body": body.encode() if isinstance(body, str) else body}]

        async def receive() -> dict[str, Any]:
            return sent.pop() if sent else {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            messages.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.path.encode(),
            "query_string": url.query.encode(),
            "root_path": "",
            "headers": [
                (b"host", url.netloc.encode()),
                *((name.lower().encode(), str(value).encode()) for name, value in request.headers.items()),
            ],
            "client": ("127.0.0.1", 2),
            "server": ("127.0.0.1", 1),
        }
        await self._app(scope, receive, send)

    def _cut(self, client: tuple[str, int], *, reset: bool) -> None:
        del client, reset
        self._was_cut = True
