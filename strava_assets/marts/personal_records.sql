-- personal_records: The best single rides of an athlete, of all ride sports together: longest, most climbing, highest power over 20 minutes or more, most work; of all time, of every year and of the last 90 days. Flagged, hand-typed and e-bike rides set no record, estimated watts neither. Of equal rides the earliest holds it.
-- grain: one record of one athlete in one period
-- key: athlete_id, period, record
WITH rides AS (
  SELECT
    m.athlete_id,
    m.activity_id,
    m.activity_date,
    CAST(m.year AS STRING) AS year,
    m.name,
    m.sport_type,
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
candidates AS (
  SELECT
    r.*,
    record,
    CASE record
      WHEN 'longest_distance' THEN longest_distance
      WHEN 'longest_time' THEN longest_time
      WHEN 'most_climbing' THEN most_climbing
      WHEN 'highest_average_watts' THEN highest_average_watts
      WHEN 'highest_weighted_watts' THEN highest_weighted_watts
      ELSE most_work
    END AS value
  FROM rides AS r
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
yearly AS (
  SELECT *
  FROM candidates
  WHERE value > 0
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY athlete_id, record, year ORDER BY value DESC, activity_date, activity_id) = 1
),
recent AS (
  SELECT *
  FROM candidates
  WHERE value > 0 AND is_recent
  QUALIFY ROW_NUMBER() OVER (PARTITION BY athlete_id, record ORDER BY value DESC, activity_date, activity_id) = 1
),
ever AS (
  SELECT *
  FROM yearly
  QUALIFY ROW_NUMBER() OVER (PARTITION BY athlete_id, record ORDER BY value DESC, activity_date, activity_id) = 1
),
records AS (
  SELECT 'all_time' AS period, e.* FROM ever AS e
  UNION ALL
  SELECT y.year AS period, y.* FROM yearly AS y
  UNION ALL
  SELECT 'last_90_days' AS period, n.* FROM recent AS n
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
