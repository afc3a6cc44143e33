-- sport_overview as one would write it by hand for DuckDB alone. benchmarks/marts.py holds the mart against its time, and
-- its answer against the mart's.
WITH figures AS (
  SELECT
    * EXCLUDE (valid_to),
    least(valid_to, lead(valid_from) OVER (PARTITION BY athlete_id ORDER BY valid_from)) AS valid_to
  FROM athlete_profile
), a AS (
  SELECT
    athlete_id, activity_date, week, coalesce(sport_type, 'unknown') AS sport_type, coalesce(family, 'other') AS family,
    coalesce(is_virtual, false) OR coalesce(trainer, false) AS indoor,
    (athlete_id, activity_id) NOT IN (FROM doubles()) AND (count_commutes OR NOT coalesce(commute, false))
      AND (count_virtual OR NOT coalesce(is_virtual, false)) AS counts,
    CASE WHEN moving_time_s BETWEEN 1 AND 2592000 THEN moving_time_s ELSE 0 END AS seconds,
    CASE WHEN distance_m BETWEEN 0 AND 20000000 THEN distance_m ELSE 0 END AS metres,
    CASE WHEN total_elevation_gain_m BETWEEN 0 AND 1000000 THEN total_elevation_gain_m ELSE 0 END AS climb,
    CASE WHEN average_heartrate_bpm BETWEEN 25 AND 250 AND seconds > 0 THEN average_heartrate_bpm END AS bpm,
    CASE WHEN suffer_score BETWEEN 0 AND 100000 THEN suffer_score END AS effort,
    CASE WHEN f.ftp_w BETWEEN 30 AND 700 THEN f.ftp_w END AS ftp,
    CASE WHEN f.max_heartrate_bpm BETWEEN 60 AND 250 THEN f.max_heartrate_bpm END AS top,
    CASE WHEN f.resting_heartrate_bpm BETWEEN 20 AND 120 THEN f.resting_heartrate_bpm END AS rest,
    CASE
      WHEN f.threshold_heartrate_bpm > rest AND f.threshold_heartrate_bpm <= top THEN f.threshold_heartrate_bpm
      ELSE rest + 0.85 * (top - rest)
    END AS threshold,
    CASE
      WHEN NOT coalesce(is_ebike, false) AND coalesce(counts_for_power, false) AND device_watts AND average_watts > 0
        AND average_watts <= 2500 AND kilojoules > 0 AND seconds > 0 AND kilojoules <= 2.5 * seconds
        AND NOT coalesce(manual, false) AND weighted_average_watts > 0 AND weighted_average_watts <= 2500
        THEN seconds / 36 * (weighted_average_watts / ftp) ** 2
    END AS by_power,
    CASE WHEN top >= rest + 20 AND bpm <= top + 10 THEN greatest(bpm - rest, 0) / (top - rest) END AS hr,
    (threshold - rest) / nullif(top - rest, 0) AS lt,
    coalesce(
      by_power,
      CASE
        WHEN NOT coalesce(is_ebike, false) AND NOT coalesce(manual, false) AND lt > 0
          THEN seconds / 36 * (hr * exp(1.92 * hr)) / (lt * exp(1.92 * lt))
      END
    ) AS load
  FROM bq_activities
  CROSS JOIN mart_settings
  LEFT JOIN sport_rules USING (sport_type)
  LEFT JOIN figures AS f USING (athlete_id)
  WHERE deleted_at IS NULL AND activity_date <= as_of + 1
    AND (f.athlete_id IS NULL OR activity_date >= f.valid_from AND (f.valid_to IS NULL OR activity_date < f.valid_to))
), t AS (
  SELECT athlete_id, greatest(max(activity_date), any_value(as_of)) AS today
  FROM bq_activities CROSS JOIN mart_settings WHERE deleted_at IS NULL AND activity_date <= as_of + 1 GROUP BY athlete_id
), s AS (
  SELECT
    athlete_id, sport_type, family, week, count(*) AS n, count(DISTINCT activity_date) AS days, sum(seconds) AS seconds,
    sum(seconds) FILTER (indoor) AS indoor_s, sum(metres) AS metres, sum(seconds) FILTER (metres > 0) AS metre_s,
    sum(climb) FILTER (NOT indoor) AS climb, sum(climb) FILTER (indoor) AS virtual_climb,
    sum(seconds * bpm) / sum(seconds) FILTER (bpm IS NOT NULL) AS bpm, sum(effort) AS effort, sum(load) AS load
  FROM a WHERE counts GROUP BY ALL
), c AS (
  SELECT athlete_id, sport_type, family, today, unnest(generate_series(first_week, today, INTERVAL 7 DAY))::DATE AS week
  FROM (SELECT athlete_id, sport_type, family, min(week) AS first_week FROM s GROUP BY ALL) JOIN t USING (athlete_id)
)
SELECT
  athlete_id, week, sport_type, c.family, today - week < 7 AS is_partial, least(today - week + 1, 7) AS days_elapsed,
  coalesce(n, 0) AS activities, coalesce(days, 0) AS active_days, coalesce(seconds, 0) AS moving_time_s,
  coalesce(indoor_s, 0) AS indoor_time_s, coalesce(metres, 0) AS distance_m, coalesce(climb, 0) AS climb_m,
  coalesce(virtual_climb, 0) AS virtual_climb_m, metres / metre_s AS average_speed_m_per_s,
  1000 * metre_s / nullif(metres, 0) AS average_pace_s_per_km, bpm AS average_heartrate_bpm, effort AS relative_effort,
  load AS training_load, coalesce(sum(n) OVER f, 0)::BIGINT AS activities_4w,
  coalesce(sum(seconds) OVER f, 0)::BIGINT AS moving_time_4w_s, coalesce(sum(metres) OVER f, 0) AS distance_4w_m,
  coalesce(sum(climb) OVER f, 0) AS climb_4w_m
FROM c LEFT JOIN s USING (athlete_id, sport_type, week)
WINDOW f AS (PARTITION BY athlete_id, sport_type ORDER BY week ROWS 3 PRECEDING)
