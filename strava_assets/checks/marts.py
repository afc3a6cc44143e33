"""The checks of the marts: calendars without holes, totals that are conserved, averages that can be."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from strava_assets.checks.activities import LONG_ENOUGH_S
from strava_assets.checks.measured import Check, Finding, Subject
from strava_assets.checks.power import CURVE_CHECKS, PROFILE_CHECKS, normalized_within_rides
from strava_assets.schema.columns import ColumnType

if TYPE_CHECKING:
    from strava_assets.marts.catalog import Mart
    from strava_assets.schema import Table

# Beyond a professional's best when held for twenty minutes.
MOST_WATTS_PER_KG = 7
# Sums of floats in another order differ in the last digits only: in watts, and as a share of a total.
ROUNDING = 1e-6
ROUNDING_SHARE = 1e-9


def key_is_unique(mart: "Mart | Table") -> Callable[[Subject], Finding]:
    """The look that finds rows of one key."""
    key = ", ".join(mart.key)
    missing = " OR ".join(f"{name} IS NULL" for name in mart.key)
    sql = f"SELECT {key}, COUNT(*) AS times FROM {mart.name} GROUP BY {key} HAVING COUNT(*) > 1 OR {missing}"  # noqa: S608 - the catalog's names
    return lambda subject: subject.none_of(f"rows of {mart.name} with a doubled or missing key", sql)


def numbers_are_finite(mart: "Mart | Table") -> Callable[[Subject], Finding]:
    """The look that finds columns with NaN or infinity."""
    floats = [column.name for column in mart.columns if column.type is ColumnType.FLOAT]
    counts = ", ".join(f"COUNTIF(IS_NAN({name}) OR IS_INF({name})) AS {name}" for name in floats)

    def look(subject: Subject) -> Finding:
        [found] = subject.rows(f"SELECT {counts} FROM {mart.name}")  # noqa: S608 - the catalog's names
        rows = [{"column": name, "rows": count} for name, count in found.items() if count]
        return Finding.none_of(rows, f"columns of {mart.name} with NaN or infinity")

    return look


def periods_are_contiguous(mart: str, period: str, step: str) -> Callable[[Subject], Finding]:
    """The look that finds periods which do not follow the one before: a hole, or one that stands twice.

    Args:
        mart: the mart's name.
        period: its column with the period's first day.
        step: how far one period is from the next, as SQL writes an interval: `7 DAY`.
    """
    sql = f"""
    SELECT athlete_id, {period}, before FROM (
      SELECT athlete_id, {period}, LAG({period}) OVER (PARTITION BY athlete_id ORDER BY {period}) AS before
      FROM {mart}
    ) WHERE before IS NOT NULL AND DATE_ADD(before, INTERVAL {step}) != {period}
    """  # noqa: S608 - the catalog's names
    return lambda subject: subject.none_of(
        f"{period}s that do not follow the one before by {step.lower()}", sql
    )


def totals_are_conserved(mart: str) -> Callable[[Subject], Finding]:
    """The look that compares a mart's totals by athlete with the sums of the activities themselves."""
    sql = f"""
    WITH here AS (
      SELECT athlete_id, SUM(rides) AS rides, SUM(moving_time_s) AS moving_time_s,
        SUM(distance_m) AS distance_m, SUM(power_s) AS power_s, SUM(work_kj) AS work_kj,
        SUM(stream_rides) AS stream_rides, SUM(tss) AS tss
      FROM {mart} GROUP BY athlete_id
    ),
    there AS (
      SELECT athlete_id, COUNT(*) AS rides, SUM(moving_time_s) AS moving_time_s,
        SUM(distance_m) AS distance_m, SUM(power_s) AS power_s, SUM(work_j) / 1000 AS work_kj,
        COUNTIF(stream_s > 0) AS stream_rides, SUM(tss) AS tss
      FROM activity_measures WHERE is_ride GROUP BY athlete_id
    )
    SELECT athlete_id,
      COALESCE(here.rides, 0) - COALESCE(there.rides, 0) AS rides,
      COALESCE(here.moving_time_s, 0) - COALESCE(there.moving_time_s, 0) AS moving_time_s,
      COALESCE(here.power_s, 0) - COALESCE(there.power_s, 0) AS power_s,
      COALESCE(here.stream_rides, 0) - COALESCE(there.stream_rides, 0) AS stream_rides,
      (COALESCE(here.distance_m, 0) - COALESCE(there.distance_m, 0))
        / GREATEST(1, COALESCE(there.distance_m, 0)) AS distance_share,
      (COALESCE(here.work_kj, 0) - COALESCE(there.work_kj, 0))
        / GREATEST(1, COALESCE(there.work_kj, 0)) AS work_share,
      (COALESCE(here.tss, 0) - COALESCE(there.tss, 0)) / GREATEST(1, COALESCE(there.tss, 0)) AS tss_share
    FROM here FULL JOIN there USING (athlete_id)
    """  # noqa: S608 - the catalog's names

    def look(subject: Subject) -> Finding:
        # Counts and seconds are whole and must be equal; sums of floats differ in their last digits.
        rows = [
            row
            for row in subject.rows(sql)
            if any(row[name] for name in ("rides", "moving_time_s", "power_s", "stream_rides"))
            or any(abs(row[name]) > ROUNDING_SHARE for name in ("distance_share", "work_share", "tss_share"))
        ]
        return Finding.none_of(rows, f"athletes whose totals in {mart} differ from their activities")

    return look


