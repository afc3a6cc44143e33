"""Athletes as numbers: a model of the calls of listings, for thousands of athletes.

The planner, the pacer and the rate limits are the real ones. What is modeled: a full listing takes a call for
every 200 activities and one more, an incremental one two calls and has what starts within 30 days; an event
about an older activity takes a full listing. A test compares the calls with those of the real fetch.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from strava_assets.strava.errors import InvalidRefreshTokenError, QuotaExhaustedError, StravaError
from strava_assets.strava.limits import next_quarter
from strava_assets.strava.sync import KnownHistory, Listing, ListingWindow, SyncMode, plan
from strava_assets.strava.turns import AthleteState
from strava_assets.strava.turns.turn_needs import needs_of
from strava_assets_tests.many_athletes.acting_fleet import CALL_TAKES, ActingFleet
from strava_assets_tests.many_athletes.athletes_life import Act, history_sizes
from strava_assets_tests.many_athletes.strategies import Figures, Strategy, TurnResult, rules_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets_tests.many_athletes.athletes_life import Deed, Delivery


OVERLAP = timedelta(days=30)
BETWEEN_ACTIVITIES = timedelta(hours=16)
_ANNOUNCED = (Act.UPLOAD, Act.LATE_UPLOAD, Act.RENAME, Act.DELETE)
_UPLOADS = (Act.UPLOAD, Act.LATE_UPLOAD)
_MOST_FIRST_LOADS = 300
"""First loads that the plans of a quarter hour see; there are calls for no more."""


@dataclass
class Change:
    """A change at Strava that has not landed.

    Args:
        at: when.
        act: what.
        is_old: whether the activity starts before the range of an incremental listing.
        is_announced: whether its event has arrived.
        is_measured: whether its delay counts.
    """

    at: datetime
    act: Act
    is_old: bool
    is_announced: bool = False
    is_measured: bool = False


@dataclass
class Athlete:
    """One athlete."""

    activities: int
    has_access: bool = True
    changes: list[Change] = field(default_factory=list)
    history: KnownHistory = field(default_factory=KnownHistory)

    @property
    def pages(self) -> int:
        return -(-self.activities // 200)


class ModelFleet(ActingFleet[tuple[int, Change]]):
    """The athletes, and the time they live in.

    The arguments are those of `RealFleet`; with `loaded` all histories are complete at the beginning, each
    listed at another time.
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
        delivery: Delivery | None = None,
        sizes: Sequence[int] | None = None,
        loaded: bool = False,
    ) -> None:
        super().__init__(count, limits, start, days, seed, webhooks=webhooks, delivery=delivery)
        self._rules = rules_of(Strategy.WEBHOOKS if webhooks else Strategy.PLANNED)
        sizes = sizes or history_sizes(count, seed)
        self._athletes = [Athlete(size) for size in sizes]
        self.figures = Figures(count, pages=sum(athlete.pages for athlete in self._athletes) / count)
        self.states = {str(number): AthleteState(str(number)) for number in range(count)}
        self._loading = set(self.states)
        self._candidates: set[str] = set()
        self._next_loads: set[str] = set()
        self._candidates_until = start
        if loaded:
            self._load_all()

    def _arrive(self, arrival: tuple[int, Change]) -> None:
        athlete, change = arrival
        change.is_announced = True
        self._arrived.setdefault(str(athlete), self.now)

    def due_states(self) -> list[AthleteState]:
        if self.now >= self._candidates_until:
            self._candidates = {
                athlete_id
                for athlete_id, state in self.states.items()
                if athlete_id not in self._loading and needs_of(state, self.now, self._rules)
            }
            self._next_loads = set(heapq.nsmallest(_MOST_FIRST_LOADS, self._loading, key=self._loading_order))
            self._candidates_until = next_quarter(self.now)
        ids = self._candidates | self._arrived.keys() | (self._next_loads & self._loading)
        # A plan for one athlete alone is another plan.
        ids |= {"0", "1"}
        return [
            replace(
                self.states[athlete_id],
                events_waiting=int(athlete_id in self._arrived),
                events_since=self._arrived.get(athlete_id),
            )
            for athlete_id in ids
        ]

    def _loading_order(self, athlete_id: str) -> tuple[float, str]:
        at = self.states[athlete_id].last_turn_at
        return (at.timestamp() if at else 0.0, athlete_id)

    def end_measuring(self) -> None:
        self._measures = False
        self.figures.not_landed = sum(
            change.is_measured
            for athlete in self._athletes
            if athlete.has_access
            for change in athlete.changes
        )

    def finish(self) -> Figures:
        for athlete in self._athletes:
            if athlete.has_access:
                deleted = sum(change.act is Act.DELETE for change in athlete.changes)
                self.figures.undeleted += deleted
                self.figures.lost += len(athlete.changes) - deleted
        return self.figures

    def _call(self) -> None:
        """Send one call, as the client does."""
        while True:
            self._pacer.before_call()
            self.advance(self.now + CALL_TAKES)
            is_within = self._limits.count(self.now)
            self.figures.calls += self._measures
            self._pacer.after_answer(200 if is_within else 429, self._limits.headers())
            if is_within:
                return

    def _fetch(self, athlete_id: str, mode: SyncMode) -> TurnResult:
        athlete = self._athletes[int(athlete_id)]
        listings: list[Listing] = []
        announced = [change for change in athlete.changes if change.is_announced] if self._webhooks else []
        self._candidates.discard(athlete_id)
        try:
            if not athlete.has_access:
                self._call()
                raise InvalidRefreshTokenError("The token was revoked.")
            if any(change.is_old and change.act is not Act.LATE_UPLOAD for change in announced):
                mode = SyncMode.FULL
            listings.append(self._list(athlete_id, athlete, mode))
            late = [change for change in announced if change.is_old and change in athlete.changes]
            if late and not listings[-1].stopped and listings[-1].kind is not SyncMode.FULL:
                for _ in late[:5]:
                    self._call()
                listings.append(self._list(athlete_id, athlete, SyncMode.FULL))
        except StravaError as error:
            return TurnResult(error=error)
        if not listings[-1].stopped:
            self._arrived.pop(athlete_id, None)
        return TurnResult(listings[-1])

    def _list(self, athlete_id: str, athlete: Athlete, mode: SyncMode) -> Listing:
        decided = plan(mode, athlete.history, self.now, full_every_hours=self._rules.full_every_hours)
        is_full = decided.kind is SyncMode.FULL
        resumed = athlete.history.resume_before or 0 if decided.window.before else 0
        pages = 0
        stopped: QuotaExhaustedError | None = None
        changes = list(athlete.changes)
        try:
            for _ in range(athlete.pages - resumed if is_full else 1):
                self._call()
                pages += 1
            self._call()
        except QuotaExhaustedError as error:
            stopped = error
        if pages and not resumed:
            is_whole = is_full and not stopped
            self._land(athlete_id, athlete, [each for each in changes if is_whole or not each.is_old])
        newest = self.now if pages else athlete.history.newest_start
        history = replace(athlete.history, newest_start=newest)
        if is_full and stopped and not history.history_complete:
            # Pages stand for the start times at which a listing resumes.
            history = replace(history, resume_before=resumed + pages or None)
        elif is_full and not stopped:
            in_one = history.last_complete_full_at if resumed else self.now
            history = replace(
                history, history_complete=True, last_complete_full_at=in_one, resume_before=None
            )
            self._loaded(athlete_id)
        athlete.history = history
        return Listing(
            kind=decided.kind,
            window=ListingWindow(before=resumed or None),
            started_at=self.now,
            finished_at=self.now,
            complete=stopped is None,
            pages=pages,
            records=0,
            ids=["1"],
            newest_start=self.now,
            oldest_start=self.now,
            athlete_id=athlete_id,
            descending=True,
            calls={},
            quota=self.quota,
            stopped=stopped,
        )

    def _land(self, athlete_id: str, athlete: Athlete, changes: list[Change]) -> None:
        for change in changes:
            athlete.changes.remove(change)
            if change.is_measured:
                minutes = (self.now - change.at).total_seconds() / 60
                self.figures.delays.setdefault(athlete_id, []).append(minutes)

    def _load_all(self) -> None:
        self._loading.clear()
        self.figures.loaded_at = 0.0
        for number, athlete in enumerate(self._athletes):
            full_at = self.now - timedelta(hours=self._rules.full_every_hours) * self._rng.random()
            listed_at = max(full_at, self.now - timedelta(hours=6))
            athlete.history = KnownHistory(self.now, full_at, history_complete=True)
            self.states[str(number)] = AthleteState(
                str(number),
                last_listing_at=listed_at,
                last_full_listing_at=full_at,
                history_complete=True,
                expected_pages=athlete.pages,
            )

    def _loaded(self, athlete_id: str) -> None:
        if athlete_id in self._loading:
            self._loading.remove(athlete_id)
            self.states[athlete_id] = replace(self.states[athlete_id], history_complete=True)
            self._note_if_all_are_loaded()

    def _note_if_all_are_loaded(self) -> None:
        """Note when all histories are complete, except of those who took their access back."""
        if self.figures.loaded_at is None and not any(
            self._athletes[int(athlete_id)].has_access for athlete_id in self._loading
        ):
            self.figures.loaded_at = (self.now - self._start) / timedelta(days=1)

    def _act(self, deed: Deed) -> None:
        athlete = self._athletes[deed.athlete]
        if deed.act is Act.REVOKE:
            athlete.has_access = False
            self._note_if_all_are_loaded()
        elif deed.act is Act.LOGIN:
            athlete.has_access = True
            athlete_id = str(deed.athlete)
            self.states[athlete_id] = replace(self.states[athlete_id], refused_since=None)
        else:
            age = (
                deed.age
                if deed.act in _UPLOADS
                else BETWEEN_ACTIVITIES * int(deed.choice * athlete.activities)
            )
            counts = self._measures and deed.act in _UPLOADS and athlete.has_access
            change = Change(self.now, deed.act, age >= OVERLAP, is_measured=counts)
            athlete.changes.append(change)
            athlete.activities += {Act.DELETE: -1}.get(deed.act, int(deed.act in _UPLOADS))
            if self._webhooks and deed.act in _ANNOUNCED and self._rng.random() >= self._delivery.lost:
                arrives_at = self.now + self._delivery.delay(self._rng)
                number = self._rng.randrange(10**9)
                heapq.heappush(self._arriving, (arrives_at, number, (deed.athlete, change)))
