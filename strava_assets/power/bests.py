"""Best power by duration: the most work of any stretch of that length, over elapsed time.

The opposite rule to normalized power's: pauses are zeros, or an interrupted hour would become a record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from strava_assets.power.durations import DURATIONS_S

if TYPE_CHECKING:
    from strava_assets.power.seconds import Floats, Integers

# A recording of 27 days holds two hours of riding: beyond this no array is made by elapsed time. Energies of
# that time, at 2,500 W, fit 32 bits, in which the search is twice as fast.
_DENSE_S = 48 * 3600


@dataclass(frozen=True, eq=False)
class Bests:
    """A ride's bests, one a duration; three arrays of one length.

    Args:
        duration_s: increasing; none longer than the ride.
        energy_j: work of the best stretch.
        begins_at_s: the second of elapsed time it begins with, the first of several equal ones.
    """

    duration_s: Integers
    energy_j: Integers
    begins_at_s: Integers

    @property
    def watts(self) -> Floats:
        """Mean power of each."""
        return self.energy_j / self.duration_s

    def watts_over(self, duration_s: int) -> float | None:
        """Mean power of the best stretch of that length; None where it is not among them."""
        place = int(np.searchsorted(self.duration_s, duration_s))
        if place == len(self.duration_s) or self.duration_s[place] != duration_s:
            return None
        return float(self.energy_j[place] / duration_s)


_NONE = np.empty(0, np.int64)
NO_BESTS = Bests(_NONE, _NONE, _NONE)


def best_efforts(watts: Integers, at_s: Integers, *, from_s: int = 1) -> Bests:
    """The bests of a ride at every duration of `DURATIONS_S` that it lasts.

    Args:
        watts: mean power of each recorded second, whole watts up to 2,500.
        at_s: which second of the elapsed time each one is, strictly increasing.
        from_s: none shorter.
    """
    elapsed_s = int(at_s[-1] - at_s[0]) + 1 if len(at_s) else 0
    first, beyond = np.searchsorted(DURATIONS_S, (from_s, elapsed_s + 1))
    lasting_s = DURATIONS_S[first:beyond]
    search = _over_every_second if elapsed_s <= _DENSE_S else _over_recorded_seconds
    energy_j, begins_at_s = np.empty_like(lasting_s), np.empty_like(lasting_s)
    if len(lasting_s):
        search(watts, at_s - at_s[0], lasting_s, energy_j, begins_at_s)
        begins_at_s += at_s[0]
    return Bests(lasting_s, energy_j, begins_at_s)


def _over_every_second(
    watts: Integers, at_s: Integers, durations_s: Integers, energy_j: Integers, begins_at_s: Integers
) -> None:
    """Search all stretches, pauses laid out as zeros."""
    work_j = np.zeros(int(at_s[-1]) + 2, np.int32)
    work_j[at_s + 1] = watts
    np.cumsum(work_j, dtype=np.int32, out=work_j)
    stretches_j = np.empty_like(work_j)
    for place, duration_s in enumerate(durations_s.tolist()):
        stretches = np.subtract(
            work_j[duration_s:], work_j[:-duration_s], out=stretches_j[: len(work_j) - duration_s]
        )
        begins_at_s[place] = begins = stretches.argmax()
        energy_j[place] = stretches[begins]


def _over_recorded_seconds(
    watts: Integers, at_s: Integers, durations_s: Integers, energy_j: Integers, begins_at_s: Integers
) -> None:
    """Search the stretches that begin with a recorded second: one that begins in a pause is no better.

    Slower, but its memory does not grow with the pauses.
    """
    work_j = np.concatenate(([0], np.cumsum(watts)))
    for place, duration_s in enumerate(durations_s.tolist()):
        stretches = work_j[np.searchsorted(at_s, at_s + duration_s)] - work_j[:-1]
        begins = stretches.argmax()
        energy_j[place] = stretches[begins]
        # A stretch may reach beyond the end; the same work is done in one that ends with the ride.
        begins_at_s[place] = min(int(at_s[begins]), int(at_s[-1]) + 1 - duration_s)
