"""Decides which host names a server accepts, and which web pages may call it.

It works on header values, so ASGI apps and `http.server` handlers apply the same rules.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

LOOPBACK_NAMES: Final = ("localhost", "127.0.0.1", "[::1]")

_NAME = r"(?P<name>\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?"
_HOST = re.compile(_NAME)
_ORIGIN = re.compile(rf"(?P<scheme>https?)://{_NAME}")
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Host:
    """A host name in lowercase and its port, or None without a port."""

    name: str
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> Host | None:
        """Parse a Host header or an entry of a setting; None if it is not `name` or `name:port`."""
        return _as_host(_HOST.fullmatch(text))

    @classmethod
    def of_origin(cls, origin: str) -> Host | None:
        """Parse an Origin header, with the default port if it has none; None if it is not http(s)."""
        match = _ORIGIN.fullmatch(origin)
        host = _as_host(match)
        if match is None or host is None:
            return None
        return host if host.port else Host(host.name, _DEFAULT_PORTS[match["scheme"]])

    @property
    def is_loopback(self) -> bool:
        """Whether the name means this machine itself."""
        return self.name in LOOPBACK_NAMES

    @property
    def possible_ports(self) -> frozenset[int]:
        """The port; without one, the default ports of HTTP and HTTPS."""
        return frozenset([self.port] if self.port else _DEFAULT_PORTS.values())

    def shares_port(self, other: Host) -> bool:
        """Whether both hosts can have the same port."""
        return bool(self.possible_ports & other.possible_ports)


def _as_host(match: re.Match[str] | None) -> Host | None:
    if match is None:
        return None
    port = match["port"]
    if port is not None and not 1 <= int(port) <= 65535:
        return None
    return Host(match["name"].lower(), int(port) if port else None)


@dataclass(frozen=True)
class AllowedHosts:
    """The host names that a server accepts: loopback at any port, and configured names.

    Attributes:
        configured: Further names for a server behind a proxy. Names without a port match any port.
        setting: The setting that adds names, for messages; empty if there is none.
    """

    configured: tuple[Host, ...] = ()
    setting: str = ""

    @classmethod
    def of_setting(cls, names: Iterable[str], setting: str) -> AllowedHosts:
        """From the entries of a validated setting."""
        return cls(tuple(host for name in names if (host := Host.parse(name))), setting)

    def refusal(self, header: Callable[[str], Sequence[str]]) -> str | None:
        """Why a request is rejected, as text for its sender, or None if it is allowed.

        The Host header must be allowed, because any site can let its own name resolve to this machine (DNS
        rebinding). The request must not come from a page of another site. Programs other than browsers send
        neither Origin nor Sec-Fetch-Site and are allowed.

        Args:
            header: Returns all values of a request header.
        """
        hosts = header("host")
        host = Host.parse(hosts[0]) if len(hosts) == 1 else None
        if host is None or not (host.is_loopback or self._is_configured(host)):
            return self._foreign_host(hosts)
        if origins := header("origin"):
            return self._foreign_origin(origins) if not self._all_own(origins, host) else None
        return _EMBEDDED if _is_embedded(header) else None

    def _is_configured(self, host: Host) -> bool:
        return any(
            entry.name == host.name and (entry.port is None or entry.shares_port(host))
            for entry in self.configured
        )

    def _all_own(self, origins: Sequence[str], host: Host) -> bool:
        parsed = [Host.of_origin(origin) for origin in origins]
        return all(origin is not None and self._is_own(origin, host) for origin in parsed)

    def _is_own(self, origin: Host, host: Host) -> bool:
        """Whether a page of this origin belongs to this server.

        Other ports of the same machine are other programs, e.g. notebooks, so the port must match as well.
        Behind a proxy that rewrites the Host header, the origin is one of the configured names.
        """
        same_server = origin.name == host.name or (origin.is_loopback and host.is_loopback)
        if same_server and origin.shares_port(host):
            return True
        return any(entry.name == origin.name and entry.shares_port(origin) for entry in self.configured)

    def _foreign_host(self, hosts: Sequence[str]) -> str:
        requests = f"for the host {_quoted(hosts)}" if hosts else "without a Host header"
        return refusal_text(
            f"This server does not accept requests {requests}.",
            "Otherwise another site could reach it with a name that resolves to this machine.",
            f"Open it at localhost or 127.0.0.1{self._or_allow('this name')}.",
        )

    def _foreign_origin(self, origins: Sequence[str]) -> str:
        return refusal_text(
            f"This request was sent by a page of another site, {_quoted(origins)}.",
            "Other sites must not read data or start runs.",
            f"Use the pages of this server{self._or_allow('the name and port of that address')}.",
        )

    def _or_allow(self, entry: str) -> str:
        return f"; behind a proxy, add {entry} to {self.setting}" if self.setting else ""


def refusal_text(happened: str, means: str, remedy: str) -> str:
    """The body of a 403 response."""
    return f"{happened}\n{means}\nWhat to do: {remedy}\n"


_EMBEDDED = refusal_text(
    "A page of another site loads or embeds this address.",
    "Other sites must not read data or start runs.",
    "Open the address in a separate tab.",
)


def _is_embedded(header: Callable[[str], Sequence[str]]) -> bool:
    """Whether the Sec-Fetch headers show that another site loads this, other than by a link."""
    site, mode, destination = (header(f"sec-fetch-{name}") for name in ("site", "mode", "dest"))
    is_navigation = [*mode, *destination] == ["navigate", "document"]
    return any(value in ("cross-site", "same-site") for value in site) and not is_navigation


def _quoted(values: Sequence[str]) -> str:
    # The values are untrusted: escape everything but visible ASCII, and shorten them.
    return ", ".join(ascii(value[:200]) for value in values)
