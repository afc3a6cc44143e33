"""The checks of `quarterly_overview`."""

from __future__ import annotations

from strava_assets.data_checks import offenders
from strava_assets.marts.period_checks import contiguous, period_checks

CHECKS = (
    contiguous("quarterly_overview", "quarter", "3 MONTH", "No quarter is missing and none occurs twice."),
    *period_checks("quarterly_overview", "quarter"),
    offenders(
        "eddington_conserved",
        "The running quarter ends with today's Eddington number.",
        "athletes whose last quarter ends with another Eddington number than today's",
        """
        SELECT q.athlete_id, q.quarter, q.eddington_km_end, e.eddington_number
        FROM quarterly_overview AS q
        INNER JOIN (
          SELECT athlete_id, MAX(eddington_number) AS eddington_number
          FROM eddington WHERE unit = 'km' GROUP BY athlete_id
        ) AS e ON e.athlete_id = q.athlete_id
        WHERE q.is_partial AND q.eddington_km_end != e.eddington_number
        """,
    ),
)
