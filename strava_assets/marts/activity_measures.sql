-- activity_measures: Every activity that still exists, with what the marts add up: is it a ride, does it carry measured power, and its seconds, work, fourth powers and heartbeats. A week, a quarter or a sport only sums these columns and divides. An impossible value (negative, or beyond what a body can do) counts as missing. Of several recordings of the same time in the same family of sports one counts; of a file and Strava's activity, Strava's. An activity dated later than tomorrow has a wrong clock and is left out until its date comes.
-- grain: one activity of one athlete that still exists on Strava
-- key: athlete_id, activity_id
-- kind: intermediate
-- preview: activity_date, name, sport_type, moving_time_s, power_s, work_j
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
    AND a.activity_date <= DATE_ADD(s.as_of, INTERVAL 1 DAY)
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
duplicates AS (
  -- Counted by the settings before not, power before none, a heart rate before none, the longer, the smaller id.
  SELECT worse.athlete_id, worse.activity_id, MIN(better.activity_id) AS duplicate_of
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
  GROUP BY worse.athlete_id, worse.activity_id
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
    IF(a.moving_time_s BETWEEN 1 AND @longest_activity_s, a.moving_time_s, 0) AS moving_time_s,
    IF(a.distance_m BETWEEN 0 AND @longest_distance_m, a.distance_m, 0) AS distance_m,
    IF(a.total_elevation_gain_m BETWEEN 0 AND @most_climb_m, a.total_elevation_gain_m, 0) AS climb_m,
    a.average_watts > 0
      AND a.average_watts <= @most_watts
      AND a.kilojoules > 0
      AND a.moving_time_s BETWEEN 1 AND @longest_activity_s
      AND a.kilojoules <= @most_watts / 1000 * a.moving_time_s
      AND NOT COALESCE(a.manual, FALSE) AS has_watts,
    a.kilojoules,
    IF(
      a.weighted_average_watts > 0 AND a.weighted_average_watts <= @most_watts, a.weighted_average_watts, NULL
    ) AS weighted_average_watts,
    IF(a.max_watts > 0 AND a.max_watts <= @most_watts, a.max_watts, NULL) AS max_watts,
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
    f.threshold_heartrate_bpm
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
  WHERE a.deleted_at IS NULL AND a.activity_date <= DATE_ADD(s.as_of, INTERVAL 1 DAY)
),
decided AS (
  SELECT
    p.*,
    is_counted AND NOT is_ebike AND (is_cycle OR counts_for_power) AS is_ride,
    COALESCE(is_counted AND NOT is_ebike AND counts_for_power AND has_watts AND device_watts, FALSE) AS is_power_ride,
    COALESCE(
      is_counted AND NOT is_ebike AND counts_for_power AND has_watts AND NOT device_watts, FALSE
    ) AS is_estimated_ride,
    -- The share of the heart's reserve; below rest there is no effort, above the maximum it is a sensor's fault,
    -- and a reserve below 20 beats is nobody's: its exponential would know no bounds.
    IF(
      max_heartrate_bpm >= resting_heartrate_bpm + 20 AND heartrate_bpm <= max_heartrate_bpm + 10,
      GREATEST(heartrate_bpm - resting_heartrate_bpm, 0) / (max_heartrate_bpm - resting_heartrate_bpm),
      NULL
    ) AS heart_reserve,
    (threshold_heartrate_bpm - resting_heartrate_bpm)
      / NULLIF(max_heartrate_bpm - resting_heartrate_bpm, 0) AS threshold_reserve
  FROM plausible AS p
),
loaded AS (
  SELECT
    d.*,
    IF(
      is_power_ride, moving_time_s / 36.0 * POW(weighted_average_watts / ftp_w, 2), NULL
    ) AS power_load,
    IF(
      is_counted AND NOT is_ebike AND NOT is_manual AND threshold_reserve > 0,
      moving_time_s / 36.0
        * (heart_reserve * EXP(1.92 * heart_reserve))
        / (threshold_reserve * EXP(1.92 * threshold_reserve)),
      NULL
    ) AS heartrate_load
  FROM decided AS d
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
  is_power_ride,  -- a ride whose watts a power meter measured: in a power sport, recorded, watts and work present
  is_estimated_ride,  -- the same with watts that Strava estimated; never mixed with measured ones
  moving_time_s,  -- [s] time in motion; 0 where missing or impossible
  IF(is_indoor, moving_time_s, 0) AS indoor_time_s,  -- [s] time in motion indoors
  distance_m,  -- [m] distance, virtual meters included; 0 where missing or impossible
  IF(is_indoor, 0, distance_m) AS outdoor_distance_m,  -- [m] distance on the road
  IF(is_indoor, 0, climb_m) AS climb_m,  -- [m] climbing on the road
  IF(is_indoor, climb_m, 0) AS virtual_climb_m,  -- [m] climbing indoors, which is a program's
  IF(is_power_ride, moving_time_s, 0) AS power_s,  -- [s] seconds that carry measured power
  IF(is_power_ride, CAST(ROUND(kilojoules * 1000) AS INT64), 0) AS work_j,  -- [J] measured work; over power_s it is the mean power
  IF(is_power_ride, weighted_average_watts, NULL) AS weighted_average_watts,  -- [W] Strava's weighted power of a ride with measured power
  IF(is_power_ride AND weighted_average_watts IS NOT NULL, moving_time_s, 0) AS weighted_s,  -- [s] seconds that carry Strava's weighted power
  IF(
    is_power_ride AND weighted_average_watts IS NOT NULL, CAST(ROUND(kilojoules * 1000) AS INT64), 0
  ) AS weighted_work_j,  -- [J] measured work of the rides with weighted power
  COALESCE(
    IF(is_power_ride, moving_time_s * POW(weighted_average_watts, 4), NULL), 0
  ) AS weighted_w4s,  -- [W⁴·s] weighted power to the fourth times seconds; over weighted_s its fourth root is the period's weighted power
  IF(
    is_power_ride AND moving_time_s >= 1800 AND NOT is_flagged, weighted_average_watts, NULL
  ) AS best_weighted_watts,  -- [W] weighted power of a ride of 30 minutes or more that may be a best
  IF(is_power_ride AND NOT is_flagged, max_watts, NULL) AS max_watts,  -- [W] highest measured power, where plausible
  IF(is_estimated_ride, moving_time_s, 0) AS estimated_s,  -- [s] seconds that carry estimated power
  IF(is_estimated_ride, CAST(ROUND(kilojoules * 1000) AS INT64), 0) AS estimated_work_j,  -- [J] estimated work
  IF(heartrate_bpm IS NULL, 0, moving_time_s) AS heartrate_s,  -- [s] seconds that carry a heart rate
  COALESCE(moving_time_s * heartrate_bpm / 60.0, 0) AS heartbeats,  -- [beats] mean heart rate times minutes; over heartrate_s / 60 it is the mean again
  IF(
    is_power_ride AND weighted_average_watts IS NOT NULL AND heartrate_bpm IS NOT NULL, moving_time_s, 0
  ) AS efficiency_s,  -- [s] seconds that carry weighted power and a heart rate
  COALESCE(
    IF(is_power_ride AND heartrate_bpm IS NOT NULL, moving_time_s * POW(weighted_average_watts, 4), NULL), 0
  ) AS efficiency_w4s,  -- [W⁴·s] the fourth-power sum of those seconds
  COALESCE(
    IF(is_power_ride AND weighted_average_watts IS NOT NULL, moving_time_s * heartrate_bpm / 60.0, NULL), 0
  ) AS efficiency_heartbeats,  -- [beats] the heartbeats of those seconds
  IF(is_power_ride AND weight_kg IS NOT NULL, moving_time_s, 0) AS weighed_s,  -- [s] seconds of measured power on days whose body weight is known
  COALESCE(
    IF(is_power_ride, ROUND(kilojoules * 1000) / weight_kg, NULL), 0
  ) AS work_j_per_kg,  -- [J/kg] measured work by the body weight of the day
  ftp_w,  -- [W] functional threshold power of the day, where known
  weight_kg,  -- [kg] body weight of the day, where known
  relative_effort,  -- [pts] Strava's Relative Effort
  COALESCE(power_load, heartrate_load) AS training_load,  -- [pts] an hour at threshold is 100: hours times squared share of FTP, else the heart-rate impulse against one hour at threshold; null where neither is known
  CASE
    WHEN power_load IS NOT NULL THEN 'power'
    WHEN heartrate_load IS NOT NULL THEN 'heart_rate'
    ELSE 'none'
  END AS load_source,  -- what training_load rests on: power (Strava's weighted power, not normalized power), heart_rate or none
  is_power_ride AND has_seconds AS has_seconds,  -- a ride with measured power whose own seconds are known
  IF(is_power_ride AND stream_s IS NOT NULL, stream_s, 0) AS stream_s,  -- [s] recorded seconds, pauses left out, of a measured ride whose normalized power is known from them; 0 of any other
  IF(is_power_ride AND stream_s IS NOT NULL, normalized_power_w, NULL) AS normalized_power_w,  -- [W] normalized power, from the ride's own seconds; null where there are none
  COALESCE(
    IF(is_power_ride, stream_s * POW(normalized_power_w, 4), NULL), 0
  ) AS normalized_w4s,  -- [W⁴·s] normalized power to the fourth times stream_s; over stream_s its fourth root is the period's normalized power
  IF(is_power_ride, tss, NULL) AS tss,  -- [pts] training stress score, from normalized power and the day's FTP; null where either is unknown
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
FROM loaded
