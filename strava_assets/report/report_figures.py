"""What the page shows of one athlete: small SELECTs over the marts, read once, as plain rows.

Add a SELECT for a mart that the page shows. What is made of the rows belongs into a section; the caller
runs the SQL.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import date

    import pyarrow as pa

    from strava_assets.profile.gear_file import Gear
    from strava_assets.report.power_trace import PowerTrace

Row = dict[str, Any]

_SELECTS = {
    "weekly_watts": "SELECT * FROM weekly_watts WHERE athlete_id = @athlete_id ORDER BY week",
    "quarterly_overview": "SELECT * FROM quarterly_overview WHERE athlete_id = @athlete_id ORDER BY quarter",
    "daily_load": """
        SELECT
          day, training_load, load_source, activities, activities_without_load,
          fitness_ctl, fatigue_atl, form_tsb, ramp_7d, is_warm_up, start_load, scaled_rides
        FROM daily_load
        WHERE athlete_id = @athlete_id
        ORDER BY day
    """,
    "year_on_year": """
        SELECT
          day, year, common_day, rides_so_far, distance_so_far_m, moving_time_so_far_s, climb_so_far_m,
          work_so_far_kj, distance_year_before_m, distance_change_pct
        FROM year_on_year
        WHERE athlete_id = @athlete_id
        ORDER BY day
    """,
    "sport_overview": """
        SELECT
          week, family, sport_type, activities, moving_time_s, distance_m, climb_m
        FROM sport_overview
        WHERE athlete_id = @athlete_id AND activities > 0
        ORDER BY week, sport_type
    """,
    "gear_use": "SELECT * FROM gear_use WHERE athlete_id = @athlete_id ORDER BY distance_m DESC, gear_id",
    "eddington": "SELECT * FROM eddington WHERE athlete_id = @athlete_id ORDER BY unit, number",
    "personal_records": """
        SELECT period, record, value, unit, activity_id, activity_date, name, sport_type
        FROM personal_records
        WHERE athlete_id = @athlete_id
        ORDER BY period, record
    """,
    "power_curve": """
        SELECT
          period, period_kind, duration_s, watts, watts_per_kg, activity_id, activity_date, name
        FROM power_curve
        WHERE athlete_id = @athlete_id AND period_kind IN ('all_time', 'year', 'last_90_days', 'last_42_days')
        ORDER BY period, duration_s
    """,
    "power_profile_progress": """
        SELECT * FROM power_profile_progress WHERE athlete_id = @athlete_id ORDER BY week
    """,
    "ftp_estimates": """
        SELECT * FROM ftp_estimates WHERE athlete_id = @athlete_id ORDER BY supported_on DESC
    """,
    "durability": """
        SELECT * FROM durability
        WHERE athlete_id = @athlete_id
        ORDER BY season, work_basis, after_work, duration_s
    """,
    "intensity_distribution": """
        SELECT * FROM intensity_distribution WHERE athlete_id = @athlete_id ORDER BY period_kind, period_start
    """,
    "planned_form": "SELECT * FROM planned_form WHERE athlete_id = @athlete_id ORDER BY day",
    "suspicious_activities": """
        SELECT * FROM suspicious_activities
        WHERE athlete_id = @athlete_id
        ORDER BY activity_date DESC, activity_id, reason
    """,
}

MARTS = tuple(_SELECTS)
"""The marts that the page shows; each may be missing."""

INPUT_TABLES = (
    *("bq_activities", "activity_measures", "activity_streams", "loaded_batches", "mart_settings"),
    "ride_w_balance",
)
"""What else it reads: days with a ride, and how complete the data is."""

# A share of the rides. The newest are always fetched at the next sync.
_FEW = 0.05

_ATHLETES = """
SELECT athlete_id
FROM bq_activities
WHERE deleted_at IS NULL
GROUP BY athlete_id
ORDER BY COUNT(*) DESC, athlete_id
"""

_RIDE_DAYS = """
SELECT
  activity_date,
  COUNT(*) AS rides,
  SUM(moving_time_s) AS moving_time_s,
  SUM(distance_m) AS distance_m,
  SUM(IF(is_power_ride, work_j, NULL)) / 1000 AS work_kj
FROM activity_measures
WHERE athlete_id = @athlete_id AND is_ride
GROUP BY activity_date
ORDER BY activity_date
"""

_ACTIVITIES = """
SELECT
  activity_id, activity_date, name, sport_type, family, is_ride, is_indoor, is_commute,
  moving_time_s, distance_m, climb_m,
  IF(is_power_ride, work_j / 1000, NULL) AS work_kj,
  SAFE_DIVIDE(work_j, power_s) AS average_watts,
  normalized_power_w, tss, decoupling_pct, ftp_w,
  power_zone_1_s, power_zone_2_s, power_zone_3_s, power_zone_4_s, power_zone_5_s, power_zone_6_s,
  power_zone_7_s,
  best_5s_w, best_60s_w, best_300s_w, best_1200s_w, best_3600s_w
