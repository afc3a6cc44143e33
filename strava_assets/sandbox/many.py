"""A long history of plain rides and runs, generated quickly for benchmarks and long listings.

A realistic history is in sample_history.py.
"""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

from strava_assets.sandbox.history import Entry
from strava_assets.sandbox.invented_activity import Recording, Track
from strava_assets.sandbox.sample_profile import ATHLETE_ID, ROAD_BIKE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

_FIRST_ID = 10_000_000_000
_TRACK = Track(
    polyline="_p~iF~ps|U_ulLnnqC_mqNvxq`@" * 6,
    start=(38.5, -120.2),
    end=(38.5, -120.2),
    elev_low_m=12.0,
    elev_high_m=214.4,
)


def many_entries(count: int, seed: int, now: datetime, athlete_id: int = ATHLETE_ID) -> Iterator[Entry]:
    """Entries up to `now`, three in two days, oldest first."""
    rng = random.Random(seed)  # noqa: S311 - sample data
    newest = now.replace(hour=0, minute=0, second=0, microsecond=0)
    for index in range(count):
        start = newest - timedelta(hours=16 * (count - index), minutes=rng.randrange(120))
        moving_s = rng.randrange(1_800, 9_000)
        watts = round(rng.gauss(185, 25), 1)
        has_meter = index % 4 != 0
        ride = index % 5 != 0
        recording = Recording(
            id=_FIRST_ID + index * 7_919,
            athlete_id=athlete_id,
            name=f"Activity {index + 1}",
            sport_type="Ride" if ride else "Run",
            start=start,
            zone="Europe/Paris",
            moving_time_s=moving_s,
            elapsed_time_s=moving_s + rng.randrange(600),
            distance_m=round(moving_s * (7.9 if ride else 2.9), 1),
            climb_m=float(rng.randrange(900)),
            average_watts=watts if ride else None,
            weighted_watts=int(watts * 1.06) + 1 if ride and has_meter else None,
            max_watts=int(watts * 3.2) if ride and has_meter else None,
            heartrate=(round(rng.gauss(140, 8), 1), 171.0),
            cadence=84.0,
            temperature_c=rng.randrange(-2, 30),
            relative_effort=float(rng.randrange(20, 180)),
            track=_TRACK,
            gear_id=ROAD_BIKE if ride else None,
        )
        yield Entry.of(recording.summary())
