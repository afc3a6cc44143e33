"""Checks that several marts share: calendars without holes, conserved totals, averages that are possible."""

from __future__ import annotations

from strava_assets.data_checks import Check, offenders

# Sums of floats in another order differ in the last digits only: in watts, and as a share of a total.
ROUNDING_W = 1e-6
ROUNDING_SHARE = 1e-9


def contiguous(mart: str, period: str, step: str, description: str) -> Check:
    """The check that each period follows the one before.

    Args:
        mart: the mart's name.
        period: its column with the period's first day.
        step: how far one period is from the next, as SQL writes an interval: `7 DAY`.
        description: what is held.
    """
    return offenders(
        f"{period}s_contiguous",
        description,
        f"{period}s that do not follow the one before by {step.lower()}",
        f"""
        SELECT athlete_id, {period}, before FROM (
          SELECT athlete_id, {period},
            LAG({period}) OVER (PARTITION BY athlete_id ORDER BY {period}) AS before
          FROM {mart}
        ) WHERE before IS NOT NULL AND DATE_ADD(before, INTERVAL {step}) != {period}
        """,  # noqa: S608 - the catalog's names
    )


def period_checks(mart: str, period: str) -> tuple[Check, ...]:
    """The checks of a mart of riding by period, whose totals and averages are those of its activities.

    Args:
        mart: the mart's name.
        period: its column with the period's first day, which is a column of `activity_measures` too.
    """
    return (
        _totals_conserved(mart, period),
        _averages_within_rides(mart, period),
        _normalized_within_rides(mart, period),
        offenders(
            "percentages_have_a_base",
            "A change in percent is given only where there was something to compare with.",
            f"{period}s with a percentage but no base",
            f"""
            SELECT athlete_id, {period}, average_watts, average_watts_previous, average_watts_change_pct
            FROM {mart}
            WHERE average_watts_change_pct IS NOT NULL
              AND (average_watts IS NULL OR COALESCE(average_watts_previous, 0) <= 0)
            """,  # noqa: S608 - the catalog's names
        ),
    )


def _totals_conserved(mart: str, period: str) -> Check:
    return offenders(
        "totals_conserved",
        f"Rides, time, distance and work of all {period}s are those of the activities.",
        f"athletes whose totals in {mart} differ from their activities",
        # Counts and seconds are whole and must be equal; sums of floats differ in their last digits.
        f"""
        WITH in_mart AS (
          SELECT athlete_id, SUM(rides) AS rides, SUM(moving_time_s) AS moving_time_s,
            SUM(distance_m) AS distance_m, SUM(power_s) AS power_s, SUM(work_kj) AS work_kj,
            SUM(stream_rides) AS stream_rides, SUM(tss) AS tss
          FROM {mart} GROUP BY athlete_id
        ),
        in_activities AS (
          SELECT athlete_id, COUNT(*) AS rides, SUM(moving_time_s) AS moving_time_s,
            SUM(distance_m) AS distance_m, SUM(power_s) AS power_s, SUM(work_j) / 1000 AS work_kj,
            COUNTIF(stream_s > 0) AS stream_rides, SUM(tss) AS tss
          FROM activity_measures WHERE is_ride GROUP BY athlete_id
        )
        SELECT * FROM (
          SELECT athlete_id,
            COALESCE(m.rides, 0) - COALESCE(a.rides, 0) AS rides,
            COALESCE(m.moving_time_s, 0) - COALESCE(a.moving_time_s, 0) AS moving_time_s,
            COALESCE(m.power_s, 0) - COALESCE(a.power_s, 0) AS power_s,
            COALESCE(m.stream_rides, 0) - COALESCE(a.stream_rides, 0) AS stream_rides,
            (COALESCE(m.distance_m, 0) - COALESCE(a.distance_m, 0))
              / GREATEST(1, COALESCE(a.distance_m, 0)) AS distance_share,
            (COALESCE(m.work_kj, 0) - COALESCE(a.work_kj, 0))
              / GREATEST(1, COALESCE(a.work_kj, 0)) AS work_share,
            (COALESCE(m.tss, 0) - COALESCE(a.tss, 0)) / GREATEST(1, COALESCE(a.tss, 0)) AS tss_share
          FROM in_mart AS m FULL JOIN in_activities AS a USING (athlete_id)
        )
        WHERE rides != 0 OR moving_time_s != 0 OR power_s != 0 OR stream_rides != 0
          OR ABS(distance_share) > @rounding OR ABS(work_share) > @rounding OR ABS(tss_share) > @rounding
        """,  # noqa: S608 - the catalog's names
        rounding=ROUNDING_SHARE,
    )


def _averages_within_rides(mart: str, period: str) -> Check:
    return offenders(
        "averages_within_rides",
        f"A {period}'s average power lies between its weakest and its strongest ride's.",
        f"{period}s whose average power is not between their rides'",
        f"""
        SELECT m.athlete_id, m.{period}, m.average_watts, r.lowest, r.highest,
          m.weighted_average_watts, r.lowest_weighted, r.highest_weighted
        FROM {mart} AS m JOIN (
          SELECT athlete_id, {period},
            MIN(SAFE_DIVIDE(work_j, power_s)) AS lowest, MAX(SAFE_DIVIDE(work_j, power_s)) AS highest,
            MIN(weighted_average_watts) AS lowest_weighted, MAX(weighted_average_watts) AS highest_weighted
          FROM activity_measures WHERE is_power_ride GROUP BY athlete_id, {period}
        ) AS r USING (athlete_id, {period})
        WHERE m.average_watts IS NULL
          OR m.average_watts < r.lowest - @rounding OR m.average_watts > r.highest + @rounding
          OR m.weighted_average_watts < r.lowest_weighted - @rounding
          OR m.weighted_average_watts > r.highest_weighted + @rounding
        """,  # noqa: S608 - the catalog's names
        rounding=ROUNDING_W,
    )


def _normalized_within_rides(mart: str, period: str) -> Check:
    return offenders(
        "normalized_within_rides",
        f"A {period}'s normalized power lies between its weakest and its strongest ride's, and is null where "
        "no ride's seconds are known.",
        f"{period}s whose normalized power is not between their rides'",
        f"""
        SELECT p.athlete_id, p.{period}, p.normalized_power_w, r.lowest, r.highest
        FROM {mart} AS p
        LEFT JOIN (
          SELECT athlete_id, {period}, MIN(normalized_power_w) AS lowest, MAX(normalized_power_w) AS highest
          FROM activity_measures WHERE stream_s > 0 GROUP BY athlete_id, {period}
        ) AS r ON r.athlete_id = p.athlete_id AND r.{period} = p.{period}
        WHERE (p.normalized_power_w IS NULL) != (r.lowest IS NULL)
          OR p.normalized_power_w < r.lowest - @rounding OR p.normalized_power_w > r.highest + @rounding
        """,  # noqa: S608 - the catalog's names
        rounding=ROUNDING_W,
    )
