"""The sample athlete's years: the phase of each week, trips, the injury, and the abilities on each day.

The sessions of a week are in diary.py; how phases change abilities is in fitness.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from strava_assets.sandbox import sample_profile
from strava_assets.sandbox.fitness import forms, talent
from strava_assets.sandbox.phases import Phase
from strava_assets.sandbox.places import (
    AUSTRALIA,
    COLORADO,
    ISLAND_CAMP,
    JAPAN,
    NEPAL,
    SOUTHERN_CAMP,
    Place,
)

if TYPE_CHECKING:
    from strava_assets.sandbox.abilities import Abilities
from strava_assets.sandbox.fitness import Talent

INJURY_WEEKS = 7
_COMEBACK_WEEKS = 6
_SEASON_START_MONTH = 10
_SHORTEST_HISTORY = timedelta(days=1_280)
_LONGEST_WEEKS = 320
_TEST_MONTHS = (1, 4, 7, 10)


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

    It depends only on the calendar and the athlete, so tomorrow's history is today's plus one day.
    """

    first_monday: date
    seed: int = 1

    @classmethod
    def until(cls, today: date, seed: int = 1) -> Career:
        """The career that started three and a half to four and a half years before today."""
        latest = today - _SHORTEST_HISTORY
        year = latest.year if latest >= _first_monday(latest.year, _SEASON_START_MONTH) else latest.year - 1
        return cls(_first_monday(year, _SEASON_START_MONTH), seed)

    @property
    def athlete_id(self) -> int:
        """Strava's id of the athlete."""
        return sample_profile.ATHLETE_ID + self.seed - 1

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
            return Phase.test if self._has_tests(monday) else Phase.recovery
        return by_month

    def _has_tests(self, monday: date) -> bool:
        """Whether an easy week at home is the first one of a month with tests, when the athlete is rested."""
        middle = monday + timedelta(days=3)
        is_first = (middle - timedelta(weeks=4)).month != middle.month
        away = any(self.trip(monday + timedelta(days=weekday)) for weekday in range(7))
        return middle.month in _TEST_MONTHS and is_first and not away

    def test_weeks(self, until: date) -> list[date]:
        """The Mondays of the weeks with all-out tests, up to a day."""
        weeks = (until - self.first_monday).days // 7 + 1
        mondays = (self.first_monday + timedelta(weeks=index) for index in range(weeks))
        return [monday for monday in mondays if self.phase(monday) is Phase.test]

    def meter_broken(self, day: date) -> bool:
        """Whether the outdoor power meter is broken, in three weeks of a summer; Strava estimates then."""
        return date(self.year + 1, 7, 3) <= day < date(self.year + 1, 7, 24)

    def running_power(self, day: date) -> bool:
        """Whether the watch measures running power, from the fourth autumn on. It is not cycling power."""
        return day >= date(self.year + 3, 9, 15)

    def abilities(self, day: date) -> Abilities:
        """The abilities on a day of the career."""
        days = (day - self.first_monday).days
        weeks, weekday = divmod(max(days, 0), 7)
        before, after = self._forms[weeks : weeks + 2]
        return self._talent.on(days / 365.25, before + (after - before) * weekday / 7)

    @cached_property
    def _talent(self) -> Talent:
        return talent(self.seed)

    @cached_property
    def _forms(self) -> list[float]:
        mondays = (self.first_monday + timedelta(weeks=index) for index in range(_LONGEST_WEEKS))
        return forms(self._trained_as(monday) for monday in mondays)

    def _trained_as(self, monday: date) -> Phase:
        """The phase whose training a week has: camps replace what was planned at home."""
        phase = self.phase(monday)
        trip = self.trip(monday + timedelta(days=3))
        if trip is not None and phase is not Phase.injured:
            return Phase.camp if trip.camp else Phase.transition
        return phase


def _first_monday(year: int, month: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=-first.weekday() % 7)