FROM activity_measures
WHERE athlete_id = @athlete_id AND is_counted
ORDER BY activity_date, activity_id
"""

_START_HOURS = """
SELECT
  MOD(DATE_DIFF(m.activity_date, DATE '1900-01-01', DAY), 7) AS weekday,
  EXTRACT(HOUR FROM a.start_date_local) AS hour,
  COUNT(*) AS rides
FROM activity_measures AS m
INNER JOIN bq_activities AS a
  ON a.athlete_id = m.athlete_id AND a.activity_id = m.activity_id
WHERE m.athlete_id = @athlete_id AND m.is_ride AND NOT m.is_manual AND a.start_date_local IS NOT NULL
GROUP BY weekday, hour
ORDER BY weekday, hour
"""

_BALANCES = """
SELECT activity_id, lowest_balance_share, matches
FROM ride_w_balance
WHERE athlete_id = @athlete_id AND lowest_balance_share IS NOT NULL
ORDER BY activity_id
"""

_GEAR_DAYS = """
SELECT gear_id, activity_date, SUM(distance_m) AS distance_m
FROM activity_measures
WHERE athlete_id = @athlete_id AND NOT is_duplicate AND gear_id IS NOT NULL
GROUP BY gear_id, activity_date
ORDER BY gear_id, activity_date
"""

_QUALITY = """
SELECT
  COUNT(*) AS activities,
  COUNTIF(is_ride) AS rides,
  COUNTIF(is_power_ride) AS power_rides,
  COUNTIF(is_estimated_ride) AS estimated_rides,
  COUNTIF(is_ebike_ride) AS ebike_rides,
  COUNTIF(is_ride AND is_manual) AS manual_rides,
  COUNTIF(is_ride AND is_flagged) AS flagged_rides,
  MAX(load_scale) AS load_scale,
  MAX(load_scale_rides) AS load_scale_rides
FROM activity_measures
WHERE athlete_id = @athlete_id
"""

_OVERRULED = """
SELECT
  activity_id, activity_date, name, sport_type, figures_reason, summary_work_j / 1000 AS summary_work_kj,
  seconds_work_j / 1000 AS seconds_work_kj, summary_weighted_watts, seconds_weighted_watts, training_load
FROM activity_measures
WHERE athlete_id = @athlete_id AND figures_from = 'seconds'
ORDER BY activity_date DESC, activity_id
"""

_STREAMS = """
SELECT
  COUNTIF(s.status = 'stored') AS stream_rides,
  COUNTIF(s.status IS NULL) AS streams_to_come,
  COUNTIF(s.status = 'none') AS streams_none,
  COUNTIF(s.status = 'unreadable') AS streams_unreadable
FROM activity_measures AS m
LEFT JOIN activity_streams AS s
  ON s.athlete_id = m.athlete_id AND s.activity_id = m.activity_id
WHERE m.athlete_id = @athlete_id AND m.is_power_ride
"""

_SYNC = """
SELECT
  MAX(loaded_at) AS last_sync,
  SUM(rejected) AS rejected,
  MAX(IF(kind = 'full', loaded_at, NULL)) AS last_full_listing
FROM loaded_batches
WHERE
  athlete_id = @athlete_id
  OR (
    -- Of nobody known: it counts for the athlete of whom it brought an activity, and for a single one.
    athlete_id IS NULL
    AND (
      batch_id IN (SELECT batch_id FROM bq_activities WHERE athlete_id = @athlete_id)
      OR NOT EXISTS (SELECT 1 FROM bq_activities WHERE athlete_id != @athlete_id)
    )
  )
