-- power_curve: The highest mean power an athlete held for every duration, with the ride that holds it: of all time, of every year and quarter, of the last 90 and of the last 42 days. Only rides with measured power count whose seconds are known; flagged rides set no best. Pauses are zeros, so that an interrupted hour is no record. A longer duration may show more watts than a shorter one, never more energy in the same ride. Of equal bests the earliest day's holds, then the smallest id's.
-- grain: one duration in one period of one athlete
-- key: athlete_id, period, duration_s
-- preview: duration_s, watts, watts_per_kg, activity_date, name
-- preview_only: period = all_time
-- table_only: duration_s = 5, 60, 300, 1200, 3600
-- sparkline: watts
-- charts: curve-watts, curve-kg
WITH rides AS (
  SELECT
    m.athlete_id,
    m.activity_id,
    m.activity_date,
    m.quarter,
    m.name,
    m.weight_kg,
    CASE
      WHEN DATE_DIFF(s.as_of, m.activity_date, DAY) < 42 THEN 42
      WHEN DATE_DIFF(s.as_of, m.activity_date, DAY) < 90 THEN 90
    END AS within_days,
    ROW_NUMBER() OVER (
      PARTITION BY m.athlete_id ORDER BY m.activity_date DESC, m.activity_id DESC
    ) AS precedence
  FROM activity_measures AS m
  CROSS JOIN mart_settings AS s
  WHERE m.has_seconds AND NOT m.is_flagged
),
efforts AS (
  -- Energy and the ride's precedence in one whole number, the energy in front: its maximum is the best and tells
  -- who holds it, in one pass over what may be many millions of rows. An athlete may have sixteen million rides.
  SELECT
    b.athlete_id,
    b.duration_s,
    r.quarter,
    r.within_days,
    b.energy_j * 16777216 + r.precedence AS best,
    b.begins_at_s
  FROM ride_bests AS b
  INNER JOIN rides AS r
    ON r.athlete_id = b.athlete_id AND r.activity_id = b.activity_id
  WHERE b.duration_s BETWEEN 1 AND @longest_activity_s AND b.energy_j BETWEEN 1 AND @most_watts * b.duration_s
),
bests AS (
  SELECT
    athlete_id,
    duration_s,
    quarter,
    within_days,
    MAX(best) AS best,
    ANY_VALUE(begins_at_s HAVING MAX best) AS begins_at_s
  FROM efforts
  GROUP BY athlete_id, duration_s, quarter, within_days
),
periods AS (
  SELECT 'all_time' AS period_kind, CAST(NULL AS DATE) AS period_start, b.* FROM bests AS b
  UNION ALL
  SELECT 'year' AS period_kind, DATE(EXTRACT(YEAR FROM b.quarter), 1, 1) AS period_start, b.* FROM bests AS b
  UNION ALL
  SELECT 'quarter' AS period_kind, b.quarter AS period_start, b.* FROM bests AS b
  UNION ALL
  SELECT 'last_90_days' AS period_kind, DATE_SUB(s.as_of, INTERVAL 89 DAY) AS period_start, b.*
  FROM bests AS b
  CROSS JOIN mart_settings AS s
  WHERE b.within_days <= 90
  UNION ALL
  SELECT 'last_42_days' AS period_kind, DATE_SUB(s.as_of, INTERVAL 41 DAY) AS period_start, b.*
  FROM bests AS b
  CROSS JOIN mart_settings AS s
  WHERE b.within_days <= 42
),
curves AS (
  SELECT
    athlete_id,
    period_kind,
    CAST(period_start AS DATE) AS period_start,
    duration_s,
    MAX(best) AS best,
    ANY_VALUE(begins_at_s HAVING MAX best) AS begins_at_s
  FROM periods
  GROUP BY athlete_id, period_kind, period_start, duration_s
),
held AS (
  SELECT
    c.athlete_id,
    c.period_kind,
    c.period_start,
    c.duration_s,
    DIV(c.best, 16777216) AS energy_j,
    c.begins_at_s,
    r.activity_id,
    r.activity_date,
    r.name,
    r.weight_kg
  FROM curves AS c
  INNER JOIN rides AS r
    ON r.athlete_id = c.athlete_id AND r.precedence = MOD(c.best, 16777216)
)
SELECT
  h.athlete_id,  -- the athlete
  CASE h.period_kind
    WHEN 'year' THEN CAST(EXTRACT(YEAR FROM h.period_start) AS STRING)
    WHEN 'quarter' THEN CONCAT(
      CAST(EXTRACT(YEAR FROM h.period_start) AS STRING), '-Q', CAST(EXTRACT(QUARTER FROM h.period_start) AS STRING)
    )
    ELSE h.period_kind
  END AS period,  -- all_time, last_90_days and last_42_days (today included), a year, e.g. 2026, or a quarter, e.g. 2026-Q3
  h.period_kind,  -- all_time, year, quarter, last_90_days or last_42_days
  h.period_start,  -- first day of the period; null for all time
  h.duration_s,  -- [s] how long
  h.energy_j / h.duration_s AS watts,  -- [W] highest mean power over so long in one ride
  h.energy_j / h.duration_s / h.weight_kg AS watts_per_kg,  -- [W/kg] the same by the body weight of the ride's day, where known; a lighter day's fewer watts may be more
  h.energy_j,  -- [J] its work
  h.activity_id,  -- the ride that holds it, by Strava's id
  h.activity_date,  -- its local date
  h.begins_at_s,  -- [s] where in the ride it begins, in elapsed time
  h.name  -- the ride's title
FROM held AS h
