"""Normalized power: the fourth-power mean of a trailing 30 s mean, over full windows only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from strava_assets.power.seconds import Floats, Integers

WINDOW_S = 30


def normalized_power_w(watts: Integers | Floats) -> float | None:
    """Normalized power of consecutive seconds; None with fewer than thirty.

    Pauses are left out, as head units do: the seconds before and after a pause are adjacent. The first window
    ends with the thirtieth second.

    Source: Allen & Coggan, Training and Racing with a Power Meter, chapter 7.

    Args:
        watts: mean power of each recorded second, W; or another measure of the effort, as speed of a run.
    """
    if len(watts) < WINDOW_S:
        return None
    squares = np.square(window_means(watts))
    return float(np.mean(np.square(squares)) ** 0.25)


def window_means(values: Integers | Floats) -> Floats:
    """The mean of every thirty consecutive values; the first one ends with the thirtieth."""
    if len(values) < WINDOW_S:
        return np.empty(0)
    sums = np.concatenate(([0], np.cumsum(values)))
    means: Floats = (sums[WINDOW_S:] - sums[:-WINDOW_S]) / WINDOW_S
    return means