"""


class Query(Protocol):
    """Runs one SELECT in BigQuery's dialect, with named parameters, and returns its whole answer."""

    def __call__(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        """The answer as an Arrow table."""


def athletes_by_activities(query: Query) -> list[str]:
    """The ids of the athletes with activities, the one with most of them first."""
    ids: list[str] = query(_ATHLETES).column("athlete_id").to_pylist()
    return ids


@dataclass(frozen=True)
class Figures:
    """Everything the page shows of one athlete.

    Args:
        athlete_id: whose figures; empty where there are no activities.
        today: the athlete's day of the last refresh; None before the first.
        sunday_first: whether weeks begin on Sunday, and not on Monday.
        marts: rows of each existing mart of `MARTS`, in the order of its key.
        ride_days: one row a day with a ride: rides, moving_time_s, distance_m, work_kj.
        activities: one row an activity that counts, the oldest first: its day, name, sport, time, distance
            and measured power.
        gear: names and service intervals by the gear's id, where the athlete has written them down.
        gear_days: the distance of each piece of gear on each day.
        w_balances: of rides, by id, the lowest share of W' that was left, and the number of matches.
        last_ride_trace: the power of `last_ride` over its time, where its seconds are known.
        last_ride_shape: the shape of its route as an SVG path, where the settings ask for it.
        start_hours: rides by weekday, from 0 for Monday, and local hour of the start; typed-in ones left out.
        quality: the counts and times of the section on data quality.
        overruled: rides whose power is from their seconds, with both figures and the reason, newest first.
        warnings: findings of checks, a sentence each; checks look at all athletes, so that there are none on
            the page of one of several.
        fetches_streams: whether syncs fetch the seconds of rides.
    """

    athlete_id: str = ""
    today: date | None = None
    sunday_first: bool = False
    marts: Mapping[str, list[Row]] = field(default_factory=dict)
    ride_days: list[Row] = field(default_factory=list)
    activities: list[Row] = field(default_factory=list)
    gear: Mapping[str, Gear] = field(default_factory=dict)
    gear_days: list[Row] = field(default_factory=list)
    w_balances: Mapping[str, Row] = field(default_factory=dict)
    start_hours: list[Row] = field(default_factory=list)
    last_ride_trace: PowerTrace | None = None
    last_ride_shape: str | None = None
    quality: Row = field(default_factory=dict)
    overruled: list[Row] = field(default_factory=list)
    warnings: Sequence[str] = ()
    fetches_streams: bool = True

    def rows(self, mart: str) -> list[Row]:
        """The rows of a mart; none where it is missing or empty."""
        return self.marts.get(mart, [])

    @property
    def last_ride(self) -> Row | None:
        """The newest ride that counts; of several on a day the longest."""
        rides = [row for row in self.activities if row["is_ride"]]
        return max(rides, key=lambda row: (row["activity_date"], row["moving_time_s"]), default=None)

    @property
    def rides_so_far(self) -> int | None:
        """The number of rides whose seconds are known, while more than a few are still to come; else None.

        Until then a best is that of the newest rides, and years differ by how many rides were fetched.
        """
        rides, to_come = (self.quality.get(name, 0) for name in ("stream_rides", "streams_to_come"))
        return rides if to_come > _FEW * (rides + to_come) else None

    @classmethod
    def read(
        cls,
        query: Query,
        tables: Collection[str],
        athlete_id: str | None = None,
        warnings: Sequence[str] = (),
        *,
        fetches_streams: bool = True,
    ) -> Figures:
        """Read one athlete's figures.

        Args:
            query: runs a SELECT; `Warehouse.query` is one.
            tables: the tables and views that exist; a mart not among them is left out.
            athlete_id: whose; by default the athlete with most activities.
            warnings: findings of checks that the reader should know of, a sentence each.
            fetches_streams: whether syncs fetch the seconds of rides, as the settings have it.
        """
        if "bq_activities" not in tables:
            return cls()
        athlete = athlete_id or next(iter(athletes_by_activities(query)), "")
        own = {"athlete_id": athlete}
        marts = {name: query(sql, own) for name, sql in _SELECTS.items() if name in tables}
        settings = (
            query("SELECT as_of, week_start FROM mart_settings").to_pylist()[0]
            if "mart_settings" in tables
            else {}
        )
        measured = "activity_measures" in tables
        quality = query(_QUALITY, own).to_pylist()[0] if measured else {}
        quality |= query(_SYNC, own).to_pylist()[0] if "loaded_batches" in tables else {}
        quality |= query(_STREAMS, own).to_pylist()[0] if measured and "activity_streams" in tables else {}
        return cls(
            athlete_id=athlete,
            today=settings.get("as_of"),
            sunday_first=settings.get("week_start") == "sunday",
            marts={name: table.to_pylist() for name, table in marts.items()},
            ride_days=query(_RIDE_DAYS, own).to_pylist() if measured else [],
            activities=query(_ACTIVITIES, own).to_pylist() if measured else [],
            w_balances=(
                {row["activity_id"]: row for row in query(_BALANCES, own).to_pylist()}
                if "ride_w_balance" in tables
                else {}
            ),
            gear_days=query(_GEAR_DAYS, own).to_pylist() if measured else [],
            start_hours=query(_START_HOURS, own).to_pylist() if measured else [],
            quality=quality,
            overruled=query(_OVERRULED, own).to_pylist() if measured else [],
            warnings=tuple(warnings),
            fetches_streams=fetches_streams,
        )
