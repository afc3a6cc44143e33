"""The checks of `suspicious_activities`."""

from __future__ import annotations

from strava_assets.data_checks import Check, Finding, Subject


def nothing_counts_twice(subject: Subject) -> Finding:
    """No activity looks like another one that counts too."""
    return subject.none_of(
        "activities that seem to be recorded twice and count twice",
        """
        SELECT
          activity_id, other_activity_id, reason, detail, activity_date, sport_type, other_sport_type, name
        FROM suspicious_activities
        WHERE other_activity_id IS NOT NULL
        ORDER BY activity_date DESC, activity_id
        """,
        advice="Both are in your hours. Delete on Strava the one that should not count.",
    )


CHECKS = (
    Check(
        "nothing_counts_twice",
        "No time counts under two sports, and no ride was uploaded again with its clock whole hours off.",
        nothing_counts_twice,
        warn=True,
    ),
)
