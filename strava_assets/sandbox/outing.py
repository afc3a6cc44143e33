"""An outing: everything that determines the seconds of an activity, small enough to keep.

The seconds are made anew whenever they are needed, always the same: in cycling.py or on_foot.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from strava_assets.sandbox.cycling import cycle
from strava_assets.sandbox.on_foot import go

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from strava_assets.sandbox.abilities import Abilities
    from strava_assets.sandbox.kinds import Kind
    from strava_assets.sandbox.places import Place
    from strava_assets.sandbox.samples import Samples
    from strava_assets.sandbox.workouts import Workout

_REMEMBERED = 4
_WAY_HOME_S = 900


@dataclass(frozen=True, kw_only=True)
class Outing:
    """What determines the seconds of an activity.

    Attributes:
        place: Where the road is.
        hours: The planned duration.
        level: The planned power over FTP; on foot what corresponds to it.
        workout: Takes precedence over `hours` and `level`.
        seed: Of everything random on this outing.
        way_seed: Of the road from A to B that the athlete rides every time.
        first: Index of the first sample that was not cropped.
        last: Index after the last sample that was not cropped.
    """

    kind: Kind
    abilities: Abilities
    place: Place
    temperature_c: float
    hours: float
    level: float
    climb_per_km: float
    workout: Workout | None
    seed: int
    way_seed: int
    first: int = 0
    last: int | None = None

    @property
    def planned_s(self) -> int:
        """About how long it takes."""
        if self.workout is None:
            return int(3_600 * self.hours)
        return sum(step.seconds for step in self.workout.steps) + (0 if self.kind.trainer else _WAY_HOME_S)

    @property
    def samples(self) -> Samples:
        """The recorded seconds."""
        return _samples(self)

    def times_s(self, elapsed_s: int) -> NDArray[np.int64]:
        """The time of each sample. What was not ridden of the elapsed time is spread over the stops."""
        samples = self.samples
        times = np.arange(len(samples))
        pause_s = elapsed_s - len(samples)
        if pause_s <= 0 or not samples.stops:
            return times
        shares = np.random.default_rng(self.seed).dirichlet(np.ones(len(samples.stops)))
        gaps = np.floor(shares * pause_s).astype(np.int64)
        gaps[-1] += pause_s - gaps.sum()
        for stop, gap in zip(samples.stops, gaps, strict=True):
            times[stop:] += gap
        return times

    def cropped(self, elapsed_s: int, start_s: int, end_s: int) -> Outing:
        """The outing without the seconds before and after; at least one sample is left."""
        times = self.times_s(elapsed_s)
        first = min(int(np.searchsorted(times, start_s)), len(times) - 1)
        last = max(int(np.searchsorted(times, elapsed_s - end_s)), first + 1)
        return replace(self, first=self.first + first, last=self.first + last)


@lru_cache(maxsize=_REMEMBERED)
def _samples(outing: Outing) -> Samples:
    rng = np.random.default_rng(outing.seed)
    bike = outing.kind.bike
    samples = cycle(outing, bike, rng) if bike else go(outing, rng)
    if outing.first or outing.last is not None:
        return samples.cut(outing.first, len(samples) if outing.last is None else outing.last)
    return samples
