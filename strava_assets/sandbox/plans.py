"""What a rider wants of each second of a ride: the power, where it is held on any road, and the stops."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from strava_assets.sandbox.pedaling import pauses, surges, uneven
from strava_assets.sandbox.physics import BLOCK_S, Plan
from strava_assets.sandbox.workouts import Effort

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from strava_assets.sandbox.abilities import Abilities
    from strava_assets.sandbox.kinds import Kind
    from strava_assets.sandbox.outing import Outing
    from strava_assets.sandbox.terrain import Floats
    from strava_assets.sandbox.workouts import Step, Workout

_SPARE = 1.7
"""A plan is longer than the ride is expected to last, because the road decides when the rider is home."""
_NEVER_ABOVE = 0.66
"""Nobody sprints as hard as possible on an ordinary ride: a share of the best five seconds, on the flat."""
_HOME_LEVEL = 0.58
_HOME_S = 3_600
_STOPPING_MPS = (2.0, 6.0)
"""The highest speeds in the last two blocks before a stop, the last one first."""


class Wanted(NamedTuple):
    """A plan by the second.

    Attributes:
        watts: The power on a flat road; a multiple of the length of a block.
        held: Whether it is held whatever the road does.
        efforts: The efforts of a workout.
        expected_s: The seconds that the ride is expected to last.
    """

    watts: Floats
    held: NDArray[np.bool_]
    efforts: list[Effort]
    expected_s: int

    def in_blocks(self, slow_to_mps: Floats, abilities: Abilities) -> Plan:
        """The plan in the steps of the physics."""
        shape = (-1, BLOCK_S)
        held: list[bool] = np.any(self.held.reshape(shape), axis=1).tolist()
        watts = self.watts.reshape(shape).mean(axis=1)
        critical = abilities.cp_w * abilities.tired(np.cumsum(watts) * BLOCK_S / 1_000)
        return Plan(watts.tolist(), held, slow_to_mps.tolist(), critical.tolist())


def wanted_of(outing: Outing, rng: np.random.Generator) -> Wanted:
    """The plan of an outing, with a rider who tires and legs that are uneven."""
    plan = _of_workout(outing, outing.workout, rng) if outing.workout else _by_feel(outing, rng)
    whole = len(plan.watts) - len(plan.watts) % BLOCK_S
    watts, held = plan.watts[:whole], plan.held[:whole]
    tired = outing.abilities.tired(np.cumsum(watts) / 1_000)
    return plan._replace(watts=np.where(held, watts, watts * tired), held=held)


def stops_of(kind: Kind, wanted: Wanted, rng: np.random.Generator) -> tuple[Floats, NDArray[np.int64]]:
    """The highest speed in each block, and the blocks before which the rider stands; none during efforts."""
    blocks = len(wanted.watts) // BLOCK_S
    slow_to = np.full(blocks, np.inf)
    held = np.flatnonzero(wanted.held)
    first = (int(held[-1]) // BLOCK_S if len(held) else 0) + 8
    last = min(wanted.expected_s // BLOCK_S, blocks)
    count = int(rng.poisson(kind.stops_per_hour * wanted.expected_s / 3_600))
    if last - first < count or not count:
        return slow_to, np.zeros(0, np.int64)
    stops = np.unique(rng.integers(first, last, count))
    for before, speed in enumerate(_STOPPING_MPS, start=1):
        slow_to[stops - before] = np.minimum(slow_to[stops - before], speed)
    return slow_to, stops


def _by_feel(outing: Outing, rng: np.random.Generator) -> Wanted:
    """A ride at a level, as uneven as the legs and the company are."""
    seconds = int(3_600 * outing.hours)
    level_w = outing.level * outing.abilities.ftp_w
    highest_w = _NEVER_ABOVE * outing.abilities.best_watts(5)
    watts = np.minimum(level_w * _legs(outing.kind, seconds, rng), highest_w)
    if not outing.kind.trainer:
        watts = np.resize(watts, int(_SPARE * seconds))
    return Wanted(watts, np.zeros(len(watts), bool), [], seconds)


def _of_workout(outing: Outing, workout: Workout, rng: np.random.Generator) -> Wanted:
    """The steps of a workout, each effort with its exact mean, and the way home."""
    kind = outing.kind
    parts: list[Floats] = []
    held: list[NDArray[np.bool_]] = []
    efforts: list[Effort] = []
    seconds = 0
    for step, planned in workout.drawn(outing.abilities):
        watts = _ridden_step(step, planned, kind, rng)
        if step.work:
            efforts.append(Effort(seconds, len(watts), float(watts.mean()), step.all_out))
        parts.append(watts)
        held.append(np.full(len(watts), step.work))
        seconds += len(watts)
    if not kind.trainer:
        parts.append(_HOME_LEVEL * outing.abilities.ftp_w * _legs(kind, _HOME_S, rng))
        held.append(np.zeros(_HOME_S, bool))
    return Wanted(np.concatenate(parts), np.concatenate(held), efforts, seconds)


def _ridden_step(step: Step, planned: Floats, kind: Kind, rng: np.random.Generator) -> Floats:
    if not step.work:
        return planned * _legs(kind, len(planned), rng, surging=False)
    if step.is_sprint:
        return np.rint(planned)
    watts = planned * uneven(len(planned), 0.3 * kind.spread, 0.0, rng)
    return np.asarray(np.rint(watts * (planned.mean() / watts.mean())), np.float64)


def _legs(kind: Kind, seconds: int, rng: np.random.Generator, *, surging: bool = True) -> Floats:
    """Factors for the power of each second."""
    factors = uneven(seconds, kind.spread, kind.drifting, rng)
    if surging and kind.surges_per_hour:
        factors *= surges(seconds, kind.surges_per_hour, kind.surge, rng)
    factors[pauses(seconds, kind.pauses_per_hour, rng)] = 0.0
    return factors
