"""A training diary, week by week: what the sample athlete does on which day of which kind of week.

Sessions' numbers are in sessions.py; the days unlike any other are in oddities.py.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import TYPE_CHECKING, NamedTuple

from strava_assets.sandbox.kinds import KINDS
from strava_assets.sandbox.season import Career, Journey, Phase
from strava_assets.sandbox.sessions import perform
from strava_assets.sandbox.tracks import HOME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.sandbox.invented_activity import Recording


class Chance(NamedTuple):
    """One of `kinds` is done with this probability."""

    probability: float
    kinds: tuple[str, ...]


MON, TUE, WED, THU, FRI, SAT, SUN = range(7)

_COMMUTING = "commute"

_WEEKS: dict[Phase, dict[int, tuple[Chance, ...]]] = {
    Phase.base: {
        MON: (Chance(0.25, ("strength",)), Chance(0.25, (_COMMUTING,))),
        TUE: (Chance(0.88, ("zwift_intervals",)),),
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
        SAT: (Chance(0.95, ("road_long", "road_long", "race")),),
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


def week(career: Career, seed: int, monday: date) -> Iterator[Recording]:
    """Everything done in the week that begins on `monday`, in no particular order."""
    rng = random.Random(f"{seed}:{monday}")  # noqa: S311 - sample data
    phase = career.phase(monday)
    for weekday in range(7):
        day = monday + timedelta(days=weekday)
        journey = career.journey(day)
        if journey is not None and phase is not Phase.injured:
            yield from _away(career, journey, day, rng)
            continue
        for chance in _WEEKS[phase].get(weekday, ()):
            if rng.random() >= chance.probability:
                continue
            kind = rng.choice(chance.kinds)
            for name in ("commute_out", "commute_home") if kind == _COMMUTING else (kind,):
                season = _in_season(name, day)
                yield perform(career, KINDS[season], HOME, day, rng)


def _away(career: Career, journey: Journey, day: date, rng: random.Random) -> Iterator[Recording]:
    days_in = (day - journey.first).days
    if days_in in (0, journey.days - 1):
        return  # travelling
    if journey.camp:
        name = "walk" if days_in == 5 else _CAMP_DAYS[days_in % len(_CAMP_DAYS)]
    elif rng.random() < 0.75:
        name = rng.choice(_HOLIDAY[journey.place.name])
    else:
        return
    yield perform(career, KINDS[name], journey.place, day, rng)


def _in_season(name: str, day: date) -> str:
    """Snow decides between skis and trails."""
    if name == "ski" and day.month not in (12, 1, 2):
        return "mtb"
    return name
