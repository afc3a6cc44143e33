"""The sample athlete's years: the phase of each week, trips, the injury, and the FTP on each day.

The sessions of a week are in diary.py.
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
    """The training phase of a week."""

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
class Trip:
    """Days away from home: a training camp with the athlete's own bike, or a holiday without it."""

    place: Place
    first: date
    days: int
    camp: bool = False

    def includes(self, day: date) -> bool:
        """Whether the day is part of the trip."""
        return self.first <= day < self.first + timedelta(days=self.days)


@dataclass(frozen=True)
class Career:
    """The plan for a few years, starting on the first Monday of October.

    It depends only on the calendar, so tomorrow's history is today's plus one day.
    """

    first_monday: date

    @classmethod
    def until(cls, today: date) -> Career:
        """The career that started three and a half to four and a half years before today."""
        latest = today - _SHORTEST_HISTORY
        year = latest.year if latest >= _first_monday(latest.year, _SEASON_START_MONTH) else latest.year - 1
        return cls(_first_monday(year, _SEASON_START_MONTH))

    @property
    def year(self) -> int:
        """The calendar year of its start."""
        return self.first_monday.year

    @cached_property
    def injury_start(self) -> date:
        """The Monday of an injury in May of the second season."""
        return _first_monday(self.year + 2, 5)

    @cached_property
    def injury_end(self) -> date:
        """The Monday after the seven weeks without any activity."""
        return self.injury_start + timedelta(weeks=INJURY_WEEKS)

    @cached_property
    def trips(self) -> tuple[Trip, ...]:
        """Training camps every March, and four long trips."""
        year = self.year
        return (
            *(
                Trip(SOUTHERN_CAMP if index % 2 else ISLAND_CAMP, date(year + index, 3, 12), 10, camp=True)
                for index in range(1, 6)
            ),
            Trip(COLORADO, date(year + 1, 8, 9), 11),
            Trip(NEPAL, date(year + 1, 11, 4), 13),
            Trip(AUSTRALIA, date(year + 3, 2, 1), 10),
            Trip(JAPAN, date(year + 3, 10, 18), 10),
        )

    def trip(self, day: date) -> Trip | None:
        """The trip on this day, or None at home."""
        return next((trip for trip in self.trips if trip.includes(day)), None)

    def phase(self, monday: date) -> Phase:
        """The phase of the week that begins on `monday`."""
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
        """Whether the outdoor power meter is broken, in three weeks of a summer; Strava estimates then."""
        return date(self.year + 1, 7, 3) <= day < date(self.year + 1, 7, 24)

    def running_power(self, day: date) -> bool:
        """Whether the watch measures running power, from the fourth autumn on. It is not cycling power."""
        return day >= date(self.year + 3, 9, 15)

    def threshold_watts(self, day: date) -> float:
        """The FTP in watts: it grows over the years, peaks in July and drops after the injury."""
        years = (day - self.first_monday).days / 365.25
        trained = 205 + 40 * (1 - math.exp(-years / 2.2))
        seasonal = 1 + 0.045 * math.sin(2 * math.pi * (day.timetuple().tm_yday - 110) / 365.25)
        return trained * seasonal * (1 - self._fitness_loss(day))

    def _fitness_loss(self, day: date) -> float:
        weeks_since = (day - self.injury_end).days / 7
        if day < self.injury_start:
            return 0.0
        if weeks_since < 0:
            return 0.17 * (1 + weeks_since / INJURY_WEEKS)
        return 0.17 * math.exp(-weeks_since / 7)


def _first_monday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=-first.weekday() % 7)
