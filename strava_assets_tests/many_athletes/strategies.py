"""The strategies, and the loop that runs one of them on a fleet of athletes day by day."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from strava_assets.strava.limits import next_quarter
from strava_assets.strava.turns import AthleteState, TurnRules, after_turn, plan_turns, stops_everyone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from strava_assets.strava.errors import StravaError
    from strava_assets.strava.limits import Quota
    from strava_assets.strava.sync import Listing
    from strava_assets.strava.turns import Turn

MINUTE = timedelta(minutes=1)
WEEK_HOURS = 168


class Strategy(StrEnum):
    """Who is asked for when."""

    FIXED_ORDER = "polling, one athlete after another"
    PLANNED = "polling, planned"
    WEBHOOKS = "webhooks, planned"


@dataclass(frozen=True)
class TurnResult:
    """What a turn did: its last listing, or the failure that ended it."""

    listing: Listing | None = None
    error: StravaError | None = None


class Fleet(Protocol):
    """Athletes with a Strava, a clock and a place where listings land."""

    now: datetime
    states: dict[str, AthleteState]

    @property
    def quota(self) -> Quota | None:
        """The rate limits of the latest response."""

    def advance(self, until: datetime) -> None:
        """Let the time pass, and the athletes act."""

    def begin_run(self) -> None:
        """Begin a run: the bounds of its waits are new."""

    def fetch_in_turn(self, turn: Turn) -> TurnResult:
        """Make a turn of the plan."""

    def fetch_as_one(self, athlete_id: str) -> TurnResult:
        """Sync an athlete as if there were no other."""

    def events_waiting(self) -> Mapping[str, datetime]:
        """The athletes for whom events wait, and since when."""

    def due_states(self) -> Sequence[AthleteState]:
        """The states that a plan has to know; all that are due are among them."""

    def begin_measuring(self) -> None:
        """Count calls and delays from now on."""

    def end_measuring(self) -> None:
        """Count no calls and no further uploads."""

    def finish(self) -> Figures:
        """Compare what landed with what Strava has."""


@dataclass
class Figures:
    """What a strategy costs, and what it achieves.

    Args:
        calls: calls of the API.
        delays: minutes from an upload until it landed, by athlete.
        not_landed: uploads that had not landed when the days ended.
        loaded_at: when the last history was complete, in days since the beginning; None if never.
        lost: activities that are missing or outdated after the days and those of grace.
        undeleted: activities that are deleted at Strava and not here, after the same days.
        athletes: number of athletes.
        days: number of days that are measured.
        pages: pages of a full listing, on average.
    """

    athletes: int
    days: int = 0
    pages: float = 0
    calls: int = 0
    delays: dict[str, list[float]] = field(default_factory=dict)
    not_landed: int = 0
    loaded_at: float | None = None
    lost: int = 0
    undeleted: int = 0

    @property
    def calls_per_athlete_and_day(self) -> float:
        return self.calls / self.athletes / self.days

    def delay(self, share: float) -> float:
        """The delay in minutes that this share of the landed uploads stayed below."""
        minutes = sorted(minutes for own in self.delays.values() for minutes in own)
        return minutes[min(len(minutes) - 1, int(share * len(minutes)))] if minutes else float("nan")

    def typical(self, share: float) -> float:
        """The median delay of an athlete, in minutes, that this share of the athletes stayed below."""
        medians = sorted(statistics.median(own) for own in self.delays.values() if own)
        return medians[min(len(medians) - 1, int(share * len(medians)))] if medians else float("nan")


def rules_of(strategy: Strategy) -> TurnRules:
    """The settings of the planner."""
    if strategy is Strategy.WEBHOOKS:
        return TurnRules(webhooks_alive=True, full_every_hours=WEEK_HOURS)
    return TurnRules()


def play(fleet: Fleet, strategy: Strategy, until: datetime) -> None:
    """Let a strategy run until a time."""
    while fleet.now < until:
        if strategy is Strategy.FIXED_ORDER:
            _run_in_fixed_order(fleet)
            wake_at = _next_tick(fleet.now)
        else:
            _run_planned(fleet, rules_of(strategy))
            wake_at = next_quarter(fleet.now) + timedelta(seconds=5)
        if strategy is Strategy.WEBHOOKS:
            # A sensor looks for events once a minute.
            while fleet.now < wake_at and not fleet.events_waiting():
                fleet.advance(min(wake_at, fleet.now + MINUTE))
        if strategy is not Strategy.WEBHOOKS or fleet.now >= wake_at:
            fleet.advance(max(fleet.now, wake_at))
        elif fleet.quota and fleet.quota.calls_left("15min", fleet.now, 10) == 0:
            fleet.advance(wake_at)
        else:
            fleet.advance(fleet.now + MINUTE)


SETTLING_DAYS = {Strategy.FIXED_ORDER: 2, Strategy.PLANNED: 4, Strategy.WEBHOOKS: 8}
"""Days of grace after which nothing may be lost: a full listing is daily, if there are calls, or weekly."""


def measure(
    fleet: Fleet, strategy: Strategy, *, days: int, from_day: int, settling_days: int | None = None
) -> Figures:
    """Play a strategy and measure it.

    Args:
        fleet: athletes who have just connected; they act for `from_day + days` days.
        strategy: the strategy.
        days: how many days are measured.
        from_day: the first measured day, so that first loads do not count.
        settling_days: days of grace before losses are counted; by default long enough for overload.
    """
    start = fleet.now
    play(fleet, strategy, start + timedelta(days=from_day))
    fleet.begin_measuring()
    play(fleet, strategy, start + timedelta(days=from_day + days))
    fleet.end_measuring()
    settling = SETTLING_DAYS[strategy] if settling_days is None else settling_days
    play(fleet, strategy, start + timedelta(days=from_day + days + settling))
    figures = fleet.finish()
    figures.days = days
    return figures


def _next_tick(now: datetime) -> datetime:
    """The next tick of the schedule, every six hours."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight + timedelta(hours=6) * ((now - midnight) // timedelta(hours=6) + 1)


def _run_in_fixed_order(fleet: Fleet) -> None:
    fleet.begin_run()
    for athlete_id in fleet.states:
        result = fleet.fetch_as_one(athlete_id)
        error = result.error or (result.listing.stopped if result.listing else None)
        if error and stops_everyone(error):
            return


def _run_planned(fleet: Fleet, rules: TurnRules) -> None:
    fleet.begin_run()
    while turns := plan_turns(fleet.due_states(), fleet.quota, fleet.now, rules):
        for turn in turns:
            result = fleet.fetch_in_turn(turn)
            before = fleet.states[turn.athlete_id]
            fleet.states[turn.athlete_id] = after_turn(
                before, turn, fleet.now, listing=result.listing, error=result.error
            )
            error = result.error or (result.listing.stopped if result.listing else None)
            if error and stops_everyone(error):
                return
