-- daily_load as one would write it by hand for DuckDB alone: one pass over the activities, DuckDB's own idioms,
-- no shared view. benchmarks/marts.py holds the mart against its time, and its answer against the mart's.
WITH figures AS (
  SELECT
    * EXCLUDE (valid_to),
    least(valid_to, lead(valid_from) OVER (PARTITION BY athlete_id ORDER BY valid_from)) AS valid_to
  FROM athlete_profile
), a AS (
  SELECT
    athlete_id, activity_id, activity_date, week, activity_date - week AS day_of_week,
    coalesce(r.is_virtual OR trainer, trainer, r.is_virtual, false) AS indoor,
    coalesce(commute, false) AS commutes, coalesce(flagged, false) AS flagged, coalesce(manual, false) AS manual,
    (count_commutes OR NOT coalesce(commute, false)) AND (count_virtual OR NOT coalesce(r.is_virtual, false)) AS counts,
    coalesce(r.is_ebike, false) AS motor, coalesce(r.is_ride, false) AS cycle,
    coalesce(r.counts_for_power, false) AS for_power,
    CASE WHEN moving_time_s BETWEEN 1 AND 2592000 THEN moving_time_s ELSE 0 END AS seconds,
    CASE WHEN distance_m BETWEEN 0 AND 20000000 THEN distance_m ELSE 0 END AS metres,
    CASE WHEN total_elevation_gain_m BETWEEN 0 AND 1000000 THEN total_elevation_gain_m ELSE 0 END AS climb,
    CASE WHEN average_heartrate_bpm BETWEEN 25 AND 250 AND seconds > 0 THEN average_heartrate_bpm END AS bpm,
    CASE WHEN suffer_score BETWEEN 0 AND 100000 THEN suffer_score END AS effort,
    average_watts > 0 AND average_watts <= 2500 AND kilojoules > 0 AND seconds > 0
      AND kilojoules * 1000 <= 2500 * seconds AND NOT coalesce(manual, false) AS watts_known,
    device_watts, round(kilojoules * 1000)::BIGINT AS joules,
    CASE WHEN weighted_average_watts > 0 AND weighted_average_watts <= 2500 THEN weighted_average_watts END AS weighted,
    CASE WHEN b.max_watts > 0 AND b.max_watts <= 2500 THEN b.max_watts END AS peak,
    CASE WHEN np > 0 AND np <= 2500 AND recorded_s BETWEEN 1 AND 2592000 THEN recorded_s END AS np_s, np,
    CASE WHEN tss BETWEEN 0 AND 100000 THEN tss END AS tss,
    CASE WHEN best_5s_w > 0 AND best_5s_w <= 2500 THEN best_5s_w END AS b5,
    CASE WHEN best_60s_w > 0 AND best_60s_w <= 2500 THEN best_60s_w END AS b60,
    CASE WHEN best_300s_w > 0 AND best_300s_w <= 2500 THEN best_300s_w END AS b300,
    CASE WHEN best_1200s_w > 0 AND best_1200s_w <= 2500 THEN best_1200s_w END AS b1200,
    CASE WHEN best_3600s_w > 0 AND best_3600s_w <= 2500 THEN best_3600s_w END AS b3600,
    CASE WHEN f.ftp_w BETWEEN 30 AND 700 THEN f.ftp_w END AS ftp,
    CASE WHEN f.weight_kg BETWEEN 20 AND 300 THEN f.weight_kg END AS kg,
    CASE WHEN f.max_heartrate_bpm BETWEEN 60 AND 250 THEN f.max_heartrate_bpm END AS top,
    CASE WHEN f.resting_heartrate_bpm BETWEEN 20 AND 120 THEN f.resting_heartrate_bpm END AS rest,
    CASE
      WHEN f.threshold_heartrate_bpm > rest AND f.threshold_heartrate_bpm <= top THEN f.threshold_heartrate_bpm
      ELSE rest + 0.85 * (top - rest)
    END AS threshold
  FROM bq_activities AS b
  CROSS JOIN mart_settings
  LEFT JOIN sport_rules AS r USING (sport_type)
  LEFT JOIN (
    SELECT athlete_id, activity_id, recorded_s, normalized_power_w AS np, tss, best_5s_w, best_60s_w, best_300s_w, best_1200s_w, best_3600s_w
    FROM ride_power
  ) USING (athlete_id, activity_id)
  LEFT JOIN figures AS f USING (athlete_id)
  WHERE deleted_at IS NULL AND activity_date <= as_of + 1
    AND (athlete_id, activity_id) NOT IN (FROM doubles())
    AND (f.athlete_id IS NULL OR activity_date >= f.valid_from AND (f.valid_to IS NULL OR activity_date < f.valid_to))
), t AS (
  SELECT athlete_id, min(activity_date) AS first_day, greatest(max(activity_date), any_value(as_of)) AS today
  FROM bq_activities CROSS JOIN mart_settings
  WHERE deleted_at IS NULL AND activity_date <= as_of + 1
  GROUP BY athlete_id
), m AS (
  SELECT
    *, coalesce(for_power AND watts_known AND device_watts, false) AS p,
    CASE WHEN p THEN seconds / 36 * (weighted / ftp) ** 2 END AS by_power,
    CASE WHEN top >= rest + 20 AND bpm <= top + 10 THEN greatest(bpm - rest, 0) / (top - rest) END AS hr,
    (threshold - rest) / nullif(top - rest, 0) AS lt,
    CASE
      WHEN by_power IS NULL AND NOT manual AND lt > 0
        THEN seconds / 36 * (hr * exp(1.92 * hr)) / (lt * exp(1.92 * lt))
    END AS by_heart
  FROM a
  WHERE counts AND NOT motor
), s AS (
  SELECT
    athlete_id, activity_date AS day, count(*) AS activities, sum(seconds) AS moving_time_s,
    count(*) FILTER (by_power IS NULL AND by_heart IS NULL) AS unknown,
    sum(seconds) FILTER (by_power IS NOT NULL OR by_heart IS NOT NULL) AS loaded_s,
    coalesce(sum(by_power), 0) AS power_load, coalesce(sum(by_heart), 0) AS heartrate_load,
    count(*) FILTER (p AND np_s > 0) AS stream_rides,
    coalesce(sum(seconds) FILTER (p AND np_s > 0), 0) / sum(seconds) FILTER (p) AS stream_coverage,
    (sum(np_s * np ** 4) FILTER (p) / sum(np_s) FILTER (p)) ** 0.25 AS normalized_power_w,
    sum(tss) FILTER (p) AS tss, count(tss) FILTER (p) AS tss_rides,
    max(b5) FILTER (p AND NOT flagged) AS best_5s_w, max(b60) FILTER (p AND NOT flagged) AS best_60s_w,
    max(b300) FILTER (p AND NOT flagged) AS best_300s_w, max(b1200) FILTER (p AND NOT flagged) AS best_1200s_w,
    max(b3600) FILTER (p AND NOT flagged) AS best_3600s_w,
    count(by_power) AS powers, count(by_heart) AS hearts, sum(effort) AS relative_effort
  FROM m
  GROUP BY ALL
), c AS (
  SELECT athlete_id, first_day, unnest(generate_series(first_day, today, INTERVAL 1 DAY))::DATE AS day FROM t
), d AS (
  SELECT
    c.athlete_id, c.day, c.day - first_day AS n, n // 2048 AS block, n % 2048 AS k,
    coalesce(power_load + heartrate_load, 0) AS load
  FROM c LEFT JOIN s USING (athlete_id, day)
), b AS (
  SELECT
    athlete_id, block + 1 AS block, sum(load * exp((k - 2048) / 42)) AS slow, sum(load * exp((k - 2048) / 7)) AS fast
  FROM d
  GROUP BY athlete_id, block
), e AS (
  SELECT *, sum(load * exp(k / 42)) OVER w AS slow_sum, sum(load * exp(k / 7)) OVER w AS fast_sum
  FROM d
  WINDOW w AS (PARTITION BY athlete_id, block ORDER BY day ROWS UNBOUNDED PRECEDING)
), f AS (
  SELECT
    athlete_id, e.day, n, load, (1 - exp(-1 / 42)) * (coalesce(slow, 0) + slow_sum) * exp(-k / 42) AS ctl,
    (1 - exp(-1 / 7)) * (coalesce(fast, 0) + fast_sum) * exp(-k / 7) AS atl
  FROM e LEFT JOIN b USING (athlete_id, block)
), g AS (
  SELECT
    *, coalesce(lag(ctl - atl) OVER o, 0) AS tsb, ctl - lag(ctl, 7) OVER o AS ramp, sum(load) OVER w AS load_7d,
    CASE WHEN max(load) OVER w > min(load) OVER w * 1.000001 THEN stddev_pop(load) OVER w END AS spread
  FROM f
  WINDOW o AS (PARTITION BY athlete_id ORDER BY day), w AS (PARTITION BY athlete_id ORDER BY day ROWS 6 PRECEDING)
)
SELECT
  athlete_id, g.day, coalesce(activities, 0) AS activities, coalesce(moving_time_s, 0) AS moving_time_s,
  load AS training_load, coalesce(power_load, 0) AS power_load, coalesce(heartrate_load, 0) AS heartrate_load,
  CASE WHEN powers > 0 AND hearts > 0 THEN 'mixed' WHEN powers > 0 THEN 'power' WHEN hearts > 0 THEN 'heart_rate' ELSE 'none' END
    AS load_source,
  coalesce(unknown, 0) AS activities_without_load, coalesce(loaded_s, 0) / nullif(s.moving_time_s, 0) AS load_coverage,
  relative_effort, coalesce(stream_rides, 0) AS stream_rides, stream_coverage, normalized_power_w, tss,
  coalesce(tss_rides, 0) AS tss_rides, best_5s_w, best_60s_w, best_300s_w, best_1200s_w, best_3600s_w,
  ctl AS fitness_ctl, atl AS fatigue_atl, tsb AS form_tsb, ramp AS ramp_7d, load_7d,
  CASE WHEN n >= 6 THEN load_7d / 7 / spread END AS monotony_7d,
  CASE WHEN n >= 6 THEN load_7d * load_7d / 7 / spread END AS strain_7d, n + 1 AS days_of_history, n < 42 AS is_warm_up,
  n >= 126 AS is_settled
FROM g LEFT JOIN s USING (athlete_id, day)
