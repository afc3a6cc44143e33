"""The checks of `planned_form`."""

from __future__ import annotations

from strava_assets.data_checks import offenders
from strava_assets.marts.period_checks import contiguous

ROUNDING_POINTS = 1e-6

CHECKS = (
    contiguous("planned_form", "day", "1 DAY", "No day up to the last planned one is missing."),
    offenders(
        "projection_recomputed",
        "Projected CTL moves 1 - exp(-1/42) of the way from the day before's to the planned load.",
        "days whose projected CTL is not what its recursion says",
        """
        SELECT
          p.athlete_id, p.day, p.planned_load, p.projected_fitness_ctl, b.projected_fitness_ctl AS day_before
        FROM planned_form AS p
        INNER JOIN planned_form AS b
          ON b.athlete_id = p.athlete_id AND b.days_ahead = p.days_ahead - 1
        WHERE ABS(
          p.projected_fitness_ctl - b.projected_fitness_ctl
            - (1 - EXP(-1 / 42.0)) * (p.planned_load - b.projected_fitness_ctl)
        ) > @rounding
        """,
        rounding=ROUNDING_POINTS,
    ),
)