def fitness_follows_from_load(subject: Subject) -> Finding:
    """CTL of the athlete with the longest history, computed again by its recursion in pandas, is the same."""
    import pandas as pd

    days = subject.warehouse.query(
        """
        SELECT training_load, fitness_ctl FROM daily_load
        WHERE athlete_id = (
          SELECT athlete_id FROM daily_load GROUP BY athlete_id ORDER BY COUNT(*) DESC, athlete_id LIMIT 1
        )
        ORDER BY day
        """
    ).to_pandas()
    # The recursion begins at zero; pandas begins at the first value, hence the day before the first.
    loads = pd.concat([pd.Series([0.0]), days["training_load"].fillna(0.0)], ignore_index=True)
    again = loads.ewm(alpha=1 - math.exp(-1 / 42), adjust=False).mean().iloc[1:].reset_index(drop=True)
    furthest = float((again - days["fitness_ctl"]).abs().max()) if len(days) else 0.0
    told = f"CTL differs from its recursion by {furthest:.2g} at most, over {len(days)} days."
    return Finding(furthest, ROUNDING, furthest <= ROUNDING, told)


def sports_are_conserved(subject: Subject) -> Finding:
    """The activities and hours of all sports and weeks are those of the counted activities."""
    return subject.none_of(
        "athletes whose totals in sport_overview differ from their activities",
        f"""
        WITH here AS (
          SELECT athlete_id, SUM(activities) AS activities, SUM(moving_time_s) AS moving_time_s
          FROM sport_overview GROUP BY athlete_id
        ),
        there AS (
          SELECT athlete_id, COUNT(*) AS activities, SUM(moving_time_s) AS moving_time_s
          FROM activity_measures WHERE is_counted GROUP BY athlete_id
        )
        SELECT athlete_id, here.activities AS in_sport_overview, there.activities AS in_activities
        FROM here FULL JOIN there USING (athlete_id)
        WHERE COALESCE(here.activities, 0) != COALESCE(there.activities, 0)
          OR ABS(COALESCE(here.moving_time_s, 0) - COALESCE(there.moving_time_s, 0)) > {ROUNDING}
        """,  # noqa: S608 - a constant of ours
    )


def records_live(subject: Subject) -> Finding:
    """Every record was set by an activity that still exists."""
    return subject.none_of(
        "records set by an activity that no longer exists",
        """
        SELECT r.period, r.record, r.activity_id FROM personal_records AS r
        LEFT JOIN bq_activities AS a
          ON a.athlete_id = r.athlete_id AND a.activity_id = r.activity_id AND a.deleted_at IS NULL
        WHERE a.activity_id IS NULL
        """,
    )


def the_last_quarters_number_is_todays(subject: Subject) -> Finding:
    """The Eddington number at the running quarter's end is the one of today."""
    return subject.none_of(
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
    )


def averages_lie_within_rides(mart: str, period: str) -> Callable[[Subject], Finding]:
    """The look that finds a period's power below its weakest or above its strongest ride, weighted or not."""
    sql = f"""
    SELECT m.athlete_id, m.{period}, m.average_watts, r.lowest, r.highest,
      m.weighted_average_watts, r.lowest_weighted, r.highest_weighted
    FROM {mart} AS m JOIN (
      SELECT athlete_id, {period},
        MIN(SAFE_DIVIDE(work_j, power_s)) AS lowest, MAX(SAFE_DIVIDE(work_j, power_s)) AS highest,
        MIN(weighted_average_watts) AS lowest_weighted, MAX(weighted_average_watts) AS highest_weighted
      FROM activity_measures WHERE is_power_ride GROUP BY athlete_id, {period}
    ) AS r USING (athlete_id, {period})
    WHERE m.average_watts IS NULL
      OR m.average_watts < r.lowest - {ROUNDING} OR m.average_watts > r.highest + {ROUNDING}
      OR m.weighted_average_watts < r.lowest_weighted - {ROUNDING}
      OR m.weighted_average_watts > r.highest_weighted + {ROUNDING}
    """  # noqa: S608 - the catalog's names
    return lambda subject: subject.none_of(f"{period}s whose average power is not between their rides'", sql)


def percentages_have_a_base(mart: str, period: str) -> Callable[[Subject], Finding]:
    """The look that finds a change in percent where there was nothing to compare with."""
    sql = f"""
    SELECT athlete_id, {period}, average_watts, average_watts_previous, average_watts_change_pct FROM {mart}
    WHERE average_watts_change_pct IS NOT NULL
      AND (average_watts IS NULL OR COALESCE(average_watts_previous, 0) <= 0)
    """  # noqa: S608 - the catalog's names
    return lambda subject: subject.none_of(f"{period}s with a percentage but no base", sql)


