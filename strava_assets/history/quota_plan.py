"""How fast streams can be fetched: the calls that the quota allows per run, and the expected completion."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from strava_assets.history.stream_fetching import StreamsReport
    from strava_assets.strava.limits import Quota

# The interval of the schedule.
TICK = timedelta(hours=6)
_TICKS_A_DAY = timedelta(days=1) // TICK


def calls_a_run(quota: Quota | None, reserve: int) -> int | None:
    """The number of calls per scheduled run; None if Strava reported no limit.

    A run does not wait for the next quarter hour, so it has one window of the short limit and its share of
    the daily one, each less the reserve.
    """
    if quota is None:
        return None

    quarter, day = quota.capacity("15min", reserve), quota.capacity("daily", reserve)
    limits = [*([] if quarter is None else [quarter]), *([] if day is None else [day // _TICKS_A_DAY])]
    return max(1, min(limits)) if limits else None


def expected_completion(report: StreamsReport, reserve: int, now: datetime) -> datetime | None:
    """When the last remaining streams are fetched if the schedule keeps running; None if none remain.

    Args:
        report: the report of the run that just ended.
        reserve: calls of every limit that are not used.
        now: aware UTC.
    """
    if not report.remaining:
        return None
    a_run = calls_a_run(report.quota, reserve) or report.remaining
    if report.out_of_time:
        a_run = min(a_run, max(1, report.answered))
    return now + TICK * -(-report.remaining // a_run)
