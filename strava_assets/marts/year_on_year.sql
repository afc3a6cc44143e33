-- year_on_year: How far an athlete's riding had come on every day of every year: sums from 1 January up to the day, beside the same sums on the same day of the year before. From the first year to today. Years are laid on each other by month and day, so that a leap year does not shift the others.
-- grain: one calendar day of one athlete, from 1 January of the first year on
-- key: athlete_id, day
-- preview: day, distance_so_far_m, distance_year_before_m, distance_change_pct
-- charts: years-d, years-h
WITH activities AS (
  SELECT athlete_id, activity_date, year, is_ride, moving_time_s, distance_m, climb_m, work_j
  FROM activity_measures
),
athletes AS (
  SELECT m.athlete_id, MIN(m.year) AS first_year, GREATEST(MAX(m.activity_date), MAX(s.as_of)) AS today
  FROM activities AS m
  CROSS JOIN mart_settings AS s
  GROUP BY m.athlete_id
),
calendar AS (
  SELECT athlete_id, day
  FROM athletes
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(DATE(first_year, 1, 1), today, INTERVAL 1 DAY)) AS day
),
sums AS (
  -- DuckDB sums whole numbers in 128 bits, which every later step would carry on.
  SELECT
    athlete_id,
    activity_date,
    COUNT(*) AS rides,
    CAST(SUM(moving_time_s) AS INT64) AS moving_time_s,
    SUM(distance_m) AS distance_m,
    SUM(climb_m) AS climb_m,
    CAST(SUM(work_j) AS INT64) AS work_j
  FROM activities
  WHERE is_ride
  GROUP BY athlete_id, activity_date
),
summed AS (
  SELECT
    c.athlete_id,
    c.day,
    CAST(COALESCE(SUM(s.rides) OVER year_so_far, 0) AS INT64) AS rides,
    CAST(COALESCE(SUM(s.moving_time_s) OVER year_so_far, 0) AS INT64) AS moving_time_s,
    COALESCE(SUM(s.distance_m) OVER year_so_far, 0) AS distance_m,
    COALESCE(SUM(s.climb_m) OVER year_so_far, 0) AS climb_m,
    COALESCE(SUM(s.work_j) OVER year_so_far, 0) / 1000.0 AS work_kj
  FROM calendar AS c
  LEFT JOIN sums AS s
    ON s.athlete_id = c.athlete_id AND s.activity_date = c.day
  WINDOW year_so_far AS (
    PARTITION BY c.athlete_id, EXTRACT(YEAR FROM c.day)
    ORDER BY c.day
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
)
SELECT
  n.athlete_id,  -- the athlete
  CAST(n.day AS DATE) AS day,  -- the calendar day, in the athlete's local time
  EXTRACT(YEAR FROM n.day) AS year,  -- the calendar year
  DATE(2000, EXTRACT(MONTH FROM n.day), EXTRACT(DAY FROM n.day)) AS common_day,  -- the same month and day in the leap year 2000: one axis for all years
  n.rides AS rides_so_far,  -- [count] rides from 1 January up to and with the day, e-bikes not among them
  n.moving_time_s AS moving_time_so_far_s,  -- [s] their time in motion
  n.distance_m AS distance_so_far_m,  -- [m] their distance, virtual meters included
  n.climb_m AS climb_so_far_m,  -- [m] their climbing on the road
  n.work_kj AS work_so_far_kj,  -- [kJ] their measured work
  p.rides AS rides_year_before,  -- [count] rides_so_far on the same month and day a year before (28 February for the 29th); null in the first year
  p.moving_time_s AS moving_time_year_before_s,  -- [s] moving_time_so_far_s on that day
  p.distance_m AS distance_year_before_m,  -- [m] distance_so_far_m on that day
  p.climb_m AS climb_year_before_m,  -- [m] climb_so_far_m on that day
  p.work_kj AS work_year_before_kj,  -- [kJ] work_so_far_kj on that day
  100 * SAFE_DIVIDE(n.moving_time_s - p.moving_time_s, p.moving_time_s) AS moving_time_change_pct,  -- [%] riding time against that of the year before; null where there was none
  100 * SAFE_DIVIDE(n.distance_m - p.distance_m, p.distance_m) AS distance_change_pct,  -- [%] distance against that of the year before
  100 * SAFE_DIVIDE(n.climb_m - p.climb_m, p.climb_m) AS climb_change_pct,  -- [%] climbing against that of the year before
  100 * SAFE_DIVIDE(n.work_kj - p.work_kj, p.work_kj) AS work_change_pct  -- [%] measured work against that of the year before
FROM summed AS n
LEFT JOIN summed AS p
  ON p.athlete_id = n.athlete_id AND p.day = CAST(DATE_SUB(n.day, INTERVAL 1 YEAR) AS DATE)
