"""Whether the home is closed to other users of the machine; nothing is changed here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.cli.checkups.finding import Finding, ok, warning
from strava_assets.cli.privacy import counted_files
from strava_assets.file_modes import open_to_others

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.settings import Settings


def look(settings: Settings) -> Iterator[Finding]:
    """Look at the modes of what is in the home; says nothing where there is no home yet."""
    home = settings.home.absolute()
    if not home.is_dir():
        return
    found = list(open_to_others(home))
    if not found:
        yield ok("files", f"No other user of this machine can open what is in {home}.")
        return
    said = f"Open to other users of this machine: {counted_files(len(found))}, e.g. {found[0]}."
    yield warning("files", said, "strava-assets sync, or make run: each closes them when it starts")