def power_per_kg_is_plausible(subject: Subject) -> Finding:
    """No ride of twenty minutes or more was ridden beyond a professional's watts per kilogram."""
    return subject.none_of(
        f"rides of twenty minutes or more above {MOST_WATTS_PER_KG} W/kg",
        """
        SELECT activity_id, activity_date, SAFE_DIVIDE(work_j, power_s) AS average_watts, weight_kg,
          SAFE_DIVIDE(work_j, power_s * weight_kg) AS watts_per_kg
        FROM activity_measures
        WHERE is_power_ride AND power_s >= @seconds AND SAFE_DIVIDE(work_j, power_s * weight_kg) > @most
        ORDER BY activity_date DESC
        """,
        seconds=LONG_ENOUGH_S,
        most=MOST_WATTS_PER_KG,
    )


def nothing_was_recorded_twice(subject: Subject) -> Finding:
    """No time of an athlete was recorded by two devices; where it was, only the better recording counts."""
    finding = subject.none_of(
        "activities that another recording of the same time displaces",
        """
        SELECT activity_id, duplicate_of, activity_date, sport_type, name FROM activity_measures
        WHERE is_duplicate ORDER BY activity_date DESC, activity_id
        """,
    )
    if finding.passed:
        return finding
    told = f"{finding.told} They are not counted; delete the recording you do not want on Strava."
    return Finding(finding.measured, finding.threshold, passed=False, told=told, rows=finding.rows)


def checks_of(mart: "Mart") -> tuple[Check, ...]:
    """All checks of a mart: the ones every mart has, and its own."""
    checks = [
        Check(
            "key_unique",
            f"One row is {mart.grain}: {', '.join(mart.key)} stand together once.",
            key_is_unique(mart),
            blocking=True,
        )
    ]
    if any(column.type is ColumnType.FLOAT for column in mart.columns):
        checks.append(
            Check(
                "numbers_finite",
                "A number that cannot be known is null, never NaN or infinity.",
                numbers_are_finite(mart),
                blocking=True,
            )
        )
    return (*checks, *_OWN.get(mart.name, ()))


def _period_checks(mart: str, period: str) -> tuple[Check, ...]:
    return (
        Check(
            "totals_conserved",
            f"Rides, time, distance and work of all {period}s are those of the activities.",
            totals_are_conserved(mart),
            blocking=True,
        ),
        Check(
            "averages_within_rides",
            f"A {period}'s average power lies between its weakest and its strongest ride's.",
            averages_lie_within_rides(mart, period),
            blocking=True,
        ),
        normalized_within_rides(mart, period),
        Check(
            "percentages_have_a_base",
            "A change in percent stands only where there was something to compare with.",
            percentages_have_a_base(mart, period),
            blocking=True,
        ),
    )


_OWN: dict[str, tuple[Check, ...]] = {
    "weekly_watts": (
        Check(
            "weeks_contiguous",
            "No week is missing and none stands twice: a week without a ride is a row.",
            periods_are_contiguous("weekly_watts", "week", "7 DAY"),
            blocking=True,
        ),
        *_period_checks("weekly_watts", "week"),
        Check(
            "plausible_power_per_kg",
            f"No ride of twenty minutes or more above {MOST_WATTS_PER_KG} W/kg of the day's weight.",
            power_per_kg_is_plausible,
            warn=True,
        ),
        Check(
            "no_double_recordings",
            "No time was recorded twice (say by a bike computer and a virtual world); of two, one counts.",
            nothing_was_recorded_twice,
            warn=True,
        ),
    ),
    "quarterly_overview": (
        Check(
            "quarters_contiguous",
            "No quarter is missing and none stands twice.",
            periods_are_contiguous("quarterly_overview", "quarter", "3 MONTH"),
            blocking=True,
        ),
        *_period_checks("quarterly_overview", "quarter"),
        Check(
            "eddington_conserved",
            "The running quarter ends with today's Eddington number.",
            the_last_quarters_number_is_todays,
            blocking=True,
        ),
    ),
    "daily_load": (
        Check(
            "days_contiguous",
            "No day is missing and none stands twice: a day of rest is a row.",
            periods_are_contiguous("daily_load", "day", "1 DAY"),
            blocking=True,
        ),
        Check(
            "fitness_recomputed",
            "CTL in SQL is what its recursion gives in pandas, for the athlete with the longest history.",
            fitness_follows_from_load,
            blocking=True,
        ),
    ),
    "power_curve": CURVE_CHECKS,
    "power_profile_progress": (
        Check(
            "weeks_contiguous",
            "No week is missing and none stands twice: a week without a ride is a row.",
            periods_are_contiguous("power_profile_progress", "week", "7 DAY"),
            blocking=True,
        ),
        *PROFILE_CHECKS,
    ),
    "sport_overview": (
        Check(
            "totals_conserved",
            "Activities and time of all sports are those of the activities.",
            sports_are_conserved,
            blocking=True,
        ),
    ),
    "personal_records": (
        Check(
            "records_live",
            "Every record was set by an activity that still exists.",
            records_live,
            blocking=True,
        ),
    ),
}
