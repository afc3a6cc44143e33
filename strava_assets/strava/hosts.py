"""Where credentials may go: to Strava, or to the host that is stored beside them.

Client secret and refresh token go to the OAuth host they were stored for, the access token to the API. Every
function here is called before anything is sent, and raises instead of sending.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from urllib3.exceptions import LocationParseError
from urllib3.util import parse_url

from strava_assets.strava.errors import ForeignHostError

if TYPE_CHECKING:
    from collections.abc import Mapping

# The API moves to a new host, for which two spellings are in circulation; OAuth stays where it is.
STRAVA = frozenset({"https://www.strava.com", "https://www.api-v3.strava.com", "https://api-v3.strava.com"})
LOOPBACK = "localhost"
OAUTH_HOST = "oauth_host"
API_HOST = "api_host"

_DEFAULT_PORTS = {"https": 443, "http": 80}


def host_of(address: str) -> str:
    """The host of an address as it is stored, e.g. `https://www.strava.com`.

    The port counts, except on this machine, which is `localhost` on every port: a sandbox takes a free one.
    """
    try:
        # The parser that `requests` uses: another one might see another host in a malformed address.
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
    """What a login stores beside its credentials: the hosts they may be sent to from then on."""
    return {OAUTH_HOST: host_of(oauth_base_url), API_HOST: host_of(api_base_url)}


def require_oauth_host(oauth_base_url: str, stored: Mapping[str, str], *, remembers: bool) -> None:
    """Check that client secret and refresh token may be sent to an address.

    Args:
        oauth_base_url: where they would be sent.
        stored: what the secret store holds.
        remembers: whether the store can keep the host. Credentials that no host is stored for yet are bound
            to the first one that accepts them; a store that cannot remember it allows Strava and this
            machine only.

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
        raise ForeignHostError("STRAVA_OAUTH_BASE_URL", host, owner or "")


def require_api_host(api_base_url: str, stored: Mapping[str, str], oauth_base_url: str) -> None:
    """Check that the access token may be sent to an address.

    Args:
        api_base_url: where it would be sent.
        stored: what the secret store holds.
        oauth_base_url: who issued the token, where the store does not say.

    Raises:
        ForeignHostError: it is neither Strava's host, nor the one that issued the token, nor the one that
            was in force at the login.
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
