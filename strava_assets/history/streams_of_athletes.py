"""Fetches the streams of several athletes: each gets an even share of what listings leave of the quota."""

from __future__ import annotations

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

_CALLS_BEFORE_LIMITS = 5
"""What the first athlete gets while no response has said how many calls are left."""


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
    for athlete_id in sorted(waiting, key=lambda each: (len(wanted[each]), each)):
        left = calls_for_streams(pacer.quota, clock(), rules, len(waiting))
        calls = _CALLS_BEFORE_LIMITS if pacer.quota is None else None
        if left is not None:
            calls = share_calls(left, {each: len(wanted[each]) for each in waiting})[athlete_id]
        athlete = waiting.pop(athlete_id)
        if calls == 0:
            continue
        report = reports[athlete_id]
        try:
            with pacer.turn(calls):
                report = reports[athlete_id] = fetch_streams(
                    access.client(announce, pacer, athlete),
                    access.store(athlete),
                    store,
                    wanted[athlete_id],
                    clock=clock,
                    announce=announce,
                )
        except SecretStoreError as failure:
            report.stopped = failure
        if report.stopped and stops_everyone(report.stopped):
            break
    return reports
