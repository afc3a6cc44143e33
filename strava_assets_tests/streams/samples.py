"""Recordings and entries to be kept: small, each told apart by its watts."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from strava_assets.streams.entries import StreamEntry
from strava_assets.streams.recording import from_channels

if TYPE_CHECKING:
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
