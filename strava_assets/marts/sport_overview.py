"""The checks of `sport_overview`."""

from __future__ import annotations

from strava_assets.data_checks import offenders

CHECKS = (
    offenders(
        "totals_conserved",
        "Activities and time of all sports are those of the activities.",
        "athletes whose totals in sport_overview differ from their activities",
        """
        WITH in_mart AS (
          SELECT athlete_id, SUM(activities) AS activities, SUM(moving_time_s) AS moving_time_s
          FROM sport_overview GROUP BY athlete_id
        ),
        in_activities AS (
          SELECT athlete_id, COUNT(*) AS activities, SUM(moving_time_s) AS moving_time_s
          FROM activity_measures WHERE is_counted GROUP BY athlete_id
        )
        SELECT athlete_id, m.activities AS in_sport_overview, a.activities AS in_activities
        FROM in_mart AS m FULL JOIN in_activities AS a USING (athlete_id)
        WHERE COALESCE(m.activities, 0) != COALESCE(a.activities, 0)
          OR COALESCE(m.moving_time_s, 0) != COALESCE(a.moving_time_s, 0)
        """,
    ),
)
