"""Whose export it is: as `profile.csv` says, or the name Strava gave the file."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from strava_assets.archive.errors import ArchiveError, UnreadableFileError
from strava_assets.archive.export import PROFILE

if TYPE_CHECKING:
    from strava_assets.archive.export import Export

_MOST_BYTES = 1024 * 1024


def athlete_of(export: Export, athlete_id: str | None = None) -> str:
    """The id of the athlete whose export it is.

    Args:
        export: the opened export.
        athlete_id: what a person said.

    Raises:
        ArchiveError: nobody says, or two say differently: rows under a wrong id would be someone else's.
    """
    if athlete_id and not athlete_id.isdecimal():
        raise ArchiveError(
            "The athlete that was given is not an id of Strava's.",
            means="An id is a number, and every row is kept under it. Nothing was imported.",
            remedy="take it from the address of your profile on Strava: strava.com/athletes/<id>.",
        )
    sources = {
        "the profile in it": _in_profile(export),
        "its name": export.athlete_in_name,
        "you": athlete_id,
    }
    ids = {who: athlete for who, athlete in sources.items() if athlete}
    if not ids:
        raise ArchiveError(
            f"{export.path} does not say whose it is.",
            means="It holds no profile.csv and is not called export_<athlete>.zip. Nothing was imported.",
            remedy="pass the id, the number in the address of your profile on Strava: strava-assets "
            "import-archive … --athlete ID",
        )
    if len(set(ids.values())) > 1:
        raise ArchiveError(
            f"{export.path} is said to be of different athletes: "
            # What was given is not quoted: a launch may fill it from any variable of the environment.
            + ", ".join(f"{'another' if who == 'you' else athlete} by {who}" for who, athlete in ids.items())
            + ".",
            means="Rows under a wrong id would count as someone else's. Nothing was imported.",
            remedy="pass the right export, or the right --athlete; a renamed file can be renamed back.",
        )
    return next(iter(ids.values()))


def _in_profile(export: Export) -> str | None:
    """The id is the first column of the only row, in every language."""
    try:
        text = export.read(PROFILE, _MOST_BYTES).decode("utf-8-sig", errors="replace")
        rows = list(csv.reader(text.splitlines()))
    except (UnreadableFileError, csv.Error):
        return None
    athlete = rows[1][0].strip() if len(rows) > 1 and rows[1] else ""
    return athlete if athlete.isdecimal() else None
