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

Row = dict[str, Any]

_SELECTS = {
    "weekly_watts": "SELECT * FROM weekly_watts WHERE athlete_id = @athlete_id ORDER BY week",
    "quarterly_overview": "SELECT * FROM quarterly_overview WHERE athlete_id = @athlete_id ORDER BY quarter",
    "daily_load": """
        SELECT
          day, training_load, load_source, activities, activities_without_load,
          fitness_ctl, fatigue_atl, form_tsb, ramp_7d, is_warm_up
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
        WHERE athlete_id = @athlete_id AND period_kind IN ('all_time', 'year', 'last_90_days')
        ORDER BY period, duration_s
    """,
    "power_profile_progress": """
        SELECT * FROM power_profile_progress WHERE athlete_id = @athlete_id ORDER BY week
    """,
}

MARTS = tuple(_SELECTS)
"""The marts that the page shows; each may be missing."""

INPUT_TABLES = ("bq_activities", "activity_measures", "activity_streams", "loaded_batches", "mart_settings")
"""What else it reads: days with a ride, and how complete the data is."""

# A share of the rides. The newest are always fetched at the next sync.
_FEW = 0.05

_ATHLETES = """
SELECT athlete_id, COUNT(*) AS activities
FROM bq_activities
WHERE deleted_at IS NULL
GROUP BY athlete_id
ORDER BY activities DESC, athlete_id
"""

_RIDE_DAYS = """
SELECT
  activity_date,
  COUNT(*) AS rides,
  SUM(moving_time_s) AS moving_time_s,
  SUM(distance_m) AS distance_m,
  SUM(work_j) / 1000 AS work_kj
FROM activity_measures
WHERE athlete_id = @athlete_id AND is_ride
GROUP BY activity_date
ORDER BY activity_date
"""

_QUALITY = """
SELECT
  COUNT(*) AS activities,
  COUNTIF(is_ride) AS rides,
  COUNTIF(is_power_ride) AS power_rides,
  COUNTIF(is_estimated_ride) AS estimated_rides,
  COUNTIF(is_ebike_ride) AS ebike_rides,
  COUNTIF(is_ride AND is_manual) AS manual_rides,
  COUNTIF(is_ride AND is_flagged) AS flagged_rides
FROM activity_measures
WHERE athlete_id = @athlete_id
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
"""


class Query(Protocol):
    """Runs one SELECT in BigQuery's dialect, with named parameters, and returns its whole answer."""

    def __call__(self, sql: str, params: Mapping[str, Any] | None = None) -> pa.Table:
        """The answer as an Arrow table."""


@dataclass(frozen=True)
class Figures:
    """Everything the page shows of one athlete.

    Args:
        athlete_id: whose figures; empty where there are no activities.
        today: the athlete's day of the last refresh; None before the first.
        sunday_first: whether weeks begin on Sunday, and not on Monday.
        other_athletes: how many more the warehouse holds.
        marts: rows of each existing mart of `MARTS`, in the order of its key.
        ride_days: one row a day with a ride: rides, moving_time_s, distance_m, work_kj.
        quality: the counts and times of the section on data quality.
        warnings: findings of checks, a sentence each.
        fetches_streams: whether syncs fetch the seconds of rides.
    """

    athlete_id: str = ""
    today: date | None = None
    sunday_first: bool = False
    other_athletes: int = 0
    marts: Mapping[str, list[Row]] = field(default_factory=dict)
    ride_days: list[Row] = field(default_factory=list)
    quality: Row = field(default_factory=dict)
    warnings: Sequence[str] = ()
    fetches_streams: bool = True

    def rows(self, mart: str) -> list[Row]:
        """The rows of a mart; none where it is missing or empty."""
        return self.marts.get(mart, [])

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
        athletes = query(_ATHLETES).to_pylist()
        athlete = athlete_id or next((row["athlete_id"] for row in athletes), "")
        own = {"athlete_id": athlete}
        marts = {name: query(sql, own) for name, sql in _SELECTS.items() if name in tables}
        settings = (
            query("SELECT as_of, week_start FROM mart_settings").to_pylist()[0]
            if "mart_settings" in tables
            else {}
        )
        measured = "activity_measures" in tables
        quality = query(_QUALITY, own).to_pylist()[0] if measured else {}
        quality |= query(_SYNC).to_pylist()[0] if "loaded_batches" in tables else {}
        quality |= query(_STREAMS, own).to_pylist()[0] if measured and "activity_streams" in tables else {}
        return cls(
            athlete_id=athlete,
            today=settings.get("as_of"),
            sunday_first=settings.get("week_start") == "sunday",
            other_athletes=sum(row["athlete_id"] != athlete for row in athletes),
            marts={name: table.to_pylist() for name, table in marts.items()},
            ride_days=query(_RIDE_DAYS, own).to_pylist() if measured else [],
            quality=quality,
            warnings=tuple(warnings),
            fetches_streams=fetches_streams,
        )
