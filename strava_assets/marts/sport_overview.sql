-- sport_overview: Every sport of an athlete by calendar week, from the sport's first week to the running one: time, distance, climbing, speed, pace and heart rate, each week alone and the last four together. A week without the sport is a row of zeros. E-bikes are sports of their own here. What the settings do not count (commutes or virtual activities, where so set) is left out.
-- grain: one sport of one athlete in one calendar week, without gaps
-- key: athlete_id, week, sport_type
-- preview: week, sport_type, activities, moving_time_s, distance_m
-- newest_by: week
-- charts: sports
WITH athletes AS (
  SELECT m.athlete_id, GREATEST(MAX(m.activity_date), MAX(s.as_of)) AS today
  FROM activity_measures AS m
  CROSS JOIN mart_settings AS s
  GROUP BY m.athlete_id
),
activities AS (
  SELECT m.*, COALESCE(m.sport_type, 'unknown') AS sport
  FROM activity_measures AS m
  WHERE m.is_counted
),
sports AS (
  SELECT athlete_id, sport, family, MIN(week) AS first_week
  FROM activities
  GROUP BY athlete_id, sport, family
),
calendar AS (
  SELECT p.athlete_id, p.sport, p.family, t.today, week
  FROM sports AS p
  INNER JOIN athletes AS t
    ON t.athlete_id = p.athlete_id
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(p.first_week, t.today, INTERVAL 7 DAY)) AS week
),
sums AS (
  SELECT
    athlete_id,
    sport,
    week,
    COUNT(*) AS activities,
    COUNT(DISTINCT activity_date) AS active_days,
    SUM(moving_time_s) AS moving_time_s,
    SUM(indoor_time_s) AS indoor_time_s,
    SUM(distance_m) AS distance_m,
    SUM(IF(distance_m > 0, moving_time_s, 0)) AS distance_time_s,
    SUM(climb_m) AS climb_m,
    SUM(virtual_climb_m) AS virtual_climb_m,
    SUM(heartrate_s) AS heartrate_s,
    SUM(heartbeats) AS heartbeats,
    SUM(relative_effort) AS relative_effort,
    SUM(training_load) AS training_load,
    SUM(grade_adjusted_s) AS grade_adjusted_s,
    SUM(grade_adjusted_s * grade_adjusted_speed_m_per_s) AS grade_adjusted_m,
    SUM(IF(load_source = 'pace', training_load, NULL)) AS pace_load,
    COUNTIF(is_steady AND recording_decoupling_pct IS NOT NULL) AS steady_activities,
    SUM(IF(is_steady AND recording_decoupling_pct IS NOT NULL, moving_time_s, 0)) AS steady_s,
    SUM(IF(is_steady, recording_decoupling_pct * moving_time_s, NULL)) AS steady_decoupling
  FROM activities
  GROUP BY athlete_id, sport, week
)
SELECT
  c.athlete_id,  -- the athlete
  CAST(c.week AS DATE) AS week,  -- first day of the calendar week (Monday, or Sunday by setting), in the athlete's local time
  c.sport AS sport_type,  -- Strava's sport; unknown where Strava gave none
  c.family,  -- the family of the sport: ride, run, walk, swim and so on; other when unknown
  DATE_DIFF(c.today, c.week, DAY) < 7 AS is_partial,  -- the week contains today: unfinished, its sums still grow
  LEAST(DATE_DIFF(c.today, c.week, DAY) + 1, 7) AS days_elapsed,  -- [days] days of the week up to today; 7 once it is over
  COALESCE(s.activities, 0) AS activities,  -- [count] activities that started in the week {sum}
  COALESCE(s.active_days, 0) AS active_days,  -- [days] days with one
  COALESCE(s.moving_time_s, 0) AS moving_time_s,  -- [s] time in motion {sum}
  COALESCE(s.indoor_time_s, 0) AS indoor_time_s,  -- [s] of it on a trainer, a treadmill or in a virtual world {sum}
  COALESCE(s.distance_m, 0) AS distance_m,  -- [m] distance, virtual meters included {sum}
  COALESCE(s.distance_time_s, 0) AS distance_time_s,  -- [s] time in motion of the activities that have a distance {sum}
  COALESCE(s.climb_m, 0) AS climb_m,  -- [m] climbing outdoors {sum}
  COALESCE(s.virtual_climb_m, 0) AS virtual_climb_m,  -- [m] climbing indoors, apart from the real {sum}
  SAFE_DIVIDE(s.distance_m, s.distance_time_s) AS average_speed_m_per_s,  -- [m/s] distance over the time of the activities that have a distance {ratio: distance_m / distance_time_s}
  1000 * SAFE_DIVIDE(s.distance_time_s, s.distance_m) AS average_pace_s_per_km,  -- [s/km] the same as a runner says it; a tenth of it is a swimmer's 100 m {ratio: 1000 * distance_time_s / distance_m}
  60 * SAFE_DIVIDE(s.heartbeats, s.heartrate_s) AS average_heartrate_bpm,  -- [bpm] mean heart rate of activities that have one, weighted by time {ratio: 60 * heartbeats / heartrate_s}
  COALESCE(s.heartbeats, 0) AS heartbeats,  -- [beats] heartbeats of those activities {sum}
  COALESCE(s.heartrate_s, 0) AS heartrate_s,  -- [s] their time in motion {sum}
  s.relative_effort,  -- [pts] Strava's Relative Effort, summed over the activities that have one {sum}
  s.training_load,  -- [pts] sum over the activities for which one is known; 100 is an hour at threshold {sum}
  s.pace_load,  -- [pts] of it from the pace of runs; null where none is {sum}
  1000 * SAFE_DIVIDE(s.grade_adjusted_s, s.grade_adjusted_m) AS grade_adjusted_pace_s_per_km,  -- [s/km] pace of the runs whose seconds are known, as on flat ground, by recorded seconds
  COALESCE(s.steady_activities, 0) AS steady_activities,  -- [count] activities recorded evenly enough for decoupling {sum}
  SAFE_DIVIDE(s.steady_decoupling, s.steady_s) AS steady_decoupling_pct,  -- [%] mean loss of efficiency from the first half to the second of those, weighted by time; positive for a drift
  SUM(COALESCE(s.activities, 0)) OVER four AS activities_4w,  -- [count] activities of this and the three weeks before
  SUM(COALESCE(s.moving_time_s, 0)) OVER four AS moving_time_4w_s,  -- [s] time in motion in the same four weeks
  SUM(COALESCE(s.distance_m, 0)) OVER four AS distance_4w_m,  -- [m] distance in the same four weeks
  SUM(COALESCE(s.climb_m, 0)) OVER four AS climb_4w_m  -- [m] climbing outdoors in the same four weeks
FROM calendar AS c
LEFT JOIN sums AS s
  ON s.athlete_id = c.athlete_id AND s.sport = c.sport AND s.week = c.week
WINDOW four AS (
  PARTITION BY c.athlete_id, c.sport ORDER BY c.week ROWS BETWEEN 3 PRECEDING AND CURRENT ROW
)
