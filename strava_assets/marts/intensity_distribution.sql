-- intensity_distribution: How hard an athlete trains by week and by quarter: time in three and in seven zones of power and of heart rate over the recordings of every sport, and the polarization index of each. The two measures are separate: a ride with a power meter and a heart rate counts in both. Recordings that are missing, or lack the measure or its threshold, are counted. From the first activity to the running period; a period without any is a row.
-- grain: one calendar week or quarter of one athlete, without gaps
-- key: athlete_id, period_kind, period_start
-- preview: period_start, activities, missing_recordings, heartrate_low_s, heartrate_moderate_s, heartrate_high_s, heartrate_polarization
-- preview_only: period_kind = week
-- newest_by: period_start
-- charts: zones-polarization, zones-intensity
WITH counted AS (
  SELECT
    m.athlete_id,
    m.week,
    m.quarter,
    z.activity_id IS NULL AS is_missing,
    z.recorded_s,
    z.power_low_s,
    z.power_moderate_s,
    z.power_high_s,
    z.power_zone_1_s,
    z.power_zone_2_s,
    z.power_zone_3_s,
    z.power_zone_4_s,
    z.power_zone_5_s,
    z.power_zone_6_s,
    z.power_zone_7_s,
    z.heartrate_low_s,
    z.heartrate_moderate_s,
    z.heartrate_high_s,
    z.heartrate_zone_1_of_7_s,
    z.heartrate_zone_2_of_7_s,
    z.heartrate_zone_3_of_7_s,
    z.heartrate_zone_4_of_7_s,
    z.heartrate_zone_5_of_7_s,
    z.heartrate_zone_6_of_7_s,
    z.heartrate_zone_7_of_7_s
  FROM activity_measures AS m
  LEFT JOIN recording_zones AS z
    ON z.athlete_id = m.athlete_id AND z.activity_id = m.activity_id
  WHERE m.is_counted AND NOT m.is_manual
),
in_periods AS (
  SELECT 'week' AS period_kind, week AS period_start, c.* FROM counted AS c
  UNION ALL
  SELECT 'quarter' AS period_kind, quarter AS period_start, c.* FROM counted AS c
),
sums AS (
  SELECT
    athlete_id,
    period_kind,
    period_start,
    COUNT(*) AS activities,
    COUNTIF(is_missing) AS missing_recordings,
    COUNTIF(power_low_s IS NULL) AS without_power_zones,
    COUNTIF(heartrate_low_s IS NULL) AS without_heartrate_zones,
    SUM(recorded_s) AS recorded_s,
    SUM(power_low_s) AS power_low_s,
    SUM(power_moderate_s) AS power_moderate_s,
    SUM(power_high_s) AS power_high_s,
    SUM(power_zone_1_s) AS power_zone_1_s,
    SUM(power_zone_2_s) AS power_zone_2_s,
    SUM(power_zone_3_s) AS power_zone_3_s,
    SUM(power_zone_4_s) AS power_zone_4_s,
    SUM(power_zone_5_s) AS power_zone_5_s,
    SUM(power_zone_6_s) AS power_zone_6_s,
    SUM(power_zone_7_s) AS power_zone_7_s,
    SUM(heartrate_low_s) AS heartrate_low_s,
    SUM(heartrate_moderate_s) AS heartrate_moderate_s,
    SUM(heartrate_high_s) AS heartrate_high_s,
    SUM(heartrate_zone_1_of_7_s) AS heartrate_zone_1_of_7_s,
    SUM(heartrate_zone_2_of_7_s) AS heartrate_zone_2_of_7_s,
    SUM(heartrate_zone_3_of_7_s) AS heartrate_zone_3_of_7_s,
    SUM(heartrate_zone_4_of_7_s) AS heartrate_zone_4_of_7_s,
    SUM(heartrate_zone_5_of_7_s) AS heartrate_zone_5_of_7_s,
    SUM(heartrate_zone_6_of_7_s) AS heartrate_zone_6_of_7_s,
    SUM(heartrate_zone_7_of_7_s) AS heartrate_zone_7_of_7_s
  FROM in_periods
  GROUP BY athlete_id, period_kind, period_start
),
shares AS (
  SELECT
    c.athlete_id,
    c.period_kind,
    c.period_start,
    c.is_partial,
    COALESCE(s.activities, 0) AS activities,
    COALESCE(s.missing_recordings, 0) AS missing_recordings,
    COALESCE(s.without_power_zones, 0) AS without_power_zones,
    COALESCE(s.without_heartrate_zones, 0) AS without_heartrate_zones,
    s.* EXCEPT (
      athlete_id, period_kind, period_start, activities, missing_recordings, without_power_zones, without_heartrate_zones
    ),
    SAFE_DIVIDE(s.power_low_s, s.power_low_s + s.power_moderate_s + s.power_high_s) AS power_low,
    SAFE_DIVIDE(s.power_moderate_s, s.power_low_s + s.power_moderate_s + s.power_high_s) AS power_moderate,
    SAFE_DIVIDE(s.power_high_s, s.power_low_s + s.power_moderate_s + s.power_high_s) AS power_high,
    SAFE_DIVIDE(s.heartrate_low_s, s.heartrate_low_s + s.heartrate_moderate_s + s.heartrate_high_s) AS heartrate_low,
    SAFE_DIVIDE(
      s.heartrate_moderate_s, s.heartrate_low_s + s.heartrate_moderate_s + s.heartrate_high_s
    ) AS heartrate_moderate,
    SAFE_DIVIDE(s.heartrate_high_s, s.heartrate_low_s + s.heartrate_moderate_s + s.heartrate_high_s) AS heartrate_high
  FROM period_totals AS c
  LEFT JOIN sums AS s
    ON s.athlete_id = c.athlete_id AND s.period_kind = c.period_kind AND s.period_start = c.period_start
)
SELECT
  athlete_id,  -- the athlete
  period_kind,  -- week or quarter
  period_start,  -- first day of the week or quarter, in the athlete's local time
  is_partial,  -- the period contains today: unfinished
  activities,  -- [count] counted activities of all sports but those typed in by hand
  missing_recordings,  -- [count] of these, without a recording: their time is in no zone
  without_power_zones,  -- [count] of these, without time in zones of power: no recording, no measured power or no threshold
  without_heartrate_zones,  -- [count] of these, without time in zones of heart rate: no recording, no heart rate or no threshold
  COALESCE(recorded_s, 0) AS recorded_s,  -- [s] recorded seconds, pauses left out
  power_low_s,  -- [s] seconds of power below 75 % of threshold power
  power_moderate_s,  -- [s] seconds of power at 75 to 105 % of threshold power
  power_high_s,  -- [s] seconds of power at 105 % of threshold power and more
  CASE
    WHEN power_high IS NULL OR power_high > power_low THEN NULL
    WHEN power_high = 0 OR (power_moderate = 0 AND power_high <= 0.01) THEN 0
    WHEN power_moderate = 0 THEN LOG10(power_low / 0.01 * (power_high - 0.01) * 100)
    ELSE LOG10(power_low / power_moderate * power_high * 100)
  END AS power_polarization,  -- polarization index of the three zones of power (Treff et al. 2019); above 2 training is polarized; null without power, or with more time in the high zone than in the low one
  heartrate_low_s,  -- [s] seconds of heart rate below 90 % of that at threshold
  heartrate_moderate_s,  -- [s] seconds of heart rate at 90 to 100 % of that at threshold
  heartrate_high_s,  -- [s] seconds of heart rate at 100 % of that at threshold and more
  CASE
    WHEN heartrate_high IS NULL OR heartrate_high > heartrate_low THEN NULL
    WHEN heartrate_high = 0 OR (heartrate_moderate = 0 AND heartrate_high <= 0.01) THEN 0
    WHEN heartrate_moderate = 0 THEN LOG10(heartrate_low / 0.01 * (heartrate_high - 0.01) * 100)
    ELSE LOG10(heartrate_low / heartrate_moderate * heartrate_high * 100)
  END AS heartrate_polarization,  -- the same of the three zones of heart rate
  power_zone_1_s,  -- [s] recorded seconds below 55 % of threshold power: FTP of a ride, threshold power of a run
  power_zone_2_s,  -- [s] recorded seconds at 55 to 75 % of threshold power
  power_zone_3_s,  -- [s] recorded seconds at 75 to 90 % of threshold power
  power_zone_4_s,  -- [s] recorded seconds at 90 to 105 % of threshold power
  power_zone_5_s,  -- [s] recorded seconds at 105 to 120 % of threshold power
  power_zone_6_s,  -- [s] recorded seconds at 120 to 150 % of threshold power
  power_zone_7_s,  -- [s] recorded seconds at 150 % of threshold power and more
  heartrate_zone_1_of_7_s,  -- [s] recorded seconds below 81 % (runs: 85 %) of the heart rate at threshold
  heartrate_zone_2_of_7_s,  -- [s] recorded seconds from there to 90 % of the heart rate at threshold
  heartrate_zone_3_of_7_s,  -- [s] recorded seconds from there to 94 % (runs: 95 %) of the heart rate at threshold
  heartrate_zone_4_of_7_s,  -- [s] recorded seconds from there to 100 % of the heart rate at threshold
  heartrate_zone_5_of_7_s,  -- [s] recorded seconds from there to 103 % of the heart rate at threshold
  heartrate_zone_6_of_7_s,  -- [s] recorded seconds from there to 106 % of the heart rate at threshold
  heartrate_zone_7_of_7_s  -- [s] recorded seconds at 106 % of the heart rate at threshold and more
FROM shares
