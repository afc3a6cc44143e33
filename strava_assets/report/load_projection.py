"""Fitness and form of the days to come, if the athlete rests or rides as usual.

The same recursion as in the mart `daily_load`: CTL and ATL move towards each day's load by the share
1 - exp(-1/N), N = 42 and 7 days, and form is the day before's CTL minus its ATL.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from strava_assets.report.report_figures import Row

PROJECTED_DAYS = 14
_USUAL_DAYS = 42
_WEEK = 7
_FITNESS_SHARE, _FATIGUE_SHARE = 1 - math.exp(-1 / 42), 1 - math.exp(-1 / 7)


@dataclass(frozen=True)
class ProjectedDay:
    """One day to come: fitness and fatigue at its end, form at its beginning; points a day."""

    day: date
    fitness: float
    fatigue: float
    form: float


def project(now: Row, loads: Sequence[float]) -> list[ProjectedDay]:
    """The days after the last one of `daily_load`.

    Args:
        now: that day's row.
        loads: points of each day to come.
    """
    fitness, fatigue = now["fitness_ctl"], now["fatigue_atl"]
    days = []
    for offset, load in enumerate(loads, 1):
        form = fitness - fatigue
        fitness += _FITNESS_SHARE * (load - fitness)
        fatigue += _FATIGUE_SHARE * (load - fatigue)
        days.append(ProjectedDay(now["day"] + timedelta(days=offset), fitness, fatigue, form))
    return days


def usual_loads(load: Sequence[Row]) -> list[float]:
    """The mean load of each weekday of the six weeks before today, for the days to come.

    Today is not over: in the morning its load is zero.
    """
    recent = load[:-1][-_USUAL_DAYS:]
    means = []
    for offset in range(1, PROJECTED_DAYS + 1):
        weekday = (load[-1]["day"] + timedelta(days=offset)).weekday()
        same = [row["training_load"] for row in recent if row["day"].weekday() == weekday]
        means.append(sum(same) / len(same) if same else 0.0)
    return means
