"""The checks of `activity_measures`."""

from __future__ import annotations

from strava_assets.data_checks import offenders
from strava_assets.schema.rules import MOST_DIFFERENCE_PCT

ROUNDING_SHARE = 1e-9

CHECKS = (
    offenders(
        "figures_follow_their_rule",
        f"Where good seconds differ from the summary by more than {MOST_DIFFERENCE_PCT} %, or it lacks its "
        "figures, the seconds count; else the summary does.",
        "rides whose figures are not from where the rule says",
        """
        SELECT
          activity_id, activity_date, figures_from, figures_reason, work_j, summary_work_j, seconds_work_j
        FROM activity_measures
        WHERE is_power_ride AND (
          figures_from != IF(figures_reason IN ('agrees', 'no_good_seconds'), 'summary', 'seconds')
          OR work_j != IF(figures_from = 'seconds', seconds_work_j, summary_work_j)
          OR (
            figures_reason = 'agrees'
            AND (
              100 * ABS(work_j - seconds_work_j) > @most_difference_pct * seconds_work_j
              OR 100 * ABS(weighted_average_watts - seconds_weighted_watts)
                > @most_difference_pct * seconds_weighted_watts
            )
          )
        )
        ORDER BY activity_date DESC
        """,
        most_difference_pct=MOST_DIFFERENCE_PCT,
    ),
    offenders(
        "load_is_tss_where_known",
        "Where good seconds give a TSS it is the load, and a load by the summary is weighted_load times "
        "load_scale.",
        "activities whose load is not what its method says",
        """
        SELECT activity_id, activity_date, training_load, load_method, tss, weighted_load, load_scale
        FROM activity_measures
        WHERE (load_method = 'tss' AND (tss IS NULL OR training_load != tss))
          OR (load_method != 'tss' AND tss IS NOT NULL)
          OR (
            load_method = 'scaled_summary'
            AND ABS(training_load - weighted_load * load_scale) > @rounding * GREATEST(1, training_load)
          )
        ORDER BY activity_date DESC
        """,
        rounding=ROUNDING_SHARE,
    ),
)
