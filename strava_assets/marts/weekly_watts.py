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
        SELECT activity_id, duplicate_of, activity_date, sport_type, name FROM activity_measures
        WHERE is_duplicate ORDER BY activity_date DESC, activity_id
        """,
        advice="They are not counted. Delete the recording you do not want on Strava.",
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
