-- weekly_watts: An athlete's riding by calendar week, from the week of the first activity to the running one, with the progression of watts. Watts are measured ones only: the work of all rides with a power meter over their seconds, never a mean of ride means. A week without a ride is a row with zero rides and null watts. The running week is marked, and changes compare the same number of days in both weeks.
-- grain: one calendar week of one athlete, without gaps
-- key: athlete_id, week
-- preview: week, rides, moving_time_s, average_watts, average_watts_4w, work_kj
-- sparkline: average_watts_4w
-- charts: weekly-watts, weekly-hours
-- chart_rows: 520
WITH weeks AS (
  SELECT
    t.*,
    ROW_NUMBER() OVER (PARTITION BY athlete_id ORDER BY period_start) - 1 AS number,
    -- Counted from a Thursday long ago; engines and emulators disagree about ISO weeks, not about days.
    DATE_ADD(
      period_start, INTERVAL (7 - MOD(DATE_DIFF(period_start, DATE '1900-01-04', DAY), 7)) DAY
    ) AS thursday
  FROM period_totals AS t
  WHERE period_kind = 'week'
),
progressed AS (
  SELECT
    athlete_id,
    period_start,
    IF(is_partial, LAG(average_watts_cut) OVER by_week, LAG(average_watts) OVER by_week) AS average_watts_previous,
    IF(is_partial, LAG(moving_time_cut_s) OVER by_week, LAG(moving_time_s) OVER by_week) AS moving_time_previous_s,
    IF(is_partial, LAG(distance_cut_m) OVER by_week, LAG(distance_m) OVER by_week) AS distance_previous_m,
    MAX(IF(power_rides > 0, period_start, NULL)) OVER earlier AS last_power_week,
    SAFE_DIVIDE(SUM(work_j) OVER four, SUM(power_s) OVER four) AS average_watts_4w,
    POW(SAFE_DIVIDE(SUM(weighted_w4s) OVER four, SUM(weighted_s) OVER four), 0.25) AS weighted_average_watts_4w,
    SUM(moving_time_s) OVER four AS moving_time_4w_s,
    SAFE_DIVIDE(
      SUM(work_j) OVER four_before + IF(is_partial, LAG(work_cut_j, 4) OVER by_week - LAG(work_j, 4) OVER by_week, 0),
      SUM(power_s) OVER four_before + IF(is_partial, LAG(power_cut_s, 4) OVER by_week - LAG(power_s, 4) OVER by_week, 0)
    ) AS average_watts_4w_previous,
    SAFE_DIVIDE(SUM(work_j) OVER twelve, SUM(power_s) OVER twelve) AS average_watts_12w,
    POW(SAFE_DIVIDE(SUM(weighted_w4s) OVER twelve, SUM(weighted_s) OVER twelve), 0.25) AS weighted_average_watts_12w,
    -- Least squares of the week's watts on its number, each week with the weight of its seconds.
    IF(
      COUNTIF(power_rides > 0) OVER twelve >= 4,
      SAFE_DIVIDE(
        CAST(SUM(power_s) OVER twelve AS FLOAT64) * (SUM(number * work_j) OVER twelve)
          - CAST(SUM(number * power_s) OVER twelve AS FLOAT64) * (SUM(work_j) OVER twelve),
        CAST(SUM(power_s) OVER twelve AS FLOAT64) * (SUM(number * number * power_s) OVER twelve)
          - CAST(SUM(number * power_s) OVER twelve AS FLOAT64) * (SUM(number * power_s) OVER twelve)
      ),
      NULL
    ) AS trend_12w_watts_per_week,
    IF(
      is_partial, LAG(average_watts_cut, 52) OVER by_week, LAG(average_watts, 52) OVER by_week
    ) AS average_watts_year_ago,
    IF(
      is_partial, LAG(weighted_average_watts_cut, 52) OVER by_week, LAG(weighted_average_watts, 52) OVER by_week
    ) AS weighted_average_watts_year_ago,
    IF(
      is_partial, LAG(moving_time_cut_s, 52) OVER by_week, LAG(moving_time_s, 52) OVER by_week
    ) AS moving_time_year_ago_s,
    MAX(IF(power_s >= 3600 * @best_week_hours, average_watts, NULL)) OVER so_far AS best_average_watts_so_far,
    MAX(IF(power_s >= 3600 * @best_week_hours, average_watts, NULL)) OVER earlier AS best_average_watts_before
  FROM weeks AS w
  WINDOW
    by_week AS (PARTITION BY athlete_id ORDER BY period_start),
    so_far AS (PARTITION BY athlete_id ORDER BY period_start ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
    earlier AS (PARTITION BY athlete_id ORDER BY period_start ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    four AS (PARTITION BY athlete_id ORDER BY period_start ROWS BETWEEN 3 PRECEDING AND CURRENT ROW),
    four_before AS (PARTITION BY athlete_id ORDER BY period_start ROWS BETWEEN 7 PRECEDING AND 4 PRECEDING),
    twelve AS (PARTITION BY athlete_id ORDER BY period_start ROWS BETWEEN 11 PRECEDING AND CURRENT ROW)
)
SELECT
  w.athlete_id,  -- the athlete
  w.period_start AS week,  -- first day of the calendar week (Monday, or Sunday by setting), in the athlete's local time
  EXTRACT(YEAR FROM w.thursday) AS iso_year,  -- the year its ISO number belongs to, which is its Thursday's
  DIV((EXTRACT(DAYOFYEAR FROM w.thursday) - 1), 7) + 1 AS iso_week,  -- ISO number of the week, for people; never a key
  w.* EXCEPT (@period_helpers, number, thursday),
  average_watts_previous,  -- [W] average_watts of the week before; of its first days_elapsed days in the running week
  w.average_watts - average_watts_previous AS average_watts_change_w,  -- [W] change against it; null where either week has no measured power
  100 * SAFE_DIVIDE(w.average_watts - average_watts_previous, average_watts_previous) AS average_watts_change_pct,  -- [%] the same in percent
  100 * SAFE_DIVIDE(w.moving_time_s - moving_time_previous_s, moving_time_previous_s) AS moving_time_change_pct,  -- [%] riding time against the week before, cut alike; null after a week without
  100 * SAFE_DIVIDE(w.distance_m - distance_previous_m, distance_previous_m) AS distance_change_pct,  -- [%] distance against the week before, cut alike; null after a week without
  DIV(DATE_DIFF(w.period_start, last_power_week, DAY), 7) AS weeks_since_power,  -- [weeks] since the last earlier week with measured power; 1 is the week before
  average_watts_4w,  -- [W] average_watts of this and the three weeks before, from their sums
  weighted_average_watts_4w,  -- [W] weighted_average_watts of the same four weeks, from their sums
  moving_time_4w_s,  -- [s] riding time of the same four weeks
  100 * SAFE_DIVIDE(
    average_watts_4w - average_watts_4w_previous, average_watts_4w_previous
  ) AS average_watts_4w_change_pct,  -- [%] average_watts_4w against the four weeks before those, whose last is cut like the running one
  average_watts_12w,  -- [W] average_watts of this and the eleven weeks before, from their sums
  weighted_average_watts_12w,  -- [W] weighted_average_watts of the same twelve weeks, from their sums
  trend_12w_watts_per_week,  -- [W/week] slope of average_watts over twelve weeks, least squares weighted by power_s; null below four weeks with power
  average_watts_year_ago,  -- [W] average_watts of the week that began 364 days earlier, cut alike
  w.average_watts - average_watts_year_ago AS average_watts_year_ago_change_w,  -- [W] change against it
  100 * SAFE_DIVIDE(w.average_watts - average_watts_year_ago, average_watts_year_ago) AS average_watts_year_ago_change_pct,  -- [%] the same in percent
  weighted_average_watts_year_ago,  -- [W] weighted_average_watts of that week, cut alike
  100 * SAFE_DIVIDE(w.moving_time_s - moving_time_year_ago_s, moving_time_year_ago_s) AS moving_time_year_ago_change_pct,  -- [%] riding time against that week, cut alike
  best_average_watts_so_far,  -- [W] highest average_watts up to here of a week with @best_week_hours hours of measured power or more
  COALESCE(
    w.power_s >= 3600 * @best_week_hours AND w.average_watts > COALESCE(best_average_watts_before, 0), FALSE
  ) AS is_best_week  -- the week set a new best
FROM weeks AS w
INNER JOIN progressed AS p
  ON p.athlete_id = w.athlete_id AND p.period_start = w.period_start
