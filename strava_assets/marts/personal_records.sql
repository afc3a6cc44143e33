-- personal_records: The best single rides of an athlete, of all ride sports together: longest, most climbing, highest power over 20 minutes or more, most work; of all time, of every year and of the last 90 days. Flagged, hand-typed and e-bike rides set no record, estimated watts neither. Of equal rides the earliest holds it.
-- grain: one record of one athlete in one period
-- key: athlete_id, period, record
-- preview: period, record, value, unit, activity_date, name
-- newest_by: activity_date
WITH rides AS (
  SELECT
    m.athlete_id,
    m.activity_id,
    m.activity_date,
    m.year,
    m.name,
    m.sport_type,
    CONCAT(CAST(m.activity_date AS STRING), m.activity_id) AS day_and_id,
    DATE_DIFF(s.as_of, m.activity_date, DAY) < 90 AS is_recent,
    m.outdoor_distance_m AS longest_distance,
    CAST(m.moving_time_s AS FLOAT64) AS longest_time,
    m.climb_m AS most_climbing,
    IF(m.power_s >= 1200, m.work_j / m.power_s, NULL) AS highest_average_watts,
    IF(m.power_s >= 1200, m.weighted_average_watts, NULL) AS highest_weighted_watts,
    m.work_j / 1000.0 AS most_work
  FROM activity_measures AS m
  CROSS JOIN mart_settings AS s
  WHERE m.is_ride AND NOT m.is_flagged AND NOT m.is_manual
),
bests AS (
  SELECT
    athlete_id,
    year,
    is_recent,
    MAX(longest_distance) AS longest_distance,
    MAX(longest_time) AS longest_time,
    MAX(most_climbing) AS most_climbing,
    MAX(highest_average_watts) AS highest_average_watts,
    MAX(highest_weighted_watts) AS highest_weighted_watts,
    MAX(most_work) AS most_work
  FROM rides
  GROUP BY athlete_id, year, is_recent
),
holders AS (
  -- Of equal rides the earliest day's, then the smallest id.
  SELECT
    r.athlete_id,
    r.year,
    r.is_recent,
    MAX(b.longest_distance) AS longest_distance,
    MIN(IF(r.longest_distance = b.longest_distance, r.day_and_id, NULL)) AS longest_distance_by,
    MAX(b.longest_time) AS longest_time,
    MIN(IF(r.longest_time = b.longest_time, r.day_and_id, NULL)) AS longest_time_by,
    MAX(b.most_climbing) AS most_climbing,
    MIN(IF(r.most_climbing = b.most_climbing, r.day_and_id, NULL)) AS most_climbing_by,
    MAX(b.highest_average_watts) AS highest_average_watts,
    MIN(IF(r.highest_average_watts = b.highest_average_watts, r.day_and_id, NULL)) AS highest_average_watts_by,
    MAX(b.highest_weighted_watts) AS highest_weighted_watts,
    MIN(IF(r.highest_weighted_watts = b.highest_weighted_watts, r.day_and_id, NULL)) AS highest_weighted_watts_by,
    MAX(b.most_work) AS most_work,
    MIN(IF(r.most_work = b.most_work, r.day_and_id, NULL)) AS most_work_by
  FROM rides AS r
  INNER JOIN bests AS b
    ON b.athlete_id = r.athlete_id AND b.year = r.year AND b.is_recent = r.is_recent
  GROUP BY r.athlete_id, r.year, r.is_recent
),
candidates AS (
  SELECT
    h.athlete_id,
    h.year,
    h.is_recent,
    record,
    CASE record
      WHEN 'longest_distance' THEN h.longest_distance
      WHEN 'longest_time' THEN h.longest_time
      WHEN 'most_climbing' THEN h.most_climbing
      WHEN 'highest_average_watts' THEN h.highest_average_watts
      WHEN 'highest_weighted_watts' THEN h.highest_weighted_watts
      ELSE h.most_work
    END AS value,
    CASE record
      WHEN 'longest_distance' THEN h.longest_distance_by
      WHEN 'longest_time' THEN h.longest_time_by
      WHEN 'most_climbing' THEN h.most_climbing_by
      WHEN 'highest_average_watts' THEN h.highest_average_watts_by
      WHEN 'highest_weighted_watts' THEN h.highest_weighted_watts_by
      ELSE h.most_work_by
    END AS day_and_id
  FROM holders AS h
  CROSS JOIN UNNEST(
    [
      'longest_distance',
      'longest_time',
      'most_climbing',
      'highest_average_watts',
      'highest_weighted_watts',
      'most_work'
    ]
  ) AS record
),
periods AS (
  SELECT athlete_id, CAST(year AS STRING) AS period, record, value, day_and_id FROM candidates
  UNION ALL
  SELECT athlete_id, 'all_time' AS period, record, value, day_and_id FROM candidates
  UNION ALL
  SELECT athlete_id, 'last_90_days' AS period, record, value, day_and_id FROM candidates WHERE is_recent
),
records AS (
  SELECT p.athlete_id, p.period, p.record, p.value, r.activity_id, r.activity_date, r.name, r.sport_type
  FROM (
    SELECT *
    FROM periods
    WHERE value > 0
    QUALIFY ROW_NUMBER() OVER (PARTITION BY athlete_id, period, record ORDER BY value DESC, day_and_id) = 1
  ) AS p
  INNER JOIN rides AS r
    ON r.athlete_id = p.athlete_id AND r.activity_id = SUBSTR(p.day_and_id, 11)
)
SELECT
  athlete_id,  -- the athlete
  period,  -- all_time, last_90_days (today included) or a year, e.g. 2026
  record,  -- longest_distance (on the road), longest_time, most_climbing (on the road), highest_average_watts and highest_weighted_watts (20 minutes in motion or more; Strava's weighted power, not normalized power), most_work
  value,  -- the record, in the unit beside it
  CASE
    WHEN record IN ('longest_distance', 'most_climbing') THEN 'm'
    WHEN record = 'longest_time' THEN 's'
    WHEN record = 'most_work' THEN 'kJ'
    ELSE 'W'
  END AS unit,  -- unit of the value: m, s, W or kJ
  activity_id,  -- the ride that holds it, by Strava's id
  activity_date,  -- its local date
  name,  -- its title
  sport_type  -- its sport
FROM records
