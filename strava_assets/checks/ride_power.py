"""The checks of `ride_power` and `ride_bests`: what arithmetic promises, and what the summaries say of it."""

from strava_assets.data_checks import Check, Finding, Subject, every_table_checks, offenders
from strava_assets.schema.ride_power import RIDE_BESTS, RIDE_POWER
from strava_assets.schema.rules import LONG_EFFORT_S

# Strava counts as motion what a recorder may have paused in, and the other way round.
SUMMARY_TOLERANCE_W = 3.0
SUMMARY_TOLERANCE_SHARE = 0.05
# Seconds by which the first and the last window of thirty weigh less than the others, both together.
_EDGES_S = 29


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
