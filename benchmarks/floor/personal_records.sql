-- personal_records as one would write it by hand for DuckDB alone. benchmarks/marts.py holds the mart against its time,
-- and its answer against the mart's.
WITH a AS (
  SELECT
    athlete_id, activity_id, activity_date, year::VARCHAR AS year, name, sport_type, as_of - activity_date < 90 AS recent,
    coalesce(is_virtual, false) OR coalesce(trainer, false) AS indoor,
    CASE WHEN moving_time_s BETWEEN 1 AND 2592000 THEN moving_time_s ELSE 0 END AS seconds,
    CASE WHEN NOT indoor AND distance_m BETWEEN 0 AND 20000000 THEN distance_m ELSE 0 END AS metres,
    CASE WHEN NOT indoor AND total_elevation_gain_m BETWEEN 0 AND 1000000 THEN total_elevation_gain_m ELSE 0 END AS climb,
    coalesce(counts_for_power, false) AND device_watts AND average_watts > 0 AND average_watts <= 2500 AND kilojoules > 0
      AND seconds > 0 AND kilojoules <= 2.5 * seconds AS measured,
    CASE WHEN measured THEN round(kilojoules * 1000) END AS joules,
    CASE WHEN measured AND weighted_average_watts > 0 AND weighted_average_watts <= 2500 THEN weighted_average_watts END
      AS weighted
  FROM bq_activities CROSS JOIN mart_settings LEFT JOIN sport_rules USING (sport_type)
  WHERE deleted_at IS NULL AND activity_date <= as_of + 1 AND NOT coalesce(flagged, false) AND NOT coalesce(manual, false)
    AND (count_commutes OR NOT coalesce(commute, false)) AND (count_virtual OR NOT coalesce(is_virtual, false))
    AND NOT coalesce(is_ebike, false) AND (coalesce(is_ride, false) OR coalesce(counts_for_power, false))
    AND (athlete_id, activity_id) NOT IN (FROM doubles())
), r AS (
  SELECT
    athlete_id, year, recent, (activity_date, activity_id) AS who, name, sport_type,
    unnest([
      ('longest_distance', metres, 'm'), ('longest_time', seconds, 's'), ('most_climbing', climb, 'm'),
      ('highest_average_watts', CASE WHEN seconds >= 1200 THEN joules / seconds END, 'W'),
      ('highest_weighted_watts', CASE WHEN seconds >= 1200 THEN weighted END, 'W'), ('most_work', joules / 1000, 'kJ')
    ]) AS record
  FROM a
), b AS (
  SELECT
    athlete_id, record[1] AS record, record[3] AS unit, year, grouping(year) AS all_years,
    arg_min((record[2]::DOUBLE, who, name, sport_type), (-record[2]::DOUBLE, who)) AS best,
    arg_min((record[2]::DOUBLE, who, name, sport_type), (-record[2]::DOUBLE, who)) FILTER (recent) AS best_of_90
  FROM r WHERE record[2] > 0
  GROUP BY GROUPING SETS ((athlete_id, record[1], record[3], year), (athlete_id, record[1], record[3]))
), p AS (
  SELECT athlete_id, coalesce(year, 'all_time') AS period, record, unit, best FROM b
  UNION ALL
  SELECT athlete_id, 'last_90_days', record, unit, best_of_90 FROM b WHERE all_years = 1 AND best_of_90 IS NOT NULL
)
SELECT
  athlete_id, period, record, best[1] AS value, unit, best[2][2] AS activity_id, best[2][1] AS activity_date,
  best[3] AS name, best[4] AS sport_type
FROM p
