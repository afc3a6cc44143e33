"""Checks the stored credentials: whether they are complete, safely stored and have the scopes they need.

No request is sent to Strava.
"""

from __future__ import annotations

import stat
from dataclasses import replace
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
    from strava_assets.landing.athlete_index import Athlete
    from strava_assets.settings import Settings

LOGIN = "Run strava-assets login"


def look(settings: Settings) -> Iterator[Finding]:
    """Check the token store, of each athlete who is logged in.

    Raises:
        StravaAssetsError: It cannot be read.
    """
    logged_in = wiring.athlete_index(settings).logged_in()
    if len(logged_in) < 2:
        yield from _look_at(settings, next(iter(logged_in), None))
        return
    for athlete in logged_in:
        for finding in _look_at(settings, athlete):
            yield replace(finding, message=f"{athlete.label}: {finding.message}")


def _look_at(settings: Settings, athlete: Athlete | None) -> Iterator[Finding]:
    tokens = wiring.token_store(settings, athlete)
    mode = _mode(tokens.path)
    stored = tokens.read()
    missing = [name for name in NEEDED if not stored.get(name)]
    if missing:
        remedy = f"{LOGIN}. Without a Strava account, make run shows a sample athlete."
        yield broken("secrets", f"No {', no '.join(missing)} in {tokens.location}.", remedy)
        return
    place = f"Client id, client secret and refresh token are in {tokens.location}"
    if not tokens.writable:
        remedy = (
            "Set STRAVA_ASSETS_SECRET_STORE=file, gcp, aws or azure, so that a token Strava replaces is kept."
        )
        yield warning(
            "secrets", f"{place}, which cannot keep the token that Strava may replace it with.", remedy
        )
    elif not tokens.has_tokens():
        message = f"Set in the environment; what Strava gives for them is going to {tokens.location}."
        yield ok("secrets", message)
    elif mode is not None and mode & 0o077:
        remedy = f"It is closed now. {LOGIN} again for new tokens if others use this machine."
        yield warning("secrets", f"{place}, and others could read it (mode {mode:o}).", remedy)
    else:
        yield ok("secrets", f"{place}." if mode is None else f"{place} (mode {mode:o}).")
    yield from _addresses(settings, stored, remembers=tokens.writable)
    yield from _scopes(stored.get("scope"))


def _addresses(settings: Settings, stored: Mapping[str, str], *, remembers: bool) -> Iterator[Finding]:
    """A finding if the credentials may not be sent to the addresses in the settings."""
    try:
        require_oauth_host(settings.oauth_base_url, stored, remembers=remembers)
        require_api_host(settings.api_base_url, stored, settings.oauth_base_url)
    except ForeignHostError as error:
        yield failed("addresses", error)


def _mode(path: Path | None) -> int | None:
    """The mode of the store's file, or None if there is no such file. Reading the file restricts its mode."""
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
        finding = broken if "activity" in name and not reads_activities else warning
        yield finding("scopes", f"Without {name}: {without}.", f"{LOGIN}, and leave every box ticked.")
