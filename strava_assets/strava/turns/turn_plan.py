"""Plans the next turns: events, then routine listings, full listings and first loads, each with a share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from strava_assets.strava.sync import SyncMode
from strava_assets.strava.turns.athlete_state import Purpose, Turn
from strava_assets.strava.turns.quota_room import KEPT_OF_DAY, QuotaRoom
from strava_assets.strava.turns.turn_needs import EVENT_CALLS, LATE, ROUTINE_CALLS, needs_of, queues_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from strava_assets.strava.limits import Quota
    from strava_assets.strava.turns.athlete_state import AthleteState, TurnRules
    from strava_assets.strava.turns.turn_needs import Need

SHARES = {Purpose.EVENTS: 0.5, Purpose.ROUTINE: 0.2, Purpose.FIRST: 0.15, Purpose.FULL: 0.15}
"""What each purpose gets of the calls that are left, if the others need all of theirs."""
FIRST_SHARE_OF_QUARTER = 1 / 3
"""A first load gets at most this share of a quarter hour."""
LEAST_PIECE = 3
"""A part of a first load has at least so many calls."""


def plan_turns(
    states: Iterable[AthleteState], quota: Quota | None, now: datetime, rules: TurnRules
) -> list[Turn]:
    """The next turns, to be made in this order; none if nobody is due or no calls are left.

    Together they need no more calls than this quarter hour and day have left beside the reserve, with one
    exception: a full listing that is longer than a quarter hour allows is the last turn, and the pacer waits
    in it. While the limits are unknown, the first turn alone is planned: its answers have them.

    One athlete alone always gets one turn without a bound, and `sync.plan` decides about its listing.

    Args:
        states: all athletes, in any order.
        quota: the rate limits of the latest response, if any.
        now: aware UTC.
        rules: the settings.
    """
    everyone = list(states)
    if len(everyone) == 1:
        return [_only_turn(everyone[0], now, rules)]
    queues = queues_of(everyone, now, rules)
    room = QuotaRoom.of(quota, now, rules.reserve_calls)
    if room is None:
        first = next((queue[0] for queue in queues.values() if queue), None)
        if first is None:
            return []
        # A first load could take the calls of a whole quarter hour before anybody knows how many there are.
        return [first.turn(LEAST_PIECE if first.purpose is Purpose.FIRST else first.calls)]
    return _Allocation(queues, room).turns()


def summary(turns: Sequence[Turn]) -> str:
    """Where the calls of a plan go, as a sentence."""
    words = []
    for purpose in Purpose:
        own = [turn for turn in turns if turn.purpose is purpose]
        calls = sum(turn.calls or 0 for turn in own)
        if own:
            words.append(f"{purpose.value}: {len(own):,}" + (f", at most {calls:,} calls" if calls else ""))
    return f"Turns by purpose: {'; '.join(words)}." if words else "Nobody is due."


def _only_turn(state: AthleteState, now: datetime, rules: TurnRules) -> Turn:
    needs = needs_of(state, now, rules)
    purpose, reason = (
        (needs[0].purpose, needs[0].reason) if needs else (Purpose.ROUTINE, "There is one athlete.")
    )
    return Turn(state.athlete_id, purpose, None, SyncMode.AUTO, reason)


class _Allocation:
    """Hands out the calls of one plan: first within the shares, then whatever is left in the same order."""

    def __init__(self, queues: dict[Purpose, list[Need]], room: QuotaRoom) -> None:
        self._queues = queues
        self._room = room
        self._calls = 0
        self._turns: dict[str, Turn] = {}

    def turns(self) -> list[Turn]:
        """All turns, in the order of the queues."""
        set_aside = self._set_aside()
        for purpose in Purpose:
            del set_aside[purpose]
            self._take(purpose, self._room.left - sum(set_aside.values()))
        for purpose in Purpose:
            self._take(purpose, self._room.left)
        in_order = [
            self._turns[need.athlete_id]
            for purpose, queue in self._queues.items()
            for need in queue
            if need.athlete_id in self._turns and self._turns[need.athlete_id].purpose is purpose
        ]
        return in_order + self._long_listing()

    def _take(self, purpose: Purpose, budget: float) -> None:
        """Plan turns as long as all calls of this plan stay within the budget."""
        allowed = min(budget, self._room.allowed(KEPT_OF_DAY[purpose]))
        for need in self._queues[purpose]:
            free = allowed - self._calls
            if free < 1:
                return
            calls, least = self._size(need)
            if need.athlete_id not in self._turns and least <= free:
                granted = int(min(calls, free))
                self._turns[need.athlete_id] = need.turn(granted)
                self._calls += granted

    def _size(self, need: Need) -> tuple[float, float]:
        """The most and the least calls that a need may get in a quarter hour of this application."""
        if need.purpose is Purpose.FULL:
            return need.calls, need.calls
        most = self._room.most
        if not need.is_divisible:
            return min(need.calls, most), min(need.calls, most)
        calls = min(need.calls, max(LEAST_PIECE, self._whole(FIRST_SHARE_OF_QUARTER * most)))
        # Smaller parts would only cost a listing more: what comes in parts is listed in one again.
        return calls, min(calls, max(LEAST_PIECE, self._whole(SHARES[Purpose.FIRST] * most)))

    @staticmethod
    def _whole(calls: float) -> float:
        return calls if math.isinf(calls) else int(calls)

    def _set_aside(self) -> dict[Purpose, float]:
        """The calls that are kept for each purpose until its turns are planned; none for events.

        What is first in its queue gets at least its calls at the beginning of a quarter hour; a full listing
        only if it is late.
        """
        left = self._room.left
        is_fresh = left >= self._room.most / 2
        set_aside = dict.fromkeys(Purpose, 0.0)
        for purpose in (Purpose.FIRST, Purpose.ROUTINE, Purpose.FULL):
            queue = self._queues[purpose]
            if not queue or math.isinf(left):
                continue
            wanted = min(SHARES[purpose] * left, sum(need.calls for need in queue))
            least = self._size(queue[0])[1]
            if is_fresh and (purpose is not Purpose.FULL or self._is_late_and_fits(queue[0])):
                wanted = max(wanted, least)
            set_aside[purpose] = min(wanted, self._room.allowed(KEPT_OF_DAY[purpose]))
        if set_aside[Purpose.FULL] > SHARES[Purpose.FULL] * left:
            # A late full listing takes what is beyond one turn each of the others.
            set_aside[Purpose.ROUTINE] = min(set_aside[Purpose.ROUTINE], ROUTINE_CALLS)
            set_aside[Purpose.FIRST] = min(set_aside[Purpose.FIRST], self._least_first_load())
        return set_aside

    def _least_first_load(self) -> float:
        queue = self._queues[Purpose.FIRST]
        return self._size(queue[0])[1] if queue else 0

    def _most_beside_others(self) -> float:
        """The calls of a quarter hour beside one turn of each other purpose."""
        return self._room.most - EVENT_CALLS - ROUTINE_CALLS - self._least_first_load()

    def _is_late_and_fits(self, need: Need) -> bool:
        used = self._room.most - self._room.left
        return need.lateness >= LATE and need.calls <= self._most_beside_others() - used

    def _long_listing(self) -> list[Turn]:
        """The first full listing that no quarter hour has calls for, if it is late or nothing else is due."""
        for need in self._queues[Purpose.FULL]:
            is_due = need.lateness >= LATE or not self._turns
            is_long = need.calls > self._most_beside_others()
            allowed = self._room.allowed_today(KEPT_OF_DAY[Purpose.FULL]) - self._calls
            if is_due and is_long and need.athlete_id not in self._turns and allowed >= need.usual:
                return [need.turn(int(min(need.calls, allowed)))]
        return []
