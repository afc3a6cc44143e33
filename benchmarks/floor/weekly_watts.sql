-- weekly_watts as one would write it by hand for DuckDB alone: one pass over the activities, DuckDB's own idioms,
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
  WHERE deleted_at IS NULL AND activity_date BETWEEN DATE '1990-01-01' AND as_of + 1
    AND (athlete_id, activity_id) NOT IN (FROM doubles())
    AND (f.athlete_id IS NULL OR activity_date >= f.valid_from AND (f.valid_to IS NULL OR activity_date < f.valid_to))
), t AS (
  SELECT
    athlete_id, min(week) AS first_week,
    greatest(max(activity_date), any_value(as_of)) AS today, (today - first_week) % 7 + 1 AS days
  FROM bq_activities CROSS JOIN mart_settings
  WHERE deleted_at IS NULL AND activity_date BETWEEN DATE '1990-01-01' AND as_of + 1
  GROUP BY athlete_id
), rides AS (
  SELECT
    a.*, days, counts AND NOT motor AND (cycle OR for_power) AS ride, counts AND motor AS ebike,
    coalesce(ride AND for_power AND watts_known AND device_watts, false) AS p,
    coalesce(ride AND for_power AND watts_known AND NOT device_watts, false) AS e,
    p AND weighted IS NOT NULL AS pw, pw AND bpm IS NOT NULL AS ph, day_of_week < days AS cut,
    CASE WHEN p THEN tss END AS own_tss, CASE WHEN pw THEN seconds / 36 * (weighted / ftp) ** 2 END AS weighted_load,
    CASE WHEN own_tss > 0 AND weighted_load > 0 THEN own_tss / weighted_load END AS ratio,
    CASE WHEN top >= rest + 20 AND bpm <= top + 10 THEN greatest(bpm - rest, 0) / (top - rest) END AS hr,
    (threshold - rest) / nullif(top - rest, 0) AS lt,
    CASE WHEN NOT manual AND lt > 0 THEN seconds / 36 * (hr * exp(1.92 * hr)) / (lt * exp(1.92 * lt)) END AS hr_load
  FROM a JOIN t USING (athlete_id)
  WHERE counts AND (motor OR cycle OR for_power)
), m AS (
  SELECT *, coalesce(own_tss, weighted_load * scale) AS power_load, coalesce(power_load, hr_load) AS load
  FROM (
    SELECT *, CASE WHEN count(ratio) OVER w >= 5 THEN median(ratio) OVER w ELSE 1 END AS scale
    FROM rides WINDOW w AS (PARTITION BY athlete_id)
  )
), s AS (
  SELECT
    athlete_id, week,
    count(*) FILTER (ride) AS rides, count(DISTINCT activity_date) FILTER (ride) AS ride_days,
    count(*) FILTER (ride AND commutes) AS commute_rides, sum(seconds) FILTER (ride) AS moving_time_s,
    sum(seconds) FILTER (ride AND indoor) AS indoor_time_s, sum(seconds) FILTER (ride AND commutes) AS commute_time_s,
    sum(metres) FILTER (ride) AS distance_m, sum(climb) FILTER (ride AND NOT indoor) AS climb_m,
    sum(climb) FILTER (ride AND indoor) AS virtual_climb_m, count(*) FILTER (ebike) AS ebike_rides,
    sum(seconds) FILTER (ebike) AS ebike_time_s, sum(metres) FILTER (ebike) AS ebike_distance_m,
    count(*) FILTER (p) AS power_rides, sum(seconds) FILTER (p) AS power_s, sum(joules) FILTER (p) AS work_j,
    sum(seconds) FILTER (pw) AS weighted_s, sum(joules) FILTER (pw) AS weighted_j,
    sum(seconds * weighted ** 4) FILTER (pw) AS weighted_w4s,
    max(weighted) FILTER (pw AND seconds >= 1800 AND NOT flagged) AS best_ride_weighted_watts,
    arg_min(activity_id, (-weighted, activity_date, activity_id))
      FILTER (pw AND seconds >= 1800 AND NOT flagged) AS best_ride_id,
    max(peak) FILTER (p AND NOT flagged) AS max_watts, count(*) FILTER (e) AS estimated_rides,
    sum(joules) FILTER (e) / sum(seconds) FILTER (e) AS estimated_average_watts,
    sum(joules / kg) FILTER (p) / sum(seconds) FILTER (p AND kg IS NOT NULL) AS average_watts_per_kg,
    sum(seconds * bpm) FILTER (ride) / sum(seconds) FILTER (ride AND bpm IS NOT NULL) AS average_heartrate_bpm,
    (sum(seconds * weighted ** 4) FILTER (ph) / sum(seconds) FILTER (ph)) ** 0.25
      / (sum(seconds * bpm) FILTER (ph) / sum(seconds) FILTER (ph)) AS watts_per_heartbeat,
    count(*) FILTER (p AND np_s > 0) AS stream_rides,
    coalesce(sum(seconds) FILTER (p AND np_s > 0), 0) / sum(seconds) FILTER (p) AS stream_coverage,
    (sum(np_s * np ** 4) FILTER (p) / sum(np_s) FILTER (p)) ** 0.25 AS normalized_power_w,
    sum(tss) FILTER (p) AS tss, count(tss) FILTER (p) AS tss_rides,
    max(b5) FILTER (p AND NOT flagged) AS best_5s_w, max(b60) FILTER (p AND NOT flagged) AS best_60s_w,
    max(b300) FILTER (p AND NOT flagged) AS best_300s_w, max(b1200) FILTER (p AND NOT flagged) AS best_1200s_w,
    max(b3600) FILTER (p AND NOT flagged) AS best_3600s_w,
    count(effort) FILTER (ride) AS efforts, sum(effort) FILTER (ride) AS relative_effort, sum(load) FILTER (ride) AS training_load,
    count(*) FILTER (ride AND power_load IS NOT NULL) AS by_power,
    count(*) FILTER (ride AND power_load IS NULL AND load IS NOT NULL) AS by_heart,
    sum(seconds) FILTER (ride AND cut) AS cut_s, sum(metres) FILTER (ride AND cut) AS cut_m,
    sum(seconds) FILTER (p AND cut) AS cut_power_s, sum(joules) FILTER (p AND cut) AS cut_work_j,
    sum(seconds) FILTER (pw AND cut) AS cut_weighted_s,
    sum(seconds * weighted ** 4) FILTER (pw AND cut) AS cut_weighted_w4s
  FROM m
  GROUP BY athlete_id, week
), c AS (
  SELECT athlete_id, today, unnest(generate_series(first_week, today, INTERVAL 7 DAY))::DATE AS week FROM t
), w AS (
  SELECT
    c.athlete_id, c.week, c.today - c.week < 7 AS is_partial, least(c.today - c.week + 1, 7) AS days_elapsed,
    row_number() OVER (PARTITION BY c.athlete_id ORDER BY c.week) AS n,
    c.week + (3 + (isodow(c.week) = 7)::INT) AS thursday,
    coalesce(rides, 0) AS rides, coalesce(ride_days, 0) AS ride_days, coalesce(commute_rides, 0) AS commute_rides,
    coalesce(moving_time_s, 0) AS moving_time_s, coalesce(indoor_time_s, 0) AS indoor_time_s,
    coalesce(commute_time_s, 0) AS commute_time_s, coalesce(distance_m, 0) AS distance_m,
    coalesce(climb_m, 0) AS climb_m, coalesce(virtual_climb_m, 0) AS virtual_climb_m,
    coalesce(ebike_rides, 0) AS ebike_rides, coalesce(ebike_time_s, 0) AS ebike_time_s,
    coalesce(ebike_distance_m, 0) AS ebike_distance_m, coalesce(power_rides, 0) AS power_rides,
    coalesce(power_s, 0) AS power_s, coalesce(work_j, 0) AS work_j, work_j / power_s AS average_watts,
    coalesce(weighted_s, 0) AS weighted_s, coalesce(weighted_w4s, 0) AS weighted_w4s,
    (weighted_w4s / weighted_s) ** 0.25 AS weighted_average_watts, weighted_j / weighted_s AS plain_watts,
    best_ride_weighted_watts, best_ride_id, max_watts, coalesce(estimated_rides, 0) AS estimated_rides,
    estimated_average_watts, average_watts_per_kg, average_heartrate_bpm, watts_per_heartbeat, relative_effort,
    coalesce(stream_rides, 0) AS stream_rides, stream_coverage, normalized_power_w, tss,
    coalesce(tss_rides, 0) AS tss_rides, best_5s_w, best_60s_w, best_300s_w, best_1200s_w, best_3600s_w,
    coalesce(efforts, 0) AS relative_effort_rides, training_load, coalesce(by_power, 0) AS by_power, coalesce(by_heart, 0) AS by_heart,
    coalesce(cut_s, 0) AS cut_s, coalesce(cut_m, 0) AS cut_m, coalesce(cut_power_s, 0) AS cut_power_s,
    coalesce(cut_work_j, 0) AS cut_work_j, coalesce(cut_weighted_s, 0) AS cut_weighted_s,
    coalesce(cut_weighted_w4s, 0) AS cut_weighted_w4s
  FROM c LEFT JOIN s ON s.athlete_id = c.athlete_id AND s.week = c.week
), g AS (
  SELECT
    *,
    lag(work_j) OVER o / nullif(lag(power_s) OVER o, 0) AS before_w,
    lag(cut_work_j) OVER o / nullif(lag(cut_power_s) OVER o, 0) AS before_cut_w,
    lag(moving_time_s) OVER o AS before_s, lag(cut_s) OVER o AS before_cut_s,
    lag(distance_m) OVER o AS before_m, lag(cut_m) OVER o AS before_cut_m,
    max(week) FILTER (power_rides > 0) OVER e AS last_power_week,
    sum(work_j) OVER f / nullif(sum(power_s) OVER f, 0) AS average_watts_4w,
    (sum(weighted_w4s) OVER f / nullif(sum(weighted_s) OVER f, 0)) ** 0.25 AS weighted_average_watts_4w,
    sum(moving_time_s) OVER f AS moving_time_4w_s,
    sum(work_j) OVER fb AS fb_j, sum(power_s) OVER fb AS fb_s,
    lag(cut_work_j, 4) OVER o - lag(work_j, 4) OVER o AS less_j,
    lag(cut_power_s, 4) OVER o - lag(power_s, 4) OVER o AS less_s,
    sum(work_j) OVER t / nullif(sum(power_s) OVER t, 0) AS average_watts_12w,
    (sum(weighted_w4s) OVER t / nullif(sum(weighted_s) OVER t, 0)) ** 0.25 AS weighted_average_watts_12w,
    count(*) FILTER (power_rides > 0) OVER t AS power_weeks,
    (sum(power_s) OVER t)::DOUBLE AS sw, sum(n * power_s) OVER t AS swx, sum(n * n * power_s) OVER t AS swxx,
    sum(work_j) OVER t AS swy, sum(n * work_j) OVER t AS swxy,
    lag(work_j, 52) OVER o / nullif(lag(power_s, 52) OVER o, 0) AS year_w,
    lag(cut_work_j, 52) OVER o / nullif(lag(cut_power_s, 52) OVER o, 0) AS year_cut_w,
    (lag(weighted_w4s, 52) OVER o / nullif(lag(weighted_s, 52) OVER o, 0)) ** 0.25 AS year_ww,
    (lag(cut_weighted_w4s, 52) OVER o / nullif(lag(cut_weighted_s, 52) OVER o, 0)) ** 0.25 AS year_cut_ww,
    lag(moving_time_s, 52) OVER o AS year_s, lag(cut_s, 52) OVER o AS year_cut_s,
    max(average_watts) FILTER (power_s >= 10800) OVER u AS best_average_watts_so_far,
    max(average_watts) FILTER (power_s >= 10800) OVER e AS best_before
  FROM w
  WINDOW
    o AS (PARTITION BY athlete_id ORDER BY week),
    u AS (PARTITION BY athlete_id ORDER BY week ROWS UNBOUNDED PRECEDING),
    e AS (PARTITION BY athlete_id ORDER BY week ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
    f AS (PARTITION BY athlete_id ORDER BY week ROWS 3 PRECEDING),
    fb AS (PARTITION BY athlete_id ORDER BY week ROWS BETWEEN 7 PRECEDING AND 4 PRECEDING),
    t AS (PARTITION BY athlete_id ORDER BY week ROWS 11 PRECEDING)
)
SELECT
  athlete_id, week, isoyear(thursday) AS iso_year, weekofyear(thursday) AS iso_week, is_partial, days_elapsed, rides,
  ride_days, commute_rides, moving_time_s, indoor_time_s, indoor_time_s / nullif(moving_time_s, 0) AS indoor_share,
  commute_time_s / nullif(moving_time_s, 0) AS commute_share, distance_m, climb_m, virtual_climb_m, ebike_rides,
  ebike_distance_m, ebike_time_s / nullif(ebike_time_s + moving_time_s, 0) AS ebike_share, power_rides, power_s,
  power_s / nullif(moving_time_s, 0) AS power_coverage, work_j / 1000 AS work_kj, average_watts,
  weighted_average_watts, weighted_average_watts / plain_watts AS variability, best_ride_weighted_watts, best_ride_id,
  max_watts, stream_rides, stream_coverage, normalized_power_w, tss, tss_rides, best_5s_w, best_60s_w, best_300s_w, best_1200s_w, best_3600s_w,
  estimated_rides, estimated_average_watts, average_watts_per_kg, average_heartrate_bpm,
  watts_per_heartbeat, relative_effort, relative_effort_rides, training_load, by_power + by_heart AS training_load_rides,
  CASE
    WHEN by_power > 0 AND by_heart > 0 THEN 'mixed' WHEN by_power > 0 THEN 'power'
    WHEN by_heart > 0 THEN 'heart_rate' ELSE 'none'
  END AS load_source,
  CASE WHEN is_partial THEN before_cut_w ELSE before_w END AS average_watts_previous,
  average_watts - average_watts_previous AS average_watts_change_w,
  100 * (average_watts / average_watts_previous - 1) AS average_watts_change_pct,
  100 * (moving_time_s / nullif(CASE WHEN is_partial THEN before_cut_s ELSE before_s END, 0) - 1)
    AS moving_time_change_pct,
  100 * (distance_m / nullif(CASE WHEN is_partial THEN before_cut_m ELSE before_m END, 0) - 1) AS distance_change_pct,
  (week - last_power_week) // 7 AS weeks_since_power, average_watts_4w, weighted_average_watts_4w, moving_time_4w_s,
  100 * (
    average_watts_4w
    / ((fb_j + CASE WHEN is_partial THEN less_j ELSE 0 END)
      / nullif(fb_s + CASE WHEN is_partial THEN less_s ELSE 0 END, 0)) - 1
  ) AS average_watts_4w_change_pct,
  average_watts_12w, weighted_average_watts_12w,
  CASE WHEN power_weeks >= 4 THEN (sw * swxy - swx * swy) / (sw * swxx - swx::DOUBLE * swx) END
    AS trend_12w_watts_per_week,
  CASE WHEN is_partial THEN year_cut_w ELSE year_w END AS average_watts_year_ago,
  average_watts - average_watts_year_ago AS average_watts_year_ago_change_w,
  100 * (average_watts / average_watts_year_ago - 1) AS average_watts_year_ago_change_pct,
  CASE WHEN is_partial THEN year_cut_ww ELSE year_ww END AS weighted_average_watts_year_ago,
  100 * (moving_time_s / nullif(CASE WHEN is_partial THEN year_cut_s ELSE year_s END, 0) - 1)
    AS moving_time_year_ago_change_pct,
  best_average_watts_so_far,
  coalesce(power_s >= 10800 AND average_watts > coalesce(best_before, 0), false) AS is_best_week
FROM g
