-- gear_use as one would write it by hand for DuckDB alone. benchmarks/marts.py holds the mart against its time, and its
-- answer against the mart's.
WITH a AS (
  SELECT
    athlete_id, coalesce(gear_id, 'none') AS gear_id, sport_type, activity_date, year, as_of,
    as_of - activity_date < 90 AS recent, coalesce(is_virtual, false) OR coalesce(trainer, false) AS indoor,
    CASE WHEN moving_time_s BETWEEN 1 AND 2592000 THEN moving_time_s ELSE 0 END AS seconds,
    CASE WHEN distance_m BETWEEN 0 AND 20000000 THEN distance_m ELSE 0 END AS metres,
    CASE WHEN total_elevation_gain_m BETWEEN 0 AND 1000000 THEN total_elevation_gain_m ELSE 0 END AS climb,
    round(kilojoules * 1000)::BIGINT AS joules,
    (count_commutes OR NOT coalesce(commute, false)) AND (count_virtual OR NOT coalesce(is_virtual, false))
      AND NOT coalesce(is_ebike, false) AND coalesce(counts_for_power, false) AND device_watts AND average_watts > 0
      AND average_watts <= 2500 AND kilojoules > 0 AND seconds > 0 AND kilojoules <= 2.5 * seconds
      AND NOT coalesce(manual, false) AS measured
  FROM bq_activities CROSS JOIN mart_settings LEFT JOIN sport_rules USING (sport_type)
  WHERE deleted_at IS NULL AND activity_date <= as_of + 1 AND (athlete_id, activity_id) NOT IN (FROM doubles())
), s AS (
  SELECT athlete_id, gear_id, sport_type, sum(seconds) AS seconds, count(*) AS n FROM a GROUP BY ALL
)
SELECT
  athlete_id, gear_id,
  CASE WHEN gear_id = 'none' THEN 'none' WHEN gear_id[1] = 'b' THEN 'bike' WHEN gear_id[1] = 'g' THEN 'shoes' ELSE 'other' END
    AS kind,
  main_sport_type, count(*) AS activities, count(DISTINCT activity_date) AS active_days, sum(seconds) AS moving_time_s,
  coalesce(sum(seconds) FILTER (indoor), 0) AS indoor_time_s, sum(metres) AS distance_m,
  coalesce(sum(metres) FILTER (NOT indoor), 0) AS outdoor_distance_m, coalesce(sum(climb) FILTER (NOT indoor), 0) AS climb_m,
  coalesce(sum(joules) FILTER (measured), 0) / 1000 AS work_kj,
  sum(joules) FILTER (measured) / sum(seconds) FILTER (measured) AS average_watts,
  min(activity_date) AS first_used_on, max(activity_date) AS last_used_on,
  greatest(any_value(as_of) - max(activity_date), 0) AS days_since_used,
  coalesce(sum(metres) FILTER (year = year(as_of)), 0) AS distance_this_year_m,
  coalesce(sum(metres) FILTER (recent), 0) AS distance_90d_m, coalesce(sum(seconds) FILTER (recent), 0) AS moving_time_90d_s
FROM a
JOIN (
  SELECT athlete_id, gear_id, arg_min(sport_type, (-seconds, -n, coalesce(sport_type, ''))) AS main_sport_type
  FROM s GROUP BY ALL
) USING (athlete_id, gear_id)
GROUP BY athlete_id, gear_id, main_sport_type
