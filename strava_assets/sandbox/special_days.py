"""Special days: clock changes, New Year, failing devices, manual entries, double recordings.

They are edge cases of real histories. Regular weeks are in diary.py.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from strava_assets.sandbox.kinds import KINDS
from strava_assets.sandbox.sessions import activity_id, record_session
from strava_assets.sandbox.tracks import HOME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.sandbox.invented_activity import Recording
    from strava_assets.sandbox.season import Career

_YEARS = 6


def special_days(career: Career, seed: int) -> Iterator[Recording]:
    """All special days, in no particular order; the caller drops those after the end of the history."""
    rng = random.Random(f"{seed}:odd days")  # noqa: S311 - sample data
    for year in range(career.year, career.year + _YEARS):
        yield from _clock_changes(career, year, rng)
        yield from _new_year(career, year, rng)
        yield replace(_record(career, "swim", date(year, 7, 19), rng), name="Lake swim")
    first = career.first_monday
    yield from _failing_devices(career, first, rng)
    yield from _manual_entries(career, first, rng)
    yield from _double_recording(career, first + timedelta(weeks=64, days=1), rng)


def _clock_changes(career: Career, year: int, rng: random.Random) -> Iterator[Recording]:
    spring, autumn = _last_sunday(year, 3), _last_sunday(year, 10)
    night = replace(KINDS["road_endurance"], hours=(3.4, 3.9), names=())
    yield replace(
        record_session(career, night, HOME, spring, rng, datetime.combine(spring, time(0, 40))),
        name="Night ride into summer time",
    )
    # 02:30 occurs twice in this night; this is the second one.
    second = datetime.combine(autumn, time(2, 30, fold=1))
    yield replace(
        record_session(career, replace(night, hours=(1.2, 1.6)), HOME, autumn, rng, second),
        name="Night ride, the hour that comes twice",
    )


def _new_year(career: Career, year: int, rng: random.Random) -> Iterator[Recording]:
    eve, new_year = date(year, 12, 31), date(year, 1, 1)
    across = replace(KINDS["road_easy"], hours=(1.2, 1.5), names=())
    yield replace(
        record_session(career, across, HOME, eve, rng, datetime.combine(eve, time(23, 20))),
        name="Into the new year",
    )
    yield replace(
        record_session(
            career, KINDS["road_endurance"], HOME, new_year, rng, datetime.combine(new_year, time(11, 5))
        ),
        name="First of the year",
    )


def _failing_devices(career: Career, first: date, rng: random.Random) -> Iterator[Recording]:
    def on(kind: str, weeks: int, weekday: int) -> Recording:
        return _record(career, kind, first + timedelta(weeks=weeks, days=weekday), rng)

    yield replace(
        on("road_easy", 30, 4), name="Meter without battery", average_watts=0.0, weighted_watts=0, max_watts=0
    )
    yield replace(on("gravel", 46, 4), name="Forgot to stop the clock", elapsed_time_s=4 * 86_400 + 10_800)
    run = on("run", 52, 4)
    yield replace(run, name="Clock of the watch was off", elapsed_time_s=run.moving_time_s - 41)
    train = on("commute_home", 58, 3)
    yield replace(
        train,
        name="Left it on in the train",
        distance_m=train.distance_m * 6,
        max_speed_mps=61.3,
        flagged=True,
    )
    late = on("gravel", 71, 4)
    uploaded = late.start + timedelta(days=9)
    yield replace(late, id=activity_id(uploaded, rng), name="Found on the old computer")
    yield replace(on("road_tempo", 98, 4), name="Start time is nobody's business", start_hidden=True)
    hidden = on("road_easy", 150, 4)
    yield replace(hidden, name="Another quiet one", start_hidden=True, visibility="only_me")
    indoors = on("trainer", 120, 4)
    yield replace(indoors, name="No strap, no fan", heartrate=None, cadence=None)


def _manual_entries(career: Career, first: date, rng: random.Random) -> Iterator[Recording]:
    plain = replace(
        KINDS["road_easy"],
        power="none",
        heartrate=0.0,
        cadence=None,
        gps=False,
        manual=True,
        names=("Computer died, from memory",),
        climb=(0.0, 0.0),
    )
    for weeks in (12, 40, 77, 131, 160, 181):
        yield record_session(career, plain, HOME, first + timedelta(weeks=weeks, days=4), rng)
    yoga = _record(career, "strength", first + timedelta(weeks=20), rng)
    yield replace(yoga, name="Yoga", sport_type="Yoga", moving_time_s=0, distance_m=0)
    padel = _record(career, "strength", first + timedelta(weeks=172, days=4), rng)
    yield replace(padel, name="Padel with the neighbors", sport_type="Padel")


def _double_recording(career: Career, day: date, rng: random.Random) -> Iterator[Recording]:
    """The bike computer and the virtual ride record the same hour."""
    virtual = _record(career, "zwift_tempo", day, rng)
    computer = replace(
        virtual,
        id=virtual.id + 40_003,
        name="Evening Ride",
        sport_type="Ride",
        start=virtual.start + timedelta(seconds=17),
        distance_m=0.0,
        climb_m=0,
        track=None,
        external_id=None,
    )
    yield virtual
    yield computer


def _record(career: Career, kind: str, day: date, rng: random.Random) -> Recording:
    return record_session(career, KINDS[kind], HOME, day, rng)


def _last_sunday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)
