"""The checks of `power_profile_progress`: bests are those of rides that exist, a fit is plausible."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from strava_assets.data_checks import Check, Finding, Subject, offenders
from strava_assets.marts.period_checks import ROUNDING_W, contiguous
from strava_assets.schema.ride_power import BEST_EFFORTS_S
from strava_assets.schema.rules import (
    FIT_DURATIONS_S,
    LEAST_CRITICAL_POWER_SHARE,
    MOST_FIT_ERRORS,
    MOST_WATTS,
    W_PRIME_KJ,
)

if TYPE_CHECKING:
    from datetime import date

_BESTS = " UNION ALL ".join(
    f"SELECT p.athlete_id, p.week, p.best_{seconds}s_w AS watts, m.best_{seconds}s_w AS own_watts, "  # noqa: S608 - the registry's names
    f"p.best_{seconds}s_ride_id AS activity_id FROM power_profile_progress AS p "
    f"LEFT JOIN activity_measures AS m ON m.athlete_id = p.athlete_id AND m.week = p.week "
    f"AND m.activity_id = p.best_{seconds}s_ride_id"
    for seconds in BEST_EFFORTS_S
)


def critical_power_is_recomputed(subject: Subject) -> Finding:
    """Critical power of the athlete with the longest progress, fitted again by numpy, is the same."""
    import numpy as np

    from strava_assets.power.critical import fit_critical_power

    efforts = subject.rows(
        """
        SELECT p.week, p.critical_power_w, b.duration_s, MAX(b.watts) AS watts
        FROM power_profile_progress AS p
        INNER JOIN activity_measures AS m
          ON m.athlete_id = p.athlete_id AND m.has_seconds AND NOT m.is_flagged
          AND DATE_DIFF(p.week, m.week, DAY) BETWEEN 0 AND 35
        INNER JOIN ride_bests AS b
          ON b.athlete_id = m.athlete_id AND b.activity_id = m.activity_id
        WHERE p.critical_power_w IS NOT NULL AND b.watts > 0 AND b.watts <= @most_watts AND p.athlete_id = (
          SELECT athlete_id FROM power_profile_progress
          GROUP BY athlete_id ORDER BY COUNT(*) DESC, athlete_id LIMIT 1
        )
        GROUP BY p.week, p.critical_power_w, b.duration_s
        """,
        most_watts=MOST_WATTS,
    )
    stored_w: dict[date, float] = {}
    bests: dict[date, dict[int, float]] = defaultdict(dict)
    for row in efforts:
        stored_w[row["week"]] = row["critical_power_w"]
        if row["duration_s"] in FIT_DURATIONS_S:
            bests[row["week"]][row["duration_s"]] = row["watts"]
    largest = 0.0
    for week, strongest in bests.items():
        fit = fit_critical_power(np.array([*strongest]), np.array([*strongest.values()]))
        recomputed_w = fit.critical_power_w if fit else 0.0
        largest = max(largest, abs(recomputed_w - stored_w[week]))
    message = f"Critical power differs from numpy's fit by {largest:.2g} W at most, over {len(bests)} weeks."
    return Finding(largest, ROUNDING_W, largest <= ROUNDING_W, message)


CHECKS = (
    contiguous(
        "power_profile_progress",
        "week",
        "7 DAY",
        "No week is missing and none occurs twice: a week without a ride is a row.",
    ),
    offenders(
        "bests_of_living_rides",
        "Every best of a week is that of the ride it names.",
        "weekly bests that no ride of the week has",
        f"SELECT * FROM ({_BESTS}) WHERE watts IS NOT NULL "  # noqa: S608 - our own queries
        "AND (own_watts IS NULL OR ABS(watts - own_watts) > @rounding)",
        rounding=ROUNDING_W,
    ),
    offenders(
        "fits_plausible",
        f"Critical power is given only with a W' of {W_PRIME_KJ[0]} to {W_PRIME_KJ[1]} kJ, with standard "
        f"errors of at most {MOST_FIT_ERRORS[0]:.0%} and {MOST_FIT_ERRORS[1]:.0%}, and from "
        f"{LEAST_CRITICAL_POWER_SHARE:.0%} of the estimated FTP on.",
        "weeks whose critical power or W' is given and cannot be believed",
        """
        SELECT athlete_id, week, critical_power_w, critical_power_error_w, w_prime_kj, w_prime_error_kj,
          estimated_ftp_w, fit_quality
        FROM power_profile_progress
        WHERE critical_power_w IS NOT NULL AND (
          fit_quality IS NULL OR fit_quality != 'good' OR w_prime_kj NOT BETWEEN @lowest AND @highest
          OR critical_power_error_w > @most_of_power * critical_power_w
          OR w_prime_error_kj > @most_of_work * w_prime_kj
          OR critical_power_w < @least_of_ftp * estimated_ftp_w
        )
        """,
        lowest=W_PRIME_KJ[0],
        highest=W_PRIME_KJ[1],
        most_of_power=MOST_FIT_ERRORS[0],
        most_of_work=MOST_FIT_ERRORS[1],
        least_of_ftp=LEAST_CRITICAL_POWER_SHARE,
    ),
    offenders(
        "critical_power_below_best_20_minutes",
        "Critical power is below the best 20 minutes of the six weeks it was fitted to.",
        "weeks whose critical power is not below the best 20 minutes",
        """
        SELECT athlete_id, week, critical_power_w, twenty_minutes_w FROM (
          SELECT athlete_id, week, critical_power_w,
            MAX(best_1200s_w) OVER (
              PARTITION BY athlete_id ORDER BY week ROWS BETWEEN 5 PRECEDING AND CURRENT ROW
            ) AS twenty_minutes_w
          FROM power_profile_progress
        )
        WHERE critical_power_w >= twenty_minutes_w
        """,
    ),
    Check(
        "critical_power_recomputed",
        "Critical power in SQL is what numpy's least squares give, for the athlete with most weeks.",
        critical_power_is_recomputed,
        blocking=True,
    ),
)
