"""Checks whether other users of the machine can open files in the home. Nothing is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.cli.checkups.finding import Finding, ok, warning
from strava_assets.cli.privacy import counted_files
from strava_assets.file_modes import open_to_others

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.settings import Settings


def look(settings: Settings) -> Iterator[Finding]:
    """Check the modes of the files in the home. No finding if there is no home yet."""
    home = settings.home.absolute()
    if not home.is_dir():
        return
    exposed = list(open_to_others(home))
    if not exposed:
        yield ok("files", f"No other user of this machine can open what is in {home}.")
        return
    message = f"Open to other users of this machine: {counted_files(len(exposed))}, e.g. {exposed[0]}."
    yield warning("files", message, "Run strava-assets sync or make run; each closes them when it starts.")
