-- quarterly_overview: An athlete's riding by calendar quarter, from the quarter of the first activity to the running one: volume, regularity, longest rides, measured power, and each against the quarter before and the same quarter a year before; and how the athlete stands at its end (Eddington number, fitness, estimated FTP), taken over from the marts of these. Computed from activities, since weeks do not nest in quarters. A quarter without a ride is a row. The running quarter is marked, and compared with as many days of the other quarter.
-- grain: one calendar quarter of one athlete, without gaps
-- key: athlete_id, quarter
WITH athletes AS (
  SELECT
    m.athlete_id,
    MIN(m.quarter) AS first_quarter,
    MIN(m.week) AS first_week,
    GREATEST(MAX(m.activity_date), MAX(s.as_of)) AS today
  FROM activity_measures AS m
  CROSS JOIN mart_settings AS s
  GROUP BY m.athlete_id
),
calendar AS (
  SELECT
    athlete_id,
    first_week,
    today,
    quarter,
    DATE_SUB(DATE_ADD(quarter, INTERVAL 3 MONTH), INTERVAL 1 DAY) AS quarter_end
  FROM athletes
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(first_quarter, today, INTERVAL 3 MONTH)) AS quarter
),
running AS (
  -- Days of the running quarter so far; the quarters it is compared with are cut to as many.
  SELECT athlete_id, DATE_DIFF(MAX(today), MAX(quarter), DAY) + 1 AS days_elapsed
  FROM calendar
  GROUP BY athlete_id
),
activities AS (
  SELECT
    m.*,
    DATE_DIFF(m.activity_date, m.quarter, DAY) < r.days_elapsed AS is_in_cut,
    COALESCE(m.power_zone_1_s, 0) + COALESCE(m.power_zone_2_s, 0) + COALESCE(m.power_zone_3_s, 0)
      + COALESCE(m.power_zone_4_s, 0) + COALESCE(m.power_zone_5_s, 0) + COALESCE(m.power_zone_6_s, 0)
      + COALESCE(m.power_zone_7_s, 0) AS power_zones_s
  FROM activity_measures AS m
  INNER JOIN running AS r
    ON r.athlete_id = m.athlete_id
  WHERE m.is_ride OR m.is_ebike_ride
),
sums AS (
  SELECT
    athlete_id,
    quarter,
    COUNTIF(is_ride) AS rides,
    COUNT(DISTINCT IF(is_ride, activity_date, NULL)) AS ride_days,
    COUNT(DISTINCT IF(is_ride, week, NULL)) AS active_weeks,
    COUNTIF(is_ride AND is_commute) AS commute_rides,
    SUM(IF(is_ride, moving_time_s, 0)) AS moving_time_s,
    SUM(IF(is_ride AND NOT is_indoor, moving_time_s, 0)) AS outdoor_time_s,
    SUM(IF(is_ride, indoor_time_s, 0)) AS indoor_time_s,
    SUM(IF(is_ride AND is_commute, moving_time_s, 0)) AS commute_time_s,
    SUM(IF(is_ride, distance_m, 0)) AS distance_m,
    SUM(IF(is_ride, outdoor_distance_m, 0)) AS outdoor_distance_m,
    SUM(IF(is_ride AND is_commute, distance_m, 0)) AS commute_distance_m,
    SUM(IF(is_ride, climb_m, 0)) AS climb_m,
    SUM(IF(is_ride, virtual_climb_m, 0)) AS virtual_climb_m,
    COUNTIF(is_ebike_ride) AS ebike_rides,
    SUM(IF(is_ebike_ride, moving_time_s, 0)) AS ebike_time_s,
    SUM(IF(is_ebike_ride, distance_m, 0)) AS ebike_distance_m,
    MAX(IF(is_ride AND NOT is_flagged AND outdoor_distance_m > 0, outdoor_distance_m, NULL)) AS longest_ride_m,
    MAX(IF(is_ride AND NOT is_flagged AND moving_time_s > 0, moving_time_s, NULL)) AS longest_ride_s,
    MAX(IF(is_ride AND NOT is_flagged AND climb_m > 0, climb_m, NULL)) AS most_climbing_ride_m,
    COUNTIF(is_power_ride) AS power_rides,
    SUM(power_s) AS power_s,
    SUM(work_j) AS work_j,
    SAFE_DIVIDE(SUM(work_j), SUM(power_s)) AS average_watts,
    SAFE_DIVIDE(SUM(weighted_work_j), SUM(weighted_s)) AS average_watts_where_weighted,
    POW(SAFE_DIVIDE(SUM(weighted_w4s), SUM(weighted_s)), 0.25) AS weighted_average_watts,
    MAX(best_weighted_watts) AS best_weighted_watts,
    MAX(max_watts) AS max_watts,
    COUNTIF(is_estimated_ride) AS estimated_rides,
    SAFE_DIVIDE(SUM(estimated_work_j), SUM(estimated_s)) AS estimated_average_watts,
    SAFE_DIVIDE(SUM(work_j_per_kg), SUM(weighed_s)) AS average_watts_per_kg,
    60 * SAFE_DIVIDE(
      SUM(IF(is_ride, heartbeats, 0)), SUM(IF(is_ride, heartrate_s, 0))
    ) AS average_heartrate_bpm,
    SAFE_DIVIDE(
      POW(SAFE_DIVIDE(SUM(efficiency_w4s), SUM(efficiency_s)), 0.25),
      60 * SAFE_DIVIDE(SUM(efficiency_heartbeats), SUM(efficiency_s))
    ) AS watts_per_heartbeat,
    COUNTIF(stream_s > 0) AS stream_rides,
    SAFE_DIVIDE(SUM(IF(stream_s > 0, power_s, 0)), SUM(power_s)) AS stream_coverage,
    POW(SAFE_DIVIDE(SUM(normalized_w4s), SUM(stream_s)), 0.25) AS normalized_power_w,
    SUM(tss) AS tss,
    COUNT(tss) AS tss_rides,
    MAX(best_5s_w) AS best_5s_w,
    MAX(best_60s_w) AS best_60s_w,
    MAX(best_300s_w) AS best_300s_w,
    MAX(best_1200s_w) AS best_1200s_w,
    MAX(best_3600s_w) AS best_3600s_w,
    SAFE_DIVIDE(SUM(power_zone_1_s), SUM(power_zones_s)) AS power_zone_1_share,
    SAFE_DIVIDE(SUM(power_zone_2_s), SUM(power_zones_s)) AS power_zone_2_share,
    SAFE_DIVIDE(SUM(power_zone_3_s), SUM(power_zones_s)) AS power_zone_3_share,
    SAFE_DIVIDE(SUM(power_zone_4_s), SUM(power_zones_s)) AS power_zone_4_share,
    SAFE_DIVIDE(SUM(power_zone_5_s), SUM(power_zones_s)) AS power_zone_5_share,
    SAFE_DIVIDE(SUM(power_zone_6_s), SUM(power_zones_s)) AS power_zone_6_share,
    SAFE_DIVIDE(SUM(power_zone_7_s), SUM(power_zones_s)) AS power_zone_7_share,
    SUM(IF(is_ride, relative_effort, NULL)) AS relative_effort,
    COUNTIF(is_ride AND relative_effort IS NOT NULL) AS relative_effort_rides,
    SUM(IF(is_ride, training_load, NULL)) AS training_load,
    COUNTIF(is_ride AND load_source = 'power') AS power_load_rides,
    COUNTIF(is_ride AND load_source = 'heart_rate') AS heartrate_load_rides,
    SUM(IF(is_ride AND is_in_cut, moving_time_s, 0)) AS moving_time_cut_s,
    SUM(IF(is_ride AND is_in_cut, distance_m, 0)) AS distance_cut_m,
    SUM(IF(is_ride AND is_in_cut, climb_m, 0)) AS climb_cut_m,
    SAFE_DIVIDE(SUM(IF(is_in_cut, work_j, 0)), SUM(IF(is_in_cut, power_s, 0))) AS average_watts_cut,
    POW(
      SAFE_DIVIDE(SUM(IF(is_in_cut, weighted_w4s, 0)), SUM(IF(is_in_cut, weighted_s, 0))), 0.25
    ) AS weighted_average_watts_cut,
    SAFE_DIVIDE(
      POW(SAFE_DIVIDE(SUM(IF(is_in_cut, efficiency_w4s, 0)), SUM(IF(is_in_cut, efficiency_s, 0))), 0.25),
      60 * SAFE_DIVIDE(SUM(IF(is_in_cut, efficiency_heartbeats, 0)), SUM(IF(is_in_cut, efficiency_s, 0)))
    ) AS watts_per_heartbeat_cut
  FROM activities
  GROUP BY athlete_id, quarter
),
candidates AS (
  SELECT
    athlete_id,
    quarter,
    CONCAT(CAST(activity_date AS STRING), activity_id) AS day_and_id,
    outdoor_distance_m,
    moving_time_s,
    climb_m,
    best_weighted_watts
  FROM activities
  WHERE is_ride AND NOT is_flagged
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
    SUBSTR(MIN(IF(c.climb_m = s.most_climbing_ride_m, c.day_and_id, NULL)), 11) AS most_climbing_ride_id,
    SUBSTR(MIN(IF(c.best_weighted_watts = s.best_weighted_watts, c.day_and_id, NULL)), 11) AS best_ride_id
  FROM candidates AS c
  INNER JOIN sums AS s
    ON s.athlete_id = c.athlete_id AND s.quarter = c.quarter
  GROUP BY c.athlete_id, c.quarter
),
power_weeks AS (
  -- Only the quarter's own days of a week that lies in two quarters.
  SELECT athlete_id, quarter, week, SAFE_DIVIDE(SUM(work_j), SUM(power_s)) AS average_watts
  FROM activities
  WHERE is_power_ride
  GROUP BY athlete_id, quarter, week
  HAVING SUM(power_s) >= 10800
),
best_weeks AS (
  SELECT athlete_id, quarter, week AS best_week, average_watts AS best_week_average_watts
  FROM power_weeks
  QUALIFY ROW_NUMBER() OVER (PARTITION BY athlete_id, quarter ORDER BY average_watts DESC, week) = 1
),
gear AS (
  SELECT athlete_id, quarter, gear_id, SUM(distance_m) AS distance_m
  FROM activities
  WHERE is_ride AND gear_id IS NOT NULL
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
    c.quarter,
    MAX(IF(l.day = LEAST(c.quarter_end, c.today), l.fitness_ctl, NULL)) AS fitness_ctl_end,
    MAX(l.fitness_ctl) AS fitness_ctl_highest,
    COUNTIF(l.form_tsb < -30) AS days_form_below_minus_30
  FROM daily_load AS l
  INNER JOIN calendar AS c
    ON c.athlete_id = l.athlete_id
      AND c.quarter = DATE(EXTRACT(YEAR FROM l.day), 3 * EXTRACT(QUARTER FROM l.day) - 2, 1)
  GROUP BY l.athlete_id, c.quarter
),
week_ends AS (
  SELECT p.*, LEAST(DATE_ADD(p.week, INTERVAL 6 DAY), t.today) AS last_day
  FROM power_profile_progress AS p
  INNER JOIN athletes AS t
    ON t.athlete_id = p.athlete_id
),
profiles AS (
  -- As of the last week that is over by the quarter's end; in the running quarter as of today.
  SELECT
    athlete_id,
    DATE(EXTRACT(YEAR FROM last_day), 3 * EXTRACT(QUARTER FROM last_day) - 2, 1) AS quarter,
    estimated_ftp_w,
    critical_power_w,
    w_prime_kj
  FROM week_ends
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY athlete_id, EXTRACT(YEAR FROM last_day), EXTRACT(QUARTER FROM last_day) ORDER BY week DESC
    ) = 1
),
quarters AS (
  SELECT
    c.athlete_id,
    c.quarter,
    c.quarter_end,
    c.today <= c.quarter_end AS is_partial,
    DATE_DIFF(c.quarter_end, c.quarter, DAY) + 1 AS days,
    DATE_DIFF(LEAST(c.quarter_end, c.today), c.quarter, DAY) + 1 AS days_elapsed,
    -- Days of the quarter's first week that lie before it; 98 keeps the sum positive.
    MOD(DATE_DIFF(c.quarter, c.first_week, DAY) + 98, 7) AS days_before,
    COALESCE(s.rides, 0) AS rides,
    COALESCE(s.ride_days, 0) AS ride_days,
    COALESCE(s.active_weeks, 0) AS active_weeks,
    COALESCE(s.commute_rides, 0) AS commute_rides,
    COALESCE(s.moving_time_s, 0) AS moving_time_s,
    COALESCE(s.outdoor_time_s, 0) AS outdoor_time_s,
    COALESCE(s.indoor_time_s, 0) AS indoor_time_s,
    COALESCE(s.commute_time_s, 0) AS commute_time_s,
    COALESCE(s.distance_m, 0) AS distance_m,
    COALESCE(s.outdoor_distance_m, 0) AS outdoor_distance_m,
    COALESCE(s.commute_distance_m, 0) AS commute_distance_m,
    COALESCE(s.climb_m, 0) AS climb_m,
    COALESCE(s.virtual_climb_m, 0) AS virtual_climb_m,
    COALESCE(s.ebike_rides, 0) AS ebike_rides,
    COALESCE(s.ebike_time_s, 0) AS ebike_time_s,
    COALESCE(s.ebike_distance_m, 0) AS ebike_distance_m,
    s.longest_ride_m,
    b.longest_ride_by_distance_id,
    s.longest_ride_s,
    b.longest_ride_by_time_id,
    s.most_climbing_ride_m,
    b.most_climbing_ride_id,
    COALESCE(s.power_rides, 0) AS power_rides,
    COALESCE(s.power_s, 0) AS power_s,
    COALESCE(s.work_j, 0) AS work_j,
    s.average_watts,
    s.average_watts_where_weighted,
    s.weighted_average_watts,
    s.best_weighted_watts,
    b.best_ride_id,
    w.best_week,
    w.best_week_average_watts,
    s.max_watts,
    COALESCE(s.estimated_rides, 0) AS estimated_rides,
    s.estimated_average_watts,
    s.average_watts_per_kg,
    s.average_heartrate_bpm,
    s.watts_per_heartbeat,
    COALESCE(s.stream_rides, 0) AS stream_rides,
    s.stream_coverage,
    s.normalized_power_w,
    s.tss,
    COALESCE(s.tss_rides, 0) AS tss_rides,
    s.best_5s_w,
    s.best_60s_w,
    s.best_300s_w,
    s.best_1200s_w,
    s.best_3600s_w,
    s.power_zone_1_share,
    s.power_zone_2_share,
    s.power_zone_3_share,
    s.power_zone_4_share,
    s.power_zone_5_share,
    s.power_zone_6_share,
    s.power_zone_7_share,
    s.relative_effort,
    COALESCE(s.relative_effort_rides, 0) AS relative_effort_rides,
    s.training_load,
    COALESCE(s.power_load_rides, 0) AS power_load_rides,
    COALESCE(s.heartrate_load_rides, 0) AS heartrate_load_rides,
    g.top_gear_id,
    g.top_gear_distance_m,
    n.number_reached,
    f.fitness_ctl_end,
    f.fitness_ctl_highest,
    COALESCE(f.days_form_below_minus_30, 0) AS days_form_below_minus_30,
    p.estimated_ftp_w AS estimated_ftp_end_w,
    p.critical_power_w AS critical_power_end_w,
    p.w_prime_kj AS w_prime_end_kj,
    COALESCE(s.moving_time_cut_s, 0) AS moving_time_cut_s,
    COALESCE(s.distance_cut_m, 0) AS distance_cut_m,
    COALESCE(s.climb_cut_m, 0) AS climb_cut_m,
    s.average_watts_cut,
    s.weighted_average_watts_cut,
    s.watts_per_heartbeat_cut
  FROM calendar AS c
  LEFT JOIN sums AS s
    ON s.athlete_id = c.athlete_id AND s.quarter = c.quarter
  LEFT JOIN best_rides AS b
    ON b.athlete_id = c.athlete_id AND b.quarter = c.quarter
  LEFT JOIN best_weeks AS w
    ON w.athlete_id = c.athlete_id AND w.quarter = c.quarter
  LEFT JOIN top_gear AS g
    ON g.athlete_id = c.athlete_id AND g.quarter = c.quarter
  LEFT JOIN numbers AS n
    ON n.athlete_id = c.athlete_id AND n.quarter = c.quarter
  LEFT JOIN fitness AS f
    ON f.athlete_id = c.athlete_id AND f.quarter = c.quarter
  LEFT JOIN profiles AS p
    ON p.athlete_id = c.athlete_id AND p.quarter = c.quarter
),
compared AS (
  SELECT
    q.*,
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
    MAX(IF(power_s >= 36000, average_watts, NULL)) OVER so_far AS best_average_watts_so_far,
    COALESCE(MAX(number_reached) OVER so_far, 0) AS eddington_km_end,
    COALESCE(MAX(number_reached) OVER earlier, 0) AS eddington_km_before
  FROM quarters AS q
  WINDOW
    by_quarter AS (PARTITION BY athlete_id ORDER BY quarter),
    so_far AS (PARTITION BY athlete_id ORDER BY quarter ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
    earlier AS (PARTITION BY athlete_id ORDER BY quarter ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
SELECT
  athlete_id,  -- the athlete
  quarter,  -- first day of the calendar quarter, in the athlete's local time
  CAST(quarter_end AS DATE) AS quarter_end,  -- last day of the quarter
  EXTRACT(YEAR FROM quarter) AS year,  -- the calendar year
  EXTRACT(QUARTER FROM quarter) AS quarter_of_year,  -- 1 to 4
  is_partial,  -- the quarter contains today: unfinished, its sums still grow
  days_elapsed,  -- [days] days of the quarter up to today; all of them once it is over
  rides,  -- [count] rides that started in the quarter, e-bikes not among them
  ride_days,  -- [days] days with a ride
  active_weeks,  -- [weeks] calendar weeks with a ride on one of the quarter's days
  DIV((days_before + days + 6), 7) AS weeks_in_quarter,  -- [weeks] calendar weeks that have a day in the quarter, 13 to 15
  SAFE_DIVIDE(active_weeks, DIV((days_before + days_elapsed + 6), 7)) AS consistency,  -- [0-1] active weeks of the weeks up to today
  moving_time_s,  -- [s] time in motion on rides
  SAFE_DIVIDE(moving_time_s, active_weeks) AS moving_time_per_active_week_s,  -- [s] riding time of a week with a ride
  indoor_time_s,  -- [s] riding time on a trainer or in a virtual world
  SAFE_DIVIDE(indoor_time_s, moving_time_s) AS indoor_share,  -- [0-1] indoor time of all riding time
  distance_m,  -- [m] distance of rides, virtual metres included
  outdoor_distance_m,  -- [m] distance on the road
  SAFE_DIVIDE(outdoor_distance_m, outdoor_time_s) AS outdoor_speed_m_per_s,  -- [m/s] distance on the road over its time
  climb_m,  -- [m] climbing on the road
  virtual_climb_m,  -- [m] climbing indoors, apart from the real
  1000 * SAFE_DIVIDE(climb_m, outdoor_distance_m) AS climb_m_per_km,  -- [m/km] climbing on the road by its distance
  3600 * SAFE_DIVIDE(climb_m, outdoor_time_s) AS climb_m_per_h,  -- [m/h] climbing on the road by its time
  longest_ride_m,  -- [m] longest ride on the road by distance
  longest_ride_by_distance_id,  -- that ride, by Strava's id
  longest_ride_s,  -- [s] longest ride by time in motion, indoors or out
  longest_ride_by_time_id,  -- that ride, by Strava's id
  most_climbing_ride_m,  -- [m] most climbing in one ride on the road
  most_climbing_ride_id,  -- that ride, by Strava's id
  commute_rides,  -- [count] rides marked as commutes
  commute_distance_m,  -- [m] their distance
  SAFE_DIVIDE(commute_time_s, moving_time_s) AS commute_share,  -- [0-1] commuting time of all riding time
  ebike_rides,  -- [count] rides with a motor; in no other column
  ebike_distance_m,  -- [m] distance with a motor; in no other column
  SAFE_DIVIDE(ebike_time_s, ebike_time_s + moving_time_s) AS ebike_share,  -- [0-1] time with a motor of all time on cycles
  top_gear_id,  -- the bike with most distance, by Strava's id
  top_gear_distance_m,  -- [m] its distance
  eddington_km_end,  -- the Eddington number in kilometres, of all rides up to the quarter's end
  eddington_km_end - eddington_km_before AS eddington_km_gain,  -- how much of it was gained in the quarter
  power_rides,  -- [count] rides whose watts a power meter measured
  power_s,  -- [s] time in motion on those
  SAFE_DIVIDE(power_s, moving_time_s) AS power_coverage,  -- [0-1] share of the riding time that carries measured power
  work_j / 1000.0 AS work_kj,  -- [kJ] measured work
  average_watts,  -- [W] measured work over the seconds of the rides with a power meter
  weighted_average_watts,  -- [W] fourth root of the time-weighted mean of Strava's weighted power to the fourth; not normalized power
  SAFE_DIVIDE(weighted_average_watts, average_watts_where_weighted) AS variability,  -- weighted over average power of the same rides; 1 is perfectly even
  best_weighted_watts AS best_ride_weighted_watts,  -- [W] highest weighted power of a ride of 30 minutes or more
  best_ride_id,  -- that ride, by Strava's id
  best_week_average_watts,  -- [W] highest average_watts of a week, by its days in the quarter, with three hours of measured power or more
  best_week,  -- first day of that week
  max_watts,  -- [W] highest power a meter saw; above 2,500 W it is taken for a fault
  best_average_watts_so_far,  -- [W] highest average_watts up to here of a quarter with ten hours of measured power or more
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
  estimated_ftp_end_w,  -- [W] an estimate of FTP and no measurement, at the end of the last week that is over by the quarter's end, or today; as in power_profile_progress
  critical_power_end_w,  -- [W] critical power at the same time; null where its fit is not good
  w_prime_end_kj,  -- [kJ] W' at the same time
  power_zone_1_share,  -- [0-1] share of the recorded seconds below 55 % of the day's FTP, over the rides for which both are known
  power_zone_2_share,  -- [0-1] share of the recorded seconds at 55 to 75 % of the day's FTP, over the rides for which both are known
  power_zone_3_share,  -- [0-1] share of the recorded seconds at 75 to 90 % of the day's FTP, over the rides for which both are known
  power_zone_4_share,  -- [0-1] share of the recorded seconds at 90 to 105 % of the day's FTP, over the rides for which both are known
  power_zone_5_share,  -- [0-1] share of the recorded seconds at 105 to 120 % of the day's FTP, over the rides for which both are known
  power_zone_6_share,  -- [0-1] share of the recorded seconds at 120 to 150 % of the day's FTP, over the rides for which both are known
  power_zone_7_share,  -- [0-1] share of the recorded seconds at 150 % and more of the day's FTP, over the rides for which both are known
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
  fitness_ctl_end,  -- [pts/day] CTL on the quarter's last day, or today; as in daily_load, of all sports
  fitness_ctl_highest,  -- [pts/day] highest CTL of the quarter
  days_form_below_minus_30,  -- [days] days begun with a form (TSB) below -30: deep in fatigue
  100 * SAFE_DIVIDE(moving_time_s - moving_time_previous_s, moving_time_previous_s) AS moving_time_change_pct,  -- [%] riding time against the quarter before; in the running quarter against as many days of it, as in every change
  100 * SAFE_DIVIDE(distance_m - distance_previous_m, distance_previous_m) AS distance_change_pct,  -- [%] distance against the quarter before
  100 * SAFE_DIVIDE(climb_m - climb_previous_m, climb_previous_m) AS climb_change_pct,  -- [%] climbing against the quarter before
  average_watts_previous,  -- [W] average_watts of the quarter before; of its first days_elapsed days in the running quarter
  average_watts - average_watts_previous AS average_watts_change_w,  -- [W] change against it
  100 * SAFE_DIVIDE(average_watts - average_watts_previous, average_watts_previous) AS average_watts_change_pct,  -- [%] the same in percent
  100 * SAFE_DIVIDE(
    weighted_average_watts - weighted_average_watts_previous, weighted_average_watts_previous
  ) AS weighted_average_watts_change_pct,  -- [%] weighted power against the quarter before
  100 * SAFE_DIVIDE(
    watts_per_heartbeat - watts_per_heartbeat_previous, watts_per_heartbeat_previous
  ) AS watts_per_heartbeat_change_pct,  -- [%] watts per heartbeat against the quarter before
  100 * SAFE_DIVIDE(moving_time_s - moving_time_year_ago_s, moving_time_year_ago_s) AS moving_time_year_ago_change_pct,  -- [%] riding time against the same quarter a year before
  100 * SAFE_DIVIDE(distance_m - distance_year_ago_m, distance_year_ago_m) AS distance_year_ago_change_pct,  -- [%] distance against the same quarter a year before
  100 * SAFE_DIVIDE(climb_m - climb_year_ago_m, climb_year_ago_m) AS climb_year_ago_change_pct,  -- [%] climbing against the same quarter a year before
  average_watts_year_ago,  -- [W] average_watts of the same quarter a year before, cut alike
  average_watts - average_watts_year_ago AS average_watts_year_ago_change_w,  -- [W] change against it
  100 * SAFE_DIVIDE(average_watts - average_watts_year_ago, average_watts_year_ago) AS average_watts_year_ago_change_pct,  -- [%] the same in percent
  100 * SAFE_DIVIDE(
    weighted_average_watts - weighted_average_watts_year_ago, weighted_average_watts_year_ago
  ) AS weighted_average_watts_year_ago_change_pct,  -- [%] weighted power against the same quarter a year before
  100 * SAFE_DIVIDE(
    watts_per_heartbeat - watts_per_heartbeat_year_ago, watts_per_heartbeat_year_ago
  ) AS watts_per_heartbeat_year_ago_change_pct  -- [%] watts per heartbeat against the same quarter a year before
FROM compared
