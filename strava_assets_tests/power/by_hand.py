"""The rules of a ride's seconds written a second time, in plain Python, as a witness for the tests."""

from __future__ import annotations

import math
import statistics
from itertools import pairwise

Second = tuple[int, float | None]


def seconds_of(times: list[int], watts: list[float | None]) -> list[Second]:
    """The recorded seconds: when, and the power, None where unknown after repair."""
    usual = math.ceil(statistics.median(b - a for a, b in pairwise(times))) if len(times) > 1 else 1
    longest = min(2 * usual, 10)
    steps = [later - earlier for earlier, later in pairwise(times)]
    read = [
        None if reading is None or _is_fault(number, watts, steps, longest, usual) else reading
        for number, reading in enumerate(watts)
    ]
    seconds: list[Second] = []
    for number, (begins, reading) in enumerate(zip(times, read, strict=True)):
        step = steps[number] if number < len(steps) else usual
        stands = step if step <= longest else min(usual, 10)
        seconds += [(begins + offset, reading) for offset in range(stands)]
    return _repaired(seconds)


def _is_fault(number: int, watts: list[float | None], steps: list[int], longest: int, usual: int) -> bool:
    reading = watts[number]
    assert reading is not None
    if not 0 <= reading <= 2500:
        return True
    if usual > 2 or number in (0, len(watts) - 1) or max(steps[number - 1], steps[number]) > longest:
        return False
    beside = [near for near in (watts[number - 1], watts[number + 1]) if near is not None]
    return reading >= 500 and bool(beside) and all(reading > 3 * near for near in beside)


def _repaired(seconds: list[Second]) -> list[Second]:
    repaired = list(seconds)
    place = 0
    while place < len(seconds):
        if seconds[place][1] is not None:
            place += 1
            continue
        ends = place
        while ends < len(seconds) and seconds[ends][1] is None:
            ends += 1
        if place > 0 and ends < len(seconds) and ends - place <= 10:
            (before_at, before), (after_at, after) = seconds[place - 1], seconds[ends]
            assert before is not None
            assert after is not None
            if after_at - before_at == ends - place + 1:
                for silent in range(place, ends):
                    repaired[silent] = (seconds[silent][0], min(before, after))
        place = ends
    return repaired


def whole_watts(seconds: list[Second]) -> list[int]:
    """The power of each second, unknown as zero."""
    return [round(reading or 0) for _, reading in seconds]


def normalized_power(watts: list[int]) -> float:
    """The fourth root of the mean fourth power of every thirty seconds in a row."""
    windows = [sum(watts[begins : begins + 30]) / 30 for begins in range(len(watts) - 29)]
    return math.pow(math.fsum(mean**4 for mean in windows) / len(windows), 0.25)


def xpower(watts: list[int]) -> float:
    """The same of the exponential mean, from zero."""
    mean, means = 0.0, []
    for reading in watts:
        mean = mean * 25 / 26 + reading / 26
        means.append(mean)
    return math.pow(math.fsum(mean**4 for mean in means) / len(means), 0.25)


def best_j(seconds: list[Second], duration: int) -> int:
    """The most work of any stretch of elapsed time of that length within the ride."""
    by_time = {at: round(reading or 0) for at, reading in seconds}
    first, last = min(by_time), max(by_time)
    return max(
        sum(by_time.get(at, 0) for at in range(begins, begins + duration))
        for begins in range(first, last - duration + 2)
    )
