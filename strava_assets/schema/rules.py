"""The rules that SQL, Python and documentation share: bounds of plausible values, and thresholds.

Add a number here when more than one place must agree on it. What one function decides stays there.
The marts' SQL writes `@name` for a value of `SQL_RULES`, in the query and in the comments that document it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_WATTS = 2500
"""Power of one second, or any mean; a value above it is the power meter's fault."""
HEARTRATE_BPM = (25, 250)
"""Lowest and highest heart rate of an activity; other values are the sensor's fault."""
FIGURE_BOUNDS: Mapping[str, tuple[int, int]] = {
    "ftp_w": (30, 700),
    "weight_kg": (20, 300),
    "max_heartrate_bpm": (60, 250),
    "threshold_heartrate_bpm": (60, 240),
    "resting_heartrate_bpm": (20, 120),
}
"""Lowest and highest value of an athlete's own figure, by its column in `athlete_profile`."""

BEST_WEEK_HOURS = 3
"""A week counts as a best from this many hours of measured power on."""
BEST_QUARTER_HOURS = 10
"""A quarter counts as a best from this many hours of measured power on."""

LONG_EFFORT_S = 1200
"""Checks of power look at rides of twenty minutes or more: shorter ones may be sprints."""

FIT_DURATIONS_S = (120, 180, 300, 480, 720, 1200)
"""The durations of the bests that critical power is fitted to, seconds."""
FEWEST_FIT_POINTS = 3
W_PRIME_KJ = (5, 40)
"""W' of people; a fit outside is not believed."""
MOST_OF_AN_HOUR = 1.15
"""Critical power over the best hour: above it the long efforts were not all-out."""

SQL_RULES: Mapping[str, float | tuple[int, ...]] = {
    "most_watts": MOST_WATTS,
    "lowest_heartrate_bpm": HEARTRATE_BPM[0],
    "highest_heartrate_bpm": HEARTRATE_BPM[1],
    # 30 days of movement, 20,000 km, 1,000 km of climbing: a value above is a clock's or a sensor's fault.
    "longest_activity_s": 2_592_000,
    "longest_distance_m": 20_000_000,
    "most_climb_m": 1_000_000,
    "most_points": 100_000,
    # Two days in motion without a break are a fault of the clock.
    "longest_recording_s": 172_800,
    "best_week_hours": BEST_WEEK_HOURS,
    "best_quarter_hours": BEST_QUARTER_HOURS,
    "fit_durations_s": FIT_DURATIONS_S,
    "fewest_fit_points": FEWEST_FIT_POINTS,
    "lowest_w_prime_kj": W_PRIME_KJ[0],
    "highest_w_prime_kj": W_PRIME_KJ[1],
    "most_of_an_hour": MOST_OF_AN_HOUR,
}


def _within(column: str) -> str:
    low, high = FIGURE_BOUNDS[column]
    return f"IF({column} BETWEEN {low} AND {high}, {column}, NULL) AS {column}"


FIGURES_BY_DATE_SQL = f"""
  SELECT
    athlete_id,
    valid_from,
    valid_to,
    ftp_w,
    weight_kg,
    max_heartrate_bpm,
    resting_heartrate_bpm,
    -- Without a threshold of one's own: rest plus 85 % of the way to the maximum.
    IF(
      threshold_heartrate_bpm > resting_heartrate_bpm AND threshold_heartrate_bpm <= max_heartrate_bpm,
      threshold_heartrate_bpm,
      resting_heartrate_bpm + 0.85 * (max_heartrate_bpm - resting_heartrate_bpm)
    ) AS threshold_heartrate_bpm
  FROM (
    -- A newer figure ends the older one, so that overlapping dates cannot double an activity.
    SELECT
      athlete_id,
      valid_from,
      LEAST(
        COALESCE(valid_to, DATE '9999-12-31'),
        COALESCE(LEAD(valid_from) OVER by_date, DATE '9999-12-31')
      ) AS valid_to,
      {_within("ftp_w")},
      {_within("weight_kg")},
      {_within("max_heartrate_bpm")},
      threshold_heartrate_bpm,
      {_within("resting_heartrate_bpm")}
    FROM athlete_profile
    WINDOW by_date AS (PARTITION BY athlete_id ORDER BY valid_from)
  ) AS dated""".lstrip("\n")  # noqa: S608 - constants of ours
"""The query for an athlete's plausible figures from `valid_from` until the day before `valid_to`.

`activity_measures` and `ride_power` join it by date; in the marts' SQL it is `@figures_by_date`.
"""
