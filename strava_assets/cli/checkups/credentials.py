"""The credentials as they are stored: present, safely kept, granted for what is needed.

Strava is not asked here.
"""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

from strava_assets import wiring
from strava_assets.cli.checkups.finding import broken, failed, ok, warning
from strava_assets.strava.errors import ForeignHostError
from strava_assets.strava.hosts import require_api_host, require_oauth_host
from strava_assets.strava.refresh import NEEDED
from strava_assets.strava.scopes import missing_scopes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from strava_assets.cli.checkups.finding import Finding
    from strava_assets.settings import Settings

LOGIN = "strava-assets login"


def look(settings: Settings) -> Iterator[Finding]:
    """Look into the token store.

    Raises:
        StravaAssetsError: it cannot be read.
    """
    tokens = wiring.token_store(settings)
    mode = _mode(tokens.path)
    stored = tokens.read()
    missing = [name for name in NEEDED if not stored.get(name)]
    if missing:
        cure = f"{LOGIN}; without an account of yours, make run shows a sample athlete"
        yield broken("secrets", f"No {', no '.join(missing)} in {tokens.location}.", cure)
        return
    said = f"Client id, client secret and refresh token are in {tokens.location}"
    if not tokens.writable:
        cure = "set STRAVA_ASSETS_SECRET_STORE=file (or gcp), so that a token Strava replaces is kept"
        yield warning(
            "secrets", f"{said}, which cannot keep the token that Strava may replace it with.", cure
        )
    elif not tokens.has_tokens():
        said = f"Set in the environment; what Strava gives for them is going to {tokens.location}."
        yield ok("secrets", said)
    elif mode is not None and mode & 0o077:
        cure = f"it is closed now; if others use this machine, {LOGIN} again for new tokens"
        yield warning("secrets", f"{said}, and others could read it (mode {mode:o}).", cure)
    else:
        yield ok("secrets", f"{said}." if mode is None else f"{said} (mode {mode:o}).")
    yield from _addresses(settings, stored, remembers=tokens.writable)
    yield from _scopes(stored.get("scope"))


def _addresses(settings: Settings, stored: Mapping[str, str], *, remembers: bool) -> Iterator[Finding]:
    """Whether the credentials may go to the addresses in force; says nothing where they may."""
    try:
        require_oauth_host(settings.oauth_base_url, stored, remembers=remembers)
        require_api_host(settings.api_base_url, stored, settings.oauth_base_url)
    except ForeignHostError as error:
        yield failed("addresses", error)


def _mode(path: Path | None) -> int | None:
    """The mode of the store's file, before reading closes it to others; None where there is no such file."""
    return stat.S_IMODE(path.stat().st_mode) if path and path.is_file() else None


def _scopes(granted: str | None) -> Iterator[Finding]:
    if granted is None:
        yield ok("scopes", "Not known for a token that was pasted; the listing below tells.")
        return
    scopes = granted.split(",")
    missing = missing_scopes(scopes)
    if not missing:
        yield ok("scopes", f"Granted: {granted.replace(',', ', ')}.")
    reads_activities = {"activity:read", "activity:read_all"} & set(scopes)
    for name, without in missing:
        tell = broken if "activity" in name and not reads_activities else warning
        yield tell("scopes", f"Without {name}: {without}.", f"{LOGIN}, and leave every box ticked")
