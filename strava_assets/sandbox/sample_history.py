"""The sample athlete's history: regular weeks and special days up to today.

The same seed and day always give the same history; the next day's history only adds that day.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.sandbox.diary import week
from strava_assets.sandbox.season import Career
from strava_assets.sandbox.special_days import special_days

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.sandbox.invented_activity import Recording


def sample_history(seed: int, today: date | None, now: datetime) -> list[dict[str, Any]]:
    """The summaries of about four years.

    Args:
        seed: The seed of all random values.
        today: The last day; by default the day of `now`.
        now: An aware time; today's activities end before it.
    """
    last_day = today or now.date()
    end = now if last_day == now.date() else datetime.combine(last_day + timedelta(days=1), time(), UTC)
    career = Career.until(last_day)
    return [
        recording.summary()
        for recording in _recordings(career, seed, last_day)
        if recording.start + timedelta(seconds=recording.elapsed_time_s) <= end
        and not career.injury_start <= recording.start.date() < career.injury_end
    ]


def _recordings(career: Career, seed: int, last_day: date) -> Iterator[Recording]:
    special = [
        recording for recording in special_days(career, seed) if recording.start.date() >= career.first_monday
    ]
    yield from special
    monday = career.first_monday
    while monday <= last_day:
        regular: list[Recording] = []
        for recording in week(career, seed, monday):
            # Activities must not overlap; special days have priority.
            if not any(_overlap(recording, other) for other in (*special, *regular)):
                regular.append(recording)
        yield from regular
        monday += timedelta(weeks=1)


def _overlap(one: Recording, other: Recording) -> bool:
    first, second = sorted((one, other), key=lambda recording: recording.start)
    return second.start <= first.start + timedelta(seconds=first.moving_time_s * 1.3)
