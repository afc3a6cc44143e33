"""The hosts that credentials may be sent to: Strava, or the host that is stored with them.

Client secret and refresh token go to the OAuth host they were stored for, the access token to the API. The
checks run before anything is sent.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from strava_assets.strava.errors import ForeignHostError

if TYPE_CHECKING:
    from collections.abc import Mapping

# The API is moving to a new host, which is documented in two spellings. OAuth stays on the old host.
STRAVA = frozenset({"https://www.strava.com", "https://www.api-v3.strava.com", "https://api-v3.strava.com"})
LOOPBACK = "localhost"
OAUTH_HOST = "oauth_host"
API_HOST = "api_host"

_DEFAULT_PORTS = {"https": 443, "http": 80}


def host_of(address: str) -> str:
    """The host of an address in its stored form, e.g. `https://www.strava.com`; empty if it has none.

    The port is part of it, except on this machine, which is always `localhost`: a sandbox uses any free port.
    """
    try:
        # `requests` uses this parser; another one might find another host in a malformed address.
        url = parse_url(address)
    except LocationParseError:
        return ""
    host = (url.host or "").lower().strip("[]").rstrip(".")
    if not host or not url.scheme:
        return ""
    if _is_loopback(host):
        return LOOPBACK
    port = "" if url.port in (None, _DEFAULT_PORTS.get(url.scheme)) else f":{url.port}"
    return f"{url.scheme}://{host}{port}"


def bound_hosts(oauth_base_url: str, api_base_url: str) -> dict[str, str]:
    """The hosts that a login stores with its credentials; they may be sent only there."""
    return {OAUTH_HOST: host_of(oauth_base_url), API_HOST: host_of(api_base_url)}


def require_oauth_host(
    oauth_base_url: str,
    stored: Mapping[str, str],
    *,
    remembers: bool,
    setting: str = "STRAVA_OAUTH_BASE_URL",
) -> None:
    """Check that client secret and refresh token may be sent to an address.

    Args:
        oauth_base_url: the address.
        stored: the values in the secret store.
        remembers: whether the store can record the host. Credentials without a stored host are bound to the
            first host that accepts them. With a store that cannot record it, only Strava and this machine
            are allowed.
        setting: the variable with the address, for the message.

    Raises:
        ForeignHostError: they belong to another host.
    """
    host, owner = host_of(oauth_base_url), stored.get(OAUTH_HOST)
    if owner:
        allowed = STRAVA if owner in STRAVA else frozenset({owner})
    elif remembers:
        return
    else:
        allowed = STRAVA | {LOOPBACK}
    if host not in allowed:
        raise ForeignHostError(setting, host, owner or "")


def require_api_host(api_base_url: str, stored: Mapping[str, str], oauth_base_url: str) -> None:
    """Check that the access token may be sent to an address.

    Args:
        api_base_url: the address.
        stored: the values in the secret store.
        oauth_base_url: the issuer of the token, if the store does not record it.

    Raises:
        ForeignHostError: it is neither Strava's host, nor the issuer's, nor the API host of the login.
    """
    issuer = stored.get(OAUTH_HOST) or host_of(oauth_base_url)
    host = host_of(api_base_url)
    if host not in STRAVA | {issuer, stored.get(API_HOST, issuer)}:
        raise ForeignHostError("STRAVA_API_BASE_URL", host, stored.get(API_HOST, issuer))


def _is_loopback(host: str) -> bool:
    if host == LOOPBACK:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
