"""Invented roads: length, heights, directions and bends, every 20 meters.

A road is made of sections of a grade. Roads end where and as high as they started, except those from A to B.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from strava_assets.sandbox.lags import wandering

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float64]

STEP_M = 20.0
_SMOOTHED_OVER = 7
"""Points: a road's grade changes over about 140 meters."""


class Section(NamedTuple):
    """A part of a road."""

    length_m: float
    grade: float


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A kind of terrain.

    Attributes:
        climb_m: Range of the length of a climb.
        grade: Range of its grade, as a share (0.05 is 5 %).
        descends: Grade of the descents over that of the climbs.
        ripple: Standard deviation of the changes of grade within 100 m; within 500 m they are twice as large.
        bends: Radians of turning per kilometer, up and down.
    """

    climb_m: tuple[float, float]
    grade: tuple[float, float]
    descends: float = 1.1
    ripple: float = 0.004
    bends: float = 2.5


ROLLING = Ground(climb_m=(400, 2_500), grade=(0.025, 0.06))
PASSES = Ground(climb_m=(2_500, 9_500), grade=(0.045, 0.08), descends=1.0, bends=4.0)
VALLEY = Ground(climb_m=(200, 900), grade=(0.015, 0.04), ripple=0.003)
TRACKS = Ground(climb_m=(300, 2_500), grade=(0.03, 0.085), ripple=0.010, bends=8.0)
SINGLETRACK = Ground(climb_m=(150, 1_200), grade=(0.06, 0.13), ripple=0.018, bends=20.0)
ISLAND = Ground(climb_m=(300, 1_500), grade=(0.02, 0.06), ripple=0.002, bends=1.5)
PATHS = Ground(climb_m=(200, 1_500), grade=(0.05, 0.16), ripple=0.015, bends=10.0)


@dataclass(frozen=True, eq=False)
class Route:
    """A road, one point every `STEP_M` meters.

    Attributes:
        heights_m: Above the place's.
        heading: Direction of travel in radians, counterclockwise from east.
    """

    heights_m: Floats
    heading: Floats
    north_m: Floats
    east_m: Floats

    @property
    def length_m(self) -> float:
        """The length of the road."""
        return STEP_M * (len(self.heights_m) - 1)

    @property
    def distance_m(self) -> Floats:
        """The distance of each point from the start."""
        return np.asarray(STEP_M * np.arange(len(self.heights_m)), np.float64)

    @property
    def grade(self) -> Floats:
        """The grade after each point, as a share."""
        return np.append(np.diff(self.heights_m) / STEP_M, 0.0)

    @property
    def bend(self) -> Floats:
        """The turning after each point, in radians per meter, without sign."""
        return np.append(np.abs(np.diff(self.heading)) / STEP_M, 0.0)

    def back(self) -> Route:
        """The same road in the other direction."""
        return Route(
            heights_m=self.heights_m[::-1],
            heading=self.heading[::-1] + math.pi,
            north_m=self.north_m[::-1],
            east_m=self.east_m[::-1],
        )


def hills(length_m: float, climb_per_km: float, ground: Ground, rng: np.random.Generator) -> list[Section]:
    """Climbs, descents and the flat road between them, for the wanted climbing per kilometer."""
    sections: list[Section] = []
    covered_m = 0.0
    while covered_m < length_m:
        grade = rng.uniform(*ground.grade)
        climb_m = min(rng.uniform(*ground.climb_m), 0.3 * length_m)
        down = Section(climb_m / ground.descends, -grade * ground.descends)
        every_m = 1_000 * climb_m * grade / max(climb_per_km, 0.5)
        flat_m = max(0.0, every_m - climb_m - down.length_m)
        share = rng.random()
        sections += [
            Section(share * flat_m, 0.0),
            Section(climb_m, grade),
            Section((1 - share) * flat_m, 0.0),
            down,
        ]
        covered_m += climb_m + down.length_m + flat_m
    return [Section(section.length_m * length_m / covered_m, section.grade) for section in sections]


def loop(heights: Floats, ground: Ground, rng: np.random.Generator) -> Route:
    """A road with these heights that ends where it started."""
    share = np.linspace(0.0, 1.0, len(heights))
    heights = heights - heights[-1] * share
    turn = 2 * math.pi * share * rng.choice((-1, 1))
    wobble = sum(
        rng.uniform(0.2, 0.9) / k * np.sin(2 * math.pi * (k * share + rng.random())) for k in (2, 3, 5)
    )
    heading = rng.uniform(0, 2 * math.pi) + turn + wobble + _bends(heights, ground, rng)
    north, east = (_path(direction) for direction in (np.sin(heading), np.cos(heading)))
    # What is missing to the start is spread over the road.
    return Route(heights, heading, north - north[-1] * share, east - east[-1] * share)


def one_way(heights: Floats, ground: Ground, rng: np.random.Generator) -> Route:
    """A road with these heights from A to B."""
    heading = rng.uniform(0, 2 * math.pi) + 0.4 * _bends(heights, ground, rng)
    return Route(heights, heading, _path(np.sin(heading)), _path(np.cos(heading)))


def straight(sections: Sequence[Section]) -> Route:
    """A road of exactly these sections, to the east."""
    heights = heights_of(sections)
    zeros = np.zeros(len(heights))
    return Route(heights, zeros, zeros, np.asarray(STEP_M * np.arange(len(heights)), np.float64))


def heights_of(sections: Sequence[Section]) -> Floats:
    """The height of each point of a road of exactly these sections."""
    lengths, grades = np.array(sections).T
    ends = np.cumsum(lengths)
    points = STEP_M * np.arange(max(8, round(ends[-1] / STEP_M)) + 1)
    return np.asarray(np.interp(points, np.append(0.0, ends), np.append(0.0, np.cumsum(lengths * grades))))


def rough_heights(sections: Sequence[Section], ground: Ground, rng: np.random.Generator) -> Floats:
    """The same with soft transitions between the sections and small hills on them."""
    grades = np.diff(heights_of(sections)) / STEP_M
    grades += ground.ripple * _SMOOTHED_OVER**0.5 * rng.standard_normal(len(grades))
    grades += 2 * ground.ripple * wandering(len(grades), 25.0, rng)
    return np.concatenate(([0.0], np.cumsum(STEP_M * _smooth(grades, _SMOOTHED_OVER))))


def _bends(heights: Floats, ground: Ground, rng: np.random.Generator) -> Floats:
    """A heading that wanders without leading away: turns of the road, tighter where it is steep."""
    steep = 1 + 12 * np.abs(np.gradient(heights)) / STEP_M
    turns = _smooth(rng.standard_normal(len(heights)) * steep, _SMOOTHED_OVER)
    wandering = np.cumsum(turns * ground.bends * STEP_M / 1_000)
    return np.asarray(wandering - _smooth(wandering, 101), np.float64)


def _path(direction: Floats) -> Floats:
    return np.concatenate(([0.0], np.cumsum(STEP_M * direction[:-1])))


def _smooth(values: Floats, width: int) -> Floats:
    """The mean of the `width` values around each one; fewer at the ends."""
    width = min(width, len(values))
    sums = np.concatenate(([0.0], np.cumsum(values)))
    middle = np.arange(len(values))
    low = np.maximum(middle - width // 2, 0)
    high = np.minimum(middle + width // 2 + 1, len(values))
    return np.asarray((sums[high] - sums[low]) / (high - low), np.float64)
