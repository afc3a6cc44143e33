"""The days unlike any other: nights when the clocks change, New Year, failing devices, entries by hand.

Each is something a real history holds and a careless pipeline trips over; the ordinary weeks are in diary.py.
"""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from strava_assets.sandbox.kinds import KINDS
from strava_assets.sandbox.sessions import activity_id, perform
from strava_assets.sandbox.tracks import HOME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.sandbox.invented_activity import Recording
    from strava_assets.sandbox.season import Career

_YEARS = 6


def odd_days(career: Career, seed: int) -> Iterator[Recording]:
    """All of them, in no particular order; those after the history's end are the caller's to drop."""
    rng = random.Random(f"{seed}:odd days")  # noqa: S311 - sample data
    for year in range(career.year, career.year + _YEARS):
        yield from _nights_of_the_clock(career, year, rng)
        yield from _turn_of_the_year(career, year, rng)
        yield replace(_done(career, "swim", date(year, 7, 19), rng), name="Lake swim")
    first = career.first_monday
    yield from _failing_devices(career, first, rng)
    yield from _made_by_hand(career, first, rng)
    yield from _twice_recorded(career, first + timedelta(weeks=64, days=1), rng)


def _nights_of_the_clock(career: Career, year: int, rng: random.Random) -> Iterator[Recording]:
    spring, autumn = _last_sunday(year, 3), _last_sunday(year, 10)
    night = replace(KINDS["road_endurance"], hours=(3.4, 3.9), names=())
    yield replace(
        perform(career, night, HOME, spring, rng, datetime.combine(spring, time(0, 40))),
        name="Night ride into summer time",
    )
    # 02:30 comes twice in this night; this is the second one.
    second = datetime.combine(autumn, time(2, 30, fold=1))
    yield replace(
        perform(career, replace(night, hours=(1.2, 1.6)), HOME, autumn, rng, second),
        name="Night ride, the hour that comes twice",
    )


def _turn_of_the_year(career: Career, year: int, rng: random.Random) -> Iterator[Recording]:
    eve, new_year = date(year, 12, 31), date(year, 1, 1)
    across = replace(KINDS["road_easy"], hours=(1.2, 1.5), names=())
    yield replace(
        perform(career, across, HOME, eve, rng, datetime.combine(eve, time(23, 20))),
        name="Into the new year",
    )
    yield replace(
        perform(
            career, KINDS["road_endurance"], HOME, new_year, rng, datetime.combine(new_year, time(11, 5))
        ),
        name="First of the year",
    )


def _failing_devices(career: Career, first: date, rng: random.Random) -> Iterator[Recording]:
    def on(kind: str, weeks: int, weekday: int) -> Recording:
        return _done(career, kind, first + timedelta(weeks=weeks, days=weekday), rng)

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


def _made_by_hand(career: Career, first: date, rng: random.Random) -> Iterator[Recording]:
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
        yield perform(career, plain, HOME, first + timedelta(weeks=weeks, days=4), rng)
    yoga = _done(career, "strength", first + timedelta(weeks=20), rng)
    yield replace(yoga, name="Yoga", sport_type="Yoga", moving_time_s=0, distance_m=0)
    padel = _done(career, "strength", first + timedelta(weeks=172, days=4), rng)
    yield replace(padel, name="Padel with the neighbours", sport_type="Padel")


def _twice_recorded(career: Career, day: date, rng: random.Random) -> Iterator[Recording]:
    """The bike computer and the virtual world both upload the same hour."""
    virtual = _done(career, "zwift_tempo", day, rng)
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


def _done(career: Career, kind: str, day: date, rng: random.Random) -> Recording:
    return perform(career, KINDS[kind], HOME, day, rng)


def _last_sunday(year: int, month: int) -> date:
    last = date(year, month, 31)
    return last - timedelta(days=(last.weekday() + 1) % 7)
