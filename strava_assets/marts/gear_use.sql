-- gear_use: What every bike and pair of shoes was used for: activities, time, distance, climbing and work, in all, this year and in the last 90 days. Wear knows no settings: commutes, virtual and motorised activities count here whatever is set. Activities without gear are a row of their own, so that the sums are those of all activities; of several recordings of the same time one counts. Its name is that of Strava's profile, or of the bulk export.
-- grain: one piece of gear of one athlete
-- key: athlete_id, gear_id
-- preview: gear_id, gear_name, kind, activities, distance_m, moving_time_s, last_used_on
-- newest_by: last_used_on
-- charts: gear
WITH activities AS (
  SELECT m.*, COALESCE(m.gear_id, 'none') AS gear, s.as_of
  FROM activity_measures AS m
  CROSS JOIN mart_settings AS s
  WHERE NOT m.is_duplicate
),
sports AS (
  SELECT athlete_id, gear, sport_type
  FROM activities
  GROUP BY athlete_id, gear, sport_type
  QUALIFY
    ROW_NUMBER() OVER (
      PARTITION BY athlete_id, gear ORDER BY SUM(moving_time_s) DESC, COUNT(*) DESC, COALESCE(sport_type, '')
    ) = 1
),
names AS (
  SELECT athlete_id, gear_id, gear_name
  FROM bq_activities
  WHERE deleted_at IS NULL AND gear_name IS NOT NULL
  GROUP BY athlete_id, gear_id, gear_name
  QUALIFY
    ROW_NUMBER() OVER (PARTITION BY athlete_id, gear_id ORDER BY MAX(activity_date) DESC, gear_name) = 1
),
sums AS (
  SELECT
    athlete_id,
    gear,
    COUNT(*) AS activities,
    COUNT(DISTINCT activity_date) AS active_days,
    SUM(moving_time_s) AS moving_time_s,
    SUM(indoor_time_s) AS indoor_time_s,
    SUM(distance_m) AS distance_m,
    SUM(outdoor_distance_m) AS outdoor_distance_m,
    SUM(climb_m) AS climb_m,
    SUM(work_j) AS work_j,
    SUM(power_s) AS power_s,
    MIN(activity_date) AS first_used_on,
    MAX(activity_date) AS last_used_on,
    GREATEST(DATE_DIFF(MAX(as_of), MAX(activity_date), DAY), 0) AS days_since_used,
    SUM(IF(year = EXTRACT(YEAR FROM as_of), distance_m, 0)) AS distance_this_year_m,
    SUM(IF(DATE_DIFF(as_of, activity_date, DAY) < 90, distance_m, 0)) AS distance_90d_m,
    SUM(IF(DATE_DIFF(as_of, activity_date, DAY) < 90, moving_time_s, 0)) AS moving_time_90d_s
  FROM activities
  GROUP BY athlete_id, gear
)
SELECT
  s.athlete_id,  -- the athlete
  s.gear AS gear_id,  -- the bike or the shoes, by Strava's id; none for activities without
  COALESCE(g.name, n.gear_name) AS gear_name,  -- the athlete's name for it: Strava's profile's, or else the newest of the bulk export; null where neither tells one
  CASE
    WHEN s.gear = 'none' THEN 'none'
    WHEN STARTS_WITH(s.gear, 'b') THEN 'bike'
    WHEN STARTS_WITH(s.gear, 'g') THEN 'shoes'
    ELSE 'other'
  END AS kind,  -- bike, shoes, other or none, by the first letter of the id
  p.sport_type AS main_sport_type,  -- the sport it was used for most, by time
  s.activities,  -- [count] activities with it, of any sport {sum}
  s.active_days,  -- [days] days it was used on
  s.moving_time_s,  -- [s] time in motion {sum}
  s.indoor_time_s,  -- [s] of it on a trainer, a treadmill or in a virtual world {sum}
  s.distance_m,  -- [m] distance, virtual meters included {sum}
  g.distance_m AS strava_distance_m,  -- [m] its distance as Strava's profile counts it, with what the athlete added there by hand; null where the profile has not been read {sum}
  s.outdoor_distance_m,  -- [m] distance on the road {sum}
  s.climb_m,  -- [m] climbing on the road {sum}
  s.work_j / 1000.0 AS work_kj,  -- [kJ] measured work of the counted rides {sum}
  SAFE_DIVIDE(s.work_j, s.power_s) AS average_watts,  -- [W] that work over the seconds of those rides {ratio: 1000 * work_kj / power_s}
  COALESCE(s.power_s, 0) AS power_s,  -- [s] those seconds {sum}
  s.first_used_on,  -- day of the first activity with it
  s.last_used_on,  -- day of the last one
  s.days_since_used,  -- [days] days since then
  s.distance_this_year_m,  -- [m] distance in the running year {sum}
  s.distance_90d_m,  -- [m] distance in the last 90 days, today included {sum}
  s.moving_time_90d_s  -- [s] time in motion in the same days {sum}
FROM sums AS s
INNER JOIN sports AS p
  ON p.athlete_id = s.athlete_id AND p.gear = s.gear
LEFT JOIN athlete_gear AS g
  ON g.athlete_id = s.athlete_id AND g.gear_id = s.gear
LEFT JOIN names AS n
  ON n.athlete_id = s.athlete_id AND n.gear_id = s.gear
