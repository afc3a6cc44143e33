"""What happens, day by day: a list that follows from a seed, of which any part can be left out.

Each step has a seed of its own, so that leaving one out changes no other.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

EDITS_A_DAY = (1, 2, 3, 3, 4, 5)
"""As likely as another; three on average."""


@dataclass(frozen=True)
class Rates:
    """How often what is rare happens.

    Args:
        every_days: days between two of one athlete, on average, by action.
        home_every_days: the same for the whole home.
        accidents: the share of the commands that have an accident, by action.
        other_accidents: the same for all other actions.
        retention_days: how long a row is kept that Strava does not confirm.
    """

    every_days: Mapping[str, int]
    home_every_days: Mapping[str, int]
    accidents: Mapping[str, float]
    other_accidents: float
    retention_days: int


_NONE = {"edit": 0.0, "log out": 0.0}
USUAL = Rates(
    {"streams": 5, "files": 30, "forget": 120, "log out": 90},
    {"compact": 5, "expire": 45, "rebuild": 40, "publish": 20},
    {**_NONE, "sync": 0.02, "load": 0.1, "events": 0.005},
    0.15,
    60,
)
OFTEN = Rates(
    {"streams": 3, "files": 4, "forget": 8, "log out": 8},
    {"compact": 4, "expire": 4, "rebuild": 8, "publish": 30},
    {**_NONE, "sync": 0.1, "load": 0.1, "events": 0.005},
    0.4,
    4,
)
"""Everything that is rare, and an accident in a third of what is not a sync."""


@dataclass(frozen=True)
class Step:
    """One thing that happens.

    Args:
        day: the day, from 1.
        action: what happens.
        athlete: whose it is, from 0; None for the whole home.
        seed: decides the rest.
    """

    day: int
    action: str
    athlete: int | None
    seed: int

    @property
    def chance(self) -> Random:
        """The random numbers of this step."""
        return Random(self.seed)  # noqa: S311 - a story, not a secret


def draw_steps(seed: int, days: int, athletes: int, rates: Rates = USUAL) -> list[Step]:
    """The steps of a seed: edits, syncs and a load each day, and now and then everything else."""
    chance = Random(seed)  # noqa: S311 - a story, not a secret
    return [
        Step(day, action, athlete, chance.getrandbits(32))
        for day in range(1, days + 1)
        for action, athlete in _day(chance, athletes, rates)
    ]


def _day(chance: Random, athletes: int, rates: Rates) -> Iterator[tuple[str, int | None]]:
    for athlete in range(athletes):
        yield from [("edit", athlete)] * chance.choice(EDITS_A_DAY)
        yield "events", athlete
        for action, every in rates.every_days.items():
            if chance.random() < 1 / every:
                yield action, athlete
        yield "sync", athlete
    yield "load", None
    for action, every in rates.home_every_days.items():
        if chance.random() < 1 / every:
            yield action, None


def write_steps(path: Path, steps: Iterable[Step]) -> None:
    """Write steps to a file, one a line."""
    path.write_text("".join(f"{json.dumps(asdict(step))}\n" for step in steps), encoding="utf-8")


def read_steps(path: Path) -> list[Step]:
    """Read steps from a file."""
    return [Step(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]
