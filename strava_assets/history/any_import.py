"""Imports what was opened, an export or recordings without one; commands and assets share it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strava_assets.archive import Recordings
from strava_assets.history.adoption import athlete_of_files
from strava_assets.history.archive_import import import_archive
from strava_assets.history.file_import import import_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from strava_assets.archive import Export
    from strava_assets.history.archive_import import ImportReport, Progress
    from strava_assets.history.file_import import FileImportReport
    from strava_assets.landing import Landing
    from strava_assets.streams import StreamStore


def import_opened(  # noqa: PLR0913 - each is a choice of the caller
    opened: Export | Recordings,
    landing: Landing,
    store: StreamStore,
    *,
    athlete: str | None,
    token_athlete_id: Callable[[], str | None],
    clock: Callable[[], datetime],
    home: str,
    processes: int,
    progress: Callable[[Progress], None],
) -> ImportReport | FileImportReport:
    """Import an export or recordings.

    Args:
        opened: what to import.
        landing: receives the activities as one batch.
        store: receives the recordings.
        athlete: the user's own statement whose it is.
        token_athlete_id: returns the athlete who is logged in, if any; called for recordings alone.
        clock: returns the current aware UTC time.
        home: the athlete's time zone.
        processes: number of processes that decode.
        progress: called after each recording.

    Raises:
        ArchiveError: it cannot be used, or its athlete is ambiguous.
        LandingError: the landing cannot be read or written.
        StreamsError: the store cannot be read or written.
    """
    if isinstance(opened, Recordings):
        return import_files(
            opened,
            landing,
            store,
            athlete_id=athlete or athlete_of_files(landing, token_athlete_id()),
            clock=clock,
            home=home,
            processes=processes,
            progress=progress,
        )
    return import_archive(
        opened,
        landing,
        store,
        clock=clock,
        home=home,
        athlete=athlete,
        processes=processes,
        progress=progress,
    )
