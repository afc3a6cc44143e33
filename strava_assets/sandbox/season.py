"""The sample athlete's years: which weeks build, rest, travel or heal, and how strong the legs are on a day.

What is done on which weekday is in diary.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cached_property

from strava_assets.sandbox.tracks import (
    AUSTRALIA,
    COLORADO,
    ISLAND_CAMP,
    JAPAN,
    NEPAL,
    SOUTHERN_CAMP,
    Place,
)

INJURY_WEEKS = 7
_COMEBACK_WEEKS = 6
_SEASON_START_MONTH = 10
_SHORTEST_HISTORY = timedelta(days=1_280)


class Phase(StrEnum):
    """What a week is for."""

    base = "base"
    build = "build"
    peak = "peak"
    recovery = "recovery"
    transition = "transition"
    ill = "ill"
    injured = "injured"
    comeback = "comeback"


_PHASE_OF_MONTH = {
    1: Phase.base,
    2: Phase.build,
    3: Phase.build,
    4: Phase.build,
    5: Phase.peak,
    6: Phase.peak,
    7: Phase.peak,
    8: Phase.peak,
    9: Phase.transition,
    10: Phase.base,
    11: Phase.base,
    12: Phase.base,
}


@dataclass(frozen=True)
class Journey:
    """Days away: a training camp with the own bike, or a holiday without."""

    place: Place
    first: date
    days: int
    camp: bool = False

    def holds(self, day: date) -> bool:
        """Whether the day is one of the journey's."""
        return self.first <= day < self.first + timedelta(days=self.days)


@dataclass(frozen=True)
class Career:
    """The plan of a few years, beginning on the first Monday of an October.

    It depends on the calendar alone, so that tomorrow's history is today's with a day more.
    """

    first_monday: date

    @classmethod
    def until(cls, today: date) -> Career:
        """The career that is between three and a half and four and a half years old today."""
        latest = today - _SHORTEST_HISTORY
        year = latest.year if latest >= _first_monday(latest.year, _SEASON_START_MONTH) else latest.year - 1
        return cls(_first_monday(year, _SEASON_START_MONTH))

    @property
    def year(self) -> int:
        """The calendar year it began in."""
        return self.first_monday.year

    @cached_property
    def injury_start(self) -> date:
        """The Monday of a broken collarbone, in the May of the second season."""
        return _first_monday(self.year + 2, 5)

    @cached_property
    def injury_end(self) -> date:
        """The Monday after the seven weeks without any activity."""
        return self.injury_start + timedelta(weeks=INJURY_WEEKS)

    @cached_property
    def journeys(self) -> tuple[Journey, ...]:
        """Training camps every March, and four long trips."""
        year = self.year
        return (
            *(
                Journey(SOUTHERN_CAMP if index % 2 else ISLAND_CAMP, date(year + index, 3, 12), 10, camp=True)
                for index in range(1, 6)
            ),
            Journey(COLORADO, date(year + 1, 8, 9), 11),
            Journey(NEPAL, date(year + 1, 11, 4), 13),
            Journey(AUSTRALIA, date(year + 3, 2, 1), 10),
            Journey(JAPAN, date(year + 3, 10, 18), 10),
        )

    def journey(self, day: date) -> Journey | None:
        """Where the athlete is on this day, if not at home."""
        return next((journey for journey in self.journeys if journey.holds(day)), None)

    def phase(self, monday: date) -> Phase:
        """What the week that begins on `monday` is for."""
        if self.injury_start <= monday < self.injury_end:
            return Phase.injured
        if self.injury_end <= monday < self.injury_end + timedelta(weeks=_COMEBACK_WEEKS):
            return Phase.comeback
        if monday == _first_monday(self.year + 1, 2) or monday == _first_monday(self.year + 4, 1):
            return Phase.ill
        by_month = _PHASE_OF_MONTH[(monday + timedelta(days=3)).month]
        weeks = (monday - self.first_monday).days // 7
        if weeks % 4 == 3 and by_month is not Phase.transition:
            return Phase.recovery
        return by_month

    def meter_broken(self, day: date) -> bool:
        """Three weeks of a summer without the outdoor bike's power meter: Strava estimates instead."""
        return date(self.year + 1, 7, 3) <= day < date(self.year + 1, 7, 24)

    def running_power(self, day: date) -> bool:
        """A new watch in the fourth autumn measures watts on runs, which are no cycling watts."""
        return day >= date(self.year + 3, 9, 15)

    def threshold_watts(self, day: date) -> float:
        """What the legs hold for an hour: growing over the years, best in July, hurt by the injury."""
        years = (day - self.first_monday).days / 365.25
        trained = 205 + 40 * (1 - math.exp(-years / 2.2))
        of_the_year = 1 + 0.045 * math.sin(2 * math.pi * (day.timetuple().tm_yday - 110) / 365.25)
        return trained * of_the_year * (1 - self._lost(day))

    def _lost(self, day: date) -> float:
        weeks_since = (day - self.injury_end).days / 7
        if day < self.injury_start:
            return 0.0
        if weeks_since < 0:
            return 0.17 * (1 + weeks_since / INJURY_WEEKS)
        return 0.17 * math.exp(-weeks_since / 7)


def _first_monday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=-first.weekday() % 7)
