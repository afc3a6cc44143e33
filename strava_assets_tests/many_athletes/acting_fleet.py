"""What both fleets share: the time, what athletes do in it, arriving events and the application's pacer."""

from __future__ import annotations

import heapq
import random
from abc import ABC, abstractmethod
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Generic, TypeVar

from strava_assets.sandbox import RateLimits
from strava_assets.strava.limits import Pacer
from strava_assets.strava.sync import SyncMode
from strava_assets_tests.many_athletes.athletes_life import Delivery, life

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strava_assets.strava.limits import Quota
    from strava_assets.strava.turns import Turn
    from strava_assets_tests.many_athletes.athletes_life import Deed
    from strava_assets_tests.many_athletes.strategies import TurnResult

CALL_TAKES = timedelta(seconds=0.5)
Arrival = TypeVar("Arrival")
"""What arrives with an event."""


class ActingFleet(ABC, Generic[Arrival]):
    """Athletes who act while the time passes.

    Args:
        count: number of athletes.
        limits: (quarter hour, day) of read calls.
        start: the beginning, aware UTC at midnight.
        days: how long the athletes act.
        seed: chooses what they do.
        webhooks: whether there is a push subscription.
        delivery: how events arrive.
    """

    def __init__(
        self,
        count: int,
        limits: tuple[int, int],
        start: datetime,
        days: int,
        seed: int,
        *,
        webhooks: bool,
        delivery: Delivery | None,
    ) -> None:
        self.now = self._start = start
        self._limits = RateLimits(read=limits, overall=(2 * limits[0], 2 * limits[1]))
        self._rng = random.Random(f"fleet {seed}")  # noqa: S311 - a simulation
        self._deeds = life(count, start, days, seed)[::-1]
        self._delivery = delivery or Delivery()
        self._arriving: list[tuple[datetime, int, Arrival]] = []
        self._arrived: dict[str, datetime] = {}
        self._webhooks = webhooks
        self._pacer = self._new_pacer()
        self._measures = False

    @abstractmethod
    def _act(self, deed: Deed) -> None:
        """Let an athlete act now."""

    @abstractmethod
    def _arrive(self, arrival: Arrival) -> None:
        """Let an event arrive now."""

    @abstractmethod
    def _fetch(self, athlete_id: str, mode: SyncMode) -> TurnResult:
        """Fetch an athlete."""

    @property
    def quota(self) -> Quota | None:
        return self._pacer.quota

    def clock(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.advance(self.now + timedelta(seconds=seconds))

    def advance(self, until: datetime) -> None:
        """Let the time pass: athletes act, and their events arrive."""
        while True:
            deed_at = self._deeds[-1].at if self._deeds else None
            event_at = self._arriving[0][0] if self._arriving else None
            at = min((at for at in (deed_at, event_at) if at), default=None)
            if at is None or at > until:
                break
            self.now = max(self.now, at)
            if at == event_at:
                self._arrive(heapq.heappop(self._arriving)[2])
            else:
                self._act(self._deeds.pop())
        self.now = max(self.now, until)

    def begin_run(self) -> None:
        quota = self.quota
        self._pacer = self._new_pacer()
        self._pacer.quota = quota

    def fetch_in_turn(self, turn: Turn) -> TurnResult:
        with self._pacer.turn(turn.calls):
            return self._fetch(turn.athlete_id, turn.mode)

    def fetch_as_one(self, athlete_id: str) -> TurnResult:
        return self._fetch(athlete_id, SyncMode.AUTO)

    def events_waiting(self) -> Mapping[str, datetime]:
        return self._arrived

    def begin_measuring(self) -> None:
        self._measures = True

    def _new_pacer(self) -> Pacer:
        return Pacer(clock=self.clock, sleep=self.sleep, reserve_calls=10)
