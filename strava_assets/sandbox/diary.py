"""The sample athlete's weeks: which sessions take place on which day of which kind of week.

The numbers of a session are in sessions.py; special days are in special_days.py.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from strava_assets.sandbox.kinds import KINDS
from strava_assets.sandbox.phases import Phase
from strava_assets.sandbox.places import HOME
from strava_assets.sandbox.sessions import plan_session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.sandbox.season import Career, Trip
    from strava_assets.sandbox.sessions import Session


class Chance(NamedTuple):
    """With this probability, one of `kinds` takes place."""

    probability: float
    kinds: tuple[str, ...]


MON, TUE, WED, THU, FRI, SAT, SUN = range(7)

_COMMUTING = "commute"

_WEEKS: dict[Phase, dict[int, tuple[Chance, ...]]] = {
    Phase.base: {
        MON: (Chance(0.25, ("strength",)), Chance(0.25, (_COMMUTING,))),
        TUE: (Chance(0.88, (*("zwift_intervals",) * 9, "test_ramp")),),
        WED: (Chance(0.65, ("run",)), Chance(0.4, (_COMMUTING,))),
        THU: (Chance(0.75, ("zwift_tempo", "zwift_tempo", "trainer")),),
        FRI: (Chance(0.25, (_COMMUTING,)), Chance(0.15, ("ebike",)), Chance(0.08, ("rollers",))),
        SAT: (Chance(0.95, ("road_endurance", "road_endurance", "gravel", "zwift_endurance")),),
        SUN: (Chance(0.8, ("road_endurance", "trail_run", "mtb", "zwift_endurance", "gravel", "ski")),),
    },
    Phase.build: {
        MON: (Chance(0.3, (_COMMUTING,)), Chance(0.12, ("strength",))),
        TUE: (Chance(0.92, ("road_intervals", "zwift_intervals")),),
        WED: (Chance(0.5, ("run",)), Chance(0.45, (_COMMUTING,))),
        THU: (Chance(0.88, ("road_tempo", "road_tempo", "zwift_tempo")),),
        FRI: (Chance(0.3, (_COMMUTING,)), Chance(0.15, ("ebike",))),
        SAT: (Chance(0.95, ("road_long",)),),
        SUN: (Chance(0.88, ("road_endurance", "road_endurance", "gravel", "trail_run")),),
    },
    Phase.peak: {
        MON: (Chance(0.35, (_COMMUTING,)),),
        TUE: (Chance(0.92, ("road_intervals",)),),
        WED: (Chance(0.55, (_COMMUTING,)), Chance(0.3, ("run",))),
        THU: (Chance(0.9, ("group_ride", "group_ride", "road_tempo")),),
        FRI: (Chance(0.35, (_COMMUTING,)), Chance(0.3, ("road_easy",)), Chance(0.15, ("ebike",))),
        SAT: (Chance(0.95, (*("road_long",) * 5, *("race",) * 3, "test_hour")),),
        SUN: (Chance(0.88, ("road_endurance", "road_endurance", "gravel", "mtb")),),
    },
    Phase.recovery: {
        TUE: (Chance(0.7, ("road_easy", "trainer")),),
        WED: (Chance(0.5, (_COMMUTING,)),),
        THU: (Chance(0.6, ("run",)),),
        FRI: (Chance(0.3, (_COMMUTING,)), Chance(0.3, ("ebike",))),
        SAT: (Chance(0.9, ("road_endurance",)),),
        SUN: (Chance(0.6, ("gravel", "hike", "mtb", "run")),),
    },
    Phase.test: {
        TUE: (Chance(1.0, ("test_short",)),),
        WED: (Chance(0.5, (_COMMUTING,)),),
        THU: (Chance(0.6, ("road_easy", "run")),),
        SAT: (Chance(1.0, ("test_long",)),),
        SUN: (Chance(0.6, ("gravel", "hike", "mtb", "run")),),
    },
    Phase.transition: {
        MON: (Chance(0.35, (_COMMUTING,)),),
        TUE: (Chance(0.6, ("run",)),),
        WED: (Chance(0.5, (_COMMUTING,)),),
        THU: (Chance(0.45, ("run", "mtb")),),
        FRI: (Chance(0.4, ("ebike",)),),
        SAT: (Chance(0.75, ("gravel", "mtb", "hike")),),
        SUN: (Chance(0.5, ("hike", "trail_run", "road_endurance")),),
    },
    Phase.ill: {},
    Phase.injured: {},
    Phase.comeback: {
        MON: (Chance(0.6, ("walk",)),),
        TUE: (Chance(0.9, ("trainer",)),),
        WED: (Chance(0.6, ("swim",)),),
        THU: (Chance(0.8, ("zwift_endurance",)),),
        SAT: (Chance(0.9, ("road_easy", "zwift_endurance")),),
        SUN: (Chance(0.6, ("road_easy", "walk")),),
    },
}

_CAMP_DAYS = ("road_endurance", "road_long", "road_tempo", "road_long", "road_easy")
_HOLIDAY = {
    "Nepal": ("hike", "hike", "trail_run"),
    "Colorado": ("road_endurance", "hike", "mtb", "trail_run"),
    "Australia": ("run", "mtb", "gravel"),
    "Japan": ("run", "gravel", "hike", "road_easy"),
}


def week(career: Career, seed: int, monday: date) -> Iterator[Session]:
    """The sessions of the week that begins on `monday`, in no particular order."""
    rng = random.Random(f"{seed}:{monday}")  # noqa: S311 - sample data
    phase = career.phase(monday)
    for weekday in range(7):
        day = monday + timedelta(days=weekday)
        trip = career.trip(day)
        if trip is not None and phase is not Phase.injured:
            yield from _away(career, trip, day, rng)
            continue
        for chance in _WEEKS[phase].get(weekday, ()):
            if rng.random() >= chance.probability:
                continue
            kind = rng.choice(chance.kinds)
            for name in ("commute_out", "commute_home") if kind == _COMMUTING else (kind,):
                season = _in_season(name, day)
                yield plan_session(career, KINDS[season], HOME, day, rng)


def _away(career: Career, trip: Trip, day: date, rng: random.Random) -> Iterator[Session]:
    days_in = (day - trip.first).days
    if days_in in (0, trip.days - 1):
        return  # a travel day
    if trip.camp:
        name = "walk" if days_in == 5 else _CAMP_DAYS[days_in % len(_CAMP_DAYS)]
    elif rng.random() < 0.75:
        name = rng.choice(_HOLIDAY[trip.place.name])
    else:
        return
    yield plan_session(career, KINDS[name], trip.place, day, rng)


def _in_season(name: str, day: date) -> str:
    """Skiing is possible in winter only."""
    if name == "ski" and day.month not in (12, 1, 2):
        return "mtb"
    return name
