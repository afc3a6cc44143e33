"""The sample athlete's history: regular weeks and special days up to today.

The same seed and day always give the same history; the next day's history only adds that day.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from strava_assets.sandbox.diary import week
from strava_assets.sandbox.history import Entry, encode
from strava_assets.sandbox.published import published
from strava_assets.sandbox.season import Career
from strava_assets.sandbox.special_days import special_days

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.sandbox.invented_activity import Recording
    from strava_assets.sandbox.sessions import Session


def sample_history(seed: int, today: date | None, now: datetime) -> list[Entry]:
    """The activities of about four years.

    Args:
        seed: The number of the athlete, and the seed of all random values.
        today: The last day; by default the day of `now`.
        now: An aware time; today's activities end before it.
    """
    last_day = today or now.date()
    end = now if last_day == now.date() else datetime.combine(last_day + timedelta(days=1), time(), UTC)
    return [entry for session, entry in _activities(seed, last_day) if _ends_before(session, end)]


@lru_cache(maxsize=4)
def _activities(seed: int, last_day: date) -> list[tuple[Session, Entry]]:
    """All sessions until the last day. They are remembered, because their seconds take a while to make."""
    career = Career.until(last_day, seed)
    return [
        (session, _entry(session))
        for session in _sessions(career, seed, last_day)
        if not career.injury_start <= session.recording.start.date() < career.injury_end
    ]


def _entry(session: Session) -> Entry:
    """The activity of a session; its seconds are made when the activity is asked for."""
    recording = session.recording
    start_s = int(recording.public_start.timestamp())
    private = recording.visibility == "only_me"
    outing = None if session.is_spoiled else session.outing
    return Entry(recording.id, start_s, private, deleted=False, outing=outing, make=lambda: _body(session))


def _body(session: Session) -> bytes:
    return encode(published(session.measured().summary()))


def _ends_before(session: Session, end: datetime) -> bool:
    start = session.recording.start
    if start + timedelta(seconds=2 * session.recording.moving_time_s) <= end:
        return True
    return start < end and start + timedelta(seconds=session.measured().elapsed_time_s) <= end


def _sessions(career: Career, seed: int, last_day: date) -> Iterator[Session]:
    special = [
        session
        for session in special_days(career, seed, last_day)
        if career.first_monday <= session.recording.start.date() <= last_day
    ]
    yield from special
    monday = career.first_monday
    while monday <= last_day:
        regular: list[Session] = []
        for session in week(career, seed, monday):
            # Activities must not overlap; special days have priority.
            if not any(_overlap(session.recording, other.recording) for other in (*special, *regular)):
                regular.append(session)
        yield from regular
        monday += timedelta(weeks=1)


def _overlap(one: Recording, other: Recording) -> bool:
    first, second = sorted((one, other), key=lambda recording: recording.start)
    return second.start <= first.start + timedelta(seconds=first.moving_time_s * 1.5)
