"""Serves the receiver with limits that hold without a proxy: few connections, short lives, small requests."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from typing import TYPE_CHECKING, Any

import uvicorn
from typing_extensions import override

if TYPE_CHECKING:
    import socket

    from strava_assets.webhooks.receiver import Receiver

MOST_CONNECTIONS = 64
CONNECTION_LIFE_S = 5.0
"""How long a connection may live. Each carries one request, which Strava gives up after two seconds."""
_MOST_HEADER_BYTES = 16 * 1024
_TICK_S = 1.0


def serve(receiver: Receiver, listener: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM, which is raised again after open requests have ended."""
    # What uvicorn logs of a malformed request does no good in a log that anyone can fill.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    stopping = threading.Event()
    signs = threading.Thread(target=_leave_signs, args=(receiver, stopping), daemon=True)
    signs.start()
    try:
        create_server(receiver).run(sockets=[listener])
    finally:
        stopping.set()
        signs.join()
        receiver.leave_end_of_life()


def create_server(receiver: Receiver, *, tick_s: float = _TICK_S) -> uvicorn.Server:
    """The server; in other threads than the main one set its `should_exit`.

    Args:
        receiver: the app.
        tick_s: how often it looks for connections to end, and whether to stop.
    """
    config = uvicorn.Config(
        receiver,
        http="h11",
        ws="none",
        loop="asyncio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        limit_concurrency=MOST_CONNECTIONS,
        h11_max_incomplete_event_size=_MOST_HEADER_BYTES,
        timeout_keep_alive=2,
        timeout_graceful_shutdown=3,
    )
    return _Server(config, tick_s)


def _leave_signs(receiver: Receiver, stopping: threading.Event) -> None:
    receiver.leave_sign_of_life(at_once=True)
    while not stopping.wait(_TICK_S):
        receiver.leave_sign_of_life()


class _Server(uvicorn.Server):
    """Ends connections after a while: uvicorn itself lets one that sends nothing stay forever."""

    def __init__(self, config: uvicorn.Config, tick_s: float) -> None:
        super().__init__(config)
        self._tick_s = tick_s
        self._first_seen: dict[Any, float] = {}

    @override
    async def main_loop(self) -> None:
        while not await self.on_tick(0):
            self._end_old_connections()
            await asyncio.sleep(self._tick_s)

    def _end_old_connections(self) -> None:
        now = time.monotonic()
        connections = set(self.server_state.connections)
        self._first_seen = {each: self._first_seen.get(each, now) for each in connections}
        for connection, since in self._first_seen.items():
            transport = getattr(connection, "transport", None)
            if now - since > CONNECTION_LIFE_S and transport is not None:
                transport.abort()
