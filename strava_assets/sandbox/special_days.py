"""Special days: clock changes, New Year, failing devices, manual entries, double recordings.

They are edge cases of real histories. Regular weeks are in diary.py.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from strava_assets.sandbox.kinds import KINDS
from strava_assets.sandbox.places import HOME
from strava_assets.sandbox.sessions import activity_id, plan_session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.sandbox.invented_activity import Recording
    from strava_assets.sandbox.season import Career
    from strava_assets.sandbox.sessions import Session


def special_days(career: Career, seed: int, last_day: date) -> Iterator[Session]:
    """All special days until about the last day, in no particular order; the caller drops those after it."""
    for year in range(career.year, last_day.year + 1):
        rng = random.Random(f"{seed}:odd days:{year}")  # noqa: S311 - sample data
        yield from _clock_changes(career, year, rng)
        yield from _new_year(career, year, rng)
        yield _plan(career, "swim", date(year, 7, 19), rng).but(name="Lake swim")
    rng = random.Random(f"{seed}:odd days")  # noqa: S311 - sample data
    first = career.first_monday
    yield from _failing_devices(career, first, rng)
    yield from _manual_entries(career, first, rng)
    yield from _double_recording(career, first + timedelta(weeks=64, days=1), rng)


def _clock_changes(career: Career, year: int, rng: random.Random) -> Iterator[Session]:
    spring, autumn = _last_sunday(year, 3), _last_sunday(year, 10)
    night = replace(KINDS["road_endurance"], hours=(3.4, 3.9), names=())
    begins = datetime.combine(spring, time(0, 40))
    yield plan_session(career, night, HOME, spring, rng, begins).but(name="Night ride into summer time")
    # 02:30 occurs twice in this night; this is the second one.
    second = datetime.combine(autumn, time(2, 30, fold=1))
    short = plan_session(career, replace(night, hours=(1.2, 1.6)), HOME, autumn, rng, second)
    yield short.but(name="Night ride, the hour that comes twice")


def _new_year(career: Career, year: int, rng: random.Random) -> Iterator[Session]:
    eve, new_year = date(year, 12, 31), date(year, 1, 1)
    across = replace(KINDS["road_easy"], hours=(1.2, 1.5), names=())
    begins = datetime.combine(eve, time(23, 20))
    yield plan_session(career, across, HOME, eve, rng, begins).but(name="Into the new year")
    begins = datetime.combine(new_year, time(11, 5))
    first = plan_session(career, KINDS["road_endurance"], HOME, new_year, rng, begins)
    yield first.but(name="First of the year")


def _failing_devices(career: Career, first: date, rng: random.Random) -> Iterator[Session]:
    def on(kind: str, weeks: int, weekday: int) -> Session:
        return _plan(career, kind, first + timedelta(weeks=weeks, days=weekday), rng)

    yield _amended(
        on("road_easy", 30, 4), name="Meter without battery", average_watts=0.0, weighted_watts=0, max_watts=0
    )
    yield _amended(on("gravel", 46, 4), name="Forgot to stop the clock", elapsed_time_s=4 * 86_400 + 10_800)
    yield replace(on("run", 52, 4), amend=_with_wrong_clock)
    yield replace(on("commute_home", 58, 3), amend=_left_on_in_the_train, is_spoiled=True)
    late = on("gravel", 71, 4)
    uploaded = late.recording.start + timedelta(days=9)
    yield late.but(id=activity_id(uploaded, rng), name="Found on the old computer")
    yield on("road_tempo", 98, 4).but(name="Start time is nobody's business", start_hidden=True)
    hidden = on("road_easy", 150, 4)
    yield hidden.but(name="Another quiet one", start_hidden=True, visibility="only_me")
    yield _amended(on("trainer", 120, 4), name="No strap, no fan", heartrate=None, cadence=None)


def _with_wrong_clock(run: Recording) -> Recording:
    return replace(run, name="Clock of the watch was off", elapsed_time_s=run.moving_time_s - 41)


def _left_on_in_the_train(ride: Recording) -> Recording:
    return replace(
        ride,
        name="Left it on in the train",
        distance_m=ride.distance_m * 6,
        max_speed_mps=61.3,
        flagged=True,
    )


def _amended(session: Session, **fields: Any) -> Session:
    """A session whose recording has other values than were measured."""
    return replace(session, amend=lambda recording: replace(recording, **fields))


def _manual_entries(career: Career, first: date, rng: random.Random) -> Iterator[Session]:
    plain = replace(
        KINDS["road_easy"],
        power="none",
        heartrate=0.0,
        cadence=None,
        gps=False,
        manual=True,
        names=("Computer died, from memory",),
    )
    for weeks in (12, 40, 77, 131, 160, 181):
        yield plan_session(career, plain, HOME, first + timedelta(weeks=weeks, days=4), rng)
    yoga = _plan(career, "strength", first + timedelta(weeks=20), rng)
    yield yoga.but(name="Yoga", sport_type="Yoga", moving_time_s=0, distance_m=0)
    padel = _plan(career, "strength", first + timedelta(weeks=172, days=4), rng)
    yield padel.but(name="Padel with the neighbors", sport_type="Padel")


def _double_recording(career: Career, day: date, rng: random.Random) -> Iterator[Session]:
    """The bike computer and the virtual ride record the same hour."""
    virtual = _plan(career, "zwift_tempo", day, rng)
    computer = virtual.but(
        id=virtual.recording.id + 40_003,
        name="Evening Ride",
        sport_type="Ride",
        start=virtual.recording.start + timedelta(seconds=17),
        external_id=None,
    )
    computer = _amended(computer, distance_m=0.0, climb_m=0, track=None)
    yield virtual
    yield computer


def _plan(career: Career, kind: str, day: date, rng: random.Random) -> Session:
    return plan_session(career, KINDS[kind], HOME, day, rng)


def _last_sunday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)
