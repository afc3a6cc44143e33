"""Checks of the marts made from the rides' own seconds: a best is a living ride's, a fit is a person's."""

from collections import defaultdict
from collections.abc import Callable
from typing import TYPE_CHECKING

from strava_assets.checks.measured import Check, Finding, Subject
from strava_assets.schema.ride_power import BEST_EFFORTS_S

if TYPE_CHECKING:
    from datetime import date

# Sums of floats in another order differ in the last digits only, in watts.
ROUNDING_W = 1e-6
# An hour is not held far below what could be held without end.
MOST_OF_AN_HOUR = 1.15
W_PRIME_KJ = (5, 40)


def curve_is_of_living_rides(subject: Subject) -> Finding:
    """Every point of the curve is the best of a ride that may set one, as that ride's own seconds have it."""
    return subject.none_of(
        "points of the power curve that are no living ride's own best",
        f"""
        SELECT c.period, c.duration_s, c.watts, b.watts AS own_watts, c.activity_id, c.activity_date
        FROM power_curve AS c
        LEFT JOIN activity_measures AS m
          ON m.athlete_id = c.athlete_id AND m.activity_id = c.activity_id AND m.has_seconds
          AND NOT m.is_flagged
        LEFT JOIN ride_bests AS b
          ON b.athlete_id = m.athlete_id AND b.activity_id = m.activity_id AND b.duration_s = c.duration_s
        WHERE b.watts IS NULL OR ABS(c.watts - b.watts) > {ROUNDING_W}
        """,  # noqa: S608 - a constant of ours
    )


def no_ride_is_stronger(subject: Subject) -> Finding:
    """Above the curve of all time there is no ride."""
    return subject.none_of(
        "bests of rides above the curve of all time",
        f"""
        SELECT b.activity_id, m.activity_date, b.duration_s, b.watts, c.watts AS curve_watts
        FROM ride_bests AS b
        INNER JOIN activity_measures AS m
          ON m.athlete_id = b.athlete_id AND m.activity_id = b.activity_id AND m.has_seconds
          AND NOT m.is_flagged
        LEFT JOIN power_curve AS c
          ON c.athlete_id = b.athlete_id AND c.duration_s = b.duration_s AND c.period = 'all_time'
        WHERE b.watts > 0 AND b.watts <= 2500 AND b.watts > COALESCE(c.watts, 0) + {ROUNDING_W}
        """,  # noqa: S608 - a constant of ours
    )


def longer_periods_are_no_weaker(subject: Subject) -> Finding:
    """A year is no weaker than its quarters, all time than anything, ninety days than forty-two."""
    return subject.none_of(
        "points of a period above those of a longer one that holds it",
        f"""
        SELECT c.period, c.duration_s, c.watts, longer.period AS longer_period, longer.watts AS longer_watts,
          c.activity_id
        FROM power_curve AS c
        INNER JOIN power_curve AS longer
          ON longer.athlete_id = c.athlete_id AND longer.duration_s = c.duration_s
        WHERE c.watts > longer.watts + {ROUNDING_W} AND (
          longer.period_kind = 'all_time'
          OR (longer.period_kind = 'last_90_days' AND c.period_kind = 'last_42_days')
          OR (
            longer.period_kind = 'year' AND c.period_kind = 'quarter'
            AND EXTRACT(YEAR FROM longer.period_start) = EXTRACT(YEAR FROM c.period_start)
          )
        )
        """,  # noqa: S608 - a constant of ours
    )


def weekly_bests_are_of_living_rides(subject: Subject) -> Finding:
    """Every best of a week is that of the ride it names, on a day of that week."""
    bests = " UNION ALL ".join(
        f"SELECT p.athlete_id, p.week, p.best_{seconds}s_w AS watts, m.best_{seconds}s_w AS own_watts, "  # noqa: S608 - the registry's names
        f"p.best_{seconds}s_ride_id AS activity_id FROM power_profile_progress AS p "
        f"LEFT JOIN activity_measures AS m ON m.athlete_id = p.athlete_id AND m.week = p.week "
        f"AND m.activity_id = p.best_{seconds}s_ride_id"
        for seconds in BEST_EFFORTS_S
    )
    return subject.none_of(
        "weekly bests that no ride of the week has",
        f"SELECT * FROM ({bests}) WHERE watts IS NOT NULL "  # noqa: S608 - our own queries
        f"AND (own_watts IS NULL OR ABS(watts - own_watts) > {ROUNDING_W})",
    )


def fits_are_a_persons(subject: Subject) -> Finding:
    """What is told as critical power and W' lies where a person's can."""
    lowest, highest = W_PRIME_KJ
    return subject.none_of(
        "weeks whose critical power or W' is told and cannot be a person's",
        f"""
        SELECT athlete_id, week, critical_power_w, w_prime_kj, hour_w, fit_quality FROM (
          SELECT athlete_id, week, critical_power_w, w_prime_kj, fit_quality,
            MAX(best_3600s_w) OVER (
              PARTITION BY athlete_id ORDER BY week ROWS BETWEEN 5 PRECEDING AND CURRENT ROW
            ) AS hour_w
          FROM power_profile_progress
        )
        WHERE critical_power_w IS NOT NULL AND (
          fit_quality IS NULL OR fit_quality != 'good' OR w_prime_kj NOT BETWEEN {lowest} AND {highest}
          OR critical_power_w > {MOST_OF_AN_HOUR} * hour_w
        )
        """,  # noqa: S608 - constants of ours
    )


