"""The checks of the tables made from seconds: what arithmetic promises, and what the summaries say of it."""

from strava_assets.data_checks import Check, Finding, Subject, every_table_checks, offenders
from strava_assets.schema.recording_zones import RECORDING_ZONES
from strava_assets.schema.ride_power import RIDE_BESTS, RIDE_BESTS_AFTER_WORK, RIDE_POWER, RIDE_W_BALANCE
from strava_assets.schema.rules import LONG_EFFORT_S

# Strava counts as motion what a recorder may have paused in, and the other way round.
SUMMARY_TOLERANCE_W = 3.0
SUMMARY_TOLERANCE_SHARE = 0.05
# Beyond this share of W' below zero, critical power or W' is not the rider's.
MOST_BELOW_ZERO_SHARE = 0.5
# Seconds by which the first and the last window of thirty weigh less than the others, both together.
_EDGES_S = 29


def _sum_of(zone: str) -> str:
    return " + ".join(zone.format(number) for number in range(1, 8))


def seconds_agree_with_the_summary(subject: Subject) -> Finding:
    """Work by the seconds, over Strava's moving time, is the average power of the summary.

    Not the mean of the recorded seconds: Strava leaves out standing still, which a recorder may have kept.
    """
    return subject.none_of(
        "rides whose seconds do not make the summary's average power",
        """
        SELECT p.activity_id, a.activity_date, a.average_watts,
          SAFE_DIVIDE(p.work_j, a.moving_time_s) AS watts_from_seconds, p.quality, p.source
        FROM ride_power AS p
        INNER JOIN bq_activities AS a
          ON a.athlete_id = p.athlete_id AND a.activity_id = p.activity_id
        WHERE a.deleted_at IS NULL AND a.average_watts > 0 AND a.moving_time_s > 0
          AND ABS(SAFE_DIVIDE(p.work_j, a.moving_time_s) - a.average_watts)
            > GREATEST(@watts, @share * a.average_watts)
        ORDER BY a.activity_date DESC
        """,
        watts=SUMMARY_TOLERANCE_W,
        share=SUMMARY_TOLERANCE_SHARE,
    )


def a_multiple_is_no_stronger(subject: Subject) -> Finding:
    """A stretch of several equal parts is no stronger than its strongest part.

    More is not true: a curve may rise a little between two durations of which neither divides the other.
    """
    return subject.none_of(
        "bests stronger than those of a half, a third or a fifth of their time",
        """
        SELECT longer.activity_id, shorter.duration_s, shorter.watts, longer.duration_s AS longer_s,
          longer.watts AS longer_watts
        FROM ride_bests AS longer
        CROSS JOIN UNNEST([2, 3, 5]) AS times
        INNER JOIN ride_bests AS shorter
          ON shorter.athlete_id = longer.athlete_id AND shorter.activity_id = longer.activity_id
          AND shorter.duration_s * times = longer.duration_s
        WHERE longer.energy_j > times * shorter.energy_j
        """,
    )


POWER_CHECKS = (
    *every_table_checks(RIDE_POWER),
    offenders(
        "normalized_at_least_average",
        "On rides of twenty minutes and more normalized power is at least the average.",
        "rides of twenty minutes or more whose normalized power is below their average",
        """
        SELECT activity_id, normalized_power_w, average_watts, max_watts, recorded_s FROM ride_power
        WHERE recorded_s >= @seconds
          AND normalized_power_w < average_watts - SAFE_DIVIDE(@edges * max_watts, recorded_s)
        """,
        seconds=LONG_EFFORT_S,
        edges=_EDGES_S,
    ),
    Check(
        "seconds_agree_with_summary",
        f"Work from the seconds agrees with Strava's average power, within {SUMMARY_TOLERANCE_SHARE:.0%}. "
        "Otherwise the streams may be another recording's, or cropped since.",
        seconds_agree_with_the_summary,
        warn=True,
    ),
)

BESTS_CHECKS = (
    *every_table_checks(RIDE_BESTS),
    offenders(
        "energy_never_falls",
        "The most work of a duration is no less than that of any shorter one.",
        "bests that did less work in more time",
        """
        SELECT activity_id, duration_s, energy_j, shorter_j FROM (
          SELECT activity_id, duration_s, energy_j,
            LAG(energy_j) OVER (PARTITION BY athlete_id, activity_id ORDER BY duration_s) AS shorter_j
          FROM ride_bests
        ) WHERE energy_j < shorter_j
        """,
    ),
    Check(
        "multiple_no_stronger",
        "The best of twice, three or five times a duration is no stronger than the duration's own.",
        a_multiple_is_no_stronger,
        blocking=True,
    ),
)

