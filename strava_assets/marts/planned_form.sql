-- planned_form: What an athlete's plan leads to, day by day from tomorrow to the last planned day: fitness, fatigue and form as they would be if the plan were ridden, beginning at today's of daily_load. A day without a plan is a day of rest. Today's own load is what was done, not what was planned. Nothing projected is mixed with what happened.
-- grain: one day after today of one athlete with a plan
-- key: athlete_id, day
-- preview: day, goal, planned_load, projected_fitness_ctl, projected_fatigue_atl, projected_form_tsb
-- sparkline: projected_form_tsb
WITH todays AS (
  SELECT athlete_id, day AS today, fitness_ctl, fatigue_atl
  FROM daily_load
  QUALIFY ROW_NUMBER() OVER (PARTITION BY athlete_id ORDER BY day DESC) = 1
),
plans AS (
  SELECT t.athlete_id, t.today, t.fitness_ctl, t.fatigue_atl, MAX(p.day) AS last_day
  FROM todays AS t
  INNER JOIN planned_load AS p
    ON p.athlete_id = t.athlete_id AND p.day > t.today
  GROUP BY t.athlete_id, t.today, t.fitness_ctl, t.fatigue_atl
),
calendar AS (
  SELECT athlete_id, today, fitness_ctl, fatigue_atl, day
  FROM plans
  CROSS JOIN UNNEST(GENERATE_DATE_ARRAY(DATE_ADD(today, INTERVAL 1 DAY), last_day, INTERVAL 1 DAY)) AS day
),
days AS (
  SELECT
    c.athlete_id,
    c.day,
    c.fitness_ctl,
    c.fatigue_atl,
    DATE_DIFF(c.day, c.today, DAY) AS days_ahead,
    COALESCE(p.planned_load, 0) AS planned_load,
    p.goal
  FROM calendar AS c
  LEFT JOIN planned_load AS p
    ON p.athlete_id = c.athlete_id AND p.day = c.day
),
projected AS (
  -- A plan is at most two years long, so that exp(days / 7) stays far from overflowing.
  SELECT
    d.*,
    EXP(-days_ahead / 42.0)
      * (fitness_ctl + (1 - EXP(-1 / 42.0)) * SUM(planned_load * EXP(days_ahead / 42.0)) OVER so_far) AS fitness,
    EXP(-days_ahead / 7.0)
      * (fatigue_atl + (1 - EXP(-1 / 7.0)) * SUM(planned_load * EXP(days_ahead / 7.0)) OVER so_far) AS fatigue
  FROM days AS d
  WINDOW so_far AS (PARTITION BY athlete_id ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)
)
SELECT
  athlete_id,  -- the athlete
  CAST(day AS DATE) AS day,  -- the calendar day, in the athlete's local time
  days_ahead,  -- [days] days after today
  goal,  -- the event the day is planned for; null on other days
  planned_load,  -- [pts] planned load of the day; 0 where nothing is planned {sum}
  fitness AS projected_fitness_ctl,  -- [pts/day] CTL at the end of the day, if the plan is ridden
  fatigue AS projected_fatigue_atl,  -- [pts/day] ATL at the end of the day, if the plan is ridden
  COALESCE(LAG(fitness - fatigue) OVER by_day, fitness_ctl - fatigue_atl) AS projected_form_tsb  -- [pts/day] TSB: the form the day begins with, the day before's CTL minus its ATL
FROM projected
WINDOW by_day AS (PARTITION BY athlete_id ORDER BY day)
