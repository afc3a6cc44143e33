"""Recordings and entries to be kept: small, each told apart by its watts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
from typing_extensions import override

from strava_assets.streams.entries import StreamEntry
from strava_assets.streams.folder import Folder
from strava_assets.streams.recording_table import from_channels
from strava_assets.streams.stream_store import StreamStore

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)
ATHLETE = "7"


def recording(
    activity_id: str, watts: float = 200.0, seconds: int = 40, athlete_id: str = ATHLETE
) -> pa.Table:
    """A recording with a pause of a minute in its middle."""
    t_s = np.arange(seconds)
    t_s[seconds // 2 :] += 60
    return from_channels(athlete_id, activity_id, {"t_s": t_s, "watts": np.full(seconds, watts)})


def entry(activity_id: str, at: datetime = NOW, year: int = 2026, **fields: Any) -> StreamEntry:
    """An entry as a fetch or an import makes it."""
    usual: dict[str, Any] = {
        "athlete_id": ATHLETE,
        "activity_id": activity_id,
        "year": year,
        "status": "stored",
        "source": "api",
        "fetched_at": at,
        "fingerprint": "f",
    }
    return StreamEntry(**usual | fields)


class PowerCut(Exception):  # noqa: N818 - nobody's mistake
    pass


class FragileFolder(Folder):
    """A folder whose power is cut before the change of it that comes after so many."""

    def __init__(self, address: str, changes: int) -> None:
        super().__init__(address)
        self._left = changes

    def _spend(self) -> None:
        if self._left == 0:
            raise PowerCut
        self._left -= 1

    @override
    def place(self, draft: Path, part: str) -> None:
        self._spend()
        super().place(draft, part)

    @override
    def remove(self, part: str) -> None:
        self._spend()
        super().remove(part)


def fragile(store: StreamStore, changes: int) -> StreamStore:
    """The same store, until the power is cut."""
    broken = StreamStore(store.address)
    broken._folder = FragileFolder(store.address, changes)
    return broken
