-- year_on_year as one would write it by hand for DuckDB alone. benchmarks/marts.py holds the mart against its time, and
-- its answer against the mart's.
WITH a AS (
  SELECT
    athlete_id, activity_date AS day, year, as_of, coalesce(is_virtual, false) OR coalesce(trainer, false) AS indoor,
    (athlete_id, activity_id) NOT IN (FROM doubles()) AND (count_commutes OR NOT coalesce(commute, false))
      AND (count_virtual OR NOT coalesce(is_virtual, false)) AND NOT coalesce(is_ebike, false)
      AND (coalesce(is_ride, false) OR coalesce(counts_for_power, false)) AS ride,
    CASE WHEN moving_time_s BETWEEN 1 AND 2592000 THEN moving_time_s ELSE 0 END AS seconds,
    CASE WHEN distance_m BETWEEN 0 AND 20000000 THEN distance_m ELSE 0 END AS metres,
    CASE WHEN NOT indoor AND total_elevation_gain_m BETWEEN 0 AND 1000000 THEN total_elevation_gain_m ELSE 0 END AS climb,
    CASE
      WHEN coalesce(counts_for_power, false) AND device_watts AND average_watts > 0 AND average_watts <= 2500
        AND kilojoules > 0 AND seconds > 0 AND kilojoules <= 2.5 * seconds AND NOT coalesce(manual, false)
        THEN round(kilojoules * 1000)
    END AS joules
  FROM bq_activities CROSS JOIN mart_settings LEFT JOIN sport_rules USING (sport_type)
  WHERE deleted_at IS NULL AND activity_date <= as_of + 1
), s AS (
  SELECT
    athlete_id, day, count(*) AS n, sum(seconds) AS seconds, sum(metres) AS metres, sum(climb) AS climb,
    sum(joules) AS joules
  FROM a WHERE ride GROUP BY ALL
), c AS (
  SELECT athlete_id, unnest(generate_series(first, today, INTERVAL 1 DAY))::DATE AS day
  FROM (
    SELECT athlete_id, make_date(min(year), 1, 1) AS first, greatest(max(day), any_value(as_of)) AS today
    FROM a GROUP BY athlete_id
  )
), y AS (
  SELECT
    athlete_id, day, coalesce(sum(n) OVER y, 0)::BIGINT AS n, coalesce(sum(seconds) OVER y, 0)::BIGINT AS seconds,
    coalesce(sum(metres) OVER y, 0) AS metres, coalesce(sum(climb) OVER y, 0) AS climb,
    coalesce(sum(joules) OVER y, 0) / 1000 AS kj
  FROM c LEFT JOIN s USING (athlete_id, day)
  WINDOW y AS (PARTITION BY athlete_id, year(day) ORDER BY day ROWS UNBOUNDED PRECEDING)
)
SELECT
  n.athlete_id, n.day, year(n.day) AS year, make_date(2000, month(n.day), day(n.day)) AS common_day, n.n AS rides_so_far,
  n.seconds AS moving_time_so_far_s, n.metres AS distance_so_far_m, n.climb AS climb_so_far_m, n.kj AS work_so_far_kj,
  p.n AS rides_year_before, p.seconds AS moving_time_year_before_s, p.metres AS distance_year_before_m,
  p.climb AS climb_year_before_m, p.kj AS work_year_before_kj,
  100 * (n.seconds / nullif(p.seconds, 0) - 1) AS moving_time_change_pct,
  100 * (n.metres / nullif(p.metres, 0) - 1) AS distance_change_pct,
  100 * (n.climb / nullif(p.climb, 0) - 1) AS climb_change_pct, 100 * (n.kj / nullif(p.kj, 0) - 1) AS work_change_pct
FROM y AS n LEFT JOIN y AS p ON p.athlete_id = n.athlete_id AND p.day = (n.day - INTERVAL 1 YEAR)::DATE
