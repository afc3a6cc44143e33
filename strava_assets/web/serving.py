"""Opens ports and serves apps."""

from __future__ import annotations

import errno
import ipaddress
import socket
from typing import TYPE_CHECKING

from strava_assets.errors import ConfigurationError

if TYPE_CHECKING:
    import uvicorn
    from starlette.types import ASGIApp

    from strava_assets.web.hosts import AllowedHosts

LOOPBACK = "127.0.0.1"
_SHUTDOWN_LIMIT_S = 3
"""How long a stopping server waits for open requests, e.g. subscriptions of an open page."""


def open_listener(port: int, host: str = LOOPBACK, *, name: str) -> socket.socket:
    """Listen on a port.

    Args:
        port: 0 for a free port.
        host: An address or name of this machine.
        name: The server's name for messages, e.g. "The sandbox".

    Raises:
        ConfigurationError: The port is in use or not permitted, or the host is not on this machine.
    """
    if not 0 <= port <= 65535:
        raise _not_started(name, f"{port} is not a valid port.", "Choose a port from 1 to 65535 with --port.")
    try:
        # asyncio sets TCP_NODELAY only if the protocol is given; otherwise short responses take 40 ms longer.
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        remedy = "Use --host 127.0.0.1, or an address of this machine."
        raise _not_started(name, f"The host {host!r} is unknown: {error.strerror}.", remedy) from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        is_in_use = error.errno == errno.EADDRINUSE
        problem = "is used by another program" if is_in_use else f"of {host} cannot be used: {error.strerror}"
        remedy = f"Choose another port, e.g. --port {port + 1}, or stop the program on {host}:{port}."
        raise _not_started(name, f"Port {port} {problem}.", remedy) from None
    return listener


def _not_started(name: str, happened: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(happened, means=f"{name} was not started.", remedy=remedy)


def check_exposure(host: str, allowed: AllowedHosts) -> str | None:
    """A warning if other machines can reach a server on this host, or None on loopback.

    Raises:
        ConfigurationError: Other machines could reach it, and no host name is configured.
    """
    if is_loopback(host):
        return None
    means = "There is no login: everyone who can reach it can read your whole history and start runs."
    if allowed.configured:
        return f"Other machines can reach the web UI on {host}. {means}"
    raise ConfigurationError(
        f"Other machines could reach the web UI on {host}, and {allowed.setting} is not set.",
        means=means,
        remedy="Leave out --host and connect with ssh -L, or use a proxy with a login and set "
        f"{allowed.setting} to its host name (see docs/access.md).",
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach a server on this host."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def create_server(app: ASGIApp, *, tick_s: float = 0.1) -> uvicorn.Server:
    """A server without an access log; `run` it with the sockets of `open_listener`.

    In the main thread SIGINT and SIGTERM stop it; in other threads set its `should_exit`.

    Args:
        app: The app to serve.
        tick_s: How often it checks whether to stop. Ten times a second takes one percent of a core.
    """
    import asyncio

    import uvicorn

    class Server(uvicorn.Server):
        async def main_loop(self) -> None:
            while not await self.on_tick(0):  # noqa: ASYNC110 - `should_exit` is a plain attribute
                await asyncio.sleep(tick_s)

    return Server(
        uvicorn.Config(
            app,
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_SHUTDOWN_LIMIT_S,
        )
    )


def serve(app: ASGIApp, listener: socket.socket) -> None:
    """Serve an app until SIGINT or SIGTERM, which is raised again after open requests have ended."""
    create_server(app, tick_s=1).run(sockets=[listener])
