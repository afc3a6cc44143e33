-- durability: What an athlete can still do late in a ride: the best power of a season by duration, fresh and after a given amount of work, and how much is lost. The fresh best is that of all rides of the season, the tired one that of the efforts that begin after so much work in the same ride. Only rides with measured power count whose seconds are known; flagged rides set no best. A season is a calendar year. Where late efforts were not all-out, the loss is overstated: the number of rides shows what it rests on.
-- grain: one duration after one level of work in one season of one athlete
-- key: athlete_id, season, work_basis, after_work, duration_s
-- preview: season, work_basis, after_work, duration_s, watts, loss_pct, rides
-- newest_by: season
-- charts: durability
-- table_only: duration_s = 60, 300, 1200
WITH rides AS (
  SELECT
    athlete_id,
    activity_id,
    EXTRACT(YEAR FROM activity_date) AS season,
    CONCAT(CAST(activity_date AS STRING), activity_id) AS day_and_id
  FROM activity_measures
  WHERE has_seconds AND NOT is_flagged
),
fresh AS (
  SELECT r.athlete_id, r.season, b.duration_s, MAX(b.energy_j) AS energy_j
  FROM ride_bests AS b
  INNER JOIN rides AS r
    ON r.athlete_id = b.athlete_id AND r.activity_id = b.activity_id
  WHERE b.duration_s IN (@durability_durations_s) AND b.energy_j BETWEEN 1 AND @most_watts * b.duration_s
  GROUP BY r.athlete_id, r.season, b.duration_s
),
efforts AS (
  SELECT
    r.athlete_id,
    r.season,
    w.work_basis,
    w.after_work,
    w.duration_s,
    w.energy_j,
    r.day_and_id
  FROM ride_bests_after_work AS w
  INNER JOIN rides AS r
    ON r.athlete_id = w.athlete_id AND r.activity_id = w.activity_id
  WHERE w.duration_s IN (@durability_durations_s) AND w.energy_j BETWEEN 1 AND @most_watts * w.duration_s
),
tired AS (
  SELECT athlete_id, season, work_basis, after_work, duration_s, MAX(energy_j) AS energy_j, COUNT(*) AS rides
  FROM efforts
  GROUP BY athlete_id, season, work_basis, after_work, duration_s
),
best_rides AS (
  -- Of several equal efforts the earliest day's, then the smallest id.
  SELECT
    t.athlete_id,
    t.season,
    t.work_basis,
    t.after_work,
    t.duration_s,
    t.energy_j,
    t.rides,
    SUBSTR(MIN(e.day_and_id), 11) AS activity_id
  FROM tired AS t
  INNER JOIN efforts AS e
    ON e.athlete_id = t.athlete_id
    AND e.season = t.season
    AND e.work_basis = t.work_basis
    AND e.after_work = t.after_work
    AND e.duration_s = t.duration_s
    AND e.energy_j = t.energy_j
  GROUP BY t.athlete_id, t.season, t.work_basis, t.after_work, t.duration_s, t.energy_j, t.rides
)
SELECT
  t.athlete_id,  -- the athlete
  CAST(t.season AS INT64) AS season,  -- the calendar year, by the rides' local dates
  t.work_basis,  -- what after_work counts: kj, or kj_per_kg of the day's body weight
  t.after_work,  -- [kJ] work done in the ride before the effort begins; by kj_per_kg, for each kilogram
  t.duration_s,  -- [s] how long
  t.energy_j / t.duration_s AS watts,  -- [W] highest mean power over so long after so much work
  f.energy_j / f.duration_s AS fresh_watts,  -- [W] highest mean power over so long of all rides of the season
  100 * (1 - t.energy_j / f.energy_j) AS loss_pct,  -- [%] how much of the fresh power is lost
  t.rides,  -- [count] rides of the season with an effort of that length after so much work
  t.activity_id  -- the ride with this effort, by Strava's id
FROM best_rides AS t
INNER JOIN fresh AS f
  ON f.athlete_id = t.athlete_id AND f.season = t.season AND f.duration_s = t.duration_s
