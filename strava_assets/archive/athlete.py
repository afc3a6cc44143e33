"""Identifies the athlete of an export from `profile.csv`, the file name, or the command line."""

from __future__ import annotations

import csv
import shlex
from typing import TYPE_CHECKING

from strava_assets.archive.errors import ArchiveError, UnreadableFileError
from strava_assets.archive.export import PROFILE

if TYPE_CHECKING:
    from strava_assets.archive.export import Export

_MAX_BYTES = 1024 * 1024


def athlete_of(export: Export, athlete_id: str | None = None) -> str:
    """The id of the export's athlete; `athlete_id` is the user's own statement.

    Raises:
        ArchiveError: No source gives an id, or the sources disagree.
    """
    if athlete_id and not athlete_id.isdecimal():
        raise ArchiveError(
            "The given athlete is not a Strava athlete id.",
            means="An athlete id is a number, and all rows are stored under it. Nothing was imported.",
            remedy="Copy the id from the address of your Strava profile: strava.com/athletes/<id>.",
        )
    sources = {
        "its profile.csv": _in_profile(export),
        "its file name": export.athlete_in_name,
        "--athlete": athlete_id,
    }
    ids = {source: athlete for source, athlete in sources.items() if athlete}
    if not ids:
        raise ArchiveError(
            f"{export.path} does not contain an athlete id.",
            means="It has no profile.csv and is not named export_<athlete>.zip. Nothing was imported.",
            remedy="Pass the number in the address of your Strava profile: "
            f"strava-assets import {shlex.quote(str(export.path))} --athlete ID",
        )
    if len(set(ids.values())) > 1:
        raise ArchiveError(
            f"The sources for the athlete id of {export.path} disagree: "
            # The given value is not quoted, because run config may fill it from any environment variable.
            + ", ".join(
                f"{'another id' if source == '--athlete' else athlete} from {source}"
                for source, athlete in ids.items()
            )
            + ".",
            means="Rows under a wrong id would belong to another athlete. Nothing was imported.",
            remedy="Pass the right export or the right --athlete. If you renamed the file, restore its name.",
        )
    return next(iter(ids.values()))


def _in_profile(export: Export) -> str | None:
    """The id in `profile.csv`: the first column of its only row, in every language."""
    try:
        text = export.read(PROFILE, _MAX_BYTES).decode("utf-8-sig", errors="replace")
        rows = list(csv.reader(text.splitlines()))
    except (UnreadableFileError, csv.Error):
        return None
    athlete = rows[1][0].strip() if len(rows) > 1 and rows[1] else ""
    return athlete if athlete.isdecimal() else None
