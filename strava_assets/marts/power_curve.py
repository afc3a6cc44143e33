"""The checks of `power_curve`: a best is that of a ride that exists, and no ride is stronger."""

from __future__ import annotations

from strava_assets.data_checks import offenders
from strava_assets.marts.period_checks import ROUNDING_W
from strava_assets.schema.rules import MOST_WATTS

CHECKS = (
    offenders(
        "bests_of_living_rides",
        "Every point is the best of a ride that still exists and may set one, by the ride's own seconds.",
        "points of the power curve that are not an active ride's own best",
        """
        SELECT c.period, c.duration_s, c.watts, b.watts AS own_watts, c.activity_id, c.activity_date
        FROM power_curve AS c
        LEFT JOIN activity_measures AS m
          ON m.athlete_id = c.athlete_id AND m.activity_id = c.activity_id AND m.has_seconds
          AND NOT m.is_flagged
        LEFT JOIN ride_bests AS b
          ON b.athlete_id = m.athlete_id AND b.activity_id = m.activity_id AND b.duration_s = c.duration_s
        WHERE b.watts IS NULL OR ABS(c.watts - b.watts) > @rounding
        """,
        rounding=ROUNDING_W,
    ),
    offenders(
        "no_ride_stronger",
        "No ride lies above the curve of all time.",
        "bests of rides above the curve of all time",
        """
        SELECT b.activity_id, m.activity_date, b.duration_s, b.watts, c.watts AS curve_watts
        FROM ride_bests AS b
        INNER JOIN activity_measures AS m
          ON m.athlete_id = b.athlete_id AND m.activity_id = b.activity_id AND m.has_seconds
          AND NOT m.is_flagged
        LEFT JOIN power_curve AS c
          ON c.athlete_id = b.athlete_id AND c.duration_s = b.duration_s AND c.period = 'all_time'
        WHERE b.watts > 0 AND b.watts <= @most_watts AND b.watts > COALESCE(c.watts, 0) + @rounding
        """,
        most_watts=MOST_WATTS,
        rounding=ROUNDING_W,
    ),
    offenders(
        "longer_no_weaker",
        "No period is stronger than a longer one that contains it.",
        "points of a period above those of a longer one that contains it",
        """
        SELECT c.period, c.duration_s, c.watts, longer.period AS longer_period, longer.watts AS longer_watts,
          c.activity_id
        FROM power_curve AS c
        INNER JOIN power_curve AS longer
          ON longer.athlete_id = c.athlete_id AND longer.duration_s = c.duration_s
        WHERE c.watts > longer.watts + @rounding AND (
          longer.period_kind = 'all_time'
          OR (longer.period_kind = 'last_90_days' AND c.period_kind = 'last_42_days')
          OR (
            longer.period_kind = 'year' AND c.period_kind = 'quarter'
            AND EXTRACT(YEAR FROM longer.period_start) = EXTRACT(YEAR FROM c.period_start)
          )
        )
        """,
        rounding=ROUNDING_W,
    ),
)
