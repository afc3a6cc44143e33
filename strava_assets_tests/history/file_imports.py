"""A folder of recordings without an export, and its imports."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from strava_assets.archive import Recordings, file_activity_id
from strava_assets.history.adoption import adopt_local
from strava_assets.history.file_import import FileImportReport, import_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from strava_assets.history.archive_import import Progress
    from strava_assets_tests.history.stories import Story

_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC).timestamp()


class Files:
    """A folder of recordings and its imports into one landing and one store."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.folder = story.folder / "files"
        self.folder.mkdir()

    def put(self, name: str, content: bytes, *, fresh: bool = False) -> str:
        """Write a file, long ago unless it is fresh; returns the id of its activity."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        written = self.story.now.timestamp() + 3600 - 5 if fresh else _LONG_AGO
        os.utime(path, (written, written))
        return file_activity_id(content)

    def load(self, **how: Any) -> FileImportReport:
        """Import the folder and load it."""
        report = self.import_only(**how)
        adopt_local(self.story.landing, self.story.streams)
        self.story.load()
        return report

    def import_only(
        self,
        *,
        athlete_id: str = "7",
        processes: int = 1,
        path: Path | None = None,
        home: str = "UTC",
        progress: Callable[[Progress], None] | None = None,
    ) -> FileImportReport:
        self.story.wait(hours=1)
        with Recordings(path or self.folder) as recordings:
            return import_files(
                recordings,
                self.story.landing,
                self.story.streams,
                athlete_id=athlete_id,
                clock=lambda: self.story.now,
                home=home,
                processes=processes,
                progress=progress,
            )
