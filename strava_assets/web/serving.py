"""Opening a port and serving an app on it."""

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
"""How long a stopping server waits for requests under way, such as an open page's subscription."""


def open_listener(port: int, host: str = LOOPBACK, *, name: str) -> socket.socket:
    """Listen on a port.

    Args:
        port: 0 for a free one.
        host: an address or name of this machine.
        name: what will listen there, for messages, e.g. "The sandbox".

    Raises:
        ConfigurationError: the port is taken or may not be used, or the host is none of this machine's.
    """
    if not 0 <= port <= 65535:
        raise _not_started(name, f"{port} is not a port.", "Choose one from 1 to 65535 with --port.")
    try:
        # asyncio sets TCP_NODELAY only where the protocol is named; without it short answers wait 40 ms.
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP, flags=socket.AI_PASSIVE
        )[0]
    except socket.gaierror as error:
        remedy = "Use --host 127.0.0.1, or an address of this machine."
        raise _not_started(name, f"The host {host!r} is not known: {error.strerror}.", remedy) from None
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(128)
    except OSError as error:
        listener.close()
        taken = error.errno == errno.EADDRINUSE
        happened = "is taken by another program" if taken else f"of {host} cannot be used: {error.strerror}"
        remedy = f"Choose another one, e.g. --port {port + 1}, or stop what listens on {host}:{port}."
        raise _not_started(name, f"Port {port} {happened}.", remedy) from None
    return listener


def _not_started(name: str, happened: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(happened, means=f"{name} was not started.", remedy=remedy)


def check_exposure(host: str, allowed: AllowedHosts) -> str | None:
    """Whether other machines may reach a server that listens on this host.

    Returns:
        A warning if they may; None on loopback.

    Raises:
        ConfigurationError: other machines would reach it and nobody has said under which name.
    """
    if is_loopback(host):
        return None
    means = "There is no login: whoever reaches it can read your whole history and start runs."
    if allowed.configured:
        return f"The web UI listens on {host}, beyond this machine. {means}"
    raise ConfigurationError(
        f"The web UI would listen on {host}, beyond this machine, and {allowed.setting} is not set.",
        means=means,
        remedy="Leave out --host and come in by ssh -L, or put a proxy with a login in front and set "
        f"{allowed.setting} to the name under which it is reached (docs/access.md).",
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens on a host."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def create_server(app: ASGIApp, *, tick_s: float = 0.1) -> uvicorn.Server:
    """A server without a log of its requests; `run` it with the sockets of `open_listener`.

    In a process's first thread SIGINT and SIGTERM stop it; elsewhere set its `should_exit`.

    Args:
        app: what it serves.
        tick_s: how often it looks whether it is to stop. Ten times a second takes a hundredth of a core.
    """
    import asyncio

    import uvicorn

    class Server(uvicorn.Server):
        async def main_loop(self) -> None:
            while not await self.on_tick(0):  # noqa: ASYNC110 - what stops it sets a plain attribute
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
    """Serve an app until SIGINT or SIGTERM, which is passed on once open requests have ended."""
    create_server(app, tick_s=1).run(sockets=[listener])
