"""How fast streams can come: what the quota allows a run of the schedule, and when all will be there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from strava_assets.history.stream_fetching import StreamsReport
    from strava_assets.strava.errors import Window
    from strava_assets.strava.limits import Quota

# As the schedule ticks.
TICK = timedelta(hours=6)
_TICKS_A_DAY = timedelta(days=1) // TICK


def calls_a_run(quota: Quota | None, reserve: int) -> int | None:
    """How many calls one run may spend, day in, day out; None where Strava named no limit.

    A run does not wait for the next quarter hour, so it has one window of the short limit and its share of
    the daily one, each less the reserve (at most half of it, as the pacer keeps it).
    """
    if quota is None:
        return None

    def spendable(window: Window) -> list[int]:
        limits = [allowance.limit for allowance in quota.window(window).values()]
        return [limit - min(reserve, limit // 2) for limit in limits if limit is not None]

    allowed = [*spendable("15min"), *(calls // _TICKS_A_DAY for calls in spendable("daily"))]
    return max(1, min(allowed)) if allowed else None


def expected_completion(report: StreamsReport, reserve: int, now: datetime) -> datetime | None:
    """When the last of the remaining streams comes, if the schedule ticks on; None where none remains.

    Args:
        report: the run that has just ended.
        reserve: calls of every limit that are left alone.
        now: aware UTC.
    """
    if not report.remaining:
        return None
    a_run = calls_a_run(report.quota, reserve) or report.remaining
    if report.out_of_time:
        a_run = min(a_run, max(1, report.answered))
    return now + TICK * -(-report.remaining // a_run)
