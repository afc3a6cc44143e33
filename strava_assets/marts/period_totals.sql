-- period_totals: An athlete's riding by calendar week and by calendar quarter, from the period of the first activity to the running one: what weekly_watts and quarterly_overview share. Sums come first, then ratios of sums, never a mean of ride means. A period without a ride is a row with zero rides and null watts. The columns named cut sum only the first days of a period, as many as the running one has so far, so that both can be compared.
-- grain: one calendar week or quarter of one athlete, without gaps
-- key: athlete_id, period_kind, period_start
-- kind: view
-- preview: period_kind, period_start, rides, moving_time_s, distance_m, average_watts
WITH athletes AS (
  SELECT
    m.athlete_id,
    MIN(m.week) AS first_week,
    MIN(m.quarter) AS first_quarter,
    GREATEST(MAX(m.activity_date), MAX(s.as_of)) AS today
  FROM activity_measures AS m
  CROSS JOIN mart_settings AS s
  GROUP BY m.athlete_id
),
running AS (
  -- Days of the running week and quarter so far; the periods they are compared with are cut to as many.
  SELECT
    a.*,
    MOD(DATE_DIFF(today, first_week, DAY), 7) + 1 AS days_of_week,
    DATE_DIFF(today, DATE(EXTRACT(YEAR FROM today), 3 * EXTRACT(QUARTER FROM today) - 2, 1), DAY) + 1 AS days_of_quarter
  FROM athletes AS a
),
calendar AS (
  SELECT
    athlete_id,
    'week' AS period_kind,
    CAST(first_day AS DATE) AS period_start,
    CAST(DATE_ADD(first_day, INTERVAL 6 DAY) AS DATE) AS period_end,
    today,
    days_of_week AS running_days
  FROM running
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(first_week, today, INTERVAL 7 DAY)) AS first_day
  UNION ALL
  SELECT
    athlete_id,
    'quarter' AS period_kind,
    CAST(first_day AS DATE) AS period_start,
    CAST(DATE_SUB(DATE_ADD(first_day, INTERVAL 3 MONTH), INTERVAL 1 DAY) AS DATE) AS period_end,
    today,
    days_of_quarter AS running_days
  FROM running
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(first_quarter, today, INTERVAL 3 MONTH)) AS first_day
),
rides AS (
  SELECT 'week' AS period_kind, m.week AS period_start, m.*
  FROM activity_measures AS m
  WHERE m.is_ride OR m.is_ebike_ride
  UNION ALL
  SELECT 'quarter' AS period_kind, m.quarter AS period_start, m.*
  FROM activity_measures AS m
  WHERE m.is_ride OR m.is_ebike_ride
),
joined AS (
  -- A period without a ride is a row of nulls.
  SELECT
    c.athlete_id AS athlete,
    c.period_kind AS kind,
    c.period_start AS first_day,
    c.period_end,
    c.today,
    DATE_DIFF(r.activity_date, c.period_start, DAY) < c.running_days AS is_in_cut,
    IF(r.is_ride AND r.load_source != 'none', r.load_source, NULL) AS known_load_source,
    r.*
  FROM calendar AS c
  LEFT JOIN rides AS r
    ON r.athlete_id = c.athlete_id AND r.period_kind = c.period_kind AND r.period_start = c.period_start
),
totals AS (
  SELECT
    athlete AS athlete_id,  -- the athlete
    kind AS period_kind,  -- week or quarter
    first_day AS period_start,  -- first day of the period, in the athlete's local time
    period_end,  -- last day of the period
    LEAST(today, period_end) AS last_day,  -- last day of the period so far: its end, or today in the running one
    today <= period_end AS is_partial,  -- the period contains today: unfinished, its sums still grow
    DATE_DIFF(LEAST(today, period_end), first_day, DAY) + 1 AS days_elapsed,  -- [days] days of the period up to today; all of them once it is over
    COUNTIF(is_ride) AS rides,  -- [count] rides that started in the period, e-bikes not among them {sum}
    COUNT(DISTINCT IF(is_ride, activity_date, NULL)) AS ride_days,  -- [days] days with a ride {sum}
    COUNTIF(is_ride AND is_commute) AS commute_rides,  -- [count] rides marked as commutes {sum}
    SUM(IF(is_ride, moving_time_s, 0)) AS moving_time_s,  -- [s] time in motion on rides {sum}
    SUM(IF(is_ride, indoor_time_s, 0)) AS indoor_time_s,  -- [s] of it on a trainer or in a virtual world {sum}
    SAFE_DIVIDE(SUM(IF(is_ride, indoor_time_s, 0)), SUM(IF(is_ride, moving_time_s, 0))) AS indoor_share,  -- [0-1] indoor time of all riding time {ratio: indoor_time_s / moving_time_s}
    SAFE_DIVIDE(SUM(IF(is_ride AND is_commute, moving_time_s, 0)), SUM(IF(is_ride, moving_time_s, 0))) AS commute_share,  -- [0-1] commuting time of all riding time
    SUM(IF(is_ride, distance_m, 0)) AS distance_m,  -- [m] distance of rides, virtual meters included {sum}
    SUM(IF(is_ride, climb_m, 0)) AS climb_m,  -- [m] climbing on the road {sum}
    SUM(IF(is_ride, virtual_climb_m, 0)) AS virtual_climb_m,  -- [m] climbing indoors, apart from the real {sum}
    COUNTIF(is_ebike_ride) AS ebike_rides,  -- [count] rides with a motor; in no other column {sum}
    SUM(IF(is_ebike_ride, distance_m, 0)) AS ebike_distance_m,  -- [m] distance with a motor; in no other column {sum}
    SAFE_DIVIDE(SUM(IF(is_ebike_ride, moving_time_s, 0)), SUM(moving_time_s)) AS ebike_share,  -- [0-1] time with a motor of all time on cycles
    COUNTIF(is_power_ride) AS power_rides,  -- [count] rides whose watts a power meter measured {sum}
    COALESCE(SUM(power_s), 0) AS power_s,  -- [s] time in motion on those {sum}
    SAFE_DIVIDE(SUM(power_s), SUM(IF(is_ride, moving_time_s, 0))) AS power_coverage,  -- [0-1] share of the riding time that carries measured power {ratio: power_s / moving_time_s}
    COALESCE(SUM(work_j), 0) / 1000.0 AS work_kj,  -- [kJ] measured work {sum}
    SAFE_DIVIDE(SUM(work_j), SUM(power_s)) AS average_watts,  -- [W] measured work over the seconds of the rides with a power meter {ratio: 1000 * work_kj / power_s}
    POW(SAFE_DIVIDE(SUM(weighted_w4s), SUM(weighted_s)), 0.25) AS weighted_average_watts,  -- [W] fourth root of the time-weighted mean of weighted power to the fourth; Strava's, or xPower where the seconds' figures are used; not normalized power {ratio: POWER(weighted_w4s / weighted_s, 0.25)}
    SAFE_DIVIDE(
      POW(SAFE_DIVIDE(SUM(weighted_w4s), SUM(weighted_s)), 0.25), SAFE_DIVIDE(SUM(weighted_work_j), SUM(weighted_s))
    ) AS variability,  -- weighted over average power of the same rides; 1 is perfectly even
    MAX(best_weighted_watts) AS best_ride_weighted_watts,  -- [W] highest weighted power of a ride of 30 minutes or more
    MAX(max_watts) AS max_watts,  -- [W] highest power a meter saw; above @most_watts W it is taken for a fault
    COUNTIF(stream_s > 0) AS stream_rides,  -- [count] rides with a power meter whose normalized power is known from their own seconds {sum}
    SAFE_DIVIDE(SUM(IF(stream_s > 0, power_s, 0)), SUM(power_s)) AS stream_coverage,  -- [0-1] share of power_s that lies on those; null where there is no measured power
    POW(SAFE_DIVIDE(SUM(normalized_w4s), SUM(stream_s)), 0.25) AS normalized_power_w,  -- [W] fourth root of the mean of those rides' normalized power to the fourth, by recorded seconds; null without any, and never Strava's weighted power {ratio: POWER(normalized_w4s / stream_s, 0.25)}
    SUM(tss) AS tss,  -- [pts] training stress score, summed over the rides for which it is known; null where it is for none {sum}
    COUNT(tss) AS tss_rides,  -- [count] those rides {sum}
    MAX(best_5s_w) AS best_5s_w,  -- [W] highest mean power over 5 seconds in one ride, of the rides whose seconds are known
    MAX(best_60s_w) AS best_60s_w,  -- [W] highest mean power over a minute in one ride, of the rides whose seconds are known
    MAX(best_300s_w) AS best_300s_w,  -- [W] highest mean power over 5 minutes in one ride, of the rides whose seconds are known
    MAX(best_1200s_w) AS best_1200s_w,  -- [W] highest mean power over 20 minutes in one ride, of the rides whose seconds are known
    MAX(best_3600s_w) AS best_3600s_w,  -- [W] highest mean power over an hour in one ride, of the rides whose seconds are known
    COUNTIF(is_estimated_ride) AS estimated_rides,  -- [count] rides whose watts Strava estimated {sum}
    SAFE_DIVIDE(SUM(estimated_work_j), SUM(estimated_s)) AS estimated_average_watts,  -- [W] estimated work over the seconds of those rides; never mixed with measured power
    SAFE_DIVIDE(SUM(work_j_per_kg), SUM(weighed_s)) AS average_watts_per_kg,  -- [W/kg] measured power by the body weight of the day, over rides on days whose weight is known
    60 * SAFE_DIVIDE(SUM(IF(is_ride, heartbeats, 0)), SUM(IF(is_ride, heartrate_s, 0))) AS average_heartrate_bpm,  -- [bpm] mean heart rate of rides that have one, weighted by time {ratio: 60 * heartbeats / heartrate_s}
    SAFE_DIVIDE(
      POW(SAFE_DIVIDE(SUM(efficiency_w4s), SUM(efficiency_s)), 0.25),
      60 * SAFE_DIVIDE(SUM(efficiency_heartbeats), SUM(efficiency_s))
    ) AS watts_per_heartbeat,  -- [W/bpm] weighted power over mean heart rate, both of the rides that have both
    SUM(IF(is_ride, relative_effort, NULL)) AS relative_effort,  -- [pts] Strava's Relative Effort, summed over the rides that have one {sum}
    COUNTIF(is_ride AND relative_effort IS NOT NULL) AS relative_effort_rides,  -- [count] those rides {sum}
    SUM(IF(is_ride, training_load, NULL)) AS training_load,  -- [pts] sum over the rides for which one is known; 100 is an hour at threshold {sum}
    COUNTIF(is_ride AND training_load IS NOT NULL) AS training_load_rides,  -- [count] those rides {sum}
    CASE
      WHEN MIN(known_load_source) != MAX(known_load_source) THEN 'mixed'
      ELSE COALESCE(MAX(known_load_source), 'none')
    END AS load_source,  -- what training_load rests on: power, pace, heart_rate, mixed or none
    COALESCE(SUM(work_j), 0) AS work_j,  -- [J] measured work
    COALESCE(SUM(weighted_s), 0) AS weighted_s,  -- [s] time in motion that carries weighted power {sum}
    COALESCE(SUM(weighted_w4s), 0) AS weighted_w4s,  -- [W⁴·s] weighted power to the fourth times those seconds {sum}
    COALESCE(SUM(normalized_w4s), 0) AS normalized_w4s,  -- [W⁴·s] normalized power to the fourth times the recorded seconds of stream_s {sum}
    COALESCE(SUM(stream_s), 0) AS stream_s,  -- [s] recorded seconds, pauses left out, of the rides of stream_rides {sum}
    COALESCE(SUM(IF(is_ride, heartbeats, 0)), 0) AS heartbeats,  -- [beats] heartbeats of rides that have a heart rate {sum}
    COALESCE(SUM(IF(is_ride, heartrate_s, 0)), 0) AS heartrate_s,  -- [s] time in motion of those rides {sum}
    SUM(IF(is_ride AND is_in_cut, moving_time_s, 0)) AS moving_time_cut_s,  -- [s] moving_time_s of the cut
    SUM(IF(is_ride AND is_in_cut, distance_m, 0)) AS distance_cut_m,  -- [m] distance_m of the cut
    SUM(IF(is_ride AND is_in_cut, climb_m, 0)) AS climb_cut_m,  -- [m] climb_m of the cut
    SUM(IF(is_in_cut, power_s, 0)) AS power_cut_s,  -- [s] power_s of the cut
    SUM(IF(is_in_cut, work_j, 0)) AS work_cut_j,  -- [J] work_j of the cut
    SAFE_DIVIDE(SUM(IF(is_in_cut, work_j, 0)), SUM(IF(is_in_cut, power_s, 0))) AS average_watts_cut,  -- [W] average_watts of the cut
    POW(
      SAFE_DIVIDE(SUM(IF(is_in_cut, weighted_w4s, 0)), SUM(IF(is_in_cut, weighted_s, 0))), 0.25
    ) AS weighted_average_watts_cut,  -- [W] weighted_average_watts of the cut
    SAFE_DIVIDE(
      POW(SAFE_DIVIDE(SUM(IF(is_in_cut, efficiency_w4s, 0)), SUM(IF(is_in_cut, efficiency_s, 0))), 0.25),
      60 * SAFE_DIVIDE(SUM(IF(is_in_cut, efficiency_heartbeats, 0)), SUM(IF(is_in_cut, efficiency_s, 0)))
    ) AS watts_per_heartbeat_cut  -- [W/bpm] watts_per_heartbeat of the cut
  FROM joined
  GROUP BY athlete, kind, first_day, period_end, today
),
best_rides AS (
  -- Of several equal rides the earliest day's, then the smallest id: the order of arrival decides nothing.
  SELECT
    r.athlete_id,
    r.period_kind,
    r.period_start,
    SUBSTR(MIN(CONCAT(CAST(r.activity_date AS STRING), r.activity_id)), 11) AS best_ride_id
  FROM rides AS r
  INNER JOIN totals AS t
    ON t.athlete_id = r.athlete_id
      AND t.period_kind = r.period_kind
      AND t.period_start = r.period_start
      AND t.best_ride_weighted_watts = r.best_weighted_watts
  GROUP BY r.athlete_id, r.period_kind, r.period_start
)
SELECT
  t.*,
  b.best_ride_id  -- the ride of best_ride_weighted_watts, by Strava's id
FROM totals AS t
LEFT JOIN best_rides AS b
  ON b.athlete_id = t.athlete_id AND b.period_kind = t.period_kind AND b.period_start = t.period_start
