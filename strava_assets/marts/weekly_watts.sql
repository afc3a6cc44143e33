-- weekly_watts: An athlete's riding by calendar week, from the week of the first activity to the running one, with the progression of watts. Watts are measured ones only: the work of all rides with a power meter over their seconds, never a mean of ride means. A week without a ride is a row with zero rides and null watts. The running week is marked, and every change of its is against as many days of the other week.
-- grain: one calendar week of one athlete, without gaps
-- key: athlete_id, week
WITH athletes AS (
  SELECT
    m.athlete_id,
    MIN(m.week) AS first_week,
    GREATEST(MAX(m.activity_date), MAX(s.as_of)) AS today,
    -- Of the running week; the weeks it is compared with are cut to as many days.
    MOD(DATE_DIFF(GREATEST(MAX(m.activity_date), MAX(s.as_of)), MIN(m.week), DAY), 7) + 1 AS days_elapsed
  FROM activity_measures AS m
  CROSS JOIN mart_settings AS s
  GROUP BY m.athlete_id
),
calendar AS (
  SELECT athlete_id, first_week, today, days_elapsed, week
  FROM athletes
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(first_week, today, INTERVAL 7 DAY)) AS week
),
sums AS (
  SELECT
    m.athlete_id,
    m.week,
    COUNTIF(m.is_ride) AS rides,
    COUNT(DISTINCT IF(m.is_ride, m.activity_date, NULL)) AS ride_days,
    COUNTIF(m.is_ride AND m.is_commute) AS commute_rides,
    SUM(IF(m.is_ride, m.moving_time_s, 0)) AS moving_time_s,
    SUM(IF(m.is_ride, m.indoor_time_s, 0)) AS indoor_time_s,
    SUM(IF(m.is_ride AND m.is_commute, m.moving_time_s, 0)) AS commute_time_s,
    SUM(IF(m.is_ride, m.distance_m, 0)) AS distance_m,
    SUM(IF(m.is_ride, m.climb_m, 0)) AS climb_m,
    SUM(IF(m.is_ride, m.virtual_climb_m, 0)) AS virtual_climb_m,
    COUNTIF(m.is_ebike_ride) AS ebike_rides,
    SUM(IF(m.is_ebike_ride, m.moving_time_s, 0)) AS ebike_time_s,
    SUM(IF(m.is_ebike_ride, m.distance_m, 0)) AS ebike_distance_m,
    COUNTIF(m.is_power_ride) AS power_rides,
    SUM(m.power_s) AS power_s,
    SUM(m.work_j) AS work_j,
    SUM(m.weighted_s) AS weighted_s,
    SUM(m.weighted_work_j) AS weighted_work_j,
    SUM(m.weighted_w4s) AS weighted_w4s,
    MAX(m.best_weighted_watts) AS best_weighted_watts,
    MAX(m.max_watts) AS max_watts,
    COUNTIF(m.is_estimated_ride) AS estimated_rides,
    SUM(m.estimated_s) AS estimated_s,
    SUM(m.estimated_work_j) AS estimated_work_j,
    SUM(IF(m.is_ride, m.heartrate_s, 0)) AS heartrate_s,
    SUM(IF(m.is_ride, m.heartbeats, 0)) AS heartbeats,
    SUM(m.efficiency_s) AS efficiency_s,
    SUM(m.efficiency_w4s) AS efficiency_w4s,
    SUM(m.efficiency_heartbeats) AS efficiency_heartbeats,
    SUM(m.weighed_s) AS weighed_s,
    SUM(m.work_j_per_kg) AS work_j_per_kg,
    COUNTIF(m.stream_s > 0) AS stream_rides,
    SUM(IF(m.stream_s > 0, m.power_s, 0)) AS stream_power_s,
    SUM(m.stream_s) AS stream_s,
    SUM(m.normalized_w4s) AS normalized_w4s,
    SUM(m.tss) AS tss,
    COUNT(m.tss) AS tss_rides,
    MAX(m.best_5s_w) AS best_5s_w,
    MAX(m.best_60s_w) AS best_60s_w,
    MAX(m.best_300s_w) AS best_300s_w,
    MAX(m.best_1200s_w) AS best_1200s_w,
    MAX(m.best_3600s_w) AS best_3600s_w,
    SUM(IF(m.is_ride, m.relative_effort, NULL)) AS relative_effort,
    COUNTIF(m.is_ride AND m.relative_effort IS NOT NULL) AS relative_effort_rides,
    SUM(IF(m.is_ride, m.training_load, NULL)) AS training_load,
    COUNTIF(m.is_ride AND m.load_source = 'power') AS power_load_rides,
    COUNTIF(m.is_ride AND m.load_source = 'heart_rate') AS heartrate_load_rides,
    SUM(IF(m.is_ride AND DATE_DIFF(m.activity_date, m.week, DAY) < t.days_elapsed, m.moving_time_s, 0)) AS moving_time_cut_s,
    SUM(IF(m.is_ride AND DATE_DIFF(m.activity_date, m.week, DAY) < t.days_elapsed, m.distance_m, 0)) AS distance_cut_m,
    SUM(IF(DATE_DIFF(m.activity_date, m.week, DAY) < t.days_elapsed, m.power_s, 0)) AS power_cut_s,
    SUM(IF(DATE_DIFF(m.activity_date, m.week, DAY) < t.days_elapsed, m.work_j, 0)) AS work_cut_j,
    SUM(IF(DATE_DIFF(m.activity_date, m.week, DAY) < t.days_elapsed, m.weighted_s, 0)) AS weighted_cut_s,
    SUM(IF(DATE_DIFF(m.activity_date, m.week, DAY) < t.days_elapsed, m.weighted_w4s, 0)) AS weighted_w4s_cut
  FROM activity_measures AS m
  INNER JOIN athletes AS t
    ON t.athlete_id = m.athlete_id
  WHERE m.is_ride OR m.is_ebike_ride
  GROUP BY m.athlete_id, m.week
),
best_rides AS (
  -- Of several equal rides the earliest day's, then the smallest id: the order of arrival decides nothing.
  SELECT
    m.athlete_id,
    m.week,
    SUBSTR(MIN(CONCAT(CAST(m.activity_date AS STRING), m.activity_id)), 11) AS best_ride_id
  FROM activity_measures AS m
  INNER JOIN sums AS b
    ON b.athlete_id = m.athlete_id AND b.week = m.week AND b.best_weighted_watts = m.best_weighted_watts
  GROUP BY m.athlete_id, m.week
),
weeks AS (
  SELECT
    c.athlete_id,
    c.week,
    -- Counted from a Thursday long ago; engines and emulators disagree about ISO weeks, not about days.
    DATE_ADD(c.week, INTERVAL (7 - MOD(DATE_DIFF(c.week, DATE '1900-01-04', DAY), 7)) DAY) AS thursday,
    DATE_DIFF(c.today, c.week, DAY) < 7 AS is_partial,
    LEAST(DATE_DIFF(c.today, c.week, DAY) + 1, 7) AS days_elapsed,
    DIV(DATE_DIFF(c.week, c.first_week, DAY), 7) AS number,
    COALESCE(s.rides, 0) AS rides,
    COALESCE(s.ride_days, 0) AS ride_days,
    COALESCE(s.commute_rides, 0) AS commute_rides,
    COALESCE(s.moving_time_s, 0) AS moving_time_s,
    COALESCE(s.indoor_time_s, 0) AS indoor_time_s,
    COALESCE(s.commute_time_s, 0) AS commute_time_s,
    COALESCE(s.distance_m, 0) AS distance_m,
    COALESCE(s.climb_m, 0) AS climb_m,
    COALESCE(s.virtual_climb_m, 0) AS virtual_climb_m,
    COALESCE(s.ebike_rides, 0) AS ebike_rides,
    COALESCE(s.ebike_time_s, 0) AS ebike_time_s,
    COALESCE(s.ebike_distance_m, 0) AS ebike_distance_m,
    COALESCE(s.power_rides, 0) AS power_rides,
    COALESCE(s.power_s, 0) AS power_s,
    COALESCE(s.work_j, 0) AS work_j,
    SAFE_DIVIDE(s.work_j, s.power_s) AS average_watts,
    COALESCE(s.weighted_s, 0) AS weighted_s,
    COALESCE(s.weighted_w4s, 0) AS weighted_w4s,
    POW(SAFE_DIVIDE(s.weighted_w4s, s.weighted_s), 0.25) AS weighted_average_watts,
    SAFE_DIVIDE(s.weighted_work_j, s.weighted_s) AS average_watts_where_weighted,
    s.best_weighted_watts,
    b.best_ride_id,
    s.max_watts,
    COALESCE(s.estimated_rides, 0) AS estimated_rides,
    SAFE_DIVIDE(s.estimated_work_j, s.estimated_s) AS estimated_average_watts,
    60 * SAFE_DIVIDE(s.heartbeats, s.heartrate_s) AS average_heartrate_bpm,
    SAFE_DIVIDE(
      POW(SAFE_DIVIDE(s.efficiency_w4s, s.efficiency_s), 0.25),
      60 * SAFE_DIVIDE(s.efficiency_heartbeats, s.efficiency_s)
    ) AS watts_per_heartbeat,
    SAFE_DIVIDE(s.work_j_per_kg, s.weighed_s) AS average_watts_per_kg,
    COALESCE(s.stream_rides, 0) AS stream_rides,
    SAFE_DIVIDE(s.stream_power_s, s.power_s) AS stream_coverage,
    POW(SAFE_DIVIDE(s.normalized_w4s, s.stream_s), 0.25) AS normalized_power_w,
    s.tss,
    COALESCE(s.tss_rides, 0) AS tss_rides,
    s.best_5s_w,
    s.best_60s_w,
    s.best_300s_w,
    s.best_1200s_w,
    s.best_3600s_w,
    s.relative_effort,
    COALESCE(s.relative_effort_rides, 0) AS relative_effort_rides,
    s.training_load,
    COALESCE(s.power_load_rides, 0) AS power_load_rides,
    COALESCE(s.heartrate_load_rides, 0) AS heartrate_load_rides,
    COALESCE(s.moving_time_cut_s, 0) AS moving_time_cut_s,
    COALESCE(s.distance_cut_m, 0) AS distance_cut_m,
    COALESCE(s.power_cut_s, 0) AS power_cut_s,
    COALESCE(s.work_cut_j, 0) AS work_cut_j,
    COALESCE(s.weighted_cut_s, 0) AS weighted_cut_s,
    COALESCE(s.weighted_w4s_cut, 0) AS weighted_w4s_cut
  FROM calendar AS c
  LEFT JOIN sums AS s
    ON s.athlete_id = c.athlete_id AND s.week = c.week
  LEFT JOIN best_rides AS b
    ON b.athlete_id = c.athlete_id AND b.week = c.week
),
progressed AS (
  SELECT
    w.*,
    SAFE_DIVIDE(
      IF(is_partial, LAG(work_cut_j) OVER by_week, LAG(work_j) OVER by_week),
      IF(is_partial, LAG(power_cut_s) OVER by_week, LAG(power_s) OVER by_week)
    ) AS average_watts_previous,
    IF(is_partial, LAG(moving_time_cut_s) OVER by_week, LAG(moving_time_s) OVER by_week) AS moving_time_previous_s,
    IF(is_partial, LAG(distance_cut_m) OVER by_week, LAG(distance_m) OVER by_week) AS distance_previous_m,
    MAX(IF(power_rides > 0, week, NULL)) OVER earlier AS last_power_week,
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
    SAFE_DIVIDE(
      IF(is_partial, LAG(work_cut_j, 52) OVER by_week, LAG(work_j, 52) OVER by_week),
      IF(is_partial, LAG(power_cut_s, 52) OVER by_week, LAG(power_s, 52) OVER by_week)
    ) AS average_watts_year_ago,
    POW(
      SAFE_DIVIDE(
        IF(is_partial, LAG(weighted_w4s_cut, 52) OVER by_week, LAG(weighted_w4s, 52) OVER by_week),
        IF(is_partial, LAG(weighted_cut_s, 52) OVER by_week, LAG(weighted_s, 52) OVER by_week)
      ),
      0.25
    ) AS weighted_average_watts_year_ago,
    IF(
      is_partial, LAG(moving_time_cut_s, 52) OVER by_week, LAG(moving_time_s, 52) OVER by_week
    ) AS moving_time_year_ago_s,
    MAX(IF(power_s >= 10800, average_watts, NULL)) OVER so_far AS best_average_watts_so_far,
    MAX(IF(power_s >= 10800, average_watts, NULL)) OVER earlier AS best_average_watts_before
  FROM weeks AS w
  WINDOW
    by_week AS (PARTITION BY athlete_id ORDER BY week),
    so_far AS (PARTITION BY athlete_id ORDER BY week ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
    earlier AS (PARTITION BY athlete_id ORDER BY week ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    four AS (PARTITION BY athlete_id ORDER BY week ROWS BETWEEN 3 PRECEDING AND CURRENT ROW),
    four_before AS (PARTITION BY athlete_id ORDER BY week ROWS BETWEEN 7 PRECEDING AND 4 PRECEDING),
    twelve AS (PARTITION BY athlete_id ORDER BY week ROWS BETWEEN 11 PRECEDING AND CURRENT ROW)
)
SELECT
  athlete_id,  -- the athlete
  week,  -- first day of the calendar week (Monday, or Sunday by setting), in the athlete's local time
  EXTRACT(YEAR FROM thursday) AS iso_year,  -- the year its ISO number belongs to, which is its Thursday's
  DIV((EXTRACT(DAYOFYEAR FROM thursday) - 1), 7) + 1 AS iso_week,  -- ISO number of the week, for people; never a key
  is_partial,  -- the week contains today: unfinished, its sums still grow
  days_elapsed,  -- [days] days of the week up to today; 7 once it is over
  rides,  -- [count] rides that started in the week, e-bikes not among them
  ride_days,  -- [days] days with a ride
  commute_rides,  -- [count] rides marked as commutes
  moving_time_s,  -- [s] time in motion on rides
  indoor_time_s,  -- [s] of it on a trainer or in a virtual world
  SAFE_DIVIDE(indoor_time_s, moving_time_s) AS indoor_share,  -- [0-1] indoor time of all riding time
  SAFE_DIVIDE(commute_time_s, moving_time_s) AS commute_share,  -- [0-1] commuting time of all riding time
  distance_m,  -- [m] distance of rides, virtual metres included
  climb_m,  -- [m] climbing on the road
  virtual_climb_m,  -- [m] climbing indoors, apart from the real
  ebike_rides,  -- [count] rides with a motor; in no other column
  ebike_distance_m,  -- [m] distance with a motor; in no other column
  SAFE_DIVIDE(ebike_time_s, ebike_time_s + moving_time_s) AS ebike_share,  -- [0-1] time with a motor of all time on cycles
  power_rides,  -- [count] rides whose watts a power meter measured
  power_s,  -- [s] time in motion on those
  SAFE_DIVIDE(power_s, moving_time_s) AS power_coverage,  -- [0-1] share of the riding time that carries measured power
  work_j / 1000.0 AS work_kj,  -- [kJ] measured work
  average_watts,  -- [W] measured work over the seconds of the rides with a power meter
  weighted_average_watts,  -- [W] fourth root of the time-weighted mean of Strava's weighted power to the fourth; not normalized power
  SAFE_DIVIDE(weighted_average_watts, average_watts_where_weighted) AS variability,  -- weighted over average power of the same rides; 1 is perfectly even
  best_weighted_watts AS best_ride_weighted_watts,  -- [W] highest weighted power of a ride of 30 minutes or more
  best_ride_id,  -- that ride, by Strava's id
  max_watts,  -- [W] highest power a meter saw; above 2,500 W it is taken for a fault
  stream_rides,  -- [count] rides with a power meter whose normalized power is known from their own seconds
  stream_coverage,  -- [0-1] share of power_s that lies on those; null where there is no measured power
  normalized_power_w,  -- [W] fourth root of the mean of those rides' normalized power to the fourth, by recorded seconds; null without any, and never Strava's weighted power
  tss,  -- [pts] training stress score, summed over the rides for which it is known; null where it is for none
  tss_rides,  -- [count] those rides
  best_5s_w,  -- [W] highest mean power over 5 seconds in one ride, of the rides whose seconds are known
  best_60s_w,  -- [W] highest mean power over a minute in one ride, of the rides whose seconds are known
  best_300s_w,  -- [W] highest mean power over 5 minutes in one ride, of the rides whose seconds are known
  best_1200s_w,  -- [W] highest mean power over 20 minutes in one ride, of the rides whose seconds are known
  best_3600s_w,  -- [W] highest mean power over an hour in one ride, of the rides whose seconds are known
  estimated_rides,  -- [count] rides whose watts Strava estimated
  estimated_average_watts,  -- [W] estimated work over the seconds of those rides; never mixed with measured power
  average_watts_per_kg,  -- [W/kg] measured power by the body weight of the day, over rides on days whose weight is known
  average_heartrate_bpm,  -- [bpm] mean heart rate of rides that have one, weighted by time
  watts_per_heartbeat,  -- [W/bpm] weighted power over mean heart rate, both of the rides that have both
  relative_effort,  -- [pts] Strava's Relative Effort, summed over the rides that have one
  relative_effort_rides,  -- [count] those rides
  training_load,  -- [pts] sum over the rides for which one is known; 100 is an hour at threshold
  power_load_rides + heartrate_load_rides AS training_load_rides,  -- [count] those rides
  CASE
    WHEN power_load_rides > 0 AND heartrate_load_rides > 0 THEN 'mixed'
    WHEN power_load_rides > 0 THEN 'power'
    WHEN heartrate_load_rides > 0 THEN 'heart_rate'
    ELSE 'none'
  END AS load_source,  -- what training_load rests on: power, heart_rate, mixed or none
  average_watts_previous,  -- [W] average_watts of the week before; of its first days_elapsed days in the running week
  average_watts - average_watts_previous AS average_watts_change_w,  -- [W] change against it; null where either week has no measured power
  100 * SAFE_DIVIDE(average_watts - average_watts_previous, average_watts_previous) AS average_watts_change_pct,  -- [%] the same in percent
  100 * SAFE_DIVIDE(moving_time_s - moving_time_previous_s, moving_time_previous_s) AS moving_time_change_pct,  -- [%] riding time against the week before, cut alike; null after a week without
  100 * SAFE_DIVIDE(distance_m - distance_previous_m, distance_previous_m) AS distance_change_pct,  -- [%] distance against the week before, cut alike; null after a week without
  DIV(DATE_DIFF(week, last_power_week, DAY), 7) AS weeks_since_power,  -- [weeks] since the last earlier week with measured power; 1 is the week before
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
  average_watts - average_watts_year_ago AS average_watts_year_ago_change_w,  -- [W] change against it
  100 * SAFE_DIVIDE(average_watts - average_watts_year_ago, average_watts_year_ago) AS average_watts_year_ago_change_pct,  -- [%] the same in percent
  weighted_average_watts_year_ago,  -- [W] weighted_average_watts of that week, cut alike
  100 * SAFE_DIVIDE(moving_time_s - moving_time_year_ago_s, moving_time_year_ago_s) AS moving_time_year_ago_change_pct,  -- [%] riding time against that week, cut alike
  best_average_watts_so_far,  -- [W] highest average_watts up to here of a week with three hours of measured power or more
  COALESCE(
    power_s >= 10800 AND average_watts > COALESCE(best_average_watts_before, 0), FALSE
  ) AS is_best_week  -- the week set a new best
FROM progressed
