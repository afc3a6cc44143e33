"""The checks of `durability`: a tired best is that of a ride, and no stronger than the fresh one."""

from __future__ import annotations

from strava_assets.data_checks import offenders
from strava_assets.marts.period_checks import ROUNDING_W

CHECKS = (
    offenders(
        "late_no_stronger",
        "No effort after work is stronger than the best of the same season and duration.",
        "bests after work above the season's fresh best",
        """
        SELECT season, work_basis, after_work, duration_s, watts, fresh_watts, activity_id FROM durability
        WHERE watts > fresh_watts + @rounding OR loss_pct < 0 OR loss_pct >= 100
        """,
        rounding=ROUNDING_W,
    ),
    offenders(
        "bests_of_living_rides",
        "Every effort is that of a ride that still exists and may set a best.",
        "efforts after work that no active ride has",
        """
        SELECT d.season, d.work_basis, d.after_work, d.duration_s, d.watts, w.watts AS own_watts,
          d.activity_id
        FROM durability AS d
        LEFT JOIN activity_measures AS m
          ON m.athlete_id = d.athlete_id AND m.activity_id = d.activity_id AND m.has_seconds
          AND NOT m.is_flagged AND m.year = d.season
        LEFT JOIN ride_bests_after_work AS w
          ON w.athlete_id = m.athlete_id AND w.activity_id = m.activity_id AND w.work_basis = d.work_basis
          AND w.after_work = d.after_work AND w.duration_s = d.duration_s
        WHERE w.watts IS NULL OR ABS(w.watts - d.watts) > @rounding
        """,
        rounding=ROUNDING_W,
    ),
)
