"""Which host names a server answers to, and which web pages may call it.

Plain functions of header values, so that ASGI apps and `http.server` handlers apply the same rules.
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
    """A host name, in lower case, and its port; None where none is written."""

    name: str
    port: int | None = None

    @classmethod
    def parse(cls, text: str) -> Host | None:
        """A Host header or a setting's entry; None if it is not `name` or `name:port`."""
        return _as_host(_HOST.fullmatch(text))

    @classmethod
    def of_origin(cls, origin: str) -> Host | None:
        """The host of an Origin header, with its port; None for `null` and whatever is not http(s)."""
        match = _ORIGIN.fullmatch(origin)
        host = _as_host(match)
        if match is None or host is None:
            return None
        return host if host.port else Host(host.name, _DEFAULT_PORTS[match["scheme"]])

    @property
    def is_loopback(self) -> bool:
        """Whether it is one of this machine's names for itself."""
        return self.name in LOOPBACK_NAMES

    @property
    def possible_ports(self) -> frozenset[int]:
        """Its port; a Host header without one means the default of http or of https."""
        return frozenset([self.port] if self.port else _DEFAULT_PORTS.values())

    def shares_port(self, other: Host) -> bool:
        """Whether the two can mean the same port."""
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
    """The names under which one server may be reached: those of loopback at any port, and configured ones.

    Attributes:
        configured: further names, for a server behind a proxy; those without a port are allowed at any port.
        setting: the setting that adds names, for messages; empty where there is none.
    """

    configured: tuple[Host, ...] = ()
    setting: str = ""

    @classmethod
    def of_setting(cls, names: Iterable[str], setting: str) -> AllowedHosts:
        """From the entries of a setting that has been validated."""
        return cls(tuple(host for name in names if (host := Host.parse(name))), setting)

    def refusal(self, header: Callable[[str], Sequence[str]]) -> str | None:
        """Why a request is refused, as text for whoever sent it; None if it is allowed.

        A request must name an allowed host: otherwise any site could reach the server by letting a name of
        its own point to this machine (DNS rebinding). And it must not come from a page of another site.
        Programs other than browsers send neither Origin nor Sec-Fetch-Site and are let in.

        Args:
            header: all values of a request header by its name.
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
        """Whether a page of this origin is one of ours.

        On one machine every port is another program, a notebook or a development server, whose pages are as
        foreign as any: the page must come from the port that the request is sent to. Behind a proxy that
        rewrites the Host header, the page's host is one of the configured names.
        """
        same_server = origin.name == host.name or (origin.is_loopback and host.is_loopback)
        if same_server and origin.shares_port(host):
            return True
        return any(entry.name == origin.name and entry.shares_port(origin) for entry in self.configured)

    def _foreign_host(self, hosts: Sequence[str]) -> str:
        named = f"under the name {_quoted(hosts)}" if hosts else "to requests without a Host header"
        return refusal_text(
            f"This server does not answer {named}.",
            "Otherwise another site could reach it through a name that leads to this machine.",
            f"Open it at localhost or 127.0.0.1{self._or_allow('this name')}.",
        )

    def _foreign_origin(self, origins: Sequence[str]) -> str:
        return refusal_text(
            f"This request was sent by a page of another site, {_quoted(origins)}.",
            "Other sites cannot read data or start anything here.",
            f"Use the pages of this server itself{self._or_allow('the name and port of that address')}.",
        )

    def _or_allow(self, what: str) -> str:
        return f"; if you put a proxy in front, add {what} to {self.setting}" if self.setting else ""


def refusal_text(happened: str, means: str, remedy: str) -> str:
    """The body of a refusal."""
    return f"{happened}\n{means}\nWhat to do: {remedy}\n"


_EMBEDDED = refusal_text(
    "A page of another site loads or embeds this address.",
    "Other sites cannot read data or start anything here.",
    "Open the address in a tab of its own.",
)


def _is_embedded(header: Callable[[str], Sequence[str]]) -> bool:
    """Whether a browser says that another site's page asks, other than by leading its reader here."""
    site, mode, destination = (header(f"sec-fetch-{name}") for name in ("site", "mode", "dest"))
    opened = [*mode, *destination] == ["navigate", "document"]
    return any(value in ("cross-site", "same-site") for value in site) and not opened


def _quoted(values: Sequence[str]) -> str:
    # From the outside: nothing but visible ASCII, and not much of it.
    return ", ".join(ascii(value[:200]) for value in values)
