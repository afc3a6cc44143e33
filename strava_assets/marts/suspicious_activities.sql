-- suspicious_activities: Activities that deserve a look, each with its reason: a ride recorded under two sports or uploaded again with another clock, which counts twice; a date that cannot be; a power meter with spikes or gaps; a summary that its own seconds contradict or that is longer than them. Nothing is left out of other marts for standing here.
-- grain: one reason of one activity
-- key: athlete_id, activity_id, reason
-- preview: activity_date, reason, detail, name, activity_url, other_activity_url
-- newest_by: activity_date
WITH counted AS (
  SELECT
    m.athlete_id,
    m.activity_id,
    m.family,
    UNIX_SECONDS(a.start_date) AS began_s,
    m.moving_time_s,
    m.distance_m
  FROM activity_measures AS m
  INNER JOIN bq_activities AS a
    ON a.athlete_id = m.athlete_id AND a.activity_id = m.activity_id
  WHERE m.is_counted AND NOT m.is_manual AND m.moving_time_s BETWEEN 1 AND @longest_recording_s
),
nearby AS (
  -- Of two clocks no zone is more than @most_clock_hours hours away; a bucket of so many and the next one hold both.
  SELECT
    later.athlete_id,
    later.activity_id,
    earlier.activity_id AS other_activity_id,
    later.family = earlier.family AS is_one_family,
    later.began_s - earlier.began_s AS apart_s,
    LEAST(earlier.began_s + earlier.moving_time_s, later.began_s + later.moving_time_s) - later.began_s AS shared_s,
    later.moving_time_s,
    earlier.moving_time_s AS other_moving_time_s,
    later.distance_m,
    earlier.distance_m AS other_distance_m
  FROM counted AS later
  CROSS JOIN UNNEST([0, 1]) AS buckets_before
  INNER JOIN counted AS earlier
    ON earlier.athlete_id = later.athlete_id
      AND DIV(earlier.began_s, (3600 * @most_clock_hours)) = DIV(later.began_s, (3600 * @most_clock_hours)) - buckets_before
  WHERE
    later.began_s - earlier.began_s BETWEEN 0 AND 3600 * @most_clock_hours
    AND (later.began_s > earlier.began_s OR later.activity_id > earlier.activity_id)
),
pairs AS (
  SELECT
    athlete_id,
    activity_id,
    other_activity_id,
    apart_s,
    CASE
      WHEN NOT is_one_family AND 2 * shared_s > LEAST(moving_time_s, other_moving_time_s) THEN 'two_sports_at_once'
      WHEN is_one_family
        AND apart_s >= 1800
        AND LEAST(MOD(apart_s, 3600), 3600 - MOD(apart_s, 3600)) <= @clock_tolerance_s
        AND distance_m > 0
        AND 100 * ABS(moving_time_s - other_moving_time_s) <= LEAST(moving_time_s, other_moving_time_s)
        AND 100 * ABS(distance_m - other_distance_m) <= LEAST(distance_m, other_distance_m)
        THEN 'clock_hours_off'
    END AS reason
  FROM nearby
),
smallest_others AS (
  SELECT athlete_id, activity_id, reason, other_activity_id, apart_s
  FROM pairs
  WHERE reason IS NOT NULL
  QUALIFY ROW_NUMBER() OVER (PARTITION BY athlete_id, activity_id, reason ORDER BY other_activity_id) = 1
),
reasons AS (
  SELECT
    athlete_id,
    activity_id,
    reason,
    other_activity_id,
    IF(reason = 'clock_hours_off', CONCAT(CAST(CAST(ROUND(apart_s / 3600) AS INT64) AS STRING), ' h apart'), NULL) AS detail
  FROM smallest_others
  UNION ALL
  SELECT
    a.athlete_id,
    a.activity_id,
    IF(a.activity_date > s.as_of, 'date_in_the_future', 'date_before_recorders') AS reason,
    NULL AS other_activity_id,
    CAST(a.activity_date AS STRING) AS detail
  FROM bq_activities AS a
  CROSS JOIN mart_settings AS s
  WHERE a.deleted_at IS NULL
    AND a.merged_into IS NULL
    AND (a.activity_date > DATE_ADD(s.as_of, INTERVAL 1 DAY) OR a.activity_date < DATE(@first_year, 1, 1))
  UNION ALL
  SELECT
    p.athlete_id,
    p.activity_id,
    'power_spikes' AS reason,
    NULL AS other_activity_id,
    CONCAT(CAST(p.spikes AS STRING), ' readings rejected') AS detail
  FROM ride_power AS p
  INNER JOIN activity_measures AS m
    ON m.athlete_id = p.athlete_id AND m.activity_id = p.activity_id
  WHERE p.spikes >= @many_spikes
  UNION ALL
  SELECT
    p.athlete_id,
    p.activity_id,
    'power_missing' AS reason,
    NULL AS other_activity_id,
    IF(p.quality = 'no_power', 'nothing but zeros', 'a tenth of the readings or more') AS detail
  FROM ride_power AS p
  INNER JOIN activity_measures AS m
    ON m.athlete_id = p.athlete_id AND m.activity_id = p.activity_id
  WHERE p.quality IN ('gappy', 'no_power')
  UNION ALL
  SELECT
    athlete_id,
    activity_id,
    'summary_contradicted' AS reason,
    NULL AS other_activity_id,
    IF(
      figures_reason = 'work_differs',
      CONCAT(
        CAST(CAST(ROUND(summary_work_j / 1000) AS INT64) AS STRING),
        ' kJ, by its seconds ',
        CAST(CAST(ROUND(seconds_work_j / 1000) AS INT64) AS STRING)
      ),
      CONCAT(
        CAST(CAST(ROUND(summary_weighted_watts) AS INT64) AS STRING),
        ' W weighted, by its seconds ',
        CAST(CAST(ROUND(seconds_weighted_watts) AS INT64) AS STRING)
      )
    ) AS detail
  FROM activity_measures
  WHERE figures_reason IN ('work_differs', 'weighted_power_differs')
  UNION ALL
  SELECT
    m.athlete_id,
    m.activity_id,
    'longer_than_its_seconds' AS reason,
    NULL AS other_activity_id,
    CONCAT(CAST(DIV(m.moving_time_s, 60) AS STRING), ' min in motion, ', CAST(DIV(p.recorded_s, 60) AS STRING), ' recorded') AS detail
  FROM activity_measures AS m
  INNER JOIN ride_power AS p
    ON p.athlete_id = m.athlete_id AND p.activity_id = m.activity_id
  WHERE p.recorded_s > 0 AND 100 * (m.moving_time_s - p.recorded_s) > @most_difference_pct * p.recorded_s
)
SELECT
  r.athlete_id,  -- the athlete
  r.activity_id,  -- the activity, by Strava's id
  r.reason,  -- two_sports_at_once (more than half of the shorter one's time lies in another activity of another family of sports, and both count); clock_hours_off (time in motion and distance within 1 % of an earlier activity's of the same family, whole hours apart, up to @most_clock_hours); date_in_the_future; date_before_recorders (before @first_year); power_spikes (@many_spikes rejected readings or more); power_missing (a tenth of the readings or more, or nothing but zeros); summary_contradicted (good seconds differ by more than @most_difference_pct %, and count); longer_than_its_seconds (time in motion over @most_difference_pct % above the recorded)
  r.detail,  -- what was found
  a.activity_date,  -- its local date
  a.name,  -- its title
  a.sport_type,  -- its sport
  r.other_activity_id,  -- the other activity of the pair, by Strava's id; the smallest of several
  o.sport_type AS other_sport_type,  -- its sport
  IF(a.source = 'file', NULL, CONCAT('https://www.strava.com/activities/', r.activity_id)) AS activity_url,  -- the activity on Strava; null of a file that Strava does not have
  IF(o.source = 'file', NULL, CONCAT('https://www.strava.com/activities/', r.other_activity_id)) AS other_activity_url  -- the other one on Strava
FROM reasons AS r
INNER JOIN bq_activities AS a
  ON a.athlete_id = r.athlete_id AND a.activity_id = r.activity_id
LEFT JOIN bq_activities AS o
  ON o.athlete_id = r.athlete_id AND o.activity_id = r.other_activity_id
