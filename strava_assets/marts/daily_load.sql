-- daily_load: An athlete's training load day by day, from the first activity to today, rest days included, with fitness (CTL), fatigue (ATL) and form (TSB). All counted sports add to the load, e-bikes do not. Load is TSS where a ride's seconds give it, else it rests on weighted power, a run's power or pace, or heart rate; an activity with none of them adds nothing and is counted, so that a low load can be told from an unknown one. CTL and ATL are exponential means with the factor 1 - exp(-1/N), N = 42 and 7 days. Both begin at start_load, the mean daily load of the first @start_days days, and at 0 while there are fewer.
-- grain: one calendar day of one athlete, without gaps
-- key: athlete_id, day
-- preview: day, training_load, load_source, fitness_ctl, fatigue_atl, form_tsb
-- sparkline: fitness_ctl
-- charts: load-fitness, load-days, load-form
WITH athletes AS (
  SELECT
    m.athlete_id,
    MIN(m.activity_date) AS first_day,
    GREATEST(MAX(m.activity_date), MAX(s.as_of)) AS today
  FROM activity_measures AS m
  CROSS JOIN mart_settings AS s
  GROUP BY m.athlete_id
),
calendar AS (
  SELECT athlete_id, first_day, day
  FROM athletes
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(first_day, today, INTERVAL 1 DAY)) AS day
),
sums AS (
  SELECT
    athlete_id,
    activity_date,
    COUNT(*) AS activities,
    COUNTIF(training_load IS NULL) AS activities_without_load,
    SUM(moving_time_s) AS moving_time_s,
    SUM(IF(training_load IS NULL, 0, moving_time_s)) AS loaded_s,
    SUM(IF(load_source = 'power', training_load, 0)) AS power_load,
    SUM(IF(load_source = 'pace', training_load, 0)) AS pace_load,
    SUM(IF(load_source = 'heart_rate', training_load, 0)) AS heartrate_load,
    MIN(IF(load_source = 'none', NULL, load_source)) AS first_load_source,
    MAX(IF(load_source = 'none', NULL, load_source)) AS last_load_source,
    COUNTIF(load_method = 'scaled_summary' AND load_scale_rides >= @fewest_scale_rides) AS scaled_rides,
    SUM(relative_effort) AS relative_effort,
    COUNTIF(stream_s > 0) AS stream_rides,
    SUM(IF(stream_s > 0, power_s, 0)) AS stream_power_s,
    SUM(power_s) AS power_s,
    SUM(stream_s) AS stream_s,
    SUM(normalized_w4s) AS normalized_w4s,
    SUM(tss) AS tss,
    COUNT(tss) AS tss_rides,
    MAX(best_5s_w) AS best_5s_w,
    MAX(best_60s_w) AS best_60s_w,
    MAX(best_300s_w) AS best_300s_w,
    MAX(best_1200s_w) AS best_1200s_w,
    MAX(best_3600s_w) AS best_3600s_w
  FROM activity_measures
  WHERE is_counted AND NOT is_ebike_ride
  GROUP BY athlete_id, activity_date
),
starts AS (
  SELECT
    a.athlete_id,
    IF(
      DATE_DIFF(a.today, a.first_day, DAY) + 1 >= @start_days,
      SUM(s.power_load + s.pace_load + s.heartrate_load) / @start_days,
      0.0
    ) AS start_load
  FROM athletes AS a
  INNER JOIN sums AS s
    ON s.athlete_id = a.athlete_id AND DATE_DIFF(s.activity_date, a.first_day, DAY) < @start_days
  GROUP BY a.athlete_id, a.today, a.first_day
),
days AS (
  -- An exponential mean is a sum of loads weighted with exp(days / N). Over decades that overflows, so it is
  -- taken over blocks of 2,048 days. Of the blocks before a block only the last one is carried into it: what
  -- lies further back weighs less than exp(-2048 / 42), which is 1e-21.
  SELECT
    c.athlete_id,
    c.day,
    DATE_DIFF(c.day, c.first_day, DAY) + 1 AS days_of_history,
    DIV(DATE_DIFF(c.day, c.first_day, DAY), 2048) AS block,
    MOD(DATE_DIFF(c.day, c.first_day, DAY), 2048) AS day_of_block,
    COALESCE(s.power_load + s.pace_load + s.heartrate_load, 0) AS training_load
  FROM calendar AS c
  LEFT JOIN sums AS s
    ON s.athlete_id = c.athlete_id AND s.activity_date = c.day
),
carried AS (
  SELECT
    athlete_id,
    block + 1 AS block,
    SUM(training_load * EXP((day_of_block - 2048) / 42.0)) AS slow_sum,
    SUM(training_load * EXP((day_of_block - 2048) / 7.0)) AS fast_sum
  FROM days
  GROUP BY athlete_id, block
),
summed AS (
  SELECT
    athlete_id,
    day,
    days_of_history,
    block,
    day_of_block,
    training_load,
    SUM(training_load * EXP(day_of_block / 42.0)) OVER block_so_far AS slow_sum,
    SUM(training_load * EXP(day_of_block / 7.0)) OVER block_so_far AS fast_sum
  FROM days
  WINDOW
    block_so_far AS (PARTITION BY athlete_id, block ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
),
trained AS (
  SELECT
    d.athlete_id,
    d.day,
    d.days_of_history,
    d.training_load,
    COALESCE(f.start_load, 0) AS start_load,
    COALESCE(f.start_load, 0) * EXP(-d.days_of_history / 42.0)
      + (1 - EXP(-1 / 42.0)) * (COALESCE(b.slow_sum, 0) + d.slow_sum) * EXP(-d.day_of_block / 42.0) AS fitness,
    COALESCE(f.start_load, 0) * EXP(-d.days_of_history / 7.0)
      + (1 - EXP(-1 / 7.0)) * (COALESCE(b.fast_sum, 0) + d.fast_sum) * EXP(-d.day_of_block / 7.0) AS fatigue
  FROM summed AS d
  LEFT JOIN starts AS f
    ON f.athlete_id = d.athlete_id
  LEFT JOIN carried AS b
    ON b.athlete_id = d.athlete_id AND b.block = d.block
),
compared AS (
  -- The windows pass over what they need; the day's other sums come afterwards.
  SELECT
    t.*,
    COALESCE(LAG(fitness - fatigue) OVER by_day, 0) AS form,
    fitness - LAG(fitness, 7) OVER by_day AS ramp_7d,
    SUM(training_load) OVER week_so_far AS load_7d,
    -- Equal loads have no deviation, whatever the adding leaves behind.
    IF(
      MAX(training_load) OVER week_so_far > MIN(training_load) OVER week_so_far * 1.000001,
      STDDEV_POP(training_load) OVER week_so_far,
      NULL
    ) AS load_deviation_7d
  FROM trained AS t
  WINDOW
    by_day AS (PARTITION BY athlete_id ORDER BY day),
    week_so_far AS (PARTITION BY athlete_id ORDER BY day ROWS BETWEEN 6 PRECEDING AND CURRENT ROW)
)
SELECT
  d.athlete_id,  -- the athlete
  CAST(d.day AS DATE) AS day,  -- the calendar day, in the athlete's local time
  COALESCE(s.activities, 0) AS activities,  -- [count] activities that count, of any sport; e-bikes not among them {sum}
  COALESCE(s.moving_time_s, 0) AS moving_time_s,  -- [s] their time in motion {sum}
  d.training_load,  -- [pts] load of the day, 0 on a rest day; an hour at threshold is 100 {sum}
  COALESCE(s.power_load, 0) AS power_load,  -- [pts] of it from measured power: TSS where a ride's seconds give it, else by weighted power, scaled to TSS; of runs by running power {sum}
  COALESCE(s.pace_load, 0) AS pace_load,  -- [pts] of it from the pace of runs {sum}
  COALESCE(s.heartrate_load, 0) AS heartrate_load,  -- [pts] of it from heart rate: Banister's impulse against that of an hour at threshold {sum}
  CASE
    WHEN s.first_load_source != s.last_load_source THEN 'mixed'
    ELSE COALESCE(s.last_load_source, 'none')
  END AS load_source,  -- what training_load rests on: power, pace, heart_rate, mixed or none (no activity, or none with a known load)
  COALESCE(s.scaled_rides, 0) AS scaled_rides,  -- [count] rides whose load is the summary's, scaled to TSS by the athlete's own ratio {sum}
  COALESCE(s.activities_without_load, 0) AS activities_without_load,  -- [count] activities whose load is unknown: no watts with an FTP, no threshold pace and no usable heart rate; they add 0 {sum}
  SAFE_DIVIDE(s.loaded_s, s.moving_time_s) AS load_coverage,  -- [0-1] share of the day's time in motion whose load is known; null on a rest day {ratio: loaded_s / moving_time_s}
  COALESCE(s.loaded_s, 0) AS loaded_s,  -- [s] that time in motion whose load is known {sum}
  s.relative_effort,  -- [pts] Strava's Relative Effort, summed over the activities that have one {sum}
  COALESCE(s.stream_rides, 0) AS stream_rides,  -- [count] rides with a power meter whose normalized power is known from their own seconds {sum}
  SAFE_DIVIDE(s.stream_power_s, s.power_s) AS stream_coverage,  -- [0-1] share of the day's measured riding time that lies on those; null where there is none
  POW(SAFE_DIVIDE(s.normalized_w4s, s.stream_s), 0.25) AS normalized_power_w,  -- [W] fourth root of the mean of those rides' normalized power to the fourth, by recorded seconds {ratio: POWER(normalized_w4s / stream_s, 0.25)}
  COALESCE(s.normalized_w4s, 0) AS normalized_w4s,  -- [W⁴·s] their normalized power to the fourth times stream_s {sum}
  COALESCE(s.stream_s, 0) AS stream_s,  -- [s] their recorded seconds, pauses left out {sum}
  s.tss,  -- [pts] training stress score, summed over the rides for which it is known; null where it is for none {sum}
  COALESCE(s.tss_rides, 0) AS tss_rides,  -- [count] those rides {sum}
  s.best_5s_w,  -- [W] highest mean power over 5 seconds in one ride, of the rides whose seconds are known
  s.best_60s_w,  -- [W] highest mean power over a minute in one ride, of the rides whose seconds are known
  s.best_300s_w,  -- [W] highest mean power over 5 minutes in one ride, of the rides whose seconds are known
  s.best_1200s_w,  -- [W] highest mean power over 20 minutes in one ride, of the rides whose seconds are known
  s.best_3600s_w,  -- [W] highest mean power over an hour in one ride, of the rides whose seconds are known
  d.fitness AS fitness_ctl,  -- [pts/day] CTL: exponential mean of the load over 42 days, today included
  d.fatigue AS fatigue_atl,  -- [pts/day] ATL: exponential mean of the load over 7 days, today included
  d.form AS form_tsb,  -- [pts/day] TSB: yesterday's CTL minus yesterday's ATL, so the form one starts the day with
  d.ramp_7d,  -- [pts/day] CTL against that of 7 days before; null in the first week
  d.load_7d,  -- [pts] load of the 7 days up to today
  IF(d.days_of_history >= 7, d.load_7d / 7 / d.load_deviation_7d, NULL) AS monotony_7d,  -- mean daily load of the 7 days over its standard deviation (of the population; Foster 1998); null where all are equal and in the first six days
  IF(d.days_of_history >= 7, d.load_7d * d.load_7d / 7 / d.load_deviation_7d, NULL) AS strain_7d,  -- [pts] load of the 7 days times their monotony
  d.days_of_history,  -- [days] days since the first activity, the first being 1
  d.start_load,  -- [pts/day] what CTL and ATL begin at: the mean daily load of the first @start_days days; 0 while there are fewer
  EXP(-d.days_of_history / 42.0) AS start_weight,  -- [0-1] share of start_load in CTL: below 0.37 after 42 days, below 0.05 after 126
  d.days_of_history <= @start_days AS is_warm_up,  -- CTL is not to be trusted: the first @start_days days, whose own loads make the start value
  d.days_of_history > 126 AS is_settled  -- CTL has forgotten its beginning to 95 %: from the 127th day on
FROM compared AS d
LEFT JOIN sums AS s
  ON s.athlete_id = d.athlete_id AND s.activity_date = d.day
