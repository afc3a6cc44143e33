-- The recordings that a better one of the same time displaces, by hand for DuckDB: benchmarks/marts.py makes a macro of
-- it, which the floors read.
WITH r AS (
  SELECT
    athlete_id, activity_id, coalesce(family, 'other') AS family, epoch(start_date)::BIGINT AS b, b + moving_time_s AS e,
    moving_time_s AS seconds,
    (
      NOT ((count_commutes OR NOT coalesce(commute, false)) AND (count_virtual OR NOT coalesce(is_virtual, false))),
      NOT coalesce(
        device_watts AND average_watts > 0 AND average_watts <= 2500 AND kilojoules > 0
          AND kilojoules <= 2.5 * moving_time_s, false
      ),
      NOT coalesce(average_heartrate_bpm BETWEEN 25 AND 250, false), -moving_time_s, activity_id
    ) AS rank
  FROM bq_activities CROSS JOIN mart_settings LEFT JOIN sport_rules USING (sport_type)
  WHERE deleted_at IS NULL AND activity_date <= as_of + 1 AND moving_time_s BETWEEN 1 AND 172800
    AND NOT coalesce(manual, false)
), near AS (
  SELECT *, max(e) OVER before AS until FROM r
  WINDOW before AS (
    PARTITION BY athlete_id, family ORDER BY b, activity_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  )
  QUALIFY until > b OR lead(b) OVER (PARTITION BY athlete_id, family ORDER BY b, activity_id) < e
)
SELECT DISTINCT w.athlete_id, w.activity_id
FROM near AS w JOIN near AS g
  ON g.athlete_id = w.athlete_id AND g.family = w.family AND g.b < w.e AND w.b < g.e AND g.rank < w.rank
WHERE 2 * (least(w.e, g.e) - greatest(w.b, g.b)) > least(w.seconds, g.seconds)
