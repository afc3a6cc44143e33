"""Workouts whose name says what they are: steps with a duration and a power, drawn into watts as planned.

Efforts are the truth about a workout: tests compare the intervals that they find with them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from strava_assets.sandbox.abilities import Abilities, Floats

MINUTE_S = 60
_SPRINT_LASTS_S = 75


class Step(NamedTuple):
    """A part of a workout.

    Attributes:
        level: Power as a share of FTP, at the start if `to_level` is given.
        work: Whether it is an effort that counts, not warm-up or rest.
        all_out: Ridden as hard as its duration allows; `level` does not matter then.
    """

    seconds: int
    level: float = 1.0
    to_level: float | None = None
    work: bool = False
    all_out: bool = False

    @property
    def is_sprint(self) -> bool:
        """Whether it starts as hard as possible; longer maximal efforts are paced evenly."""
        return self.all_out and self.seconds <= _SPRINT_LASTS_S


class Effort(NamedTuple):
    """An effort of a workout as it was ridden: the truth about an interval.

    Attributes:
        start_s: Seconds of recording before it, pauses not counted.
        watts: Its mean power.
    """

    start_s: int
    seconds: int
    watts: float
    all_out: bool


@dataclass(frozen=True)
class Workout:
    """A named list of steps.

    Attributes:
        to_exhaustion: The work ends when the rider has nothing left above critical power, as in a ramp test.
    """

    name: str
    steps: tuple[Step, ...]
    to_exhaustion: bool = False

    def drawn(self, abilities: Abilities) -> list[tuple[Step, Floats]]:
        """The planned power of each second, step by step."""
        parts: list[tuple[Step, Floats]] = []
        left_j = abilities.w_prime_j
        for step in self.steps:
            watts = _drawn(step, abilities)
            if self.to_exhaustion and step.work:
                used_j = np.cumsum(np.maximum(watts - abilities.cp_w, 0.0))
                watts = watts[: int(np.searchsorted(used_j, left_j, side="right"))]
                left_j -= float(used_j[-1])
            if len(watts):
                parts.append((step, watts))
        return parts


def _drawn(step: Step, abilities: Abilities) -> Floats:
    if step.is_sprint:
        return abilities.sprint(step.seconds)
    if step.all_out:
        return np.full(step.seconds, abilities.best_watts(step.seconds))
    last = step.level if step.to_level is None else step.to_level
    return np.linspace(step.level, last, step.seconds) * abilities.ftp_w


def easy(minutes: float, level: float = 0.52) -> Step:
    """Warm-up, rest or cool-down."""
    return Step(round(minutes * MINUTE_S), level)


def repeats(count: int, work: Iterable[Step], rest_minutes: float) -> list[Step]:
    """The steps of `count` repetitions with a rest between them."""
    steps: list[Step] = []
    for index in range(count):
        if index:
            steps.append(easy(rest_minutes))
        steps += work
    return steps


def interval(minutes: float, percent: float) -> Step:
    """Work at a percentage of FTP."""
    return Step(round(minutes * MINUTE_S), percent / 100, work=True)


def maximal(seconds: int) -> Step:
    """Work as hard as its duration allows."""
    return Step(seconds, work=True, all_out=True)


def _workout(name: str, *work: Step, warm_up_minutes: float = 14.0, to_exhaustion: bool = False) -> Workout:
    warm_up = Step(round(warm_up_minutes * MINUTE_S), 0.45, to_level=0.72)
    cool_down = Step(10 * MINUTE_S, 0.55, to_level=0.4)
    return Workout(name, (warm_up, easy(3), *work, cool_down), to_exhaustion)


SWEET_SPOT = _workout("Sweet spot, 2 x 25 min at 90 %", *repeats(2, [interval(25, 90)], 5))
TWO_BY_TWENTY = _workout("2 x 20 min at 94 %", *repeats(2, [interval(20, 94)], 5))
THREE_BY_TWELVE = _workout("Threshold, 3 x 12 min at 96 %", *repeats(3, [interval(12, 96)], 4))
FOUR_BY_EIGHT = _workout("4 x 8 min at 102 %", *repeats(4, [interval(8, 102)], 4))
FIVE_BY_FOUR = _workout("5 x 4 min at 108 %", *repeats(5, [interval(4, 108)], 4))
SIX_BY_THREE = _workout("6 x 3 min at 114 %", *repeats(6, [interval(3, 114)], 4))
OVER_UNDERS = _workout("Over-unders, 3 x 9 min", *repeats(3, [interval(2, 93), interval(1, 106)] * 3, 5))
THIRTY_THIRTIES = _workout(
    "30/30s, three sets of ten at 122 %",
    *repeats(3, repeats(10, [interval(0.5, 122)], 0.5), 6),
)
HILL_REPEATS = _workout("Hill repeats, 8 x 2 min at 118 %", *repeats(8, [interval(2, 118)], 4))
VO2_CLIMB = _workout("VO2 on the climb, 5 x 5 min at 106 %", *repeats(5, [interval(5, 106)], 5))
SPRINTS = _workout("Sprints, 6 x 15 s", *repeats(6, [maximal(15)], 6))
RAMP_TEST = _workout(
    "Ramp test",
    *(Step(MINUTE_S, 0.6 + 0.06 * stair, work=True) for stair in range(25)),
    warm_up_minutes=8.0,
    to_exhaustion=True,
)
SHORT_TEST = _workout(
    "Test: 15 s, 1 min, 3 min, 12 min",
    maximal(15),
    easy(12),
    maximal(60),
    easy(25),
    maximal(180),
    easy(30),
    maximal(720),
)
LONG_TEST = _workout("Test: 5 min and 20 min", maximal(300), easy(30), maximal(1_200))
HOUR_TEST = _workout("Time trial, an hour all out", maximal(3_600), warm_up_minutes=20.0)
