-- eddington: An athlete's Eddington number and how it grew, in kilometers and in miles. The number is the largest E for which there were E days of E or more: all rides of a day together, cut to whole units; flagged rides and e-bikes do not count. There is a row for every number reached, with the day it was, and for the next ten, with the days still missing.
-- grain: one number of one athlete in one unit of distance
-- key: athlete_id, unit, number
-- preview: unit, number, days, days_missing, reached_on
-- charts: eddington-growth, eddington-ahead
WITH units AS (
  SELECT 'km' AS unit, 1000.0 AS unit_m
  UNION ALL
  SELECT 'mi' AS unit, 1609.344 AS unit_m
),
days AS (
  SELECT athlete_id, activity_date, SUM(distance_m) AS distance_m
  FROM activity_measures
  WHERE is_ride AND NOT is_flagged
  GROUP BY athlete_id, activity_date
),
lengths AS (
  -- Rounded to a thousandth of a millimeter before the cut: three rides that make up 100 km are 100, not 99.9999….
  SELECT
    d.athlete_id,
    u.unit,
    d.activity_date,
    CAST(FLOOR(ROUND(d.distance_m / u.unit_m, 9)) AS INT64) AS length
  FROM days AS d
  CROSS JOIN units AS u
),
ranked AS (
  SELECT
    athlete_id,
    unit,
    activity_date,
    EXTRACT(YEAR FROM activity_date) AS year,
    length,
    ROW_NUMBER() OVER (PARTITION BY athlete_id, unit ORDER BY length DESC) AS place,
    ROW_NUMBER() OVER (
      PARTITION BY athlete_id, unit, EXTRACT(YEAR FROM activity_date) ORDER BY length DESC
    ) AS place_in_year
  FROM lengths
),
reached AS (
  SELECT athlete_id, unit, CAST(COUNTIF(length >= place) AS INT64) AS eddington_number
  FROM ranked
  GROUP BY athlete_id, unit
),
years AS (
  SELECT athlete_id, unit, year, CAST(COUNTIF(length >= place_in_year) AS INT64) AS number_of_year
  FROM ranked
  GROUP BY athlete_id, unit, year
),
floors AS (
  -- What one earlier year reached by itself needs no dating among later days; without this, every kilometer
  -- of every day would be a row.
  SELECT
    athlete_id,
    unit,
    year,
    COALESCE(
      MAX(number_of_year) OVER (
        PARTITION BY athlete_id, unit ORDER BY year ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
      ),
      0
    ) AS surely_reached
  FROM years
),
athletes AS (
  SELECT a.athlete_id, u.unit, COALESCE(r.eddington_number, 0) AS eddington_number
  FROM (SELECT DISTINCT athlete_id FROM activity_measures) AS a
  CROSS JOIN units AS u
  LEFT JOIN reached AS r
    ON r.athlete_id = a.athlete_id AND r.unit = u.unit
),
numbers AS (
  SELECT athlete_id, unit, eddington_number, number
  FROM athletes
  CROSS JOIN UNNEST(GENERATE_ARRAY(1, eddington_number + 10)) AS number
),
counted AS (
  SELECT l.athlete_id, l.unit, LEAST(l.length, a.eddington_number + 10) AS number, COUNT(*) AS days
  FROM lengths AS l
  INNER JOIN athletes AS a
    ON a.athlete_id = l.athlete_id AND a.unit = l.unit
  GROUP BY l.athlete_id, l.unit, LEAST(l.length, a.eddington_number + 10)
),
dated AS (
  -- E is reached on the E-th of the days of E or more.
  SELECT l.athlete_id, l.unit, number, l.activity_date AS reached_on
  FROM ranked AS l
  INNER JOIN reached AS r
    ON r.athlete_id = l.athlete_id AND r.unit = l.unit
  INNER JOIN floors AS f
    ON f.athlete_id = l.athlete_id AND f.unit = l.unit AND f.year = l.year
  CROSS JOIN UNNEST(GENERATE_ARRAY(f.surely_reached + 1, LEAST(l.length, r.eddington_number))) AS number
  QUALIFY ROW_NUMBER() OVER (PARTITION BY l.athlete_id, l.unit, number ORDER BY l.activity_date) = number
),
summed AS (
  SELECT n.*, COALESCE(SUM(c.days) OVER and_longer, 0) AS days
  FROM numbers AS n
  LEFT JOIN counted AS c
    ON c.athlete_id = n.athlete_id AND c.unit = n.unit AND c.number = n.number
  WINDOW and_longer AS (
    PARTITION BY n.athlete_id, n.unit
    ORDER BY n.number DESC
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
)
SELECT
  s.athlete_id,  -- the athlete
  s.unit,  -- km or mi
  s.number,  -- the number E: E days of E units or more
  s.eddington_number,  -- the athlete's number today, the same in all rows of a unit
  s.number = s.eddington_number AS is_current,  -- the row of the athlete's number today
  s.days,  -- [days] days with at least so many units so far
  GREATEST(s.number - s.days, 0) AS days_missing,  -- [days] days of so many units or more that are missing for it; 0 once reached
  d.reached_on  -- the day it was reached; null for those to come
FROM summed AS s
LEFT JOIN dated AS d
  ON d.athlete_id = s.athlete_id AND d.unit = s.unit AND d.number = s.number
