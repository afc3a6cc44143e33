-- power_curve as one would write it by hand for DuckDB alone. benchmarks/marts.py holds the mart against its time, and its
-- answer against the mart's.
WITH figures AS (
  SELECT
    * EXCLUDE (valid_to),
    least(valid_to, lead(valid_from) OVER (PARTITION BY athlete_id ORDER BY valid_from)) AS valid_to
  FROM athlete_profile
), rides AS (
  SELECT
    athlete_id, activity_id, activity_date, quarter, name, as_of, as_of - activity_date AS days_ago,
    CASE WHEN weight_kg BETWEEN 20 AND 300 THEN weight_kg END AS kg
  FROM bq_activities
  CROSS JOIN mart_settings
  JOIN sport_rules USING (sport_type)
  LEFT JOIN figures AS f USING (athlete_id)
  WHERE deleted_at IS NULL AND activity_date <= as_of + 1 AND NOT coalesce(flagged, false) AND NOT coalesce(manual, false)
    AND (count_commutes OR NOT coalesce(commute, false)) AND (count_virtual OR NOT is_virtual)
    AND NOT is_ebike AND counts_for_power AND device_watts AND average_watts > 0 AND average_watts <= 2500
    AND kilojoules > 0 AND moving_time_s BETWEEN 1 AND 2592000 AND kilojoules <= 2.5 * moving_time_s
    AND (athlete_id, activity_id) NOT IN (FROM doubles())
    AND (f.athlete_id IS NULL OR activity_date >= f.valid_from AND (f.valid_to IS NULL OR activity_date < f.valid_to))
), q AS (
  SELECT
    athlete_id, duration_s, quarter, min((-energy_j, activity_date, activity_id, begins_at_s)) AS best,
    min((-energy_j, activity_date, activity_id, begins_at_s)) FILTER (days_ago < 90) AS best_90,
    min((-energy_j, activity_date, activity_id, begins_at_s)) FILTER (days_ago < 42) AS best_42
  FROM ride_bests JOIN rides USING (athlete_id, activity_id)
  WHERE duration_s BETWEEN 1 AND 2592000 AND energy_j BETWEEN 1 AND 2500 * duration_s
  GROUP BY ALL
), y AS (
  SELECT
    athlete_id, duration_s, year(quarter) AS year, grouping(year) AS all_years, min(best) AS best, min(best_90) AS best_90,
    min(best_42) AS best_42
  FROM q GROUP BY GROUPING SETS ((athlete_id, duration_s, year), (athlete_id, duration_s))
), c AS (
  SELECT
    athlete_id, year(quarter) || '-Q' || quarter(quarter) AS period, 'quarter' AS period_kind, quarter AS period_start,
    duration_s, best
  FROM q
  UNION ALL
  SELECT
    athlete_id, coalesce(year::VARCHAR, 'all_time'), CASE WHEN year IS NULL THEN 'all_time' ELSE 'year' END,
    make_date(year, 1, 1), duration_s, best
  FROM y
  UNION ALL
  SELECT athlete_id, 'last_90_days', 'last_90_days', as_of - 89, duration_s, best_90
  FROM y, mart_settings WHERE all_years = 1 AND best_90 IS NOT NULL
  UNION ALL
  SELECT athlete_id, 'last_42_days', 'last_42_days', as_of - 41, duration_s, best_42
  FROM y, mart_settings WHERE all_years = 1 AND best_42 IS NOT NULL
)
SELECT
  c.athlete_id, period, period_kind, period_start, duration_s, -best[1] / duration_s AS watts,
  -best[1] / duration_s / kg AS watts_per_kg, -best[1] AS energy_j, activity_id, activity_date, best[4] AS begins_at_s, name
FROM c JOIN rides AS r ON r.athlete_id = c.athlete_id AND r.activity_id = best[3]
