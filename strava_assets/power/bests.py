"""Best power by duration: the most work of any interval of that length, over elapsed time.

Unlike in normalized power, pauses count as zeros; otherwise an interrupted hour could become a record.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from strava_assets.power.durations import DURATIONS_S

if TYPE_CHECKING:
    from strava_assets.power.seconds import Floats, Integers

# Recordings of 27 days with two hours of riding exist: above this limit no array of elapsed time is made. The
# energy of this time at 2,500 W fits 32 bits, in which the search is twice as fast.
_DENSE_S = 48 * 3600


@dataclass(frozen=True, eq=False)
class Bests:
    """A ride's bests, one per duration; three arrays of equal length.

    Args:
        duration_s: increasing; none longer than the ride.
        energy_j: work in the best interval.
        begins_at_s: the second of elapsed time at which it begins; the first of several equal ones.
    """

    duration_s: Integers
    energy_j: Integers
    begins_at_s: Integers

    @property
    def watts(self) -> Floats:
        """Mean power of each best."""
        return self.energy_j / self.duration_s

    def watts_over(self, duration_s: int) -> float | None:
        """Mean power of the best interval of that length; None if that duration is not included."""
        index = int(np.searchsorted(self.duration_s, duration_s))
        if index == len(self.duration_s) or self.duration_s[index] != duration_s:
            return None
        return float(self.energy_j[index] / duration_s)


_NONE = np.empty(0, np.int64)
NO_BESTS = Bests(_NONE, _NONE, _NONE)


def best_efforts(
    watts: Integers, at_s: Integers, *, from_s: int = 1, durations_s: Integers = DURATIONS_S
) -> Bests:
    """The bests of a ride at every duration up to its length.

    Args:
        watts: mean power of each recorded second, whole watts up to 2,500.
        at_s: the elapsed second of each value, strictly increasing.
        from_s: the shortest duration.
        durations_s: the durations, increasing.
    """
    elapsed_s = int(at_s[-1] - at_s[0]) + 1 if len(at_s) else 0
    first, beyond = np.searchsorted(durations_s, (from_s, elapsed_s + 1))
    lasting_s = durations_s[first:beyond]
    search = _over_every_second if elapsed_s <= _DENSE_S else _over_recorded_seconds
    energy_j, begins_at_s = np.empty_like(lasting_s), np.empty_like(lasting_s)
    if len(lasting_s):
        search(watts, at_s - at_s[0], lasting_s, energy_j, begins_at_s)
        begins_at_s += at_s[0]
    return Bests(lasting_s, energy_j, begins_at_s)


def _over_every_second(
    watts: Integers, at_s: Integers, durations_s: Integers, energy_j: Integers, begins_at_s: Integers
) -> None:
    """Search all intervals, with pauses as zeros."""
    work_j = np.zeros(int(at_s[-1]) + 2, np.int32)
    work_j[at_s + 1] = watts
    np.cumsum(work_j, dtype=np.int32, out=work_j)
    buffer_j = np.empty_like(work_j)
    for index, duration_s in enumerate(durations_s.tolist()):
        intervals_j = np.subtract(
            work_j[duration_s:], work_j[:-duration_s], out=buffer_j[: len(work_j) - duration_s]
        )
        begins_at_s[index] = begins = intervals_j.argmax()
        energy_j[index] = intervals_j[begins]


def _over_recorded_seconds(
    watts: Integers, at_s: Integers, durations_s: Integers, energy_j: Integers, begins_at_s: Integers
) -> None:
    """Search the intervals that begin with a recorded second: one that begins in a pause is never better.

    This is slower, but memory does not grow with the pauses.
    """
    work_j = np.concatenate(([0], np.cumsum(watts)))
    for index, duration_s in enumerate(durations_s.tolist()):
        intervals_j = work_j[np.searchsorted(at_s, at_s + duration_s)] - work_j[:-1]
        begins = intervals_j.argmax()
        energy_j[index] = intervals_j[begins]
        # An interval may reach beyond the end; the one that ends with the ride has the same work.
        begins_at_s[index] = min(int(at_s[begins]), int(at_s[-1]) + 1 - duration_s)
