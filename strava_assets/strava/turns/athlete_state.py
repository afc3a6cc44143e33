"""What a plan is made of: the state of an athlete, the settings, and a turn."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from strava_assets.strava.sync import SyncMode


class Purpose(StrEnum):
    """What a turn is for, in the order in which turns are made."""

    EVENTS = "events"
    ROUTINE = "routine listing"
    FIRST = "first load"
    FULL = "full listing"


@dataclass(frozen=True)
class AthleteState:
    """What the plan has to know about one athlete. All times are aware UTC.

    Args:
        athlete_id: the athlete.
        events_waiting: number of events of a push subscription that wait.
        events_since: when the oldest of them arrived.
        last_listing_at: end of the last listing that reached its end or stored a part of a first load.
        last_full_listing_at: end of the last complete listing of everything in one.
        history_complete: whether the whole history was listed, in one or several listings; also that of an
            athlete without activities.
        expected_pages: pages of 200 activities of a full listing, 0 if unknown.
        loaded_pages: pages of a first load that is not complete yet.
        last_turn_at: end of the last turn, whatever its result.
        refused_since: since when Strava refuses this athlete's token.
        failures: number of turns in a row that failed.
        cut_short: number of turns in a row that needed more calls than they got, first loads excepted.
    """

    athlete_id: str
    events_waiting: int = 0
    events_since: datetime | None = None
    last_listing_at: datetime | None = None
    last_full_listing_at: datetime | None = None
    history_complete: bool = False
    expected_pages: int = 0
    loaded_pages: int = 0
    last_turn_at: datetime | None = None
    refused_since: datetime | None = None
    failures: int = 0
    cut_short: int = 0


@dataclass(frozen=True)
class TurnRules:
    """The settings of a plan.

    Args:
        reserve_calls: calls of every limit that stay unused.
        webhooks_alive: whether events can be expected, so that routine listings are not needed.
        routine_every_hours: interval of the schedule, from midnight UTC; each of its ticks makes routine
            listings due.
        full_every_hours: age of the last full listing at which an athlete gets a new one.
    """

    reserve_calls: int = 10
    webhooks_alive: bool = False
    routine_every_hours: float = 6
    full_every_hours: float = 24


@dataclass(frozen=True)
class Turn:
    """One athlete's turn.

    Args:
        athlete_id: the athlete.
        purpose: what is listed.
        calls: the most calls that the turn may send; None if only the limits bound it.
        mode: the kind of listing to request.
        reason: a sentence.
    """

    athlete_id: str
    purpose: Purpose
    calls: int | None
    mode: SyncMode
    reason: str
