-- quarterly_overview as one would write it by hand for DuckDB alone: one pass over the activities, DuckDB's own idioms,
-- no shared view. benchmarks/marts.py holds the mart against its time, and its answer against the mart's.
WITH figures AS (
  SELECT
    * EXCLUDE (valid_to),
    least(valid_to, lead(valid_from) OVER (PARTITION BY athlete_id ORDER BY valid_from)) AS valid_to
  FROM athlete_profile
), a AS (
  SELECT
    athlete_id, activity_id, activity_date, week, quarter, gear_id, activity_date - quarter AS day_of_quarter,
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
    CASE WHEN power_zone_1_s BETWEEN 0 AND 2592000 THEN power_zone_1_s END AS z1,
    CASE WHEN power_zone_2_s BETWEEN 0 AND 2592000 THEN power_zone_2_s END AS z2,
    CASE WHEN power_zone_3_s BETWEEN 0 AND 2592000 THEN power_zone_3_s END AS z3,
    CASE WHEN power_zone_4_s BETWEEN 0 AND 2592000 THEN power_zone_4_s END AS z4,
    CASE WHEN power_zone_5_s BETWEEN 0 AND 2592000 THEN power_zone_5_s END AS z5,
    CASE WHEN power_zone_6_s BETWEEN 0 AND 2592000 THEN power_zone_6_s END AS z6,
    CASE WHEN power_zone_7_s BETWEEN 0 AND 2592000 THEN power_zone_7_s END AS z7,
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
    SELECT athlete_id, activity_id, recorded_s, normalized_power_w AS np, tss, best_5s_w, best_60s_w, best_300s_w, best_1200s_w, best_3600s_w,
      power_zone_1_s, power_zone_2_s, power_zone_3_s, power_zone_4_s, power_zone_5_s, power_zone_6_s, power_zone_7_s
    FROM ride_power
  ) USING (athlete_id, activity_id)
  LEFT JOIN figures AS f USING (athlete_id)
  WHERE deleted_at IS NULL AND activity_date <= as_of + 1
    AND (athlete_id, activity_id) NOT IN (FROM doubles())
    AND (f.athlete_id IS NULL OR activity_date >= f.valid_from AND (f.valid_to IS NULL OR activity_date < f.valid_to))
), t AS (
  SELECT
    athlete_id, min(quarter) AS first_quarter, min(week) AS first_week,
    greatest(max(activity_date), any_value(as_of)) AS today, today - date_trunc('quarter', today)::DATE + 1 AS days
  FROM bq_activities CROSS JOIN mart_settings
  WHERE deleted_at IS NULL AND activity_date <= as_of + 1
  GROUP BY athlete_id
), m AS (
  SELECT
    a.*, days, counts AND NOT motor AND (cycle OR for_power) AS ride, counts AND motor AS ebike,
    coalesce(ride AND for_power AND watts_known AND device_watts, false) AS p,
    coalesce(ride AND for_power AND watts_known AND NOT device_watts, false) AS e,
    p AND weighted IS NOT NULL AS pw, pw AND bpm IS NOT NULL AS ph, day_of_quarter < days AS cut,
    CASE WHEN pw THEN seconds / 36 * (weighted / ftp) ** 2 END AS power_load,
    CASE WHEN top >= rest + 20 AND bpm <= top + 10 THEN greatest(bpm - rest, 0) / (top - rest) END AS hr,
    (threshold - rest) / nullif(top - rest, 0) AS lt,
    coalesce(
      power_load,
      CASE WHEN NOT manual AND lt > 0 THEN seconds / 36 * (hr * exp(1.92 * hr)) / (lt * exp(1.92 * lt)) END
    ) AS load
  FROM a JOIN t USING (athlete_id)
  WHERE counts AND (motor OR cycle OR for_power)
), s AS (
  SELECT
    athlete_id, quarter, count(*) FILTER (ride) AS rides, count(DISTINCT activity_date) FILTER (ride) AS ride_days,
    count(DISTINCT week) FILTER (ride) AS active_weeks, count(*) FILTER (ride AND commutes) AS commute_rides,
    sum(seconds) FILTER (ride) AS moving_time_s, sum(seconds) FILTER (ride AND NOT indoor) AS outdoor_s,
    sum(seconds) FILTER (ride AND indoor) AS indoor_time_s, sum(seconds) FILTER (ride AND commutes) AS commute_s,
    sum(metres) FILTER (ride) AS distance_m, sum(metres) FILTER (ride AND NOT indoor) AS outdoor_distance_m,
    sum(metres) FILTER (ride AND commutes) AS commute_distance_m, sum(climb) FILTER (ride AND NOT indoor) AS climb_m,
    sum(climb) FILTER (ride AND indoor) AS virtual_climb_m, count(*) FILTER (ebike) AS ebike_rides,
    sum(seconds) FILTER (ebike) AS ebike_s, sum(metres) FILTER (ebike) AS ebike_distance_m,
    max(metres) FILTER (ride AND NOT indoor AND NOT flagged AND metres > 0) AS longest_ride_m,
    arg_min(activity_id, (-metres, activity_date, activity_id))
      FILTER (ride AND NOT indoor AND NOT flagged AND metres > 0) AS longest_ride_by_distance_id,
    max(seconds) FILTER (ride AND NOT flagged AND seconds > 0) AS longest_ride_s,
    arg_min(activity_id, (-seconds, activity_date, activity_id)) FILTER (ride AND NOT flagged AND seconds > 0)
      AS longest_ride_by_time_id,
    max(climb) FILTER (ride AND NOT indoor AND NOT flagged AND climb > 0) AS most_climbing_ride_m,
    arg_min(activity_id, (-climb, activity_date, activity_id))
      FILTER (ride AND NOT indoor AND NOT flagged AND climb > 0) AS most_climbing_ride_id,
    count(*) FILTER (p) AS power_rides, sum(seconds) FILTER (p) AS power_s, sum(joules) FILTER (p) AS work_j,
    sum(joules) FILTER (pw) / sum(seconds) FILTER (pw) AS plain_watts,
    (sum(seconds * weighted ** 4) FILTER (pw) / sum(seconds) FILTER (pw)) ** 0.25 AS weighted_average_watts,
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
    sum(z1) FILTER (p) AS z1,
    sum(z2) FILTER (p) AS z2,
    sum(z3) FILTER (p) AS z3,
    sum(z4) FILTER (p) AS z4,
    sum(z5) FILTER (p) AS z5,
    sum(z6) FILTER (p) AS z6,
    sum(z7) FILTER (p) AS z7,
    count(effort) FILTER (ride) AS efforts, sum(effort) FILTER (ride) AS relative_effort, sum(load) FILTER (ride) AS training_load,
    count(*) FILTER (ride AND power_load IS NOT NULL) AS by_power,
    count(*) FILTER (ride AND power_load IS NULL AND load IS NOT NULL) AS by_heart,
    sum(seconds) FILTER (ride AND cut) AS cut_s, sum(metres) FILTER (ride AND cut) AS cut_m,
    sum(climb) FILTER (ride AND cut AND NOT indoor) AS cut_climb,
    sum(joules) FILTER (p AND cut) / sum(seconds) FILTER (p AND cut) AS cut_watts,
    (sum(seconds * weighted ** 4) FILTER (pw AND cut) / sum(seconds) FILTER (pw AND cut)) ** 0.25 AS cut_weighted,
    (sum(seconds * weighted ** 4) FILTER (ph AND cut) / sum(seconds) FILTER (ph AND cut)) ** 0.25
      / (sum(seconds * bpm) FILTER (ph AND cut) / sum(seconds) FILTER (ph AND cut)) AS cut_efficiency
  FROM m
  GROUP BY athlete_id, quarter
), best_weeks AS (
  SELECT athlete_id, quarter, max(watts) AS best_week_average_watts, arg_min(week, (-watts, week)) AS best_week
  FROM (
    SELECT athlete_id, quarter, week, sum(joules) / sum(seconds) AS watts FROM m WHERE p
    GROUP BY ALL HAVING sum(seconds) >= 10800
  )
  GROUP BY athlete_id, quarter
), gear AS (
  SELECT athlete_id, quarter, max(metres) AS top_gear_distance_m, arg_min(gear_id, (-metres, gear_id)) AS top_gear_id
  FROM (
    SELECT athlete_id, quarter, gear_id, sum(metres) AS metres FROM m WHERE ride AND gear_id IS NOT NULL GROUP BY ALL
  )
  GROUP BY athlete_id, quarter
), numbers AS (
  SELECT athlete_id, date_trunc('quarter', reached_on)::DATE AS quarter, max(number) AS number
  FROM eddington WHERE unit = 'km' AND reached_on IS NOT NULL GROUP BY ALL
), fitness AS (
  SELECT
    athlete_id, date_trunc('quarter', day)::DATE AS quarter, arg_max(fitness_ctl, day) AS fitness_ctl_end,
    max(fitness_ctl) AS fitness_ctl_highest, count(*) FILTER (form_tsb < -30) AS tired_days
  FROM daily_load GROUP BY ALL
), profiles AS (
  SELECT
    athlete_id, date_trunc('quarter', least(week + 6, today))::DATE AS quarter,
    max_by((estimated_ftp_w, critical_power_w, w_prime_kj), week) AS profile
  FROM power_profile_progress JOIN t USING (athlete_id) GROUP BY ALL
), c AS (
  SELECT
    athlete_id, first_week, today, unnest(generate_series(first_quarter, today, INTERVAL 3 MONTH))::DATE AS quarter
  FROM t
), w AS (
  SELECT
    c.*, (c.quarter + INTERVAL 3 MONTH)::DATE - 1 AS quarter_end, today <= quarter_end AS is_partial,
    quarter_end - c.quarter + 1 AS days, least(quarter_end, today) - c.quarter + 1 AS days_elapsed,
    (c.quarter - first_week + 98) % 7 AS days_before, s.* EXCLUDE (athlete_id, quarter), work_j / power_s AS average_watts,
    best_week_average_watts, best_week, top_gear_id, top_gear_distance_m, number, fitness_ctl_end, fitness_ctl_highest,
    tired_days, profile, z1 + z2 + z3 + z4 + z5 + z6 + z7 AS zones
  FROM c
  LEFT JOIN s USING (athlete_id, quarter)
  LEFT JOIN best_weeks USING (athlete_id, quarter)
  LEFT JOIN gear USING (athlete_id, quarter)
  LEFT JOIN numbers USING (athlete_id, quarter)
  LEFT JOIN fitness USING (athlete_id, quarter)
  LEFT JOIN profiles USING (athlete_id, quarter)
), g AS (
  SELECT
    *,
    CASE WHEN is_partial THEN lag(cut_s) OVER o ELSE lag(moving_time_s) OVER o END AS before_s,
    CASE WHEN is_partial THEN lag(cut_m) OVER o ELSE lag(distance_m) OVER o END AS before_m,
    CASE WHEN is_partial THEN lag(cut_climb) OVER o ELSE lag(climb_m) OVER o END AS before_climb,
    CASE WHEN is_partial THEN lag(cut_watts) OVER o ELSE lag(average_watts) OVER o END AS before_watts,
    CASE WHEN is_partial THEN lag(cut_weighted) OVER o ELSE lag(weighted_average_watts) OVER o END AS before_weighted,
    CASE WHEN is_partial THEN lag(cut_efficiency) OVER o ELSE lag(watts_per_heartbeat) OVER o END AS before_efficiency,
    CASE WHEN is_partial THEN lag(cut_s, 4) OVER o ELSE lag(moving_time_s, 4) OVER o END AS year_s,
    CASE WHEN is_partial THEN lag(cut_m, 4) OVER o ELSE lag(distance_m, 4) OVER o END AS year_m,
    CASE WHEN is_partial THEN lag(cut_climb, 4) OVER o ELSE lag(climb_m, 4) OVER o END AS year_climb,
    CASE WHEN is_partial THEN lag(cut_watts, 4) OVER o ELSE lag(average_watts, 4) OVER o END AS year_watts,
    CASE WHEN is_partial THEN lag(cut_weighted, 4) OVER o ELSE lag(weighted_average_watts, 4) OVER o END AS year_weighted,
    CASE WHEN is_partial THEN lag(cut_efficiency, 4) OVER o ELSE lag(watts_per_heartbeat, 4) OVER o END AS year_efficiency,
    max(average_watts) FILTER (power_s >= 36000) OVER (o ROWS UNBOUNDED PRECEDING) AS best_average_watts_so_far,
    coalesce(max(number) OVER (o ROWS UNBOUNDED PRECEDING), 0) AS eddington_km_end,
    coalesce(max(number) OVER (o ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS number_before
  FROM w
  WINDOW o AS (PARTITION BY athlete_id ORDER BY quarter)
)
SELECT
  athlete_id, quarter, quarter_end, year(quarter) AS year, quarter(quarter) AS quarter_of_year, is_partial, days_elapsed,
  coalesce(rides, 0) AS rides, coalesce(ride_days, 0) AS ride_days, coalesce(active_weeks, 0) AS active_weeks,
  (days_before + days + 6) // 7 AS weeks_in_quarter,
  coalesce(active_weeks, 0) / ((days_before + days_elapsed + 6) // 7) AS consistency,
  coalesce(moving_time_s, 0) AS moving_time_s, moving_time_s / active_weeks AS moving_time_per_active_week_s,
  coalesce(indoor_time_s, 0) AS indoor_time_s, coalesce(indoor_time_s, 0) / nullif(moving_time_s, 0) AS indoor_share,
  coalesce(distance_m, 0) AS distance_m, coalesce(outdoor_distance_m, 0) AS outdoor_distance_m,
  outdoor_distance_m / outdoor_s AS outdoor_speed_m_per_s, coalesce(climb_m, 0) AS climb_m,
  coalesce(virtual_climb_m, 0) AS virtual_climb_m, 1000 * climb_m / outdoor_distance_m AS climb_m_per_km,
  3600 * climb_m / outdoor_s AS climb_m_per_h, longest_ride_m, longest_ride_by_distance_id, longest_ride_s,
  longest_ride_by_time_id, most_climbing_ride_m, most_climbing_ride_id, coalesce(commute_rides, 0) AS commute_rides,
  coalesce(commute_distance_m, 0) AS commute_distance_m,
  coalesce(commute_s, 0) / nullif(moving_time_s, 0) AS commute_share, coalesce(ebike_rides, 0) AS ebike_rides,
  coalesce(ebike_distance_m, 0) AS ebike_distance_m,
  coalesce(ebike_s, 0) / nullif(coalesce(ebike_s, 0) + coalesce(moving_time_s, 0), 0) AS ebike_share, top_gear_id,
  top_gear_distance_m, eddington_km_end, eddington_km_end - number_before AS eddington_km_gain, coalesce(power_rides, 0) AS power_rides, coalesce(power_s, 0) AS power_s,
  coalesce(power_s, 0) / nullif(moving_time_s, 0) AS power_coverage, coalesce(work_j, 0) / 1000 AS work_kj, average_watts,
  weighted_average_watts, weighted_average_watts / plain_watts AS variability, best_ride_weighted_watts, best_ride_id,
  best_week_average_watts, best_week, max_watts, best_average_watts_so_far,
  coalesce(stream_rides, 0) AS stream_rides, stream_coverage, normalized_power_w, tss,
  coalesce(tss_rides, 0) AS tss_rides, best_5s_w, best_60s_w, best_300s_w, best_1200s_w, best_3600s_w,
  profile[1] AS estimated_ftp_end_w, profile[2] AS critical_power_end_w, profile[3] AS w_prime_end_kj,
  z1 / zones AS power_zone_1_share, z2 / zones AS power_zone_2_share, z3 / zones AS power_zone_3_share, z4 / zones AS power_zone_4_share,
  z5 / zones AS power_zone_5_share, z6 / zones AS power_zone_6_share, z7 / zones AS power_zone_7_share,
  coalesce(estimated_rides, 0) AS estimated_rides,
  estimated_average_watts, average_watts_per_kg, average_heartrate_bpm, watts_per_heartbeat, relative_effort,
  coalesce(efforts, 0) AS relative_effort_rides, training_load,
  coalesce(by_power + by_heart, 0) AS training_load_rides,
  CASE
    WHEN by_power > 0 AND by_heart > 0 THEN 'mixed' WHEN by_power > 0 THEN 'power'
    WHEN by_heart > 0 THEN 'heart_rate' ELSE 'none'
  END AS load_source,
  fitness_ctl_end, fitness_ctl_highest, coalesce(tired_days, 0) AS days_form_below_minus_30,
  100 * (coalesce(moving_time_s, 0) / nullif(before_s, 0) - 1) AS moving_time_change_pct,
  100 * (coalesce(distance_m, 0) / nullif(before_m, 0) - 1) AS distance_change_pct,
  100 * (coalesce(climb_m, 0) / nullif(before_climb, 0) - 1) AS climb_change_pct, before_watts AS average_watts_previous,
  average_watts - before_watts AS average_watts_change_w, 100 * (average_watts / before_watts - 1) AS average_watts_change_pct,
  100 * (weighted_average_watts / before_weighted - 1) AS weighted_average_watts_change_pct,
  100 * (watts_per_heartbeat / before_efficiency - 1) AS watts_per_heartbeat_change_pct,
  100 * (coalesce(moving_time_s, 0) / nullif(year_s, 0) - 1) AS moving_time_year_ago_change_pct,
  100 * (coalesce(distance_m, 0) / nullif(year_m, 0) - 1) AS distance_year_ago_change_pct,
  100 * (coalesce(climb_m, 0) / nullif(year_climb, 0) - 1) AS climb_year_ago_change_pct,
  year_watts AS average_watts_year_ago, average_watts - year_watts AS average_watts_year_ago_change_w,
  100 * (average_watts / year_watts - 1) AS average_watts_year_ago_change_pct,
  100 * (weighted_average_watts / year_weighted - 1) AS weighted_average_watts_year_ago_change_pct,
  100 * (watts_per_heartbeat / year_efficiency - 1) AS watts_per_heartbeat_year_ago_change_pct
FROM g
