"""The checks of `personal_records`."""

from __future__ import annotations

from strava_assets.data_checks import offenders

CHECKS = (
    offenders(
        "records_live",
        "Every record was set by an activity that still exists.",
        "records set by an activity that no longer exists",
        """
        SELECT r.period, r.record, r.activity_id FROM personal_records AS r
        LEFT JOIN bq_activities AS a
          ON a.athlete_id = r.athlete_id AND a.activity_id = r.activity_id AND a.deleted_at IS NULL
        WHERE a.activity_id IS NULL
        """,
    ),
)
