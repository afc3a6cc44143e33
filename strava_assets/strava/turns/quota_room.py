"""The calls that are left beside the reserve, and what of them may be sent at this time of the day."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from strava_assets.strava.limits import next_midnight
from strava_assets.strava.turns.athlete_state import Purpose

if TYPE_CHECKING:
    from datetime import datetime

    from strava_assets.strava.limits import Quota

KEPT_OF_DAY = {Purpose.EVENTS: 0.0, Purpose.ROUTINE: 0.4, Purpose.FIRST: 0.5, Purpose.FULL: 0.5}
"""What each purpose leaves to those before it: this share of the calls of the rest of the day."""


@dataclass(frozen=True)
class QuotaRoom:
    """Calls beside the reserve; infinite where the headers lack a limit.

    Args:
        quarter: left in this quarter hour.
        day: left in this day.
        whole_quarter: of a whole quarter hour.
        whole_day: of a whole day.
        rest_of_day: the part of the day that is left, between 0 and 1.
    """

    quarter: float
    day: float
    whole_quarter: float
    whole_day: float
    rest_of_day: float

    @classmethod
    def of(cls, quota: Quota | None, now: datetime, reserve_calls: int) -> QuotaRoom | None:
        """The room at `now`; None if no limit is known."""
        if quota is None:
            return None
        figures = (
            quota.calls_left("15min", now, reserve_calls),
            quota.calls_left("daily", now, reserve_calls),
            quota.capacity("15min", reserve_calls),
            quota.capacity("daily", reserve_calls),
        )
        if figures[0] is None and figures[1] is None:
            return None
        rest_of_day = (next_midnight(now) - now) / timedelta(days=1)
        quarter, day, whole_quarter, whole_day = (
            math.inf if figure is None else figure for figure in figures
        )
        return cls(quarter, day, whole_quarter, whole_day, rest_of_day)

    @property
    def left(self) -> float:
        """The calls that may be sent now."""
        return min(self.quarter, self.day)

    @property
    def most(self) -> float:
        """The calls that may be sent in a whole quarter hour."""
        return min(self.whole_quarter, self.whole_day)

    def allowed(self, kept_of_day: float) -> float:
        """The calls that may be sent now by those who leave a share of the rest of the day to others."""
        return min(self.quarter, self.allowed_today(kept_of_day))

    def allowed_today(self, kept_of_day: float) -> float:
        """The same over several quarter hours."""
        for_others = 0.0 if math.isinf(self.whole_day) else kept_of_day * self.whole_day * self.rest_of_day
        return max(0.0, self.day - for_others)
