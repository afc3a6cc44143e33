"""What an athlete is due for, and how many calls that takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from strava_assets.strava.sync import FULL_SLACK, SyncMode
from strava_assets.strava.turns.athlete_state import Purpose, Turn

if TYPE_CHECKING:
    from collections.abc import Iterable

    from strava_assets.strava.turns.athlete_state import AthleteState, TurnRules

ROUTINE_CALLS = 4
"""An incremental listing takes a page or two and the empty page, and perhaps a call for the athlete's id."""
EVENT_CALLS = 12
"""An incremental listing, then five calls that confirm events, or a full listing of 1,400 activities."""
FULL_EXTRA_CALLS = 10
"""Besides its pages: the empty page, new pages, and a call for each activity that is missing."""
UNKNOWN_FIRST_CALLS = 30
"""A first load of unknown length; it ends by itself if there is less."""
LATE = 2.0
"""Lateness from which a listing goes before the shares."""
TRY_AGAIN = timedelta(minutes=15)
LONGEST_PAUSE = timedelta(days=1)
"""After failures in a row an athlete pauses for 15 minutes, 30 minutes, … and at most a day."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_HOUR = timedelta(hours=1)
_EPOCH = datetime.fromtimestamp(0, UTC)
# A turn that was cut short gets twice the calls the next time.
_MOST_DOUBLINGS = 10
_MOST_ROUTINE_DOUBLINGS = 2


@dataclass(frozen=True)
class Need:
    """What an athlete is due for.

    Args:
        athlete_id: the athlete.
        purpose: what is to be listed.
        calls: the most calls that help.
        is_divisible: whether fewer calls help, too.
        usual: the calls that it usually takes.
        lateness: 1 when it has just become due, 2 when it is an interval or a day late.
        since: what decides the order in its queue, earliest first.
        reason: a sentence.
    """

    athlete_id: str
    purpose: Purpose
    calls: int
    is_divisible: bool
    usual: int
    lateness: float
    since: datetime
    reason: str

    def turn(self, calls: int) -> Turn:
        """The turn with so many calls."""
        # Only AUTO continues where a first load was stopped.
        modes = {Purpose.FULL: SyncMode.FULL, Purpose.FIRST: SyncMode.AUTO}
        mode = modes.get(self.purpose, SyncMode.INCREMENTAL)
        return Turn(self.athlete_id, self.purpose, calls, mode, self.reason)


def queues_of(states: Iterable[AthleteState], now: datetime, rules: TurnRules) -> dict[Purpose, list[Need]]:
    """The needs of all athletes by purpose, those first that have waited longest."""
    queues: dict[Purpose, list[Need]] = {purpose: [] for purpose in Purpose}
    for state in states:
        for need in needs_of(state, now, rules):
            queues[need.purpose].append(need)
    for queue in queues.values():
        queue.sort(key=lambda need: (need.since, need.athlete_id))
    return queues


def needs_of(state: AthleteState, now: datetime, rules: TurnRules) -> list[Need]:
    """What an athlete is due for; two needs if the full listing may have to wait too long for its calls."""
    if now < paused_until(state):
        return []
    if state.refused_since:
        reason = f"Strava refused the token on {state.refused_since:%Y-%m-%d}; it is tried once a day."
        return [_routine(state, ROUTINE_CALLS, 1, reason)]
    if state.events_waiting and state.last_listing_at and not state.cut_short:
        return [_events(state)]
    if not state.history_complete:
        return [_first_load(state)]
    if state.events_waiting and state.cut_short:
        return [_full(state, state.cut_short - 1, LATE, "An event is about an old or unknown activity.")]
    routine_age = _slots(state.last_listing_at, now, rules.routine_every_hours)
    full_age = _age(state.last_full_listing_at, now, rules.full_every_hours)
    is_full_due = full_age >= 1 and (rules.webhooks_alive or routine_age >= 1 or full_age >= LATE)
    needs = []
    # A full listing is a routine listing, too, and is made in its place.
    if not rules.webhooks_alive and routine_age >= (LATE if is_full_due else 1):
        ended = _ended("listing", state.last_listing_at)
        calls = ROUTINE_CALLS * 2 ** min(state.cut_short, _MOST_ROUTINE_DOUBLINGS)
        reason = f"{ended} One is due every {rules.routine_every_hours:g} hours."
        needs.append(_routine(state, calls, routine_age, reason))
    if is_full_due:
        ended = _ended("full listing", state.last_full_listing_at)
        reason = f"{ended} One is due every {rules.full_every_hours:g} hours."
        needs.append(_full(state, state.cut_short, full_age, reason))
    return needs


def paused_until(state: AthleteState) -> datetime:
    """The end of the pause after a refusal, failures, or turns that needed more calls than they got."""
    if state.last_turn_at is None:
        return _LONG_AGO
    if state.refused_since:
        return state.last_turn_at + LONGEST_PAUSE - FULL_SLACK
    # Only the second turn that was cut short waits: the one after the first gets more calls.
    tries = state.failures + max(0, state.cut_short - 1)
    if not tries:
        return _LONG_AGO
    pause = TRY_AGAIN * (1 << min(tries - 1, _MOST_DOUBLINGS))
    return state.last_turn_at + min(pause, LONGEST_PAUSE)


def _events(state: AthleteState) -> Need:
    since = f", the oldest since {state.events_since:%Y-%m-%d %H:%M} UTC" if state.events_since else ""
    many = f"{state.events_waiting:,} events wait" if state.events_waiting > 1 else "An event waits"
    return Need(
        athlete_id=state.athlete_id,
        purpose=Purpose.EVENTS,
        calls=EVENT_CALLS,
        is_divisible=False,
        usual=2,
        lateness=1,
        since=state.events_since or state.last_listing_at or _LONG_AGO,
        reason=f"{many}{since}.",
    )


def _routine(state: AthleteState, calls: int, lateness: float, reason: str) -> Need:
    return Need(
        athlete_id=state.athlete_id,
        purpose=Purpose.ROUTINE,
        calls=calls,
        is_divisible=False,
        usual=2,
        lateness=lateness,
        since=state.last_listing_at or _LONG_AGO,
        reason=reason,
    )


def _full(state: AthleteState, doublings: int, lateness: float, reason: str) -> Need:
    return Need(
        athlete_id=state.athlete_id,
        purpose=Purpose.FULL,
        calls=(state.expected_pages + FULL_EXTRA_CALLS) * 2 ** min(doublings, _MOST_DOUBLINGS),
        is_divisible=False,
        usual=state.expected_pages + 1,
        lateness=lateness,
        since=state.last_full_listing_at or _LONG_AGO,
        reason=reason,
    )


def _first_load(state: AthleteState) -> Need:
    pages = max(0, state.expected_pages - state.loaded_pages)
    has_begun = state.last_listing_at is not None
    return Need(
        athlete_id=state.athlete_id,
        purpose=Purpose.FIRST,
        # A page more than expected may have come, and the empty one ends the listing.
        calls=pages + 2 if pages else UNKNOWN_FIRST_CALLS,
        is_divisible=True,
        usual=(pages or UNKNOWN_FIRST_CALLS // 4) + 1,
        lateness=1,
        since=state.last_turn_at or _LONG_AGO,
        reason="The history is not complete yet." if has_begun else "Nothing was fetched yet.",
    )


def _slots(at: datetime | None, now: datetime, every_hours: float) -> float:
    """How many times the schedule has ticked since a listing, however long the listings of a tick take.

    A listing that never was, or that lies in the future, is late.
    """
    if at is None or at > now:
        return LATE
    every = _HOUR * every_hours
    return (now - _EPOCH) // every - (at - _EPOCH) // every


def _age(at: datetime | None, now: datetime, every_hours: float) -> float:
    """The age of a listing: 1 when the next is due, 2 when it is an interval or a day late.

    A listing that never was, or that lies in the future, is late.
    """
    if at is None or at > now:
        return LATE
    every = _HOUR * every_hours
    overdue = now - at + FULL_SLACK - every
    return 1 + overdue / min(every, timedelta(days=1))


def _ended(what: str, at: datetime | None) -> str:
    return f"The last {what} ended {at:%Y-%m-%d %H:%M} UTC." if at else f"There was no {what} in one yet."
