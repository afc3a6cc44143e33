-- power_profile_progress: How an athlete's power profile moves from week to week: the week's bests from 5 seconds to an hour with the ride that holds each, critical power and W' fitted to the bests of six weeks, an FTP estimated from the best 20 minutes of 90 days, how far the heart drifted, and the time in zones. Only rides with measured power count whose seconds are known; flagged rides set no best. From the first week with such a ride to the running one; a week without is a row of nulls.
-- grain: one calendar week of one athlete, without gaps
-- key: athlete_id, week
-- preview: week, best_60s_w, best_300s_w, best_1200s_w, critical_power_w, estimated_ftp_w
-- sparkline: estimated_ftp_w
-- charts: threshold-watts, efforts-1200
WITH rides AS (
  SELECT
    m.athlete_id,
    m.activity_id,
    m.activity_date,
    CONCAT(CAST(m.activity_date AS STRING), m.activity_id) AS day_and_id,
    m.week,
    m.is_flagged,
    m.stream_s,
    m.decoupling_pct,
    IF(m.decoupling_pct IS NULL, NULL, m.stream_s) AS steady_s,
    m.best_5s_w,
    m.best_5s_w / m.weight_kg AS best_5s_w_per_kg,
    m.best_60s_w,
    m.best_60s_w / m.weight_kg AS best_60s_w_per_kg,
    m.best_300s_w,
    m.best_300s_w / m.weight_kg AS best_300s_w_per_kg,
    m.best_1200s_w,
    m.best_1200s_w / m.weight_kg AS best_1200s_w_per_kg,
    m.best_3600s_w,
    m.best_3600s_w / m.weight_kg AS best_3600s_w_per_kg,
    m.power_zone_1_s,
    m.power_zone_2_s,
    m.power_zone_3_s,
    m.power_zone_4_s,
    m.power_zone_5_s,
    m.power_zone_6_s,
    m.power_zone_7_s,
    m.heartrate_zone_1_s,
    m.heartrate_zone_2_s,
    m.heartrate_zone_3_s,
    m.heartrate_zone_4_s,
    m.heartrate_zone_5_s
  FROM activity_measures AS m
  WHERE m.has_seconds
),
todays AS (
  SELECT m.athlete_id, GREATEST(MAX(m.activity_date), MAX(s.as_of)) AS today
  FROM activity_measures AS m
  CROSS JOIN mart_settings AS s
  GROUP BY m.athlete_id
),
athletes AS (
  SELECT r.athlete_id, MIN(r.week) AS first_week, MAX(t.today) AS today
  FROM rides AS r
  INNER JOIN todays AS t
    ON t.athlete_id = r.athlete_id
  GROUP BY r.athlete_id
),
calendar AS (
  SELECT
    athlete_id,
    week,
    LEAST(DATE_ADD(week, INTERVAL 6 DAY), today) AS last_day,
    DATE_DIFF(today, week, DAY) < 7 AS is_partial
  FROM athletes
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(first_week, today, INTERVAL 7 DAY)) AS week
),
sums AS (
  SELECT
    athlete_id,
    week,
    COUNTIF(stream_s > 0) AS stream_rides,
    MAX(steady_s) AS steady_s,
    MAX(best_5s_w) AS best_5s_w,
    MAX(best_5s_w_per_kg) AS best_5s_w_per_kg,
    MAX(best_60s_w) AS best_60s_w,
    MAX(best_60s_w_per_kg) AS best_60s_w_per_kg,
    MAX(best_300s_w) AS best_300s_w,
    MAX(best_300s_w_per_kg) AS best_300s_w_per_kg,
    MAX(best_1200s_w) AS best_1200s_w,
    MAX(best_1200s_w_per_kg) AS best_1200s_w_per_kg,
    MAX(best_3600s_w) AS best_3600s_w,
    MAX(best_3600s_w_per_kg) AS best_3600s_w_per_kg,
    SUM(power_zone_1_s) AS power_zone_1_s,
    SUM(power_zone_2_s) AS power_zone_2_s,
    SUM(power_zone_3_s) AS power_zone_3_s,
    SUM(power_zone_4_s) AS power_zone_4_s,
    SUM(power_zone_5_s) AS power_zone_5_s,
    SUM(power_zone_6_s) AS power_zone_6_s,
    SUM(power_zone_7_s) AS power_zone_7_s,
    SUM(heartrate_zone_1_s) AS heartrate_zone_1_s,
    SUM(heartrate_zone_2_s) AS heartrate_zone_2_s,
    SUM(heartrate_zone_3_s) AS heartrate_zone_3_s,
    SUM(heartrate_zone_4_s) AS heartrate_zone_4_s,
    SUM(heartrate_zone_5_s) AS heartrate_zone_5_s
  FROM rides
  GROUP BY athlete_id, week
),
best_rides AS (
  -- Of several equal rides the earliest day's, then the smallest id: the order of arrival decides nothing.
  SELECT
    r.athlete_id,
    r.week,
    SUBSTR(MIN(IF(r.steady_s = s.steady_s, r.day_and_id, NULL)), 11) AS decoupling_ride_id,
    SUBSTR(MIN(IF(r.best_5s_w = s.best_5s_w, r.day_and_id, NULL)), 11) AS best_5s_ride_id,
    SUBSTR(MIN(IF(r.best_60s_w = s.best_60s_w, r.day_and_id, NULL)), 11) AS best_60s_ride_id,
    SUBSTR(MIN(IF(r.best_300s_w = s.best_300s_w, r.day_and_id, NULL)), 11) AS best_300s_ride_id,
    SUBSTR(MIN(IF(r.best_1200s_w = s.best_1200s_w, r.day_and_id, NULL)), 11) AS best_1200s_ride_id,
    SUBSTR(MIN(IF(r.best_3600s_w = s.best_3600s_w, r.day_and_id, NULL)), 11) AS best_3600s_ride_id
  FROM rides AS r
  INNER JOIN sums AS s
    ON s.athlete_id = r.athlete_id AND s.week = r.week
  GROUP BY r.athlete_id, r.week
),
twenty_minutes AS (
  -- Every week's last day among the days ridden, so that 90 days are 90 days and not 13 weeks.
  SELECT athlete_id, activity_date AS day, MAX(best_1200s_w) AS best_1200s_w, FALSE AS ends_a_week
  FROM rides
  GROUP BY athlete_id, activity_date
  UNION ALL
  SELECT athlete_id, last_day AS day, NULL AS best_1200s_w, TRUE AS ends_a_week
  FROM calendar
),
ninety_days AS (
  SELECT
    athlete_id,
    day AS last_day,
    MAX(best_1200s_w) OVER (
      PARTITION BY athlete_id ORDER BY UNIX_DATE(day) RANGE BETWEEN 89 PRECEDING AND CURRENT ROW
    ) AS best_1200s_w,
    ends_a_week
  FROM twenty_minutes
),
efforts AS (
  SELECT r.athlete_id, r.week, b.duration_s, MAX(b.energy_j) / b.duration_s AS watts
  FROM ride_bests AS b
  INNER JOIN rides AS r
    ON r.athlete_id = b.athlete_id AND r.activity_id = b.activity_id
  WHERE
    b.duration_s IN (@fit_durations_s)
    AND b.energy_j BETWEEN 1 AND @most_watts * b.duration_s
    AND NOT r.is_flagged
  GROUP BY r.athlete_id, r.week, b.duration_s
),
six_weeks AS (
  SELECT
    c.athlete_id,
    c.week,
    fitted_s AS duration_s,
    MAX(e.watts) OVER (
      PARTITION BY c.athlete_id, fitted_s ORDER BY c.week ROWS BETWEEN 5 PRECEDING AND CURRENT ROW
    ) AS watts
  FROM calendar AS c
  CROSS JOIN UNNEST([@fit_durations_s]) AS fitted_s
  LEFT JOIN efforts AS e
    ON e.athlete_id = c.athlete_id AND e.week = c.week AND e.duration_s = fitted_s
),
lines AS (
  -- Least squares of watts on 1/t: W' is the slope, critical power where t has no end.
  SELECT
    athlete_id,
    week,
    COUNT(*) AS fit_points,
    SAFE_DIVIDE(COVAR_POP(watts, 1 / duration_s), VAR_POP(1 / duration_s)) AS w_prime_j,
    AVG(watts) AS mean_watts,
    AVG(1 / duration_s) AS mean_rate,
    CASE
      WHEN COUNT(*) < 2 THEN NULL
      WHEN MAX(watts) > MIN(watts) THEN POW(CORR(watts, 1 / duration_s), 2)
      ELSE 1.0
    END AS fit_r2
  FROM six_weeks
  WHERE watts IS NOT NULL
  GROUP BY athlete_id, week
),
weeks AS (
  SELECT
    c.athlete_id,
    c.week,
    c.is_partial,
    COALESCE(s.stream_rides, 0) AS stream_rides,
    s.best_5s_w,
    s.best_5s_w_per_kg,
    b.best_5s_ride_id,
    s.best_60s_w,
    s.best_60s_w_per_kg,
    b.best_60s_ride_id,
    s.best_300s_w,
    s.best_300s_w_per_kg,
    b.best_300s_ride_id,
    s.best_1200s_w,
    s.best_1200s_w_per_kg,
    b.best_1200s_ride_id,
    s.best_3600s_w,
    s.best_3600s_w_per_kg,
    b.best_3600s_ride_id,
    MAX(s.best_3600s_w) OVER (
      PARTITION BY c.athlete_id ORDER BY c.week ROWS BETWEEN 5 PRECEDING AND CURRENT ROW
    ) AS best_3600s_w_6w,
    l.mean_watts - l.w_prime_j * l.mean_rate AS critical_power_w,
    l.w_prime_j,
    COALESCE(l.fit_points, 0) AS fit_points,
    l.fit_r2,
    n.best_1200s_w AS best_1200s_w_90d,
    d.decoupling_pct,
    b.decoupling_ride_id,
    s.power_zone_1_s,
    s.power_zone_2_s,
    s.power_zone_3_s,
    s.power_zone_4_s,
    s.power_zone_5_s,
    s.power_zone_6_s,
    s.power_zone_7_s,
    s.heartrate_zone_1_s,
    s.heartrate_zone_2_s,
    s.heartrate_zone_3_s,
    s.heartrate_zone_4_s,
    s.heartrate_zone_5_s
  FROM calendar AS c
  LEFT JOIN sums AS s
    ON s.athlete_id = c.athlete_id AND s.week = c.week
  LEFT JOIN best_rides AS b
    ON b.athlete_id = c.athlete_id AND b.week = c.week
  LEFT JOIN rides AS d
    ON d.athlete_id = b.athlete_id AND d.activity_id = b.decoupling_ride_id
  LEFT JOIN lines AS l
    ON l.athlete_id = c.athlete_id AND l.week = c.week
  LEFT JOIN ninety_days AS n
    ON n.athlete_id = c.athlete_id AND n.last_day = c.last_day AND n.ends_a_week
),
judged AS (
  SELECT
    w.*,
    CASE
      WHEN fit_points = 0 THEN NULL
      WHEN fit_points < @fewest_fit_points THEN 'few_points'
      WHEN w_prime_j BETWEEN 1000 * @lowest_w_prime_kj AND 1000 * @highest_w_prime_kj
        AND critical_power_w > 0
        AND critical_power_w <= @most_of_an_hour * COALESCE(best_3600s_w_6w, critical_power_w) THEN 'good'
      ELSE 'implausible'
    END AS fit_quality
  FROM weeks AS w
)
SELECT
  athlete_id,  -- the athlete
  week,  -- first day of the calendar week (Monday, or Sunday by setting), in the athlete's local time
  is_partial,  -- the week contains today: unfinished
  stream_rides,  -- [count] rides with a power meter whose normalized power is known from their own seconds
  best_5s_w,  -- [W] highest mean power over 5 seconds in one ride of the week
  best_5s_ride_id,  -- that ride, by Strava's id
  best_5s_w_per_kg,  -- [W/kg] highest by the body weight of the day, where known; it may be another ride's
  best_60s_w,  -- [W] highest mean power over a minute in one ride of the week
  best_60s_ride_id,  -- that ride, by Strava's id
  best_60s_w_per_kg,  -- [W/kg] highest by the body weight of the day, where known; it may be another ride's
  best_300s_w,  -- [W] highest mean power over 5 minutes in one ride of the week
  best_300s_ride_id,  -- that ride, by Strava's id
  best_300s_w_per_kg,  -- [W/kg] highest by the body weight of the day, where known; it may be another ride's
  best_1200s_w,  -- [W] highest mean power over 20 minutes in one ride of the week
  best_1200s_ride_id,  -- that ride, by Strava's id
  best_1200s_w_per_kg,  -- [W/kg] highest by the body weight of the day, where known; it may be another ride's
  best_3600s_w,  -- [W] highest mean power over an hour in one ride of the week
  best_3600s_ride_id,  -- that ride, by Strava's id
  best_3600s_w_per_kg,  -- [W/kg] highest by the body weight of the day, where known; it may be another ride's
  IF(fit_quality = 'good', critical_power_w, NULL) AS critical_power_w,  -- [W] critical power: what could be held without end, by the line of watts on 1/t through the bests at 2, 3, 5, 8, 12 and 20 minutes of the six calendar weeks that end with this one; null where the fit is not good
  IF(fit_quality = 'good', w_prime_j / 1000, NULL) AS w_prime_kj,  -- [kJ] W' of the same line: the work that can be done above critical power
  fit_points,  -- [count] of the six durations, those with a best in the six weeks
  fit_r2,  -- [0-1] r² of the line: how much of the bests' differences it explains; null below two
  fit_quality,  -- good; few_points (below @fewest_fit_points); implausible (W' outside @lowest_w_prime_kj to @highest_w_prime_kj kJ, or critical power more than @most_of_an_hour times the hour's best of the six weeks); null without any point
  0.95 * best_1200s_w_90d AS estimated_ftp_w,  -- [W] an estimate of FTP and no measurement: 95 % of the best 20 minutes of the 90 days up to the week's last day, or to today
  decoupling_pct,  -- [%] how far heart rate drifted from power between the halves of the week's longest ride of which it is known, positive for a drift
  decoupling_ride_id,  -- that ride, by Strava's id
  power_zone_1_s,  -- [s] recorded seconds below 55 % of the day's FTP; null where it is unknown for every ride
  power_zone_2_s,  -- [s] recorded seconds at 55 to 75 % of the day's FTP; null where it is unknown for every ride
  power_zone_3_s,  -- [s] recorded seconds at 75 to 90 % of the day's FTP; null where it is unknown for every ride
  power_zone_4_s,  -- [s] recorded seconds at 90 to 105 % of the day's FTP; null where it is unknown for every ride
  power_zone_5_s,  -- [s] recorded seconds at 105 to 120 % of the day's FTP; null where it is unknown for every ride
  power_zone_6_s,  -- [s] recorded seconds at 120 to 150 % of the day's FTP; null where it is unknown for every ride
  power_zone_7_s,  -- [s] recorded seconds at 150 % and more of the day's FTP; null where it is unknown for every ride
  heartrate_zone_1_s,  -- [s] recorded seconds of the same rides below 68 % of the threshold heart rate
  heartrate_zone_2_s,  -- [s] recorded seconds of the same rides at 68 to 83 % of the threshold heart rate
  heartrate_zone_3_s,  -- [s] recorded seconds of the same rides at 83 to 94 % of the threshold heart rate
  heartrate_zone_4_s,  -- [s] recorded seconds of the same rides at 94 to 105 % of the threshold heart rate
  heartrate_zone_5_s  -- [s] recorded seconds of the same rides at 105 % and more of the threshold heart rate
FROM judged
