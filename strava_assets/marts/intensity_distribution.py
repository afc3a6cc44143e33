"""The checks of `intensity_distribution`: no second is lost between recordings, weeks and quarters."""

from __future__ import annotations

from strava_assets.data_checks import offenders

CHECKS = (
    offenders(
        "seconds_conserved",
        "Weeks and quarters hold the recorded seconds and zones of the counted activities, each once.",
        "athletes whose weeks, quarters and recordings differ",
        """
        WITH in_periods AS (
          SELECT athlete_id, period_kind, SUM(activities) AS activities, SUM(recorded_s) AS recorded_s,
            SUM(missing_recordings) AS missing, SUM(power_low_s + power_moderate_s + power_high_s) AS power_s,
            SUM(heartrate_low_s + heartrate_moderate_s + heartrate_high_s) AS heartrate_s
          FROM intensity_distribution GROUP BY athlete_id, period_kind
        ),
        in_recordings AS (
          SELECT m.athlete_id, COUNT(*) AS activities, SUM(z.recorded_s) AS recorded_s,
            COUNTIF(z.activity_id IS NULL) AS missing,
            SUM(z.power_low_s + z.power_moderate_s + z.power_high_s) AS power_s,
            SUM(z.heartrate_low_s + z.heartrate_moderate_s + z.heartrate_high_s) AS heartrate_s
          FROM activity_measures AS m
          LEFT JOIN recording_zones AS z
            ON z.athlete_id = m.athlete_id AND z.activity_id = m.activity_id
          WHERE m.is_counted AND NOT m.is_manual
          GROUP BY m.athlete_id
        )
        SELECT p.athlete_id, p.period_kind, p.activities, r.activities AS counted, p.recorded_s,
          r.recorded_s AS recorded_in_recordings_s
        FROM in_periods AS p
        LEFT JOIN in_recordings AS r ON r.athlete_id = p.athlete_id
        WHERE p.activities != COALESCE(r.activities, 0)
          OR p.missing != COALESCE(r.missing, 0)
          OR p.recorded_s != COALESCE(r.recorded_s, 0)
          OR COALESCE(p.power_s, 0) != COALESCE(r.power_s, 0)
          OR COALESCE(p.heartrate_s, 0) != COALESCE(r.heartrate_s, 0)
        """,
    ),
    offenders(
        "gaps_are_named",
        "Every activity without time in zones is counted as such.",
        "periods with fewer gaps than missing recordings",
        """
        SELECT athlete_id, period_kind, period_start, activities, missing_recordings, without_power_zones,
          without_heartrate_zones
        FROM intensity_distribution
        WHERE missing_recordings > without_power_zones OR missing_recordings > without_heartrate_zones
          OR without_power_zones > activities OR without_heartrate_zones > activities
        """,
    ),
)
