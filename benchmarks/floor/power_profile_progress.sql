-- power_profile_progress as one would write it by hand for DuckDB alone. benchmarks/marts.py holds the mart against its
-- time, and its answer against the mart's.
WITH figures AS (
  SELECT
    * EXCLUDE (valid_to),
    least(valid_to, lead(valid_from) OVER (PARTITION BY athlete_id ORDER BY valid_from)) AS valid_to
  FROM athlete_profile
), a AS (
  SELECT
    athlete_id, activity_id, activity_date, week, coalesce(flagged, false) AS flagged, as_of,
    CASE WHEN f.weight_kg BETWEEN 20 AND 300 THEN f.weight_kg END AS kg,
    (count_commutes OR NOT coalesce(commute, false)) AND (count_virtual OR NOT coalesce(is_virtual, false))
      AND NOT coalesce(is_ebike, false) AND coalesce(counts_for_power, false) AND device_watts AND average_watts > 0
      AND average_watts <= 2500 AND kilojoules > 0 AND moving_time_s BETWEEN 1 AND 2592000
      AND kilojoules <= 2.5 * moving_time_s AND NOT coalesce(manual, false)
      AND (athlete_id, activity_id) NOT IN (FROM doubles()) AS measured
  FROM bq_activities
  CROSS JOIN mart_settings
  LEFT JOIN sport_rules USING (sport_type)
  LEFT JOIN figures AS f USING (athlete_id)
  WHERE deleted_at IS NULL AND activity_date <= as_of + 1
    AND (f.athlete_id IS NULL OR activity_date >= f.valid_from AND (f.valid_to IS NULL OR activity_date < f.valid_to))
), t AS (
  SELECT athlete_id, greatest(max(activity_date), any_value(as_of)) AS today FROM a GROUP BY athlete_id
), rides AS (
  SELECT
    a.*, today, (activity_date, activity_id) AS who,
    normalized_power_w > 0 AND normalized_power_w <= 2500 AND recorded_s BETWEEN 1 AND 2592000 AS normalized,
    CASE WHEN NOT flagged AND best_5s_w > 0 AND best_5s_w <= 2500 THEN best_5s_w END AS b5,
    CASE WHEN NOT flagged AND best_60s_w > 0 AND best_60s_w <= 2500 THEN best_60s_w END AS b60,
    CASE WHEN NOT flagged AND best_300s_w > 0 AND best_300s_w <= 2500 THEN best_300s_w END AS b300,
    CASE WHEN NOT flagged AND best_1200s_w > 0 AND best_1200s_w <= 2500 THEN best_1200s_w END AS b1200,
    CASE WHEN NOT flagged AND best_3600s_w > 0 AND best_3600s_w <= 2500 THEN best_3600s_w END AS b3600,
    CASE WHEN decoupling_pct BETWEEN -100 AND 100 THEN decoupling_pct END AS drift,
    CASE WHEN normalized THEN recorded_s ELSE 0 END AS np_s,
    CASE WHEN COLUMNS('(.*_zone_._s)') BETWEEN 0 AND 2592000 THEN COLUMNS('(.*_zone_._s)') END AS '\1'
  FROM a JOIN t USING (athlete_id) JOIN ride_power USING (athlete_id, activity_id)
  WHERE measured
), s AS (
  SELECT
    athlete_id, week, count(*) FILTER (normalized) AS stream_rides, max(b5) AS b5, max(b60) AS b60, max(b300) AS b300,
    max(b1200) AS b1200, max(b3600) AS b3600, arg_min(activity_id, (-b5, who)) FILTER (b5 > 0) AS i5,
    arg_min(activity_id, (-b60, who)) FILTER (b60 > 0) AS i60, arg_min(activity_id, (-b300, who)) FILTER (b300 > 0) AS i300,
    arg_min(activity_id, (-b1200, who)) FILTER (b1200 > 0) AS i1200,
    arg_min(activity_id, (-b3600, who)) FILTER (b3600 > 0) AS i3600, max(b5 / kg) AS k5, max(b60 / kg) AS k60,
    max(b300 / kg) AS k300, max(b1200 / kg) AS k1200, max(b3600 / kg) AS k3600,
    arg_min((drift, activity_id), (-np_s, who)) FILTER (drift IS NOT NULL) AS drift,
    sum(COLUMNS('(.*_zone_._s)')) AS '\1'
  FROM rides GROUP BY athlete_id, week
), c AS (
  SELECT athlete_id, today, unnest(generate_series(first_week, today, INTERVAL 7 DAY))::DATE AS week
  FROM (
    SELECT athlete_id, any_value(today) AS today, min(week) AS first_week
    FROM rides WHERE normalized OR coalesce(b5, b60, b300, b1200, b3600) > 0 GROUP BY athlete_id
  )
), e AS (
  SELECT athlete_id, week, duration_s, max(energy_j) / duration_s AS watts
  FROM ride_bests JOIN a USING (athlete_id, activity_id)
  WHERE duration_s IN (120, 180, 300, 480, 720, 1200) AND energy_j BETWEEN 1 AND 2500 * duration_s AND measured AND NOT flagged
  GROUP BY athlete_id, week, duration_s
), six AS (
  SELECT *, max(watts) OVER (PARTITION BY athlete_id, duration_s ORDER BY week ROWS 5 PRECEDING) AS best
  FROM (FROM c CROSS JOIN (VALUES (120), (180), (300), (480), (720), (1200)) AS v(duration_s))
  LEFT JOIN e USING (athlete_id, week, duration_s)
), l AS (
  SELECT
    athlete_id, week, count(best) AS points, regr_slope(best, 1 / duration_s) AS w_prime_j,
    regr_intercept(best, 1 / duration_s) AS cp,
    CASE WHEN count(best) > 1 THEN CASE WHEN max(best) > min(best) THEN regr_r2(best, 1 / duration_s) ELSE 1 END END AS r2
  FROM six GROUP BY athlete_id, week
), f AS (
  SELECT athlete_id, day AS last_day, b1200
  FROM (
    SELECT
      athlete_id, day, ends,
      max(b1200) OVER (PARTITION BY athlete_id ORDER BY day RANGE BETWEEN INTERVAL 89 DAYS PRECEDING AND CURRENT ROW) AS b1200
    FROM (
      SELECT athlete_id, activity_date AS day, b1200, false AS ends FROM rides WHERE b1200 > 0
      UNION ALL
      SELECT athlete_id, least(week + 6, today), NULL, true FROM c
    )
  )
  WHERE ends
), j AS (
  SELECT
    c.*, s.* EXCLUDE (athlete_id, week), points, r2, w_prime_j, cp, f.b1200 AS b1200_90d,
    max(b3600) OVER (PARTITION BY athlete_id ORDER BY week ROWS 5 PRECEDING) AS hour_w
  FROM c
  LEFT JOIN s USING (athlete_id, week)
  LEFT JOIN l USING (athlete_id, week)
  LEFT JOIN f ON f.athlete_id = c.athlete_id AND f.last_day = least(c.week + 6, today)
)
SELECT
  athlete_id, week, today - week < 7 AS is_partial, coalesce(stream_rides, 0) AS stream_rides, b5 AS best_5s_w,
  i5 AS best_5s_ride_id, b60 AS best_60s_w, i60 AS best_60s_ride_id, b300 AS best_300s_w, i300 AS best_300s_ride_id,
  b1200 AS best_1200s_w, i1200 AS best_1200s_ride_id, b3600 AS best_3600s_w, i3600 AS best_3600s_ride_id,
  k5 AS best_5s_w_per_kg, k60 AS best_60s_w_per_kg, k300 AS best_300s_w_per_kg, k1200 AS best_1200s_w_per_kg,
  k3600 AS best_3600s_w_per_kg, drift[1] AS decoupling_pct, drift[2] AS decoupling_ride_id,
  CASE
    WHEN points >= 3 AND w_prime_j BETWEEN 5000 AND 40000 AND cp > 0 AND (hour_w IS NULL OR cp <= 1.15 * hour_w) THEN 'good'
    WHEN points >= 3 THEN 'implausible' WHEN points > 0 THEN 'few_points'
  END AS fit_quality,
  CASE WHEN fit_quality = 'good' THEN cp END AS critical_power_w,
  CASE WHEN fit_quality = 'good' THEN w_prime_j / 1000 END AS w_prime_kj, coalesce(points, 0) AS fit_points, r2 AS fit_r2,
  0.95 * b1200_90d AS estimated_ftp_w, COLUMNS('.*_zone_._s')
FROM j
