"""The durations of a ride's bests: each second up to a minute, then steps of about 5 %."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from strava_assets.power.seconds import Integers

# Always included: the usual durations of bests, and those used to fit critical power.
_NAMED_S = (60, 120, 180, 300, 480, 600, 720, 1200, 1800, 3600, 5400, 7200, 10800, 14400, 18000, 21600)
_STEP = 1.05


def _between(shorter: int, longer: int) -> Integers:
    """Durations above `shorter` up to and including `longer`, in equal ratios of about `_STEP`."""
    steps = round(math.log(longer / shorter) / math.log(_STEP))
    return np.rint(np.geomspace(shorter, longer, steps + 1)[1:]).astype(np.int64)


DURATIONS_S: Integers = np.concatenate([np.arange(1, 61), *(_between(*pair) for pair in pairwise(_NAMED_S))])
"""Increasing, seconds; from one second to six hours."""
DURATIONS_S.setflags(write=False)
