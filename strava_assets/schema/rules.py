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
    "run_threshold_heartrate_bpm": (60, 240),
    "swim_threshold_heartrate_bpm": (60, 240),
    # From the world record of the half marathon to a walk.
    "run_threshold_pace_s_per_km": (150, 900),
    "run_threshold_power_w": (50, 700),
    "critical_power_w": (30, 700),
    "w_prime_kj": (5, 40),
}
"""Lowest and highest value of an athlete's own figure, by its column in `athlete_profile`."""
SEXES = ("female", "male")

BEST_WEEK_HOURS = 3
"""A week counts as a best from this many hours of measured power on."""
BEST_QUARTER_HOURS = 10
"""A quarter counts as a best from this many hours of measured power on."""

LONG_EFFORT_S = 1200
"""Checks of power look at rides of twenty minutes or more: shorter ones may be sprints."""

FIT_DURATIONS_S = (120, 180, 300, 480, 720, 1200)
"""The durations of the bests that critical power is fitted to, seconds."""
FEWEST_FIT_POINTS = 3
FEWEST_FIT_DAYS = 2
"""The bests of a fit come from at least so many days: one ride shows how that ride was paced."""
FIT_REACH_S = (180, 720)
"""The shortest best of a fit is at most the first, the longest at least the second, seconds."""
MOST_FIT_ERRORS = (0.05, 0.20)
"""Standard errors up to which a fit is believed, as shares of critical power and of W'."""
LEAST_CRITICAL_POWER_SHARE = 0.85
"""Critical power below this share of the estimated FTP comes from efforts that were not maximal."""
DURABILITY_DURATIONS_S = (5, 15, 30, 60, 120, 300, 600, 1200, 3600)
"""The durations of the bests after work, seconds."""
W_PRIME_KJ = FIGURE_BOUNDS["w_prime_kj"]
"""W' of people; a fit outside is not believed."""

FIRST_YEAR = 1990
"""An activity dated earlier has a wrong clock: nobody recorded one before."""

MOST_DIFFERENCE_PCT = 10
"""Where good seconds differ from the summary by more, the seconds count, percent."""
FEWEST_SCALE_RIDES = 5
"""Rides with TSS and a load by the summary, before their median ratio scales other rides' load."""

PERIOD_HELPERS = (
    "athlete_id",
    "period_kind",
    "period_start",
    "period_end",
    "last_day",
    "work_j",
    "moving_time_cut_s",
    "distance_cut_m",
    "climb_cut_m",
    "power_cut_s",
    "work_cut_j",
    "average_watts_cut",
    "weighted_average_watts_cut",
    "watts_per_heartbeat_cut",
)
"""Columns of `period_totals` that weeks and quarters compute with, name anew or leave out."""

TRIMP_EXPONENTS: Mapping[str, float] = {"male": 1.92, "female": 1.67}
"""How steeply the training impulse rises with the share of the heart-rate reserve (Morton 1990)."""
LEAST_HEARTRATE_RESERVE_BPM = 20
"""A smaller distance from rest to maximum is nobody's: its exponential would know no bounds."""
MOST_ABOVE_MAXIMUM_BPM = 10
"""A heart rate further above the athlete's maximum is a sensor's fault."""
MOST_PLANNED_LOAD = 1000
"""Points of one planned day: ten hours at threshold are nobody's."""
START_DAYS = 42
"""The first days whose mean load is what fitness and fatigue begin at, once all of them are over."""

FTP_LOSS_PCT = 5
"""An effort supports an estimate of FTP if it reaches the last less so much for every 90 days, percent."""
FTP_DIFFERENCE_PCT = 2
"""From this difference to the athlete's own FTP on a new one is proposed, percent."""

SQL_RULES: Mapping[str, float | tuple[int, ...] | tuple[str, ...]] = {
    "ftp_loss_pct": FTP_LOSS_PCT,
    "ftp_difference_pct": FTP_DIFFERENCE_PCT,
    "period_helpers": PERIOD_HELPERS,
    # The furthest a time zone is from UTC: a local time taken for UTC is so many hours off at most.
    "most_clock_hours": 14,
    # Two uploads of one ride begin within its first readings.
    "clock_tolerance_s": 60,
    "many_spikes": 5,
    "first_year": FIRST_YEAR,
    "most_difference_pct": MOST_DIFFERENCE_PCT,
    "fewest_scale_rides": FEWEST_SCALE_RIDES,
    "men_trimp_exponent": TRIMP_EXPONENTS["male"],
    "women_trimp_exponent": TRIMP_EXPONENTS["female"],
    # Faster than any run: the world record over 100 m is 10.4 m/s in the mean.
    "fastest_run_mps": 11,
    "least_heartrate_reserve_bpm": LEAST_HEARTRATE_RESERVE_BPM,
    "most_above_maximum_bpm": MOST_ABOVE_MAXIMUM_BPM,
    "start_days": START_DAYS,
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
    "durability_durations_s": DURABILITY_DURATIONS_S,
    "fewest_fit_days": FEWEST_FIT_DAYS,
    "longest_first_fit_s": FIT_REACH_S[0],
    "shortest_last_fit_s": FIT_REACH_S[1],
    "most_critical_power_error": MOST_FIT_ERRORS[0],
    "most_w_prime_error": MOST_FIT_ERRORS[1],
    "least_critical_power_share": LEAST_CRITICAL_POWER_SHARE,
    "lowest_w_prime_kj": W_PRIME_KJ[0],
    "highest_w_prime_kj": W_PRIME_KJ[1],
}


def _within(column: str) -> str:
    low, high = FIGURE_BOUNDS[column]
    return f"IF({column} BETWEEN {low} AND {high}, {column}, NULL) AS {column}"


def _threshold_heartrate(*columns: str) -> str:
    """The first of these thresholds that lies between rest and maximum.

    Without one of the athlete's own: rest plus 85 % of the way to the maximum.
    """
    possible = ", ".join(
        f"IF({column} > resting_heartrate_bpm AND {column} <= max_heartrate_bpm, {column}, NULL)"
        for column in columns
    )
    without_any = "resting_heartrate_bpm + 0.85 * (max_heartrate_bpm - resting_heartrate_bpm)"
    return f"COALESCE({possible}, {without_any}) AS {columns[0]}"


FIGURES_BY_DATE_SQL = f"""
  SELECT
    athlete_id,
    valid_from,
    valid_to,
    ftp_w,
    weight_kg,
    max_heartrate_bpm,
    resting_heartrate_bpm,
    {_threshold_heartrate("threshold_heartrate_bpm")},
    sex,
    {_threshold_heartrate("run_threshold_heartrate_bpm", "threshold_heartrate_bpm")},
    {_threshold_heartrate("swim_threshold_heartrate_bpm", "threshold_heartrate_bpm")},
    run_threshold_pace_s_per_km,
    run_threshold_power_w,
    critical_power_w,
    w_prime_kj
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
      {_within("resting_heartrate_bpm")},
      sex,
      run_threshold_heartrate_bpm,
      swim_threshold_heartrate_bpm,
      {_within("run_threshold_pace_s_per_km")},
      {_within("run_threshold_power_w")},
      {_within("critical_power_w")},
      {_within("w_prime_kj")}
    FROM athlete_profile
    WINDOW by_date AS (PARTITION BY athlete_id ORDER BY valid_from)
  ) AS dated""".lstrip("\n")  # noqa: S608 - constants of ours
"""The query for an athlete's plausible figures from `valid_from` until the day before `valid_to`.

`activity_measures` and `ride_power` join it by date; in the marts' SQL it is `@figures_by_date`.
"""
