"""The checks of `weekly_watts`."""

from __future__ import annotations

from strava_assets.data_checks import Check, Finding, Subject, offenders
from strava_assets.marts.period_checks import contiguous, period_checks
from strava_assets.schema.rules import LONG_EFFORT_S

# Beyond a professional's best when held for twenty minutes.
MOST_WATTS_PER_KG = 7


def no_double_recordings(subject: Subject) -> Finding:
    """No time of an athlete was recorded by two devices; where it was, only the better recording counts."""
    return subject.none_of(
        "activities that are replaced by another recording of the same time",
        """
        SELECT m.activity_id, m.duplicate_of, m.activity_date, m.sport_type, m.name
        FROM activity_measures AS m
        LEFT JOIN bq_activities AS a ON a.athlete_id = m.athlete_id AND a.activity_id = m.activity_id
        -- A file that Strava has too needs nobody's decision.
        WHERE m.is_duplicate AND a.merged_into IS NULL
        ORDER BY m.activity_date DESC, m.activity_id
        """,
        advice="They are not counted. Delete the recording you do not want, if it is on Strava.",
    )


CHECKS = (
    contiguous(
        "weekly_watts",
        "week",
        "7 DAY",
        "No week is missing and none occurs twice: a week without a ride is a row.",
    ),
    *period_checks("weekly_watts", "week"),
    offenders(
        "plausible_power_per_kg",
        f"No ride of twenty minutes or more above {MOST_WATTS_PER_KG} W/kg of the day's weight.",
        f"rides of twenty minutes or more above {MOST_WATTS_PER_KG} W/kg",
        """
        SELECT activity_id, activity_date, SAFE_DIVIDE(work_j, power_s) AS average_watts, weight_kg,
          SAFE_DIVIDE(work_j, power_s * weight_kg) AS watts_per_kg
        FROM activity_measures
        WHERE is_power_ride AND power_s >= @seconds AND SAFE_DIVIDE(work_j, power_s * weight_kg) > @most
        ORDER BY activity_date DESC
        """,
        blocking=False,
        seconds=LONG_EFFORT_S,
        most=MOST_WATTS_PER_KG,
    ),
    Check(
        "no_double_recordings",
        "No time was recorded twice (say by a bike computer and a virtual world); of two, one counts.",
        no_double_recordings,
        warn=True,
    ),
)