def critical_power_is_recomputed(subject: Subject) -> Finding:
    """Critical power of the athlete with the longest progress, fitted again by numpy, is the same."""
    import numpy as np

    from strava_assets.power.critical import FIT_DURATIONS_S, fit_critical_power

    efforts = subject.rows(
        """
        SELECT p.week, p.critical_power_w, b.duration_s, MAX(b.watts) AS watts
        FROM power_profile_progress AS p
        INNER JOIN activity_measures AS m
          ON m.athlete_id = p.athlete_id AND m.has_seconds AND NOT m.is_flagged
          AND DATE_DIFF(p.week, m.week, DAY) BETWEEN 0 AND 35
        INNER JOIN ride_bests AS b
          ON b.athlete_id = m.athlete_id AND b.activity_id = m.activity_id
        WHERE p.critical_power_w IS NOT NULL AND b.watts > 0 AND b.watts <= 2500 AND p.athlete_id = (
          SELECT athlete_id FROM power_profile_progress
          GROUP BY athlete_id ORDER BY COUNT(*) DESC, athlete_id LIMIT 1
        )
        GROUP BY p.week, p.critical_power_w, b.duration_s
        """
    )
    told: dict[date, float] = {}
    bests: dict[date, dict[int, float]] = defaultdict(dict)
    for row in efforts:
        told[row["week"]] = row["critical_power_w"]
        if row["duration_s"] in FIT_DURATIONS_S:
            bests[row["week"]][row["duration_s"]] = row["watts"]
    furthest = 0.0
    for week, strongest in bests.items():
        fit = fit_critical_power(np.array([*strongest]), np.array([*strongest.values()]))
        again = fit.critical_power_w if fit else 0.0
        furthest = max(furthest, abs(again - told[week]))
    sentence = (
        f"Critical power differs from numpy's fit by {furthest:.2g} W at most, over {len(bests)} weeks."
    )
    return Finding(furthest, ROUNDING_W, furthest <= ROUNDING_W, sentence)


def normalized_power_lies_within_rides(mart: str, period: str) -> Callable[[Subject], Finding]:
    """The look that finds a period's normalized power below its weakest or above its strongest ride's."""
    sql = f"""
    SELECT p.athlete_id, p.{period}, p.normalized_power_w, r.lowest, r.highest
    FROM {mart} AS p
    LEFT JOIN (
      SELECT athlete_id, {period}, MIN(normalized_power_w) AS lowest, MAX(normalized_power_w) AS highest
      FROM activity_measures WHERE stream_s > 0 GROUP BY athlete_id, {period}
    ) AS r ON r.athlete_id = p.athlete_id AND r.{period} = p.{period}
    WHERE (p.normalized_power_w IS NULL) != (r.lowest IS NULL)
      OR p.normalized_power_w < r.lowest - {ROUNDING_W} OR p.normalized_power_w > r.highest + {ROUNDING_W}
    """  # noqa: S608 - the catalog's names
    return lambda subject: subject.none_of(
        f"{period}s whose normalized power is not between their rides'", sql
    )


def normalized_within_rides(mart: str, period: str) -> Check:
    """The check of a period's normalized power."""
    return Check(
        "normalized_within_rides",
        f"A {period}'s normalized power lies between its weakest and its strongest ride's, and is null where "
        "no ride's seconds are known.",
        normalized_power_lies_within_rides(mart, period),
        blocking=True,
    )


CURVE_CHECKS = (
    Check(
        "bests_of_living_rides",
        "Every point is the best of a ride that still exists and may set one, as its own seconds have it.",
        curve_is_of_living_rides,
        blocking=True,
    ),
    Check(
        "no_ride_stronger", "No ride lies above the curve of all time.", no_ride_is_stronger, blocking=True
    ),
    Check(
        "longer_no_weaker",
        "A longer period is nowhere below one that lies in it.",
        longer_periods_are_no_weaker,
        blocking=True,
    ),
)

PROFILE_CHECKS = (
    Check(
        "bests_of_living_rides",
        "Every best of a week is that of the ride it names.",
        weekly_bests_are_of_living_rides,
        blocking=True,
    ),
    Check(
        "fits_plausible",
        f"Critical power is told only with W' of {W_PRIME_KJ[0]} to {W_PRIME_KJ[1]} kJ and not far above the "
        "hour's best.",
        fits_are_a_persons,
        blocking=True,
    ),
    Check(
        "critical_power_recomputed",
        "Critical power in SQL is what numpy's least squares give, for the athlete with most weeks.",
        critical_power_is_recomputed,
        blocking=True,
    ),
)
