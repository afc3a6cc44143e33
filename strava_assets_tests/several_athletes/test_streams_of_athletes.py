"""How the recordings of several athletes share what listings leave of the quota."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

from strava_assets.history.stream_fetching import Wanted
from strava_assets.history.streams_of_athletes import fetch_streams_of_athletes
from strava_assets.landing.athlete_index import Athlete
from strava_assets.strava.limits import Allowance, Pacer, Quota
from strava_assets.strava.turns import TurnRules
from strava_assets.streams import StreamStore

if TYPE_CHECKING:
    from pathlib import Path

MIDNIGHT = datetime(2026, 11, 30, tzinfo=UTC)


class NobodyIsAsked:
    """Opens nothing: a call would be one too many."""

    def store(self, athlete: Athlete) -> NoReturn:
        raise AssertionError(athlete)

    def client(self, *_: object) -> NoReturn:
        raise AssertionError


def test_recordings_leave_the_calls_of_the_day_to_listings_whoever_wants_them_last(tmp_path: Path) -> None:
    pacer = Pacer(clock=lambda: MIDNIGHT, sleep=time.sleep)
    # 600 calls of the day are left, and recordings leave 70% of 990.
    pacer.quota = Quota(
        MIDNIGHT,
        read_15min=Allowance(100, 0),
        read_daily=Allowance(1_000, 400),
    )
    wanted = {
        "7": [Wanted("7", str(each), 2026, "", expects_streams=True) for each in range(3)],
        "8": [Wanted("8", str(each), 2026, "", expects_streams=True) for each in range(300)],
    }
    reports = fetch_streams_of_athletes(
        NobodyIsAsked(),
        StreamStore(str(tmp_path)),
        wanted,
        [Athlete(athlete_id, MIDNIGHT, logged_in=True) for athlete_id in wanted],
        pacer,
        TurnRules(),
        clock=lambda: MIDNIGHT,
        announce=print,
    )
    assert {athlete_id: report.remaining for athlete_id, report in reports.items()} == {"7": 3, "8": 300}
