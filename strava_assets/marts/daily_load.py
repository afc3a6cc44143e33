"""The checks of `daily_load`."""

from __future__ import annotations

import math

from strava_assets.data_checks import Check, Finding, Subject
from strava_assets.marts.period_checks import contiguous

ROUNDING_POINTS = 1e-6


def fitness_follows_from_load(subject: Subject) -> Finding:
    """CTL of the athlete with the longest history, computed again by its recursion in pandas, is the same."""
    import pandas as pd

    days = subject.warehouse.query(
        """
        SELECT training_load, fitness_ctl, start_load FROM daily_load
        WHERE athlete_id = (
          SELECT athlete_id FROM daily_load GROUP BY athlete_id ORDER BY COUNT(*) DESC, athlete_id LIMIT 1
        )
        ORDER BY day
        """
    ).to_pandas()
    # pandas begins at the first value, which is the start value of the day before the first.
    loads = pd.concat([days["start_load"].head(1), days["training_load"].fillna(0.0)], ignore_index=True)
    recomputed = loads.ewm(alpha=1 - math.exp(-1 / 42), adjust=False).mean().iloc[1:].reset_index(drop=True)
    largest = float((recomputed - days["fitness_ctl"]).abs().max()) if len(days) else 0.0
    message = f"CTL differs from its recursion by {largest:.2g} at most, over {len(days)} days."
    return Finding(largest, ROUNDING_POINTS, largest <= ROUNDING_POINTS, message)


CHECKS = (
    contiguous(
        "daily_load", "day", "1 DAY", "No day is missing and none occurs twice: a day of rest is a row."
    ),
    Check(
        "fitness_recomputed",
        "CTL in SQL is what its recursion gives in pandas, for the athlete with the longest history.",
        fitness_follows_from_load,
        blocking=True,
    ),
)
