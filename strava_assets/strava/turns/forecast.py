"""When each athlete is expected to be up to date."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from strava_assets.strava.limits import QUARTER, next_midnight, next_quarter
from strava_assets.strava.turns.athlete_state import Purpose
from strava_assets.strava.turns.quota_room import KEPT_OF_DAY, QuotaRoom
from strava_assets.strava.turns.turn_needs import paused_until, queues_of
from strava_assets.strava.turns.turn_plan import SHARES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from strava_assets.strava.limits import Quota
    from strava_assets.strava.turns.athlete_state import AthleteState, TurnRules

_DAY = timedelta(days=1)
_QUARTERS_A_DAY = _DAY // QUARTER
_LISTING_CALLS = 2


@dataclass(frozen=True)
class Completion:
    """When an athlete is expected to be up to date.

    Args:
        at: aware UTC; None if the athlete has to log in again.
        sentence: the same in words.
    """

    at: datetime | None
    sentence: str


def expected_completion(
    states: Iterable[AthleteState], quota: Quota | None, now: datetime, rules: TurnRules
) -> dict[str, Completion]:
    """When each athlete is expected to be up to date, if nothing fails and fetching goes on all day.

    An estimate. Listings that are due now are made in the order of the plan. First loads get what regular
    listings leave of each day, all of them the same number of calls, so short ones end first.

    Args:
        states: all athletes.
        quota: the rate limits of the latest response, if any; without them nothing is known to take long.
        now: aware UTC.
        rules: the settings.
    """
    everyone = list(states)
    queues = queues_of(everyone, now, rules)
    pace = _Pace(QuotaRoom.of(quota, now, rules.reserve_calls), now, _calls_a_day(everyone, rules))
    completions = {state.athlete_id: _without_need(state, now) for state in everyone}
    calls = 0
    planned: set[str] = set()
    for purpose in (Purpose.EVENTS, Purpose.ROUTINE, Purpose.FULL):
        for need in queues[purpose]:
            if need.athlete_id not in planned:
                planned.add(need.athlete_id)
                calls += need.usual
                completions[need.athlete_id] = _expected(purpose, pace.of_listings(calls), now)
    loads = sorted(queues[Purpose.FIRST], key=lambda need: (need.usual, need.athlete_id))
    ended = 0
    for position, need in enumerate(loads):
        # By then each of the longer ones has had as many calls.
        total = ended + need.usual * (len(loads) - position)
        ended += need.usual
        completions[need.athlete_id] = _expected(Purpose.FIRST, pace.of_first_loads(total), now)
    return completions


def _calls_a_day(states: Sequence[AthleteState], rules: TurnRules) -> float:
    """The calls of the listings that come regularly, on average until all histories are complete."""
    routine = 0 if rules.webhooks_alive else _LISTING_CALLS * 24 / rules.routine_every_hours
    full = 24 / rules.full_every_hours
    return sum(
        # During first loads half of these athletes are loaded, on average.
        (routine + full * (state.expected_pages + 1)) * (1 if state.history_complete else 0.5)
        for state in states
        if not state.refused_since
    )


@dataclass(frozen=True)
class _Pace:
    """How fast calls are sent.

    Args:
        room: the calls that are left now; None if unknown.
        now: aware UTC.
        regular: the calls a day of the listings that come regularly.
    """

    room: QuotaRoom | None
    now: datetime
    regular: float

    def of_listings(self, calls: float) -> datetime:
        """When so many calls have been sent, if nothing else is."""
        room = self.room
        if room is None or calls <= room.left:
            return self.now
        quarters_today = math.ceil((next_midnight(self.now) - next_quarter(self.now)) / QUARTER)
        today = min(room.day, room.quarter + room.whole_quarter * quarters_today)
        if calls <= today:
            quarters = math.ceil((calls - room.quarter) / room.whole_quarter)
            return next_quarter(self.now) + QUARTER * (quarters - 1)
        return self._after_today(calls - today, min(room.whole_day, room.whole_quarter * _QUARTERS_A_DAY))

    def of_first_loads(self, calls: float) -> datetime:
        """When first loads have sent so many calls."""
        room = self.room
        if room is None or calls <= room.allowed(KEPT_OF_DAY[Purpose.FIRST]):
            return self.now
        a_day = min(room.whole_day, room.whole_quarter * _QUARTERS_A_DAY)
        share = SHARES[Purpose.FIRST]
        today = max(share * room.day, room.day - self.regular * room.rest_of_day)
        if calls <= today:
            # What is kept for others becomes free little by little.
            return self.now + (next_midnight(self.now) - self.now) * (calls / today)
        return self._after_today(calls - today, max(share * a_day, a_day - self.regular))

    def _after_today(self, calls: float, a_day: float) -> datetime:
        return next_midnight(self.now) + _DAY * (calls / a_day)


_DOING = {
    Purpose.EVENTS: "New events are fetched",
    Purpose.ROUTINE: "The next listing is made",
    Purpose.FULL: "The next full listing is made",
    Purpose.FIRST: "The history is complete",
}


def _expected(purpose: Purpose, at: datetime, now: datetime) -> Completion:
    when = "with the next turns" if at <= now else f"by about {at:%Y-%m-%d %H:%M} UTC"
    return Completion(at, f"{_DOING[purpose]} {when}.")


def _without_need(state: AthleteState, now: datetime) -> Completion:
    if state.refused_since:
        return Completion(
            None, f"Strava has refused the token since {state.refused_since:%Y-%m-%d}: log in again."
        )
    if (paused := paused_until(state)) > now:
        return Completion(paused, f"The last turn failed; the next one is after {paused:%Y-%m-%d %H:%M} UTC.")
    return Completion(now, "Up to date.")
