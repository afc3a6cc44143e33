"""Fetches the streams of several athletes: each gets an even share of what listings leave of the quota."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from strava_assets.history.stream_fetching import StreamsReport, fetch_streams
from strava_assets.secrets.errors import SecretStoreError
from strava_assets.strava.turns import calls_for_streams, share_calls, stops_everyone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from strava_assets.history.fetch_athletes import AthleteAccess
    from strava_assets.history.stream_fetching import Wanted
    from strava_assets.landing.athlete_index import Athlete
    from strava_assets.strava.limits import Pacer
    from strava_assets.strava.turns import TurnRules
    from strava_assets.streams import StreamStore

_BEFORE_LIMITS = 5
"""Activities whose streams are fetched while no response has said how many calls are left."""


def fetch_streams_of_athletes(  # noqa: PLR0913 - each is needed by one line
    access: AthleteAccess,
    store: StreamStore,
    wanted: Mapping[str, Sequence[Wanted]],
    athletes: Sequence[Athlete],
    pacer: Pacer,
    rules: TurnRules,
    *,
    clock: Callable[[], datetime],
    announce: Callable[[str], None],
) -> dict[str, StreamsReport]:
    """Fetch streams, one athlete after the other, those who want least first.

    A failure of one athlete's tokens is in that athlete's report; one of the application ends the rest.

    Args:
        access: opens clients and token stores.
        store: receives the recordings.
        wanted: by athlete, the result of `stream_fetching.wanted`.
        athletes: those whose streams are fetched; others only count what remains.
        pacer: keeps all calls within the quota; it does not wait.
        rules: what of the quota is left alone.
        clock: returns the current aware UTC time.
        announce: called with the progress.

    Raises:
        StreamsError: a recording cannot be written.
    """
    reports = {athlete_id: StreamsReport(remaining=len(own)) for athlete_id, own in wanted.items()}
    waiting = {each.athlete_id: each for each in athletes if wanted.get(each.athlete_id)}
    order = sorted(waiting, key=lambda each: (len(wanted[each]), each))

    def fetch(athlete: Athlete, activities: Sequence[Wanted], calls: int | None) -> StreamsReport:
        try:
            with pacer.turn(calls):
                client, own_store = access.client(announce, pacer, athlete), access.store(athlete)
                return fetch_streams(client, own_store, store, activities, clock=clock, announce=announce)
        except SecretStoreError as failure:
            return StreamsReport(remaining=len(activities), stopped=failure)

    for athlete_id in order:
        report, activities = StreamsReport(), wanted[athlete_id]
        if pacer.quota is None:
            report = fetch(waiting[athlete_id], activities[:_BEFORE_LIMITS], _BEFORE_LIMITS)
            activities = activities[_BEFORE_LIMITS:]
        calls: int | None = 0
        if activities and not report.stopped and pacer.quota:
            left = calls_for_streams(pacer.quota, clock(), rules, len(athletes))
            still_wanted = {each: len(wanted[each]) for each in waiting} | {athlete_id: len(activities)}
            calls = None if left is None else share_calls(left, still_wanted)[athlete_id]
        rest = StreamsReport(remaining=len(activities), stopped=report.stopped)
        if calls != 0:
            rest = fetch(waiting[athlete_id], activities, calls)
        reports[athlete_id] = report = _together(report, rest)
        del waiting[athlete_id]
        if report.stopped and stops_everyone(report.stopped):
            break
    return reports


def _together(first: StreamsReport, second: StreamsReport) -> StreamsReport:
    """The report of two parts of one athlete's activities, the second of which may be empty."""
    return replace(
        second,
        stored=first.stored + second.stored,
        none=first.none + second.none,
        unreadable=first.unreadable + second.unreadable,
        failed=first.failed + second.failed,
        remaining=first.remaining + second.remaining,
        quota=second.quota or first.quota,
        calls=dict(Counter(first.calls) + Counter(second.calls)),
    )
