-- eddington as one would write it by hand for DuckDB alone. benchmarks/marts.py holds the mart against its time, and its
-- answer against the mart's.
WITH a AS (
  SELECT
    athlete_id, activity_date, CASE WHEN distance_m BETWEEN 0 AND 20000000 THEN distance_m ELSE 0 END AS metres,
    (athlete_id, activity_id) NOT IN (FROM doubles()) AND (count_commutes OR NOT coalesce(commute, false))
      AND (count_virtual OR NOT coalesce(is_virtual, false)) AND NOT coalesce(is_ebike, false)
      AND (coalesce(is_ride, false) OR coalesce(counts_for_power, false)) AND NOT coalesce(flagged, false) AS fair
  FROM bq_activities CROSS JOIN mart_settings LEFT JOIN sport_rules USING (sport_type)
  WHERE deleted_at IS NULL AND activity_date <= as_of + 1
), units AS (
  FROM (VALUES ('km', 1000.0), ('mi', 1609.344)) AS u(unit, metres)
), l AS (
  SELECT athlete_id, unit, activity_date, floor(round(sum(a.metres) / u.metres, 9))::BIGINT AS length
  FROM a, units AS u WHERE fair GROUP BY athlete_id, unit, activity_date, u.metres
), e AS (
  SELECT athlete_id, unit, count(*) AS e
  FROM (SELECT *, row_number() OVER (PARTITION BY athlete_id, unit ORDER BY length DESC) AS place FROM l)
  WHERE length >= place GROUP BY ALL
), n AS (
  SELECT athlete_id, unit, coalesce(e, 0) AS eddington_number, unnest(range(1, coalesce(e, 0) + 11)) AS number
  FROM (SELECT DISTINCT athlete_id FROM a) CROSS JOIN units LEFT JOIN e USING (athlete_id, unit)
), d AS (
  SELECT athlete_id, unit, least(length, coalesce(e, 0) + 10) AS number, count(*) AS days
  FROM l LEFT JOIN e USING (athlete_id, unit) GROUP BY ALL
), dated AS (
  SELECT athlete_id, unit, number, list_sort(list(activity_date))[number] AS reached_on
  FROM (
    SELECT athlete_id, unit, activity_date, unnest(range(1, least(length, e) + 1)) AS number
    FROM l JOIN e USING (athlete_id, unit)
  )
  GROUP BY athlete_id, unit, number
)
SELECT
  athlete_id, unit, number, eddington_number, number = eddington_number AS is_current,
  coalesce(sum(at_number) OVER (PARTITION BY athlete_id, unit ORDER BY number DESC), 0)::BIGINT AS days,
  greatest(number - days, 0) AS days_missing, reached_on
FROM (SELECT n.*, d.days AS at_number FROM n LEFT JOIN d USING (athlete_id, unit, number))
LEFT JOIN dated USING (athlete_id, unit, number)
