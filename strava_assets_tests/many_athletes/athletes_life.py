"""What simulated athletes do: their histories, and days of uploads, edits, deletions and revoked access."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

UPLOADS_A_DAY = 0.8
LONG_HISTORY = 12_000
"""Every fiftieth athlete has so many activities: 60 pages."""


class Act(StrEnum):
    """What an athlete does."""

    UPLOAD = "upload"
    LATE_UPLOAD = "late upload"
    RENAME = "rename"
    CHANGE_GEAR = "change gear"
    DELETE = "delete"
    REVOKE = "revoke"
    LOGIN = "login"


PER_DAY = {Act.LATE_UPLOAD: 0.02, Act.RENAME: 0.1, Act.CHANGE_GEAR: 0.04, Act.DELETE: 0.02}
"""How often a day the rarer acts happen, besides uploads."""
REVOKING = 0.04
"""The share of athletes who revoke access; every second one logs in again two days later."""


@dataclass(frozen=True, order=True)
class Deed:
    """One act of an athlete.

    Args:
        at: aware UTC.
        athlete: position of the athlete.
        act: what it is.
        choice: chooses the activity, between 0 (newest) and 1 (oldest).
        age: how long before `at` an uploaded activity starts.
    """

    at: datetime
    athlete: int
    act: Act
    choice: float = 0.0
    age: timedelta = timedelta()


def history_sizes(
    count: int, seed: int, *, long_history: int = LONG_HISTORY, median: int = 1_200
) -> list[int]:
    """Activities per athlete at the beginning: about 1,400 on average, and a few long histories."""
    rng = random.Random(f"sizes {seed}")  # noqa: S311 - a simulation
    sizes = [int(min(4_000, rng.lognormvariate(0, 0.5) * median)) for _ in range(count)]
    for index in range(min(3, count - 1), count, 50):
        sizes[index] = long_history
    return sizes


def life(count: int, start: datetime, days: int, seed: int) -> list[Deed]:
    """Everything that all athletes do in so many days, in order."""
    rng = random.Random(f"life {seed}")  # noqa: S311 - a simulation
    deeds = []
    for athlete in range(count):
        for day in range(days):
            midnight = start + timedelta(days=day)
            if rng.random() < UPLOADS_A_DAY:
                deeds.append(Deed(_evening(midnight, rng), athlete, Act.UPLOAD, 0, timedelta(hours=2)))
            for act, often in PER_DAY.items():
                if rng.random() < often:
                    # Most changes are about the latest activities.
                    choice = rng.random() ** 6
                    age = timedelta(days=rng.uniform(40, 400))
                    deeds.append(Deed(_evening(midnight, rng), athlete, act, choice, age))
        if rng.random() < REVOKING:
            at = start + timedelta(days=rng.uniform(0, days))
            deeds.append(Deed(at, athlete, Act.REVOKE))
            if rng.random() < 0.5 and at + timedelta(days=2) < start + timedelta(days=days):
                deeds.append(Deed(at + timedelta(days=2), athlete, Act.LOGIN))
    return sorted(deeds)


def _evening(midnight: datetime, rng: random.Random) -> datetime:
    """A time of the day: three of four around half past six in the evening."""
    hour = rng.gauss(18.5, 1.3) if rng.random() < 0.75 else rng.uniform(6, 23)
    return midnight + timedelta(hours=min(max(hour, 0.0), 23.99))


@dataclass(frozen=True)
class Delivery:
    """How the events of a push subscription arrive.

    Args:
        lost: the share of events that never arrive.
        doubled: the share that arrives twice.
        late: the share that arrives 15 minutes late; the others take up to a minute.
    """

    lost: float = 0.02
    doubled: float = 0.05
    late: float = 0.05

    def delay(self, rng: random.Random) -> timedelta:
        """How long one event takes."""
        return timedelta(minutes=15) if rng.random() < self.late else timedelta(seconds=rng.uniform(2, 60))
