"""Fetches one athlete after the other in the planner's order, within the application's one quota.

Who is next and how many calls a turn gets is decided in `strava.turns`; here turns are made and their
results noted. One athlete's failure does not stop the others, unless its cause is the application's.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from strava_assets.history.athlete_states import athlete_states, fetch_state_after
from strava_assets.history.fetch import fetch
from strava_assets.history.webhook_sync import EventRequest
from strava_assets.secrets.errors import SecretStoreError
from strava_assets.strava.errors import QuotaExhaustedError, StravaError
from strava_assets.strava.sync import SyncMode
from strava_assets.strava.turns import (
    AthleteState,
    Completion,
    Purpose,
    Turn,
    TurnRules,
    after_turn,
    expected_completion,
    may_stop_everyone,
    paused_until,
    plan_turns,
    stops_everyone,
    summary,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from strava_assets.history.fetch import FetchResult, SyncRequest
    from strava_assets.history.webhook_sync import Webhooks
    from strava_assets.landing import Landing
    from strava_assets.landing.athlete_index import Athlete, AthleteIndex
    from strava_assets.strava.client import StravaClient
    from strava_assets.strava.limits import Pacer
    from strava_assets.strava.token_store import TokenStore

_AT_ONCE_HOURS = 1e-6
_ASKED_FOR = "A sync was asked for."
_MOST_IN_A_ROW = 3
"""After so many athletes whose client secret is refused it is the application's."""


class AthleteAccess(Protocol):
    """Opens what the requests of one athlete need."""

    def store(self, athlete: Athlete) -> TokenStore:
        """The athlete's token store."""

    def client(self, announce: Callable[[str], None], pacer: Pacer, athlete: Athlete) -> StravaClient:
        """A client with the athlete's tokens, within the quota that the pacer keeps."""


@dataclass
class AthleteResult:
    """What a walk did for one athlete.

    Args:
        athlete: the athlete.
        fetched: the listings, in order.
        purpose: what the last turn was for; empty without a turn.
        reason: why there was a turn, or why there was none.
        calls: number of requests sent.
        events: number of events of a push subscription that were read.
        stopped: what ended the last turn early: its calls were used up, or the quota's.
        error: the failure, if it failed.
        completion: when the athlete is expected to be up to date.
    """

    athlete: Athlete
    fetched: list[FetchResult] = field(default_factory=list)
    purpose: str = ""
    reason: str = ""
    calls: int = 0
    events: int = 0
    stopped: QuotaExhaustedError | None = None
    error: StravaError | SecretStoreError | None = None
    completion: Completion | None = None


