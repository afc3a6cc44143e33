-- quarterly_overview: An athlete's riding by calendar quarter, from the quarter of the first activity to the running one: volume, regularity, longest rides, measured power, and each against the quarter before and the same quarter a year before; and how the athlete stands at its end (Eddington number, fitness, estimated FTP), taken from the marts of these. Computed from activities, since weeks do not nest in quarters. A quarter without a ride is a row. The running quarter is marked; changes compare the same number of days in both quarters.
-- grain: one calendar quarter of one athlete, without gaps
-- key: athlete_id, quarter
-- preview: quarter, rides, moving_time_s, distance_m, climb_m, average_watts
-- sparkline: average_watts
-- charts: quarterly-watts, quarterly-distance
WITH quarters AS (
  SELECT * FROM period_totals WHERE period_kind = 'quarter'
),
rides AS (
  SELECT
    m.*,
    NOT m.is_flagged AND NOT m.is_manual AS may_be_best,
    COALESCE(m.power_zone_1_s, 0) + COALESCE(m.power_zone_2_s, 0) + COALESCE(m.power_zone_3_s, 0)
      + COALESCE(m.power_zone_4_s, 0) + COALESCE(m.power_zone_5_s, 0) + COALESCE(m.power_zone_6_s, 0)
      + COALESCE(m.power_zone_7_s, 0) AS power_zones_s
  FROM activity_measures AS m
  WHERE m.is_ride
),
sums AS (
  SELECT
    athlete_id,
    quarter,
    COUNT(DISTINCT week) AS active_weeks,
    SUM(IF(NOT is_indoor, moving_time_s, 0)) AS outdoor_time_s,
    SUM(outdoor_distance_m) AS outdoor_distance_m,
    SUM(IF(is_commute, distance_m, 0)) AS commute_distance_m,
    MAX(IF(may_be_best AND outdoor_distance_m > 0, outdoor_distance_m, NULL)) AS longest_ride_m,
    MAX(IF(may_be_best AND moving_time_s > 0, moving_time_s, NULL)) AS longest_ride_s,
    MAX(IF(may_be_best AND climb_m > 0, climb_m, NULL)) AS most_climbing_ride_m,
    SAFE_DIVIDE(SUM(power_zone_1_s), SUM(power_zones_s)) AS power_zone_1_share,
    SAFE_DIVIDE(SUM(power_zone_2_s), SUM(power_zones_s)) AS power_zone_2_share,
    SAFE_DIVIDE(SUM(power_zone_3_s), SUM(power_zones_s)) AS power_zone_3_share,
    SAFE_DIVIDE(SUM(power_zone_4_s), SUM(power_zones_s)) AS power_zone_4_share,
    SAFE_DIVIDE(SUM(power_zone_5_s), SUM(power_zones_s)) AS power_zone_5_share,
    SAFE_DIVIDE(SUM(power_zone_6_s), SUM(power_zones_s)) AS power_zone_6_share,
    SAFE_DIVIDE(SUM(power_zone_7_s), SUM(power_zones_s)) AS power_zone_7_share
  FROM rides
  GROUP BY athlete_id, quarter
),
candidates AS (
  SELECT
    athlete_id,
    quarter,
    CONCAT(CAST(activity_date AS STRING), activity_id) AS day_and_id,
    outdoor_distance_m,
    moving_time_s,
    climb_m
  FROM rides
  WHERE may_be_best
),
best_rides AS (
  -- Of several equal rides the earliest day's, then the smallest id: the order of arrival decides nothing.
  SELECT
    c.athlete_id,
    c.quarter,
    SUBSTR(
      MIN(IF(c.outdoor_distance_m = s.longest_ride_m, c.day_and_id, NULL)), 11
    ) AS longest_ride_by_distance_id,
    SUBSTR(MIN(IF(c.moving_time_s = s.longest_ride_s, c.day_and_id, NULL)), 11) AS longest_ride_by_time_id,
    SUBSTR(MIN(IF(c.climb_m = s.most_climbing_ride_m, c.day_and_id, NULL)), 11) AS most_climbing_ride_id
  FROM candidates AS c
  INNER JOIN sums AS s
    ON s.athlete_id = c.athlete_id AND s.quarter = c.quarter
  GROUP BY c.athlete_id, c.quarter
),
power_weeks AS (
  -- Only the quarter's own days of a week that lies in two quarters.
  SELECT athlete_id, quarter, week, SAFE_DIVIDE(SUM(work_j), SUM(power_s)) AS average_watts
  FROM rides
  WHERE is_power_ride
  GROUP BY athlete_id, quarter, week
  HAVING SUM(power_s) >= 3600 * @best_week_hours
),
best_weeks AS (
  SELECT athlete_id, quarter, week AS best_week, average_watts AS best_week_average_watts
  FROM power_weeks
  QUALIFY ROW_NUMBER() OVER (PARTITION BY athlete_id, quarter ORDER BY average_watts DESC, week) = 1
),
gear AS (
  SELECT athlete_id, quarter, gear_id, SUM(distance_m) AS distance_m
  FROM rides
  WHERE gear_id IS NOT NULL
  GROUP BY athlete_id, quarter, gear_id
),
top_gear AS (
  SELECT athlete_id, quarter, gear_id AS top_gear_id, distance_m AS top_gear_distance_m
  FROM gear
  QUALIFY ROW_NUMBER() OVER (PARTITION BY athlete_id, quarter ORDER BY distance_m DESC, gear_id) = 1
),
numbers AS (
  SELECT
    athlete_id,
    DATE(EXTRACT(YEAR FROM reached_on), 3 * EXTRACT(QUARTER FROM reached_on) - 2, 1) AS quarter,
    MAX(number) AS number_reached
  FROM eddington
  WHERE unit = 'km' AND reached_on IS NOT NULL
  GROUP BY 1, 2
),
fitness AS (
  SELECT
    l.athlete_id,
    c.period_start AS quarter,
    MAX(IF(l.day = c.last_day, l.fitness_ctl, NULL)) AS fitness_ctl_end,
    MAX(l.fitness_ctl) AS fitness_ctl_highest,
    COUNTIF(l.form_tsb < -30) AS days_form_below_minus_30
  FROM daily_load AS l
  INNER JOIN quarters AS c
    ON c.athlete_id = l.athlete_id
      AND c.period_start = DATE(EXTRACT(YEAR FROM l.day), 3 * EXTRACT(QUARTER FROM l.day) - 2, 1)
  GROUP BY l.athlete_id, c.period_start
),
week_ends AS (
  SELECT p.*, LEAST(DATE_ADD(p.week, INTERVAL 6 DAY), r.last_day) AS last_day
  FROM power_profile_progress AS p
  INNER JOIN quarters AS r
    ON r.athlete_id = p.athlete_id AND r.is_partial
),
profiles AS (
  -- As of the last week that is over by the quarter's end; in the running quarter as of today.
  SELECT
    athlete_id,
    DATE(EXTRACT(YEAR FROM last_day), 3 * EXTRACT(QUARTER FROM last_day) - 2, 1) AS quarter,
    estimated_ftp_w,
    estimated_ftp_age_days,
    critical_power_w,
    w_prime_kj
  FROM week_ends
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY athlete_id, EXTRACT(YEAR FROM last_day), EXTRACT(QUARTER FROM last_day) ORDER BY week DESC
    ) = 1
),
weeks_before AS (
  -- Days of the quarter's first week that lie before it; 98 keeps the sum positive.
  SELECT q.athlete_id, q.period_start, MOD(DATE_DIFF(q.period_start, a.first_week, DAY) + 98, 7) AS days_before
  FROM quarters AS q
  INNER JOIN (SELECT athlete_id, MIN(week) AS first_week FROM activity_measures GROUP BY athlete_id) AS a
    ON a.athlete_id = q.athlete_id
),
compared AS (
  SELECT
    q.athlete_id,
    q.period_start,
    IF(is_partial, LAG(moving_time_cut_s) OVER by_quarter, LAG(moving_time_s) OVER by_quarter) AS moving_time_previous_s,
    IF(is_partial, LAG(distance_cut_m) OVER by_quarter, LAG(distance_m) OVER by_quarter) AS distance_previous_m,
    IF(is_partial, LAG(climb_cut_m) OVER by_quarter, LAG(climb_m) OVER by_quarter) AS climb_previous_m,
    IF(
      is_partial, LAG(average_watts_cut) OVER by_quarter, LAG(average_watts) OVER by_quarter
    ) AS average_watts_previous,
    IF(
      is_partial, LAG(weighted_average_watts_cut) OVER by_quarter, LAG(weighted_average_watts) OVER by_quarter
    ) AS weighted_average_watts_previous,
    IF(
      is_partial, LAG(watts_per_heartbeat_cut) OVER by_quarter, LAG(watts_per_heartbeat) OVER by_quarter
    ) AS watts_per_heartbeat_previous,
    IF(
      is_partial, LAG(moving_time_cut_s, 4) OVER by_quarter, LAG(moving_time_s, 4) OVER by_quarter
    ) AS moving_time_year_ago_s,
    IF(is_partial, LAG(distance_cut_m, 4) OVER by_quarter, LAG(distance_m, 4) OVER by_quarter) AS distance_year_ago_m,
    IF(is_partial, LAG(climb_cut_m, 4) OVER by_quarter, LAG(climb_m, 4) OVER by_quarter) AS climb_year_ago_m,
    IF(
      is_partial, LAG(average_watts_cut, 4) OVER by_quarter, LAG(average_watts, 4) OVER by_quarter
    ) AS average_watts_year_ago,
    IF(
      is_partial,
      LAG(weighted_average_watts_cut, 4) OVER by_quarter,
      LAG(weighted_average_watts, 4) OVER by_quarter
    ) AS weighted_average_watts_year_ago,
    IF(
      is_partial, LAG(watts_per_heartbeat_cut, 4) OVER by_quarter, LAG(watts_per_heartbeat, 4) OVER by_quarter
    ) AS watts_per_heartbeat_year_ago,
    MAX(IF(power_s >= 3600 * @best_quarter_hours, average_watts, NULL)) OVER so_far AS best_average_watts_so_far,
    COALESCE(MAX(n.number_reached) OVER so_far, 0) AS eddington_km_end,
    COALESCE(MAX(n.number_reached) OVER earlier, 0) AS eddington_km_before
  FROM quarters AS q
  LEFT JOIN numbers AS n
    ON n.athlete_id = q.athlete_id AND n.quarter = q.period_start
  WINDOW
    by_quarter AS (PARTITION BY q.athlete_id ORDER BY q.period_start),
    so_far AS (PARTITION BY q.athlete_id ORDER BY q.period_start ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
    earlier AS (PARTITION BY q.athlete_id ORDER BY q.period_start ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT
  q.athlete_id,  -- the athlete
  q.period_start AS quarter,  -- first day of the calendar quarter, in the athlete's local time
  q.period_end AS quarter_end,  -- last day of the quarter
  EXTRACT(YEAR FROM q.period_start) AS year,  -- the calendar year
  EXTRACT(QUARTER FROM q.period_start) AS quarter_of_year,  -- 1 to 4
  q.* EXCEPT (@period_helpers),
  COALESCE(s.active_weeks, 0) AS active_weeks,  -- [weeks] calendar weeks with a ride on one of the quarter's days
  DIV((DATE_DIFF(q.period_end, q.period_start, DAY) + 7 + a.days_before), 7) AS weeks_in_quarter,  -- [weeks] calendar weeks that have a day in the quarter, 13 to 15
  SAFE_DIVIDE(COALESCE(s.active_weeks, 0), DIV((q.days_elapsed + 6 + a.days_before), 7)) AS consistency,  -- [0-1] active weeks of the weeks up to today
  SAFE_DIVIDE(q.moving_time_s, s.active_weeks) AS moving_time_per_active_week_s,  -- [s] riding time of a week with a ride
  COALESCE(s.outdoor_distance_m, 0) AS outdoor_distance_m,  -- [m] distance on the road {sum}
  COALESCE(s.outdoor_time_s, 0) AS outdoor_time_s,  -- [s] time in motion on the road {sum}
  SAFE_DIVIDE(s.outdoor_distance_m, s.outdoor_time_s) AS outdoor_speed_m_per_s,  -- [m/s] distance on the road over its time {ratio: outdoor_distance_m / outdoor_time_s}
  1000 * SAFE_DIVIDE(q.climb_m, s.outdoor_distance_m) AS climb_m_per_km,  -- [m/km] climbing on the road by its distance {ratio: 1000 * climb_m / outdoor_distance_m}
  3600 * SAFE_DIVIDE(q.climb_m, s.outdoor_time_s) AS climb_m_per_h,  -- [m/h] climbing on the road by its time {ratio: 3600 * climb_m / outdoor_time_s}
  s.longest_ride_m,  -- [m] longest ride on the road by distance, never flagged or typed in, as of the next two
  b.longest_ride_by_distance_id,  -- that ride, by Strava's id
  s.longest_ride_s,  -- [s] longest ride by time in motion, indoors or out
  b.longest_ride_by_time_id,  -- that ride, by Strava's id
  s.most_climbing_ride_m,  -- [m] most climbing in one ride on the road
  b.most_climbing_ride_id,  -- that ride, by Strava's id
  COALESCE(s.commute_distance_m, 0) AS commute_distance_m,  -- [m] distance of the rides marked as commutes {sum}
  g.top_gear_id,  -- the bike with most distance, by Strava's id
  g.top_gear_distance_m,  -- [m] its distance
  c.eddington_km_end,  -- the Eddington number in kilometers, of all rides up to the quarter's end
  c.eddington_km_end - c.eddington_km_before AS eddington_km_gain,  -- how much of it was gained in the quarter
  w.best_week_average_watts,  -- [W] highest average_watts of a week, by its days in the quarter, with @best_week_hours hours of measured power or more
  w.best_week,  -- first day of that week
  c.best_average_watts_so_far,  -- [W] highest average_watts up to here of a quarter with @best_quarter_hours hours of measured power or more
  p.estimated_ftp_w AS estimated_ftp_end_w,  -- [W] an estimate of FTP and no measurement, at the end of the last week that is over by the quarter's end, or today; as in power_profile_progress
  p.estimated_ftp_age_days AS estimated_ftp_age_end_days,  -- [days] how old the effort is by then that supports it
  p.critical_power_w AS critical_power_end_w,  -- [W] critical power at the same time; null where its fit is not good
  p.w_prime_kj AS w_prime_end_kj,  -- [kJ] W' at the same time
  s.power_zone_1_share,  -- [0-1] share of the recorded seconds below 55 % of the day's FTP, over the rides for which both are known
  s.power_zone_2_share,  -- [0-1] share of the recorded seconds at 55 to 75 % of the day's FTP, over the rides for which both are known
  s.power_zone_3_share,  -- [0-1] share of the recorded seconds at 75 to 90 % of the day's FTP, over the rides for which both are known
  s.power_zone_4_share,  -- [0-1] share of the recorded seconds at 90 to 105 % of the day's FTP, over the rides for which both are known
  s.power_zone_5_share,  -- [0-1] share of the recorded seconds at 105 to 120 % of the day's FTP, over the rides for which both are known
  s.power_zone_6_share,  -- [0-1] share of the recorded seconds at 120 to 150 % of the day's FTP, over the rides for which both are known
  s.power_zone_7_share,  -- [0-1] share of the recorded seconds at 150 % and more of the day's FTP, over the rides for which both are known
  f.fitness_ctl_end,  -- [pts/day] CTL on the quarter's last day, or today; as in daily_load, of all sports
  f.fitness_ctl_highest,  -- [pts/day] highest CTL of the quarter
  COALESCE(f.days_form_below_minus_30, 0) AS days_form_below_minus_30,  -- [days] days begun with a form (TSB) below -30: deep in fatigue
  100 * SAFE_DIVIDE(q.moving_time_s - c.moving_time_previous_s, c.moving_time_previous_s) AS moving_time_change_pct,  -- [%] riding time against the quarter before; in the running quarter against as many days of it, as in every change
  100 * SAFE_DIVIDE(q.distance_m - c.distance_previous_m, c.distance_previous_m) AS distance_change_pct,  -- [%] distance against the quarter before
  100 * SAFE_DIVIDE(q.climb_m - c.climb_previous_m, c.climb_previous_m) AS climb_change_pct,  -- [%] climbing against the quarter before
  c.average_watts_previous,  -- [W] average_watts of the quarter before; of its first days_elapsed days in the running quarter
  q.average_watts - c.average_watts_previous AS average_watts_change_w,  -- [W] change against it
  100 * SAFE_DIVIDE(q.average_watts - c.average_watts_previous, c.average_watts_previous) AS average_watts_change_pct,  -- [%] the same in percent
  100 * SAFE_DIVIDE(
    q.weighted_average_watts - c.weighted_average_watts_previous, c.weighted_average_watts_previous
  ) AS weighted_average_watts_change_pct,  -- [%] weighted power against the quarter before
  100 * SAFE_DIVIDE(
    q.watts_per_heartbeat - c.watts_per_heartbeat_previous, c.watts_per_heartbeat_previous
  ) AS watts_per_heartbeat_change_pct,  -- [%] watts per heartbeat against the quarter before
  100 * SAFE_DIVIDE(q.moving_time_s - c.moving_time_year_ago_s, c.moving_time_year_ago_s) AS moving_time_year_ago_change_pct,  -- [%] riding time against the same quarter a year before
  100 * SAFE_DIVIDE(q.distance_m - c.distance_year_ago_m, c.distance_year_ago_m) AS distance_year_ago_change_pct,  -- [%] distance against the same quarter a year before
  100 * SAFE_DIVIDE(q.climb_m - c.climb_year_ago_m, c.climb_year_ago_m) AS climb_year_ago_change_pct,  -- [%] climbing against the same quarter a year before
  c.average_watts_year_ago,  -- [W] average_watts of the same quarter a year before, cut alike
  q.average_watts - c.average_watts_year_ago AS average_watts_year_ago_change_w,  -- [W] change against it
  100 * SAFE_DIVIDE(q.average_watts - c.average_watts_year_ago, c.average_watts_year_ago) AS average_watts_year_ago_change_pct,  -- [%] the same in percent
  100 * SAFE_DIVIDE(
    q.weighted_average_watts - c.weighted_average_watts_year_ago, c.weighted_average_watts_year_ago
  ) AS weighted_average_watts_year_ago_change_pct,  -- [%] weighted power against the same quarter a year before
  100 * SAFE_DIVIDE(
    q.watts_per_heartbeat - c.watts_per_heartbeat_year_ago, c.watts_per_heartbeat_year_ago
  ) AS watts_per_heartbeat_year_ago_change_pct  -- [%] watts per heartbeat against the same quarter a year before
FROM quarters AS q
INNER JOIN compared AS c
  ON c.athlete_id = q.athlete_id AND c.period_start = q.period_start
INNER JOIN weeks_before AS a
  ON a.athlete_id = q.athlete_id AND a.period_start = q.period_start
LEFT JOIN sums AS s
  ON s.athlete_id = q.athlete_id AND s.quarter = q.period_start
LEFT JOIN best_rides AS b
  ON b.athlete_id = q.athlete_id AND b.quarter = q.period_start
LEFT JOIN best_weeks AS w
  ON w.athlete_id = q.athlete_id AND w.quarter = q.period_start
LEFT JOIN top_gear AS g
  ON g.athlete_id = q.athlete_id AND g.quarter = q.period_start
LEFT JOIN fitness AS f
  ON f.athlete_id = q.athlete_id AND f.quarter = q.period_start
LEFT JOIN profiles AS p
  ON p.athlete_id = q.athlete_id AND p.quarter = q.period_start
