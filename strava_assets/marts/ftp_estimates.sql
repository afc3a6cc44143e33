-- ftp_estimates: The efforts that support an estimate of an athlete's FTP, which is 95 % of the best 20 minutes of a ride. An estimate stays until another effort supports a new one, so that it does not fall while nobody rides hard; its age stands beside it. An effort supports one when it reaches the last one less @ftp_loss_pct % for every 90 days since. The newest is held against the athlete's own FTP of today and proposed where they differ by @ftp_difference_pct % or more, a lower one only where critical power confirms it; nothing applies it.
-- grain: one effort that supports an estimate of one athlete
-- key: athlete_id, supported_on
-- preview: supported_on, estimated_ftp_w, best_1200s_w, ftp_w, proposed_ftp_w, name
-- newest_by: supported_on
WITH days AS (
  SELECT athlete_id, activity_date AS supported_on, MAX(best_1200s_w) AS best_1200s_w
  FROM activity_measures
  WHERE best_1200s_w IS NOT NULL
  GROUP BY athlete_id, activity_date
),
-- What an effort is worth on a later day falls exponentially; as logarithms, the bar is a running maximum.
leveled AS (
  SELECT
    d.*,
    LN(best_1200s_w) - LN(1 - @ftp_loss_pct / 100) / 90 * UNIX_DATE(supported_on) AS level
  FROM days AS d
),
supporting AS (
  SELECT athlete_id, supported_on, best_1200s_w
  FROM leveled
  QUALIFY level >= COALESCE(
    MAX(level) OVER (
      PARTITION BY athlete_id ORDER BY supported_on ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ),
    level
  )
),
efforts AS (
  -- Of equal rides of a day the smallest id.
  SELECT
    s.athlete_id,
    s.supported_on,
    s.best_1200s_w,
    0.95 * s.best_1200s_w AS estimated_ftp_w,
    MIN(m.activity_id) AS activity_id,
    MAX(m.ftp_w) AS ftp_w
  FROM supporting AS s
  INNER JOIN activity_measures AS m
    ON m.athlete_id = s.athlete_id AND m.activity_date = s.supported_on AND m.best_1200s_w = s.best_1200s_w
  GROUP BY s.athlete_id, s.supported_on, s.best_1200s_w
),
ordered AS (
  SELECT
    e.*,
    LAG(supported_on) OVER by_date IS NULL AS is_first,
    LEAD(supported_on) OVER by_date AS superseded_on
  FROM efforts AS e
  WINDOW by_date AS (PARTITION BY athlete_id ORDER BY supported_on)
),
figures AS (
@figures_by_date
),
todays AS (
  -- An FTP that returns is a new one: what was ridden under it before says nothing of today's.
  SELECT
    f.athlete_id,
    f.ftp_w,
    s.as_of,
    COALESCE(MAX(o.valid_to), DATE '0001-01-01') AS ftp_since
  FROM figures AS f
  CROSS JOIN mart_settings AS s
  LEFT JOIN figures AS o
    ON o.athlete_id = f.athlete_id AND o.valid_to <= f.valid_from AND o.ftp_w IS DISTINCT FROM f.ftp_w
  WHERE f.valid_from <= s.as_of AND s.as_of < f.valid_to
  GROUP BY f.athlete_id, f.ftp_w, s.as_of
),
sided AS (
  -- Only efforts under today's FTP speak for or against it.
  SELECT
    e.athlete_id,
    e.supported_on,
    e.is_first,
    e.superseded_on IS NULL AS is_newest,
    DATE_DIFF(t.as_of, e.supported_on, DAY) AS age_days,
    t.ftp_w,
    CASE
      WHEN 100 * (e.estimated_ftp_w - t.ftp_w) >= @ftp_difference_pct * t.ftp_w THEN 1
      WHEN 100 * (t.ftp_w - e.estimated_ftp_w) >= @ftp_difference_pct * t.ftp_w THEN -1
      ELSE 0
    END AS side
  FROM ordered AS e
  INNER JOIN todays AS t
    ON t.athlete_id = e.athlete_id AND t.ftp_w = e.ftp_w AND e.supported_on >= t.ftp_since
),
bests AS (
  -- Energy and day in one whole number, as in power_profile_progress.
  SELECT
    n.athlete_id,
    n.ftp_w,
    b.duration_s,
    MAX(b.energy_j * 131072 + 100000 - UNIX_DATE(m.activity_date)) AS best
  FROM sided AS n
  INNER JOIN activity_measures AS m
    ON m.athlete_id = n.athlete_id
      AND m.has_seconds
      AND NOT m.is_flagged
      AND DATE_DIFF(n.supported_on, m.activity_date, DAY) BETWEEN 0 AND 41
  INNER JOIN ride_bests AS b
    ON b.athlete_id = m.athlete_id AND b.activity_id = m.activity_id
  WHERE
    n.is_newest
    AND n.side = -1
    AND NOT n.is_first
    AND n.age_days < 90
    AND b.duration_s IN (@fit_durations_s)
    AND b.energy_j BETWEEN 1 AND @most_watts * b.duration_s
  GROUP BY n.athlete_id, n.ftp_w, b.duration_s
),
fits AS (
  -- The same line of work on time; the standard error of its slope follows from the variances.
  SELECT
    athlete_id,
    ftp_w,
    COUNT(DISTINCT MOD(best, 131072)) AS fit_days,
    AVG(DIV(best, 131072)) AS mean_j,
    AVG(duration_s) AS mean_s,
    COVAR_POP(DIV(best, 131072), duration_s) / VAR_POP(duration_s) AS critical_power_w,
    VAR_POP(DIV(best, 131072)) / VAR_POP(duration_s) AS spread_w2,
    COUNT(*) AS fit_points
  FROM bests
  GROUP BY athlete_id, ftp_w
  HAVING COUNT(*) >= @fewest_fit_points
),
confirmed AS (
  -- Easy rides hold no low FTP up: their line has no plausible W', or lies no lower than its own error.
  SELECT athlete_id
  FROM fits
  WHERE
    fit_days >= @fewest_fit_days
    AND mean_j - critical_power_w * mean_s BETWEEN 1000 * @lowest_w_prime_kj AND 1000 * @highest_w_prime_kj
    AND 100 * (ftp_w - critical_power_w) >= @ftp_difference_pct * ftp_w
    AND ftp_w - critical_power_w >= 2 * SQRT(GREATEST(spread_w2 - POW(critical_power_w, 2), 0) / (fit_points - 2))
),
changes AS (
  SELECT n.athlete_id, n.supported_on, n.side, MAX(o.supported_on) AS last_otherwise
  FROM sided AS n
  LEFT JOIN confirmed AS c
    ON c.athlete_id = n.athlete_id
  LEFT JOIN sided AS o
    ON o.athlete_id = n.athlete_id AND o.side != n.side
  WHERE n.is_newest AND (n.side = 1 OR (n.side = -1 AND c.athlete_id IS NOT NULL))
  GROUP BY n.athlete_id, n.supported_on, n.side
),
proposals AS (
  SELECT c.athlete_id, c.supported_on, MIN(s.supported_on) AS differs_since
  FROM changes AS c
  INNER JOIN sided AS s
    ON s.athlete_id = c.athlete_id
      AND s.side = c.side
      AND s.supported_on > COALESCE(c.last_otherwise, DATE '0001-01-01')
  GROUP BY c.athlete_id, c.supported_on
)
SELECT
  e.athlete_id,  -- the athlete
  e.supported_on,  -- local date of the effort
  e.superseded_on,  -- date of the next effort that supports an estimate; null for the newest
  DATE_DIFF(COALESCE(e.superseded_on, GREATEST(s.as_of, e.supported_on)), e.supported_on, DAY) AS age_days,  -- [days] how old the estimate became; of the newest, how old it is today
  e.activity_id,  -- the ride, by Strava's id
  m.name,  -- its title
  e.best_1200s_w,  -- [W] highest mean power over 20 minutes of the ride
  e.estimated_ftp_w,  -- [W] an estimate of FTP and no measurement: 95 % of it
  e.ftp_w,  -- [W] the athlete's own FTP of that day, where known
  e.estimated_ftp_w - e.ftp_w AS difference_w,  -- [W] estimate less the athlete's own FTP of that day
  IF(p.athlete_id IS NULL, NULL, ROUND(e.estimated_ftp_w)) AS proposed_ftp_w,  -- [W] the newest estimate, where it differs from today's FTP by @ftp_difference_pct % or more (a lower one only for 90 days, never of the first effort, and only where critical power of the six weeks up to it is lower too); a proposal with best_1200s_w as its evidence, applied by nothing
  p.differs_since  -- date since which every estimate differs from today's FTP in the same direction
FROM ordered AS e
CROSS JOIN mart_settings AS s
INNER JOIN activity_measures AS m
  ON m.athlete_id = e.athlete_id AND m.activity_id = e.activity_id
LEFT JOIN proposals AS p
  ON p.athlete_id = e.athlete_id AND p.supported_on = e.supported_on
