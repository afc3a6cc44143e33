"""Serves a sandbox: in a thread for tests and demos, or in the foreground for the command line.

The routes are in api.py, oauth.py, push_endpoints.py and admin.py.
"""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException

from strava_assets.errors import StravaAssetsError
from strava_assets.sandbox.admin import admin_routes
from strava_assets.sandbox.api import Api
from strava_assets.sandbox.fault_responses import http_date
from strava_assets.sandbox.oauth import oauth_routes
from strava_assets.sandbox.push_endpoints import push_routes
from strava_assets.sandbox.state import Sandbox
from strava_assets.web.guard import Guard
from strava_assets.web.hosts import AllowedHosts
from strava_assets.web.serving import LOOPBACK, open_listener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_START_LIMIT_S = 20.0
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER with a timeout of zero: closing resets the connection."""


@dataclass(frozen=True)
class RunningSandbox:
    """A running sandbox.

    Attributes:
        sandbox: Its state, which can be changed while it runs.
        base_url: The API's base URL, also valid with `/api/v3` appended. OAuth is under `/oauth`.
    """

    sandbox: Sandbox
    base_url: str

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.base_url.rpartition(":")[2])


@contextmanager
def serve(sandbox: Sandbox, port: int = 0) -> Iterator[RunningSandbox]:
    """Serve the sandbox on loopback until the block ends; port 0 selects a free port.

    Raises:
        ConfigurationError: The port is in use or not permitted.
    """
    listener = open_listener(port, name="The sandbox")
    server = _Server(sandbox)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="strava-sandbox", daemon=True
    )
    sandbox.closing.clear()
    thread.start()
    try:
        if not server.ready.wait(_START_LIMIT_S):
            raise StravaAssetsError(
                f"The sandbox did not start within {_START_LIMIT_S:.0f} s.",
                remedy="Try again. If the machine is busy, wait a moment first.",
            )
        yield RunningSandbox(sandbox, f"http://{LOOPBACK}:{listener.getsockname()[1]}")
    finally:
        sandbox.closing.set()
        server.should_exit = True
        thread.join()
        listener.close()


def run_sandbox(  # noqa: PLR0913 - each is an option of the command
    port: int,
    athlete_seed: int,
    activities: Path | None,
    limits: bool,
    faults: Sequence[str],
    ready: Callable[[str], None] | None,
    *,
    athletes: int = 1,
    strict: bool = False,
) -> None:
    """Serve a sandbox in the foreground until Ctrl-C.

    Refresh tokens do not rotate here, so a client's stored token still works after a restart.

    Args:
        port: 0 for a free port.
        athlete_seed: The seed of the sample athlete.
        activities: A file of recorded summaries to serve instead of the sample athlete.
        limits: Whether there are rate limits.
        faults: Faults of all matching requests, each as `NAME` or `NAME@ENDPOINT`.
        ready: Called with the base URL when the server is ready.
        athletes: The number of athletes; those after the first are sample athletes of the next seeds.
        strict: Whether to refuse what Strava has announced that it will refuse.

    Raises:
        StravaAssetsError: The port, the file or a fault cannot be used.
    """
    sandbox = (
        Sandbox.replay(activities, strict=strict)
        if activities
        else Sandbox.sample(athlete_seed, strict=strict)
    )
    if not limits:
        sandbox.limits = None
    for seed in range(athlete_seed + 1, athlete_seed + athletes):
        sandbox.add_athlete(Sandbox.sample(seed, strict=strict))
    for athlete in sandbox.athletes:
        athlete.tokens.rotate_refresh_token = False
    for fault in faults:
        name, _, endpoint = fault.partition("@")
        sandbox.faults.add(name, on=endpoint or None, times=None)
    with serve(sandbox, port) as server:
        try:
            if ready is not None:
                ready(server.base_url)
            sandbox.history.prepare_in_background(sandbox.closing)
            threading.Event().wait()
        except KeyboardInterrupt:
            return


class Cut(Protocol):
    """Ends a client's connection."""

    def __call__(self, client: tuple[str, int], *, reset: bool) -> None:
        """Reset the connection, or close it after what was sent."""


def sandbox_app(sandbox: Sandbox, cut: Cut | None = None) -> ASGIApp:
    """The app of a sandbox, for a server or for requests without one.

    Args:
        sandbox: Its state.
        cut: Called by faults that end a connection; without one they cannot be used.
    """
    api = Api(sandbox)

    async def without_route(request: Request, _error: Exception) -> Response:
        return api.response(request)

    app = Starlette(
        routes=[*oauth_routes(sandbox), *push_routes(sandbox), *admin_routes(sandbox)],
        exception_handlers={HTTPException: without_route},
    )
    app.router.redirect_slashes = False
    app.state.cut = cut
    return _DateHeader(Guard(app, AllowedHosts()), sandbox)


class _Server(uvicorn.Server):
    """A uvicorn server without logs that signals readiness and can close connections."""

    def __init__(self, sandbox: Sandbox) -> None:
        config = uvicorn.Config(
            sandbox_app(sandbox, self._cut),
            http="h11",
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            log_level="critical",
            access_log=False,
            date_header=False,
            server_header=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=5,
        )
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    def _cut(self, client: tuple[str, int], *, reset: bool) -> None:
        for connection in list(self.server_state.connections):
            transport: Any = getattr(connection, "transport", None)
            if getattr(connection, "client", None) == client and transport is not None:
                if reset:
                    raw = transport.get_extra_info("socket")
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
                    transport.abort()
                else:
                    transport.close()


class _DateHeader:
    """Adds a Date header with the sandbox's time to every response."""

    def __init__(self, app: ASGIApp, sandbox: Sandbox) -> None:
        self._app = app
        self._sandbox = sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                names = {name for name, _ in message["headers"]}
                if b"date" not in names:
                    date = http_date(self._sandbox.now()).encode()
                    message = {**message, "headers": [*message["headers"], (b"date", date)]}
            await send(message)

        await self._app(scope, receive, send_dated)
