"""What a usual week of riding is: the median of the last twelve whole weeks, day by day.

The tile, the letter and the section on this week compare with it. The median, so that one week of holidays
or illness changes nothing.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date

    from strava_assets.report.report_figures import Figures, Row

_WEEKS = 12
_DAYS = 7


@dataclass(frozen=True)
class UsualWeek:
    """Seconds of riding on each day of a week.

    Args:
        first: the first day of the running week.
        days_elapsed: how many of its days have begun.
        ridden_s: the running week's seconds by day.
        usual_s: the median of each weekday.
        usual_so_far_s: the median of the sums from the week's first day up to each day.
        weeks: how many weeks the medians are of.
    """

    first: date
    days_elapsed: int
    ridden_s: tuple[int, ...]
    usual_s: tuple[float, ...]
    usual_so_far_s: tuple[float, ...]
    weeks: int

    @property
    def so_far_s(self) -> int:
        """The running week's seconds."""
        return sum(self.ridden_s)

    @property
    def usual_by_today_s(self) -> float:
        """The median of as many days of the earlier weeks."""
        return self.usual_so_far_s[self.days_elapsed - 1]


def usual_week(figures: Figures) -> UsualWeek | None:
    """The running week beside the usual one; None before there is a week to compare with."""
    return _compared(figures, figures.rows("weekly_watts"))


def week_before(figures: Figures) -> UsualWeek | None:
    """The week before the running one beside those before it; None before there are any."""
    return _compared(figures, figures.rows("weekly_watts")[:-1])


def _compared(figures: Figures, weeks: list[Row]) -> UsualWeek | None:
    """The last of some weeks beside the others."""
    earlier = [week["week"] for week in weeks[-_WEEKS - 1 : -1]]
    if not earlier:
        return None
    now, ridden = weeks[-1], {row["activity_date"]: row["moving_time_s"] for row in figures.ride_days}

    def days_of(first: date) -> list[int]:
        return [ridden.get(first + timedelta(days=offset), 0) for offset in range(_DAYS)]

    days = [days_of(first) for first in earlier]
    sums = [[sum(week[: offset + 1]) for offset in range(_DAYS)] for week in days]
    return UsualWeek(
        first=now["week"],
        days_elapsed=_days_elapsed(now),
        ridden_s=tuple(days_of(now["week"])),
        usual_s=tuple(statistics.median(week[offset] for week in days) for offset in range(_DAYS)),
        usual_so_far_s=tuple(statistics.median(week[offset] for week in sums) for offset in range(_DAYS)),
        weeks=len(earlier),
    )


def _days_elapsed(week: Row) -> int:
    return int(week["days_elapsed"]) if week["is_partial"] else _DAYS
