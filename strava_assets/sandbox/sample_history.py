"""The sample athlete's history, put together: ordinary weeks, odd days, and an end at today.

Deterministic: the same seed and day give the same history, and the next day's is the same with that day more.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.sandbox.diary import week
from strava_assets.sandbox.oddities import odd_days
from strava_assets.sandbox.season import Career

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.sandbox.invented_activity import Recording


def sample_history(seed: int, today: date | None, now: datetime) -> list[dict[str, Any]]:
    """The summaries of about four years.

    Args:
        seed: which athlete's luck.
        today: the last day; by default the day of `now`.
        now: aware; nothing of the present day is later than this.
    """
    last_day = today or now.date()
    end = now if last_day == now.date() else datetime.combine(last_day + timedelta(days=1), time(), UTC)
    career = Career.until(last_day)
    return [
        recording.summary()
        for recording in _everything(career, seed, last_day)
        if recording.start + timedelta(seconds=recording.elapsed_time_s) <= end
        and not career.injury_start <= recording.start.date() < career.injury_end
    ]


def _everything(career: Career, seed: int, last_day: date) -> Iterator[Recording]:
    odd = [done for done in odd_days(career, seed) if done.start.date() >= career.first_monday]
    yield from odd
    monday = career.first_monday
    while monday <= last_day:
        done: list[Recording] = []
        for recording in week(career, seed, monday):
            # Nobody is in two places at once; what an odd day holds goes first.
            if not any(_overlap(recording, other) for other in (*odd, *done)):
                done.append(recording)
        yield from done
        monday += timedelta(weeks=1)


def _overlap(one: Recording, other: Recording) -> bool:
    first, second = sorted((one, other), key=lambda recording: recording.start)
    return second.start <= first.start + timedelta(seconds=first.moving_time_s * 1.3)