AFTER_WORK_CHECKS = (
    *every_table_checks(RIDE_BESTS_AFTER_WORK),
    offenders(
        "no_stronger_than_fresh",
        "No best after some work is stronger than the ride's own best of that duration.",
        "bests after work that are stronger than the ride's own",
        """
        SELECT w.activity_id, w.work_basis, w.after_work, w.duration_s, w.energy_j, b.energy_j AS fresh_j
        FROM ride_bests_after_work AS w
        LEFT JOIN ride_bests AS b
          ON b.athlete_id = w.athlete_id AND b.activity_id = w.activity_id AND b.duration_s = w.duration_s
        WHERE b.energy_j IS NULL OR w.energy_j > b.energy_j
        """,
    ),
    offenders(
        "more_work_no_stronger",
        "After more work a ride has no stronger best of the same duration.",
        "bests that are stronger after more work",
        """
        SELECT activity_id, work_basis, after_work, duration_s, energy_j, earlier_j FROM (
          SELECT activity_id, work_basis, after_work, duration_s, energy_j,
            LAG(energy_j) OVER (
              PARTITION BY athlete_id, activity_id, work_basis, duration_s ORDER BY after_work
            ) AS earlier_j
          FROM ride_bests_after_work
        ) WHERE energy_j > earlier_j
        """,
    ),
)

ZONES_CHECKS = (
    *every_table_checks(RECORDING_ZONES),
    offenders(
        "three_zones_are_seven",
        "Three zones hold the same seconds as seven, and no more than carry the measure.",
        "recordings whose zones do not add up",
        f"""
        SELECT activity_id, recorded_s, power_s, heartrate_s FROM recording_zones
        WHERE power_low_s + power_moderate_s + power_high_s != {_sum_of("power_zone_{}_s")}
          OR power_low_s + power_moderate_s + power_high_s != power_s
          OR heartrate_low_s + heartrate_moderate_s + heartrate_high_s
            != {_sum_of("heartrate_zone_{}_of_7_s")}
          OR heartrate_low_s + heartrate_moderate_s + heartrate_high_s != heartrate_s
          OR power_s > recorded_s OR heartrate_s > recorded_s
        """,  # noqa: S608 - the registry's names
    ),
    offenders(
        "agrees_with_ride_power",
        "Every ride of ride_power has its recording here, with the same time and normalized power.",
        "rides whose two rows of seconds differ",
        """
        SELECT p.activity_id, p.recorded_s, z.recorded_s AS recorded_in_zones_s, p.normalized_power_w,
          z.normalized_power_w AS normalized_in_zones_w
        FROM ride_power AS p
        LEFT JOIN recording_zones AS z
          ON z.athlete_id = p.athlete_id AND z.activity_id = p.activity_id
        WHERE z.recorded_s IS NULL OR z.recorded_s != p.recorded_s
          OR COALESCE(z.normalized_power_w, -1) != COALESCE(p.normalized_power_w, -1)
        """,
    ),
)

W_BALANCE_CHECKS = (
    *every_table_checks(RIDE_W_BALANCE),
    offenders(
        "balance_possible",
        "W' balance never exceeds W', and is there where critical power and W' of the day are.",
        "rides whose W' balance cannot be",
        """
        SELECT activity_id, critical_power_w, w_prime_kj, lowest_balance_kj, below_quarter_s, matches
        FROM ride_w_balance
        WHERE lowest_balance_kj > w_prime_kj
          OR (critical_power_w IS NULL) != (lowest_balance_kj IS NULL)
          OR (lowest_balance_share >= 0.25) != (below_quarter_s = 0)
        """,
    ),
    offenders(
        "balance_near_zero_at_least",
        "With critical power and W' of the figures file the balance falls below zero by at most "
        f"{MOST_BELOW_ZERO_SHARE:.0%} of W'. Further below, they are too low for that day: add a newer test, "
        "or check the power meter. Fits to ordinary rides are often too low and are not judged.",
        "rides far below an empty W' balance",
        """
        SELECT activity_id, critical_power_w, w_prime_kj, figures_source, fit_age_days, lowest_balance_kj
        FROM ride_w_balance WHERE lowest_balance_share < -@most AND figures_source = 'athlete'
        """,
        blocking=False,
        most=MOST_BELOW_ZERO_SHARE,
    ),
)
