-- activity_measures: Every activity that still exists, with what the marts add up: is it a ride, does it carry measured power, and its seconds, work, fourth powers and heartbeats. A week, a quarter or a sport only sums these columns and divides. An impossible value (negative, or beyond what a body can do) counts as missing. Work and weighted power are the summary's; where they are missing there, or good seconds differ by more than @most_difference_pct %, those of the seconds count, and figures_from and figures_reason say so. Of several recordings of the same time in the same family of sports one counts; of a file and Strava's activity, Strava's. An activity dated later than tomorrow or before @first_year has a wrong clock and is left out.
-- grain: one activity of one athlete that still exists on Strava
-- key: athlete_id, activity_id
-- kind: intermediate
-- preview: activity_date, name, moving_time_s, training_load, load_method, figures_from, figures_reason
-- newest_by: activity_date
WITH figures AS (
@figures_by_date
),
recordings AS (
  -- What an activity shows of its own clock. Never by elapsed time, which can be days; two days in motion are a
  -- fault of the clock too. A start typed in by hand is a guess and proves nothing.
  SELECT
    a.athlete_id,
    a.activity_id,
    COALESCE(r.family, 'other') AS family,
    UNIX_SECONDS(a.start_date) AS began_s,
    UNIX_SECONDS(a.start_date) + a.moving_time_s AS ended_s,
    a.moving_time_s,
    IF((s.count_commutes OR NOT COALESCE(a.commute, FALSE)) AND (s.count_virtual OR NOT COALESCE(r.is_virtual, FALSE)), 4, 0)
      + IF(
        COALESCE(
          a.device_watts
            AND a.average_watts > 0
            AND a.average_watts <= @most_watts
            AND a.kilojoules > 0
            AND a.kilojoules <= @most_watts / 1000 * a.moving_time_s,
          FALSE
        ),
        2,
        0
      )
      + IF(COALESCE(a.average_heartrate_bpm BETWEEN @lowest_heartrate_bpm AND @highest_heartrate_bpm, FALSE), 1, 0) AS merit
  FROM bq_activities AS a
  CROSS JOIN mart_settings AS s
  LEFT JOIN sport_rules AS r
    ON r.sport_type = a.sport_type
  WHERE a.deleted_at IS NULL
    AND a.merged_into IS NULL
    AND a.activity_date BETWEEN DATE(@first_year, 1, 1) AND DATE_ADD(s.as_of, INTERVAL 1 DAY)
    AND a.moving_time_s BETWEEN 1 AND @longest_recording_s
    AND NOT COALESCE(a.manual, FALSE)
),
touching AS (
  -- Nearly no recording touches another one: what follows is about a handful.
  SELECT
    r.*,
    IF(MAX(ended_s) OVER before > began_s, 0, 1) AS begins_anew
  FROM recordings AS r
  QUALIFY MAX(ended_s) OVER before > began_s OR LEAD(began_s) OVER by_start < ended_s
  WINDOW
    by_start AS (PARTITION BY athlete_id, family ORDER BY began_s, activity_id),
    before AS (
      PARTITION BY athlete_id, family ORDER BY began_s, activity_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
),
clusters AS (
  SELECT
    t.*,
    SUM(begins_anew) OVER (
      PARTITION BY athlete_id, family ORDER BY began_s, activity_id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS cluster
  FROM touching AS t
),
pairs AS (
  -- Counted by the settings before not, power before none, a heart rate before none, the longer, the smaller id.
  SELECT worse.athlete_id, worse.activity_id, better.activity_id AS better_id
  FROM clusters AS worse
  INNER JOIN clusters AS better
    ON better.athlete_id = worse.athlete_id AND better.family = worse.family AND better.cluster = worse.cluster
  WHERE
    (
      better.merit > worse.merit
      OR (better.merit = worse.merit AND better.moving_time_s > worse.moving_time_s)
      OR (
        better.merit = worse.merit
        AND better.moving_time_s = worse.moving_time_s
        AND better.activity_id < worse.activity_id
      )
    )
    AND 2 * (LEAST(worse.ended_s, better.ended_s) - GREATEST(worse.began_s, better.began_s))
      > LEAST(worse.moving_time_s, better.moving_time_s)
),
displaced AS (
  -- There is a better one, and none that is better than that.
  SELECT DISTINCT p.athlete_id, p.activity_id
  FROM pairs AS p
  LEFT JOIN pairs AS above
    ON above.athlete_id = p.athlete_id AND above.activity_id = p.better_id
  WHERE above.activity_id IS NULL
),
duplicates AS (
  -- A displaced one displaces nothing itself: the poor recording of a whole ride hides no second half of it.
  SELECT p.athlete_id, p.activity_id, MIN(p.better_id) AS duplicate_of
  FROM pairs AS p
  LEFT JOIN displaced AS d
    ON d.athlete_id = p.athlete_id AND d.activity_id = p.better_id
  WHERE d.activity_id IS NULL
  GROUP BY p.athlete_id, p.activity_id
),
plausible AS (
  -- A value beyond its bound is a sensor's or a clock's fault and counts as missing.
  SELECT
    a.athlete_id,
    a.activity_id,
    a.activity_date,
    a.week,
    a.quarter,
    a.year,
    a.name,
    a.sport_type,
    a.gear_id,
    COALESCE(r.family, 'other') AS family,
    COALESCE(r.is_ebike, FALSE) AS is_ebike,
    COALESCE(r.is_virtual, FALSE) AS is_virtual,
    COALESCE(r.is_virtual, FALSE) OR COALESCE(a.trainer, FALSE) AS is_indoor,
    COALESCE(a.commute, FALSE) AS is_commute,
    COALESCE(a.manual, FALSE) AS is_manual,
    COALESCE(a.flagged, FALSE) AS is_flagged,
    COALESCE(a.merged_into, d.duplicate_of) AS duplicate_of,
    a.merged_into IS NULL
      AND d.duplicate_of IS NULL
      AND (s.count_commutes OR NOT COALESCE(a.commute, FALSE))
      AND (s.count_virtual OR NOT COALESCE(r.is_virtual, FALSE)) AS is_counted,
    COALESCE(r.is_ride, FALSE) AS is_cycle,
    COALESCE(r.counts_for_power, FALSE) AS counts_for_power,
    a.device_watts,
    a.source = 'file' AS is_file,
    IF(a.moving_time_s BETWEEN 1 AND @longest_activity_s, a.moving_time_s, 0) AS moving_time_s,
    IF(a.distance_m BETWEEN 0 AND @longest_distance_m, a.distance_m, 0) AS distance_m,
    IF(a.total_elevation_gain_m BETWEEN 0 AND @most_climb_m, a.total_elevation_gain_m, 0) AS climb_m,
    IF(
      a.average_watts > 0
        AND a.average_watts <= @most_watts
        AND a.kilojoules > 0
        AND a.moving_time_s BETWEEN 1 AND @longest_activity_s
        AND a.kilojoules <= @most_watts / 1000 * a.moving_time_s
        AND NOT COALESCE(a.manual, FALSE),
      CAST(ROUND(a.kilojoules * 1000) AS INT64),
      NULL
    ) AS summary_work_j,
    IF(
      a.weighted_average_watts > 0 AND a.weighted_average_watts <= @most_watts, a.weighted_average_watts, NULL
    ) AS summary_weighted_watts,
    IF(a.max_watts > 0 AND a.max_watts <= @most_watts, a.max_watts, NULL) AS summary_max_watts,
    -- Seconds must hold the whole activity to speak for it: a recording may be cut short, or another file's.
    COALESCE(
      p.quality = 'good'
        AND p.recorded_s BETWEEN 1 AND @longest_activity_s
        AND a.device_watts IS NOT FALSE
        AND NOT COALESCE(a.manual, FALSE)
        AND 100 * p.recorded_s >= (100 - @most_difference_pct) * IF(a.moving_time_s <= @longest_activity_s, a.moving_time_s, 0),
      FALSE
    ) AS has_good_seconds,
    p.recorded_s,
    IF(p.work_j BETWEEN 1 AND @most_watts * p.recorded_s, p.work_j, NULL) AS seconds_work_j,
    -- Strava's weighted power is over the time in motion, and recorded stops are zeros of xPower.
    IF(p.xpower_w > 0 AND p.xpower_w <= @most_watts, p.xpower_w, NULL)
      * IF(
        a.moving_time_s < p.recorded_s AND 2 * a.moving_time_s >= p.recorded_s,
        POW(p.recorded_s / a.moving_time_s, 0.25),
        1
      ) AS seconds_weighted_watts,
    IF(p.max_watts > 0 AND p.max_watts <= @most_watts, p.max_watts, NULL) AS seconds_max_watts,
    IF(
      a.average_heartrate_bpm BETWEEN @lowest_heartrate_bpm AND @highest_heartrate_bpm AND a.moving_time_s BETWEEN 1 AND @longest_activity_s,
      a.average_heartrate_bpm,
      NULL
    ) AS heartrate_bpm,
    IF(a.suffer_score >= 0 AND a.suffer_score <= @most_points, a.suffer_score, NULL) AS relative_effort,
    IF(
      p.normalized_power_w > 0 AND p.normalized_power_w <= @most_watts AND p.recorded_s BETWEEN 1 AND @longest_activity_s,
      p.recorded_s,
      NULL
    ) AS stream_s,
    p.activity_id IS NOT NULL AS has_seconds,
    p.normalized_power_w,
    IF(p.tss >= 0 AND p.tss <= @most_points, p.tss, NULL) AS tss,
    IF(p.decoupling_pct BETWEEN -100 AND 100, p.decoupling_pct, NULL) AS decoupling_pct,
    IF(p.best_5s_w > 0 AND p.best_5s_w <= @most_watts, p.best_5s_w, NULL) AS best_5s_w,
    IF(p.best_60s_w > 0 AND p.best_60s_w <= @most_watts, p.best_60s_w, NULL) AS best_60s_w,
    IF(p.best_300s_w > 0 AND p.best_300s_w <= @most_watts, p.best_300s_w, NULL) AS best_300s_w,
    IF(p.best_1200s_w > 0 AND p.best_1200s_w <= @most_watts, p.best_1200s_w, NULL) AS best_1200s_w,
    IF(p.best_3600s_w > 0 AND p.best_3600s_w <= @most_watts, p.best_3600s_w, NULL) AS best_3600s_w,
    IF(p.power_zone_1_s BETWEEN 0 AND @longest_activity_s, p.power_zone_1_s, NULL) AS power_zone_1_s,
    IF(p.power_zone_2_s BETWEEN 0 AND @longest_activity_s, p.power_zone_2_s, NULL) AS power_zone_2_s,
    IF(p.power_zone_3_s BETWEEN 0 AND @longest_activity_s, p.power_zone_3_s, NULL) AS power_zone_3_s,
    IF(p.power_zone_4_s BETWEEN 0 AND @longest_activity_s, p.power_zone_4_s, NULL) AS power_zone_4_s,
    IF(p.power_zone_5_s BETWEEN 0 AND @longest_activity_s, p.power_zone_5_s, NULL) AS power_zone_5_s,
    IF(p.power_zone_6_s BETWEEN 0 AND @longest_activity_s, p.power_zone_6_s, NULL) AS power_zone_6_s,
    IF(p.power_zone_7_s BETWEEN 0 AND @longest_activity_s, p.power_zone_7_s, NULL) AS power_zone_7_s,
    IF(p.heartrate_zone_1_s BETWEEN 0 AND @longest_activity_s, p.heartrate_zone_1_s, NULL) AS heartrate_zone_1_s,
    IF(p.heartrate_zone_2_s BETWEEN 0 AND @longest_activity_s, p.heartrate_zone_2_s, NULL) AS heartrate_zone_2_s,
    IF(p.heartrate_zone_3_s BETWEEN 0 AND @longest_activity_s, p.heartrate_zone_3_s, NULL) AS heartrate_zone_3_s,
    IF(p.heartrate_zone_4_s BETWEEN 0 AND @longest_activity_s, p.heartrate_zone_4_s, NULL) AS heartrate_zone_4_s,
    IF(p.heartrate_zone_5_s BETWEEN 0 AND @longest_activity_s, p.heartrate_zone_5_s, NULL) AS heartrate_zone_5_s,
    f.ftp_w,
    f.weight_kg,
    f.max_heartrate_bpm,
    f.resting_heartrate_bpm,
    CASE r.family
      WHEN 'run' THEN f.run_threshold_heartrate_bpm
      WHEN 'swim' THEN f.swim_threshold_heartrate_bpm
      ELSE f.threshold_heartrate_bpm
    END AS threshold_heartrate_bpm,
    IF(f.sex = 'female', @women_trimp_exponent, @men_trimp_exponent) AS trimp_exponent,
    IF(z.heart_rate_load BETWEEN 0 AND @most_points, z.heart_rate_load, NULL) AS seconds_heartrate_load,
    IF(z.run_power_load BETWEEN 0 AND @most_points, z.run_power_load, NULL) AS run_power_load,
    IF(z.pace_load > 0 AND z.pace_load <= @most_points, z.pace_load, NULL) AS pace_load,
    COALESCE(
      100 * z.recorded_s >= (100 - @most_difference_pct) * IF(a.moving_time_s <= @longest_activity_s, a.moving_time_s, 0), FALSE
    ) AS is_recorded,
    IF(
      z.grade_adjusted_speed_mps > 0 AND z.grade_adjusted_speed_mps <= @fastest_run_mps AND z.recorded_s BETWEEN 1 AND @longest_activity_s,
      z.grade_adjusted_speed_mps,
      NULL
    ) AS grade_adjusted_speed_m_per_s,
    z.recorded_s AS zones_recorded_s,
    z.efficiency_basis,
    IF(z.efficiency > 0 AND z.efficiency <= @most_watts, z.efficiency, NULL) AS efficiency,
    IF(z.decoupling_pct BETWEEN -100 AND 100, z.decoupling_pct, NULL) AS recording_decoupling_pct,
    z.is_steady
  FROM bq_activities AS a
  CROSS JOIN mart_settings AS s
  LEFT JOIN sport_rules AS r
    ON r.sport_type = a.sport_type
  LEFT JOIN figures AS f
    ON f.athlete_id = a.athlete_id AND f.valid_from <= a.activity_date AND a.activity_date < f.valid_to
  LEFT JOIN duplicates AS d
    ON d.athlete_id = a.athlete_id AND d.activity_id = a.activity_id
  LEFT JOIN ride_power AS p
    ON p.athlete_id = a.athlete_id AND p.activity_id = a.activity_id
  LEFT JOIN recording_zones AS z
    ON z.athlete_id = a.athlete_id AND z.activity_id = a.activity_id
  WHERE a.deleted_at IS NULL
    AND a.activity_date BETWEEN DATE(@first_year, 1, 1) AND DATE_ADD(s.as_of, INTERVAL 1 DAY)
),
possible AS (
  -- A file's summary was made of its seconds, until 30 November 2026 with normalized power as weighted power.
  SELECT
    p.* REPLACE (IF(is_file AND has_good_seconds, seconds_weighted_watts, summary_weighted_watts) AS summary_weighted_watts)
  FROM plausible AS p
),
compared AS (
  -- xPower is the mean that Strava's weighted power is closest to, so the two are compared.
  SELECT
    p.* REPLACE (
      IF(has_good_seconds, seconds_work_j, NULL) AS seconds_work_j,
      IF(has_good_seconds, seconds_weighted_watts, NULL) AS seconds_weighted_watts
    ),
    CASE
      WHEN NOT has_good_seconds OR seconds_work_j IS NULL THEN 'no_good_seconds'
      WHEN summary_work_j IS NULL THEN 'work_missing'
      WHEN summary_weighted_watts IS NULL THEN 'weighted_power_missing'
      WHEN 100 * ABS(summary_work_j - seconds_work_j) > @most_difference_pct * seconds_work_j THEN 'work_differs'
      WHEN 100 * ABS(summary_weighted_watts - seconds_weighted_watts) > @most_difference_pct * seconds_weighted_watts
        THEN 'weighted_power_differs'
      ELSE 'agrees'
    END AS figures_reason
  FROM possible AS p
),
used AS (
  SELECT
    c.* REPLACE (IF(moving_time_s = 0 AND has_good_seconds, recorded_s, moving_time_s) AS moving_time_s),
    figures_reason NOT IN ('no_good_seconds', 'agrees') AS seconds_win,
    is_counted AND NOT is_ebike AND counts_for_power AS may_have_power,
    is_counted AND NOT is_ebike AND NOT is_manual AS may_have_load
  FROM compared AS c
),
decided AS (
  SELECT
    u.*,
    is_counted AND NOT is_ebike AND (is_cycle OR counts_for_power) AS is_ride,
    COALESCE(
      may_have_power AND (seconds_win OR (summary_work_j IS NOT NULL AND (device_watts OR seconds_work_j IS NOT NULL))),
      FALSE
    ) AS is_power_ride,
    COALESCE(may_have_power AND summary_work_j IS NOT NULL AND NOT device_watts, FALSE) AS is_estimated_ride,
    -- A time in motion below half of the recorded seconds is a fault, and no time for their work.
    CASE
      WHEN NOT seconds_win THEN moving_time_s
      WHEN 2 * moving_time_s < recorded_s THEN recorded_s
      ELSE LEAST(moving_time_s, recorded_s)
    END AS measured_s,
    IF(seconds_win, seconds_work_j, summary_work_j) AS measured_j,
    IF(seconds_win, seconds_weighted_watts, summary_weighted_watts) AS weighted_average_watts,
    IF(seconds_win, seconds_max_watts, summary_max_watts) AS max_watts,
    -- The share of the heart's reserve; below rest there is no effort.
    IF(
      max_heartrate_bpm >= resting_heartrate_bpm + @least_heartrate_reserve_bpm
        AND heartrate_bpm <= max_heartrate_bpm + @most_above_maximum_bpm,
      GREATEST(heartrate_bpm - resting_heartrate_bpm, 0) / (max_heartrate_bpm - resting_heartrate_bpm),
      NULL
    ) AS heart_reserve,
    (threshold_heartrate_bpm - resting_heartrate_bpm)
      / NULLIF(max_heartrate_bpm - resting_heartrate_bpm, 0) AS threshold_reserve
  FROM used AS u
),
loaded AS (
  SELECT
    d.*,
    IF(is_power_ride AND has_good_seconds, tss, NULL) AS seconds_load,
    IF(is_power_ride, measured_s / 36.0 * POW(weighted_average_watts / ftp_w, 2), NULL) AS weighted_load,
    IF(may_have_load AND is_recorded, run_power_load, NULL) AS running_power_load,
    IF(may_have_load AND is_recorded, pace_load, NULL) AS running_pace_load,
    IF(may_have_load AND is_recorded, seconds_heartrate_load, NULL) AS heartbeats_load,
    IF(
      may_have_load AND threshold_reserve > 0,
      moving_time_s / 36.0
        * (heart_reserve * EXP(trimp_exponent * heart_reserve))
        / (threshold_reserve * EXP(trimp_exponent * threshold_reserve)),
      NULL
    ) AS mean_heartrate_load
  FROM decided AS d
),
ratios AS (
  SELECT
    athlete_id,
    seconds_load / weighted_load AS ratio,
    ROW_NUMBER() OVER (PARTITION BY athlete_id ORDER BY seconds_load / weighted_load, activity_id) AS place,
    COUNT(*) OVER (PARTITION BY athlete_id) AS rides
  FROM loaded
  WHERE seconds_load > 0 AND weighted_load > 0 AND NOT seconds_win
),
scales AS (
  -- The median: the middle ratio, or the mean of the two in the middle. sqlglot drops single parentheses in DIV.
  SELECT
    athlete_id,
    MAX(rides) AS load_scale_rides,
    IF(MAX(rides) >= @fewest_scale_rides, AVG(ratio), NULL) AS load_scale
  FROM ratios
  WHERE place IN (DIV((rides + 1), 2), DIV((rides + 2), 2))
  GROUP BY athlete_id
),
scaled AS (
  SELECT
    l.*,
    COALESCE(s.load_scale, 1.0) AS load_scale,
    COALESCE(s.load_scale_rides, 0) AS load_scale_rides,
    COALESCE(l.seconds_load, l.weighted_load * COALESCE(s.load_scale, 1.0), l.running_power_load) AS power_load,
    COALESCE(l.heartbeats_load, l.mean_heartrate_load) AS heartrate_load
  FROM loaded AS l
  LEFT JOIN scales AS s
    ON s.athlete_id = l.athlete_id
)
SELECT
  athlete_id,  -- the athlete
  activity_id,  -- Strava's id of the activity
  activity_date,  -- local calendar date of the start
  week,  -- first day of the local calendar week
  quarter,  -- first day of the local calendar quarter
  year,  -- local calendar year
  name,  -- the athlete's title of the activity
  sport_type,  -- Strava's sport
  family,  -- the family of the sport: ride, run, walk, swim and so on; other when unknown
  gear_id,  -- the bike or the shoes, by Strava's id
  duplicate_of IS NOT NULL AS is_duplicate,  -- another recording of the athlete, in the same family of sports, shares more than half of the shorter one's time in motion and is preferred: the one that carries measured power, then a heart rate, then more time, then the smaller id; or it is a file's row and Strava has the same activity; typed-in activities are never one
  duplicate_of,  -- that recording, by Strava's id; the smallest of several
  is_counted,  -- counted: no duplicate, and the settings count it (commutes and virtual activities can be left out)
  is_ride,  -- counted, of a cycling sport (or one chosen for power), without a motor
  is_counted AND is_ebike AS is_ebike_ride,  -- counted, and a motor helped; kept apart from everything else
  is_indoor,  -- on a trainer or in a virtual world: its distance and climbing are not the road's
  is_commute,  -- marked as a commute
  is_flagged,  -- flagged as implausible: stays in totals, never a best
  is_manual,  -- typed in by hand: stays in totals, carries no watts and is never a best
  is_power_ride,  -- a ride whose watts a power meter measured: in a power sport, recorded, with its work known from the summary or from good seconds
  is_estimated_ride,  -- the same with watts that Strava estimated; never mixed with measured ones
  moving_time_s,  -- [s] time in motion; where missing or impossible the recorded seconds, 0 without them
  IF(is_indoor, moving_time_s, 0) AS indoor_time_s,  -- [s] time in motion indoors
  distance_m,  -- [m] distance, virtual meters included; 0 where missing or impossible
  IF(is_indoor, 0, distance_m) AS outdoor_distance_m,  -- [m] distance on the road
  IF(is_indoor, 0, climb_m) AS climb_m,  -- [m] climbing on the road
  IF(is_indoor, climb_m, 0) AS virtual_climb_m,  -- [m] climbing indoors, which is a program's
  IF(is_power_ride, measured_s, 0) AS power_s,  -- [s] seconds that carry measured power: time in motion, where the seconds' figures are used at most the recorded seconds, or these where the time in motion is below half of them
  IF(is_power_ride, measured_j, 0) AS work_j,  -- [J] measured work; over power_s it is the mean power
  IF(is_power_ride, weighted_average_watts, NULL) AS weighted_average_watts,  -- [W] weighted power of a ride with measured power: Strava's; xPower of its seconds where these are used
  IF(is_power_ride AND weighted_average_watts IS NOT NULL, measured_s, 0) AS weighted_s,  -- [s] seconds that carry weighted power
  IF(is_power_ride AND weighted_average_watts IS NOT NULL, measured_j, 0) AS weighted_work_j,  -- [J] measured work of the rides with weighted power
  COALESCE(
    IF(is_power_ride, measured_s * POW(weighted_average_watts, 4), NULL), 0
  ) AS weighted_w4s,  -- [W⁴·s] weighted power to the fourth times seconds; over weighted_s its fourth root is the period's weighted power
  IF(
    is_power_ride AND measured_s >= 1800 AND NOT is_flagged, weighted_average_watts, NULL
  ) AS best_weighted_watts,  -- [W] weighted power of a ride of 30 minutes or more that may be a best
  IF(is_power_ride AND NOT is_flagged, max_watts, NULL) AS max_watts,  -- [W] highest measured power, where plausible
  IF(is_estimated_ride, moving_time_s, 0) AS estimated_s,  -- [s] seconds that carry estimated power
  IF(is_estimated_ride, summary_work_j, 0) AS estimated_work_j,  -- [J] estimated work
  IF(heartrate_bpm IS NULL, 0, moving_time_s) AS heartrate_s,  -- [s] seconds that carry a heart rate
  COALESCE(moving_time_s * heartrate_bpm / 60.0, 0) AS heartbeats,  -- [beats] mean heart rate times minutes; over heartrate_s / 60 it is the mean again
  IF(
    is_power_ride AND weighted_average_watts IS NOT NULL AND heartrate_bpm IS NOT NULL, measured_s, 0
  ) AS efficiency_s,  -- [s] seconds that carry weighted power and a heart rate
  COALESCE(
    IF(is_power_ride AND heartrate_bpm IS NOT NULL, measured_s * POW(weighted_average_watts, 4), NULL), 0
  ) AS efficiency_w4s,  -- [W⁴·s] the fourth-power sum of those seconds
  COALESCE(
    IF(is_power_ride AND weighted_average_watts IS NOT NULL, measured_s * heartrate_bpm / 60.0, NULL), 0
  ) AS efficiency_heartbeats,  -- [beats] the heartbeats of those seconds
  IF(is_power_ride AND weight_kg IS NOT NULL, measured_s, 0) AS weighed_s,  -- [s] seconds of measured power on days whose body weight is known
  COALESCE(
    IF(is_power_ride, measured_j / weight_kg, NULL), 0
  ) AS work_j_per_kg,  -- [J/kg] measured work by the body weight of the day
  ftp_w,  -- [W] functional threshold power of the day, where known
  weight_kg,  -- [kg] body weight of the day, where known
  relative_effort,  -- [pts] Strava's Relative Effort
  COALESCE(power_load, running_pace_load, heartrate_load) AS training_load,  -- [pts] an hour at threshold is 100: TSS where good seconds give it, else hours times the squared share of weighted power in FTP times load_scale; of a run by its power or its pace; else the heart-rate impulse against one hour at threshold; null where none is known
  CASE
    WHEN power_load IS NOT NULL THEN 'power'
    WHEN running_pace_load IS NOT NULL THEN 'pace'
    WHEN heartrate_load IS NOT NULL THEN 'heart_rate'
    ELSE 'none'
  END AS load_source,  -- what training_load rests on: power, pace, heart_rate or none
  CASE
    WHEN seconds_load IS NOT NULL THEN 'tss'
    WHEN weighted_load IS NOT NULL THEN 'scaled_summary'
    WHEN running_power_load IS NOT NULL THEN 'run_power'
    WHEN running_pace_load IS NOT NULL THEN 'pace'
    WHEN heartbeats_load IS NOT NULL THEN 'heart_rate_seconds'
    WHEN mean_heartrate_load IS NOT NULL THEN 'heart_rate_mean'
    ELSE 'none'
  END AS load_method,  -- how: tss, scaled_summary (weighted power times load_scale), run_power, pace, heart_rate_seconds (second by second), heart_rate_mean (the summary's mean) or none
  IF(is_power_ride, weighted_load, NULL) AS weighted_load,  -- [pts] load by weighted power, before load_scale: beside tss it says what the summary would have given
  load_scale,  -- the athlete's own median of TSS over the load by Strava's weighted power; 1 below @fewest_scale_rides rides that have both
  load_scale_rides,  -- [count] rides that have both
  IF(is_power_ride, IF(seconds_win, 'seconds', 'summary'), NULL) AS figures_from,  -- where work_j, weighted_average_watts and max_watts are from: summary or seconds; null without measured power
  IF(is_power_ride, figures_reason, NULL) AS figures_reason,  -- why: no_good_seconds or agrees (the summary counts); work_missing, weighted_power_missing, work_differs or weighted_power_differs (the seconds count)
  IF(is_power_ride, summary_work_j, NULL) AS summary_work_j,  -- [J] work by the summary, where possible
  IF(is_power_ride, seconds_work_j, NULL) AS seconds_work_j,  -- [J] work by good seconds
  IF(is_power_ride, summary_weighted_watts, NULL) AS summary_weighted_watts,  -- [W] Strava's weighted power, where possible
  IF(is_power_ride, seconds_weighted_watts, NULL) AS seconds_weighted_watts,  -- [W] xPower of good seconds, over the time in motion where stops were recorded
  IF(is_counted, grade_adjusted_speed_m_per_s, NULL) AS grade_adjusted_speed_m_per_s,  -- [m/s] mean speed of a run as on flat ground, from its seconds
  IF(is_counted AND grade_adjusted_speed_m_per_s IS NOT NULL, zones_recorded_s, 0) AS grade_adjusted_s,  -- [s] recorded seconds that carry it
  IF(is_counted, efficiency_basis, NULL) AS efficiency_basis,  -- power (W per heartbeat) or pace (m per heartbeat); null where neither is known from seconds
  IF(is_counted, efficiency, NULL) AS efficiency,  -- normalized power over mean heart rate (W/bpm), or a run's grade-adjusted meters per heartbeat
  IF(is_counted, is_steady, NULL) AS is_steady,  -- whether the recording is even enough to compare efficiency and decoupling
  IF(is_counted, recording_decoupling_pct, NULL) AS recording_decoupling_pct,  -- [%] loss of efficiency from the first half of the recording to the second, of any sport and steadiness
  is_power_ride AND has_seconds AS has_seconds,  -- a ride with measured power whose own seconds are known
  IF(is_power_ride AND stream_s IS NOT NULL, stream_s, 0) AS stream_s,  -- [s] recorded seconds, pauses left out, of a measured ride whose normalized power is known from them; 0 of any other
  IF(is_power_ride AND stream_s IS NOT NULL, normalized_power_w, NULL) AS normalized_power_w,  -- [W] normalized power, from the ride's own seconds; null where there are none
  COALESCE(
    IF(is_power_ride, stream_s * POW(normalized_power_w, 4), NULL), 0
  ) AS normalized_w4s,  -- [W⁴·s] normalized power to the fourth times stream_s; over stream_s its fourth root is the period's normalized power
  seconds_load AS tss,  -- [pts] training stress score of good seconds, from normalized power and the day's FTP; null where either is unknown
  IF(is_power_ride, decoupling_pct, NULL) AS decoupling_pct,  -- [%] how far heart rate drifted from power between the halves of a steady ride of an hour or more, positive for a drift
  IF(is_power_ride AND NOT is_flagged, best_5s_w, NULL) AS best_5s_w,  -- [W] highest mean power over 5 seconds, pauses as zeros, of a ride that may be a best
  IF(is_power_ride AND NOT is_flagged, best_60s_w, NULL) AS best_60s_w,  -- [W] highest mean power over a minute, pauses as zeros, of a ride that may be a best
  IF(is_power_ride AND NOT is_flagged, best_300s_w, NULL) AS best_300s_w,  -- [W] highest mean power over 5 minutes, pauses as zeros, of a ride that may be a best
  IF(is_power_ride AND NOT is_flagged, best_1200s_w, NULL) AS best_1200s_w,  -- [W] highest mean power over 20 minutes, pauses as zeros, of a ride that may be a best
  IF(is_power_ride AND NOT is_flagged, best_3600s_w, NULL) AS best_3600s_w,  -- [W] highest mean power over an hour, pauses as zeros, of a ride that may be a best
  IF(is_power_ride, power_zone_1_s, NULL) AS power_zone_1_s,  -- [s] seconds at below 55 % of the day's FTP; null where it or the seconds are unknown
  IF(is_power_ride, power_zone_2_s, NULL) AS power_zone_2_s,  -- [s] seconds at 55 to 75 % of the day's FTP; null where it or the seconds are unknown
  IF(is_power_ride, power_zone_3_s, NULL) AS power_zone_3_s,  -- [s] seconds at 75 to 90 % of the day's FTP; null where it or the seconds are unknown
  IF(is_power_ride, power_zone_4_s, NULL) AS power_zone_4_s,  -- [s] seconds at 90 to 105 % of the day's FTP; null where it or the seconds are unknown
  IF(is_power_ride, power_zone_5_s, NULL) AS power_zone_5_s,  -- [s] seconds at 105 to 120 % of the day's FTP; null where it or the seconds are unknown
  IF(is_power_ride, power_zone_6_s, NULL) AS power_zone_6_s,  -- [s] seconds at 120 to 150 % of the day's FTP; null where it or the seconds are unknown
  IF(is_power_ride, power_zone_7_s, NULL) AS power_zone_7_s,  -- [s] seconds at 150 % and more of the day's FTP; null where it or the seconds are unknown
  IF(is_power_ride, heartrate_zone_1_s, NULL) AS heartrate_zone_1_s,  -- [s] seconds of the same ride at below 68 % of the threshold heart rate
  IF(is_power_ride, heartrate_zone_2_s, NULL) AS heartrate_zone_2_s,  -- [s] seconds of the same ride at 68 to 83 % of the threshold heart rate
  IF(is_power_ride, heartrate_zone_3_s, NULL) AS heartrate_zone_3_s,  -- [s] seconds of the same ride at 83 to 94 % of the threshold heart rate
  IF(is_power_ride, heartrate_zone_4_s, NULL) AS heartrate_zone_4_s,  -- [s] seconds of the same ride at 94 to 105 % of the threshold heart rate
  IF(is_power_ride, heartrate_zone_5_s, NULL) AS heartrate_zone_5_s  -- [s] seconds of the same ride at 105 % and more of the threshold heart rate
FROM scaled
