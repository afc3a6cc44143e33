"""Putting a sandbox on a port: in a thread for tests and demos, or in the foreground for the command line.

Routes are in api.py, oauth.py and admin.py.
"""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import uvicorn
from starlette.applications import Starlette

from strava_assets.errors import StravaAssetsError
from strava_assets.sandbox.admin import admin_routes
from strava_assets.sandbox.api import api_routes
from strava_assets.sandbox.fault_responses import http_date
from strava_assets.sandbox.oauth import oauth_routes
from strava_assets.sandbox.state import Sandbox
from strava_assets.web.guard import Guard
from strava_assets.web.hosts import AllowedHosts
from strava_assets.web.serving import LOOPBACK, open_listener

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_START_LIMIT_S = 20.0
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER with no time to linger: closing sends a reset instead of a farewell."""


@dataclass(frozen=True)
class RunningSandbox:
    """A sandbox that answers.

    Attributes:
        sandbox: its state, to be changed while it runs.
        base_url: the API's base, with or without `/api/v3` appended; OAuth lives under `/oauth`.
    """

    sandbox: Sandbox
    base_url: str

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.base_url.rpartition(":")[2])


@contextmanager
def serve(sandbox: Sandbox, port: int = 0) -> Iterator[RunningSandbox]:
    """Serve the sandbox on loopback until the block ends.

    Args:
        sandbox: what to serve.
        port: 0 for a free one.

    Raises:
        ConfigurationError: the port is taken or may not be used.
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
                remedy="Try again; if the machine is busy, wait a moment first.",
            )
        yield RunningSandbox(sandbox, f"http://{LOOPBACK}:{listener.getsockname()[1]}")
    finally:
        sandbox.closing.set()
        server.should_exit = True
        thread.join()
        listener.close()


def run_sandbox(
    port: int,
    athlete_seed: int,
    activities: Path | None,
    limits: bool,
    faults: Sequence[str],
    ready: Callable[[str], None] | None,
) -> None:
    """Serve a sandbox in the foreground until Ctrl-C.

    Refresh tokens do not rotate here, so that a client which kept one is still let in after a restart.

    Args:
        port: 0 for a free one.
        athlete_seed: which sample athlete.
        activities: a file of recorded summaries to serve instead of the sample athlete.
        limits: False switches the rate limits off.
        faults: names of faults that every matching request shows, each as `NAME` or `NAME@ENDPOINT`.
        ready: called with the base URL once requests are answered.

    Raises:
        StravaAssetsError: port, file or fault can't be used.
    """
    sandbox = Sandbox.replay(activities) if activities else Sandbox.sample(athlete_seed)
    sandbox.tokens.rotate_refresh_token = False
    if not limits:
        sandbox.limits = None
    for fault in faults:
        name, _, endpoint = fault.partition("@")
        sandbox.faults.add(name, on=endpoint or None, times=None)
    with serve(sandbox, port) as server:
        if ready is not None:
            ready(server.base_url)
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


class _Server(uvicorn.Server):
    """A uvicorn server without logs of its own that says when it is ready, and can cut a connection."""

    def __init__(self, sandbox: Sandbox) -> None:
        app = Starlette(routes=[*api_routes(sandbox), *oauth_routes(sandbox), *admin_routes(sandbox)])
        app.state.cut = self._cut
        config = uvicorn.Config(
            _DatedByTheSandbox(Guard(app, AllowedHosts()), sandbox),
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


class _DatedByTheSandbox:
    """Gives every answer a Date header by the sandbox's clock instead of the machine's."""

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
