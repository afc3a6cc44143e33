"""Ports for servers that tests start."""

from __future__ import annotations

import socket
from random import SystemRandom

# Below those that Linux gives to outgoing connections, one of which could take the port before its server
# does: `strava-assets up` listens only after its first sync.
_PORTS = range(20_000, 32_000)


def free_port() -> int:
    """A port of 127.0.0.1 that nobody listens on just now."""
    for port in SystemRandom().sample(_PORTS, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("none of 100 ports is free")
