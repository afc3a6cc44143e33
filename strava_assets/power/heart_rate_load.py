"""Load by heart rate: the training impulse of every second, against an hour at threshold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from strava_assets.schema.rules import (
    LEAST_HEARTRATE_RESERVE_BPM,
    MOST_ABOVE_MAXIMUM_BPM,
    TRIMP_EXPONENTS,
)

if TYPE_CHECKING:
    from strava_assets.power.seconds import Floats

Sex = Literal["female", "male"]

LEAST_KNOWN_SHARE = 0.9


def heart_rate_load(
    heartrate_bpm: Floats,
    *,
    resting_bpm: float,
    threshold_bpm: float,
    maximum_bpm: float,
    sex: Sex | None,
) -> float | None:
    """The sum of x·exp(k·x) over the seconds, as a share of an hour at threshold, times 100.

    x is the share of the reserve between rest and maximum, k is 1.92 for men and 1.67 for women; without a
    sex it is that of men. The mean heart rate gives less, because the impulse rises faster than the heart
    rate. Unknown seconds count as the mean of the others.

    Source: Morton, Fitz-Clarke & Banister, Journal of Applied Physiology 69, 1990; the comparison with an
    hour at threshold as in Elevate. The factors 0.64 and 0.86 of men and women cancel out in it.

    Args:
        heartrate_bpm: of every recorded second, NaN where unknown.
        resting_bpm: heart rate at rest.
        threshold_bpm: heart rate at threshold, above that at rest.
        maximum_bpm: highest heart rate of the athlete.
        sex: of the athlete.

    Returns:
        The load in points; None if too many seconds are unknown or the figures cannot be an athlete's.
    """
    reserve_bpm = maximum_bpm - resting_bpm
    if reserve_bpm < LEAST_HEARTRATE_RESERVE_BPM or threshold_bpm <= resting_bpm:
        return None
    known_bpm = heartrate_bpm[heartrate_bpm <= maximum_bpm + MOST_ABOVE_MAXIMUM_BPM]
    if not len(known_bpm) or len(known_bpm) < LEAST_KNOWN_SHARE * len(heartrate_bpm):
        return None
    exponent = TRIMP_EXPONENTS[sex or "male"]
    shares = np.maximum(known_bpm - resting_bpm, 0) / reserve_bpm
    threshold = (threshold_bpm - resting_bpm) / reserve_bpm
    impulse = float(np.mean(shares * np.exp(exponent * shares)))
    hours = len(heartrate_bpm) / 3600
    return 100 * hours * impulse / (threshold * float(np.exp(exponent * threshold)))