@dataclass(frozen=True)
class Walk:
    """Everything that one walk through the athletes uses.

    Args:
        access: opens token stores and clients.
        landing: receives the pages.
        index: knows how the last fetches ended, and stores how these end.
        pacer: keeps all calls within the quota.
        clock: returns the current aware UTC time.
        announce: called with each decision.
        webhooks: the folders of the events; None in a home without webhooks.
    """

    access: AthleteAccess
    landing: Landing
    index: AthleteIndex
    pacer: Pacer
    clock: Callable[[], datetime]
    announce: Callable[[str], None]
    webhooks: Webhooks | None = None

    def fetch(
        self,
        athletes: Sequence[Athlete],
        request: SyncRequest,
        rules: TurnRules,
        *,
        only_if_due: bool,
        not_again_since: datetime | None = None,
    ) -> list[AthleteResult]:
        """Fetch those athletes who are due, or all of them.

        Args:
            athletes: those to fetch.
            request: the sync; in the mode AUTO the planner chooses each athlete's listing.
            rules: what is due when, and what of the quota is left alone.
            only_if_due: whether athletes who are up to date are left out; a person who launches a sync wants
                one now.
            not_again_since: athletes who were listed since then are done, as in a repeated step.

        Returns:
            One result per athlete, in the order given.

        Raises:
            LandingError: the landing cannot be used.
            StravaError: a failure that concerns all athletes, before any of them was fetched.
        """
        at_once = replace(rules, routine_every_hours=_AT_ONCE_HOURS, webhooks_alive=False)
        results = {athlete.athlete_id: AthleteResult(athlete) for athlete in athletes}
        states = {
            athlete_id: _without_pause(state, not_again_since, is_asked_for=not only_if_due)
            for athlete_id, state in athlete_states(self.index, self.landing, athletes, self.webhooks).items()
        }
        candidates = {
            athlete.athlete_id
            for athlete in athletes
            if athlete.logged_in and not _listed_since(states[athlete.athlete_id], not_again_since)
        }
        in_a_row = 0
        for planned in self._turns(states, candidates, request, rules if only_if_due else at_once):
            is_asked_for = planned.purpose is Purpose.ROUTINE and not only_if_due
            turn = replace(planned, reason=_ASKED_FOR) if is_asked_for else planned
            result = results[turn.athlete_id]
            states[turn.athlete_id] = self._make(turn, result, states[turn.athlete_id], request)
            ended_by = result.error or result.stopped
            in_a_row = in_a_row + 1 if ended_by and may_stop_everyone(ended_by) else 0
            if ended_by and (stops_everyone(ended_by) or in_a_row == _MOST_IN_A_ROW):
                if result.error and not any(other.fetched for other in results.values()):
                    raise result.error
                break
        own = [states[athlete_id] for athlete_id in results if results[athlete_id].athlete.logged_in]
        completions = expected_completion(own, self.pacer.quota, self.clock(), rules)
        for athlete_id, result in results.items():
            result.completion = completions.get(athlete_id)
            if result.completion and not states[athlete_id].history_complete:
                self._note_completion(athlete_id, result.completion)
            if not result.reason:
                result.reason = _why_not(result, states[athlete_id], self.clock(), not_again_since)
        return list(results.values())

    def _turns(
        self,
        states: dict[str, AthleteState],
        candidates: set[str],
        request: SyncRequest,
        rules: TurnRules,
    ) -> Iterable[Turn]:
        """The turns in their order; each is made before the next one is planned beyond its plan."""
        if request.mode is not SyncMode.AUTO:
            for athlete_id in sorted(candidates):
                yield Turn(athlete_id, Purpose.ROUTINE, None, request.mode, _ASKED_FOR)
            return
        # All athletes are planned for, so that nobody gets what is left for one athlete alone.
        everyone = {athlete.athlete_id for athlete in self.index.logged_in()}
        while candidates:
            now = self.clock()
            idle = [_idle(athlete_id, now) for athlete_id in everyone - candidates]
            due = [states[athlete_id] for athlete_id in candidates]
            turns = plan_turns([*due, *idle], self.pacer.quota, now, rules)
            if not turns:
                return
            self.announce(summary(turns))
            for turn in turns:
                yield turn
                # A long history goes on with what the others leave; everybody else is done for this run.
                if not (turn.purpose is Purpose.FIRST and _is_unfinished(states[turn.athlete_id])):
                    candidates.discard(turn.athlete_id)

    def _make(
        self, turn: Turn, result: AthleteResult, state: AthleteState, request: SyncRequest
    ) -> AthleteState:
        """Make one turn; its failure is in the result."""
        athlete = result.athlete
        result.purpose, result.reason = turn.purpose.value, turn.reason
        self.announce(f"{athlete.label}: {turn.purpose}. {turn.reason}")
        request = replace(request, mode=turn.mode, athlete_id=athlete.athlete_id)
        error: StravaError | SecretStoreError | None = None
        try:
            client = self.access.client(self.announce, self.pacer, athlete)
            with self.pacer.turn(turn.calls):
                try:
                    self._list(client, result, request)
                finally:
                    result.calls += sum(client.calls.values())
        except QuotaExhaustedError as ended:
            # Between two listings; inside of one it is the listing that is stopped.
            error = result.stopped = ended
        except (StravaError, SecretStoreError) as failure:
            # Each athlete has a token store of their own, so one that cannot be used is their failure alone.
            error = result.error = failure
            self.announce(f"{athlete.label}: {failure.happened}")
        listing = result.fetched[-1].listing if result.fetched and not error else None
        if listing:
            result.stopped = listing.stopped
        now = self.clock()
        state = after_turn(state, turn, now, listing=listing, error=error)
        before = self.index.state(athlete.athlete_id)
        self.index.write_state(athlete.athlete_id, fetch_state_after(state, now, before, error, listing))
        return state

    def _note_completion(self, athlete_id: str, completion: Completion) -> None:
        """Note when a first load will be complete, for who asks while nothing is fetched."""
        if state := self.index.state(athlete_id):
            self.index.write_state(athlete_id, replace(state, expected_at=completion.at))

    def _list(self, client: StravaClient, result: AthleteResult, request: SyncRequest) -> None:
        athlete_id, store = result.athlete.athlete_id, self.access.store(result.athlete)
        if self.webhooks:
            names = tuple(self.webhooks.events.waiting(athlete_id))
            sync = self.webhooks.sync(
                client,
                store,
                self.landing,
                request,
                EventRequest(names),
                clock=self.clock,
                announce=self.announce,
            )
            result.fetched += sync.fetched
            result.events += sync.events
            if not sync.is_stopped:
                self.webhooks.events.remove(athlete_id, names)
            return
        result.fetched.append(
            fetch(client, store, self.landing, request, clock=self.clock, announce=self.announce)
        )


def _idle(athlete_id: str, now: datetime) -> AthleteState:
    """An athlete who is due for nothing in this run."""
    return AthleteState(
        athlete_id, history_complete=True, last_listing_at=now, last_full_listing_at=now, last_turn_at=now
    )


def _listed_since(state: AthleteState, since: datetime | None) -> bool:
    return bool(since and state.last_listing_at and state.last_listing_at >= since)


def _is_unfinished(state: AthleteState) -> bool:
    return not state.history_complete and not state.failures and not state.refused_since


def _without_pause(state: AthleteState, since: datetime | None, *, is_asked_for: bool) -> AthleteState:
    """The athlete without the pause after a failure, where one more try is wanted now.

    A repeated step tries everyone again who failed in it, so that a failure does not look like a success; all
    tries of a step count as one failure. A launch that asks for a sync tries who failed before, but not who
    was refused.
    """
    has_failed = bool(state.failures or state.refused_since)
    if has_failed and since and state.last_turn_at and state.last_turn_at >= since:
        return replace(state, last_turn_at=None, failures=max(0, state.failures - 1))
    if is_asked_for and state.failures and not state.refused_since:
        return replace(state, last_turn_at=None)
    return state


def _why_not(result: AthleteResult, state: AthleteState, now: datetime, since: datetime | None) -> str:
    if not result.athlete.logged_in:
        return "There is no login, so only exports and files are imported."
    if state.refused_since:
        return f"Strava has refused the tokens since {state.refused_since:%Y-%m-%d}; tried once a day."
    if (paused := paused_until(state)) > now:
        return f"The last turn failed or was too short; the next one is after {paused:%Y-%m-%d %H:%M} UTC."
    if since:
        return "It was listed in this run already, or its turn has not come within the quota."
    return "It is not due, or its turn has not come within the quota."
