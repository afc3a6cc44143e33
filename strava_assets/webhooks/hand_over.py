"""Decides which waiting events the next run gets, from the runs that got events before.

Several events are one run. Events stay until a run that got them has succeeded, so a crash loses none. Runs
are spaced, because events can be forged: they cost calls of the athlete's quota.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from strava_assets.webhooks.event_store import MORE
from strava_assets.webhooks.events import event_time_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

SETTLE = timedelta(seconds=15)
"""Strava's list may lag behind the event, and an upload is often followed by a new title."""
SPACING = timedelta(minutes=1)
RUNS_A_DAY = 24
"""As many runs in 24 hours start without waiting longer; with the longer spacing it is at most 71 in all."""
LONG_SPACING = timedelta(minutes=30)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class PastRun:
    """A run that got events.

    Args:
        run_id: its id.
        names: the events that it got.
        started_at: when it was launched, UTC.
        unfinished: whether it has not ended.
        settled: whether it succeeded and was not ended early by the rate limit.
    """

    run_id: str
    names: tuple[str, ...]
    started_at: datetime
    unfinished: bool
    settled: bool


@dataclass(frozen=True)
class HandOver:
    """What to do now.

    Args:
        settled: events to remove, because a run covered them.
        names: events for a new run; none for no run.
        run_key: the same for the same events after the same runs, so that no run is launched twice.
        reason: why no run is launched.
    """

    settled: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    run_key: str = ""
    reason: str = ""


def hand_over(
    waiting: Sequence[str], runs: Sequence[PastRun], now: datetime, more_at: datetime | None = None
) -> HandOver:
    """Decide for one athlete.

    Args:
        waiting: the names of the waiting events.
        runs: the athlete's runs that got events in the last 24 hours, and the last one in any case, the
            latest first.
        now: the current time, UTC.
        more_at: when `more.json` was last written, UTC; None where it is not there.
    """
    last = runs[0] if runs else None
    if last and last.unfinished:
        return HandOver(reason="The run that got the earlier events has not ended.")
    settled = tuple(name for name in waiting if last and last.settled and _got(last, name, more_at))
    open_names = tuple(name for name in waiting if name not in settled)
    if not open_names:
        return HandOver(settled, reason="No event waits.")
    if last and (wait := _spacing(runs, now) - (now - last.started_at)) > timedelta(0):
        seconds = int(wait.total_seconds()) + 1
        return HandOver(settled, reason=f"Waiting: {len(open_names)}; the next run starts in {seconds:,} s.")
    if not any(_has_settled(name, now) for name in open_names):
        return HandOver(settled, reason=f"Waiting: {len(open_names)}, for further events of the same change.")
    return HandOver(settled, open_names, _run_key(open_names, last.run_id if last else ""))


def _got(run: PastRun, name: str, more_at: datetime | None) -> bool:
    # Events that came since share the name of those that the run got.
    is_newer = name == MORE and more_at is not None and more_at > run.started_at
    return name in run.names and not is_newer


def _spacing(runs: Sequence[PastRun], now: datetime) -> timedelta:
    many = sum(now - run.started_at < _DAY for run in runs) >= RUNS_A_DAY
    return SPACING if runs[0].settled and not many else LONG_SPACING


def _has_settled(name: str, now: datetime) -> bool:
    # The time is Strava's, or a forger's: one in the future must not wait for it.
    return name == MORE or abs(now.timestamp() - event_time_of(name)) >= SETTLE.total_seconds()


def _run_key(names: Sequence[str], after: str) -> str:
    return hashlib.sha256("\n".join([after, *names]).encode()).hexdigest()[:32]
