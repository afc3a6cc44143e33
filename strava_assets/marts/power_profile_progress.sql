-- power_profile_progress: How an athlete's power profile moves from week to week: the week's bests from 5 seconds to an hour with the ride that holds each, critical power and W' fitted to the bests of six weeks, an FTP estimated from the last 20 minutes that support one, with their age, how far the heart drifted, and the time in zones. Only rides with measured power count whose seconds are known; flagged rides set no best. From the first week with such a ride to the running one; a week without is a row of nulls.
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
efforts AS (
  -- Energy and day in one whole number, the energy in front: its maximum is the best and tells the earliest day
  -- of it.
  SELECT
    r.athlete_id,
    r.week,
    b.duration_s,
    MAX(b.energy_j * 131072 + 100000 - UNIX_DATE(r.activity_date)) AS best
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
    MAX(e.best) OVER (
      PARTITION BY c.athlete_id, fitted_s ORDER BY c.week ROWS BETWEEN 5 PRECEDING AND CURRENT ROW
    ) AS best
  FROM calendar AS c
  CROSS JOIN UNNEST([@fit_durations_s]) AS fitted_s
  LEFT JOIN efforts AS e
    ON e.athlete_id = c.athlete_id AND e.week = c.week AND e.duration_s = fitted_s
),
points AS (
  SELECT
    athlete_id, week, duration_s, DIV(best, 131072) AS energy_j, MOD(best, 131072) AS day
  FROM six_weeks
  WHERE best IS NOT NULL
),
sums_of_points AS (
  SELECT
    athlete_id,
    week,
    COUNT(*) AS fit_points,
    COUNT(DISTINCT day) AS fit_days,
    MIN(duration_s) AS shortest_s,
    MAX(duration_s) AS longest_s,
    ANY_VALUE(energy_j HAVING MAX duration_s) / MAX(duration_s) AS longest_w,
    AVG(energy_j) AS mean_j,
    AVG(duration_s) AS mean_s,
    VAR_POP(energy_j) AS variance_j2,
    NULLIF(VAR_POP(duration_s), 0) AS variance_s2,
    COVAR_POP(energy_j, duration_s) / NULLIF(VAR_POP(duration_s), 0) AS critical_power_w
  FROM points
  GROUP BY athlete_id, week
),
residuals AS (
  SELECT
    s.athlete_id,
    s.week,
    AVG(POW(p.energy_j - s.mean_j - s.critical_power_w * (p.duration_s - s.mean_s), 2)) AS mean_square_j2
  FROM sums_of_points AS s
  INNER JOIN points AS p
    ON p.athlete_id = s.athlete_id AND p.week = s.week
  GROUP BY s.athlete_id, s.week
),
lines AS (
  -- Least squares of work on time: critical power is the slope, W' the work at no time at all.
  SELECT
    s.athlete_id,
    s.week,
    s.fit_points,
    s.fit_days,
    s.shortest_s,
    s.longest_s,
    s.longest_w,
    s.mean_s,
    s.variance_s2,
    s.critical_power_w,
    s.mean_j - s.critical_power_w * s.mean_s AS w_prime_j,
    CASE
      WHEN s.variance_s2 IS NULL THEN NULL
      WHEN s.variance_j2 > 0
        THEN 1 - r.mean_square_j2 / s.variance_j2
      ELSE 1.0
    END AS fit_r2,
    IF(s.fit_points < @fewest_fit_points, NULL, r.mean_square_j2 / NULLIF(s.fit_points - 2, 0)) AS residual_j2
  FROM sums_of_points AS s
  INNER JOIN residuals AS r
    ON r.athlete_id = s.athlete_id AND r.week = s.week
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
    l.critical_power_w,
    SQRT(l.residual_j2 / l.variance_s2) AS critical_power_error_w,
    l.w_prime_j,
    SQRT(l.residual_j2 * (1 + POW(l.mean_s, 2) / l.variance_s2)) AS w_prime_error_j,
    l.shortest_s,
    l.longest_s,
    l.longest_w,
    COALESCE(l.fit_points, 0) AS fit_points,
    COALESCE(l.fit_days, 0) AS fit_days,
    l.fit_r2,
    n.estimated_ftp_w,
    DATE_DIFF(c.last_day, n.supported_on, DAY) AS estimated_ftp_age_days,
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
  LEFT JOIN ftp_estimates AS n
    ON n.athlete_id = c.athlete_id
      AND n.supported_on <= c.last_day
      AND c.last_day < COALESCE(n.superseded_on, DATE '9999-12-31')
),
judged AS (
  SELECT
    w.*,
    CASE
      WHEN fit_points = 0 THEN NULL
      WHEN fit_points < @fewest_fit_points THEN 'few_points'
      WHEN shortest_s > @longest_first_fit_s OR longest_s < @shortest_last_fit_s THEN 'narrow'
      WHEN fit_days < @fewest_fit_days THEN 'one_day'
      WHEN w_prime_j NOT BETWEEN 1000 * @lowest_w_prime_kj AND 1000 * @highest_w_prime_kj
        OR critical_power_w <= 0
        OR critical_power_w >= longest_w THEN 'implausible'
      WHEN critical_power_error_w > @most_critical_power_error * critical_power_w
        OR w_prime_error_j > @most_w_prime_error * w_prime_j THEN 'uncertain'
      WHEN critical_power_w < @least_critical_power_share * estimated_ftp_w THEN 'submaximal'
      ELSE 'good'
    END AS fit_quality
  FROM weeks AS w
)
SELECT
  athlete_id,  -- the athlete
  week,  -- first day of the calendar week (Monday, or Sunday by setting), in the athlete's local time
  is_partial,  -- the week contains today: unfinished
  stream_rides,  -- [count] rides with a power meter whose normalized power is known from their own seconds {sum}
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
  IF(fit_quality = 'good', critical_power_w, NULL) AS critical_power_w,  -- [W] critical power: the slope of the line of work on time (W = W' + CP·t) through the bests at 2, 3, 5, 8, 12 and 20 minutes of the six calendar weeks that end with this one; null where the fit is not good
  critical_power_error_w,  -- [W] standard error of critical power, also of a fit that is not good; null below three points
  IF(fit_quality = 'good', w_prime_j / 1000, NULL) AS w_prime_kj,  -- [kJ] W' of the same line: the work that can be done above critical power
  w_prime_error_j / 1000 AS w_prime_error_kj,  -- [kJ] standard error of W', also of a fit that is not good; null below three points
  fit_points,  -- [count] of the six durations, those with a best in the six weeks
  fit_days,  -- [count] different days on which these bests were ridden
  fit_r2,  -- [0-1] r² of the line: how much of the work's differences it explains; null below two
  fit_quality,  -- good, or the first reason why not: few_points (below @fewest_fit_points), narrow (the shortest above @longest_first_fit_s s or the longest below @shortest_last_fit_s s), one_day (below @fewest_fit_days days), implausible (W' outside @lowest_w_prime_kj to @highest_w_prime_kj kJ, or critical power not below the best 20 minutes; without one, below the longest best), uncertain (standard error above @most_critical_power_error of critical power or @most_w_prime_error of W'), submaximal (critical power below @least_critical_power_share of the estimated FTP); null without any point
  estimated_ftp_w,  -- [W] an estimate of FTP and no measurement: 95 % of the best 20 minutes of the last effort that supports one, up to the week's last day, or to today
  estimated_ftp_age_days,  -- [days] how old that effort is by then
  decoupling_pct,  -- [%] how far heart rate drifted from power between the halves of the week's longest ride of which it is known, positive for a drift
  decoupling_ride_id,  -- that ride, by Strava's id
  power_zone_1_s,  -- [s] recorded seconds below 55 % of the day's FTP; null where it is unknown for every ride {sum}
  power_zone_2_s,  -- [s] recorded seconds at 55 to 75 % of the day's FTP; null where it is unknown for every ride {sum}
  power_zone_3_s,  -- [s] recorded seconds at 75 to 90 % of the day's FTP; null where it is unknown for every ride {sum}
  power_zone_4_s,  -- [s] recorded seconds at 90 to 105 % of the day's FTP; null where it is unknown for every ride {sum}
  power_zone_5_s,  -- [s] recorded seconds at 105 to 120 % of the day's FTP; null where it is unknown for every ride {sum}
  power_zone_6_s,  -- [s] recorded seconds at 120 to 150 % of the day's FTP; null where it is unknown for every ride {sum}
  power_zone_7_s,  -- [s] recorded seconds at 150 % and more of the day's FTP; null where it is unknown for every ride {sum}
  heartrate_zone_1_s,  -- [s] recorded seconds of the same rides below 68 % of the threshold heart rate {sum}
  heartrate_zone_2_s,  -- [s] recorded seconds of the same rides at 68 to 83 % of the threshold heart rate {sum}
  heartrate_zone_3_s,  -- [s] recorded seconds of the same rides at 83 to 94 % of the threshold heart rate {sum}
  heartrate_zone_4_s,  -- [s] recorded seconds of the same rides at 94 to 105 % of the threshold heart rate {sum}
  heartrate_zone_5_s  -- [s] recorded seconds of the same rides at 105 % and more of the threshold heart rate {sum}
FROM judged
