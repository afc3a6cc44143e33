"""Every call that writes is the last one: what was acknowledged stays, nothing is half, and one can go on."""

from __future__ import annotations

import os
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

import pytest

from strava_assets.cli.os_errors import as_user_error
from strava_assets_tests.power_cuts.disk import Disk, PowerCut, Stop, Survival, read_tree, write_tree
from strava_assets_tests.power_cuts.scenarios import SCENARIOS, Home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets_tests.power_cuts.scenarios import Scenario

SEED = int(os.environ.get("STRAVA_ASSETS_TEST_SEED", "1"))
DRAWS = int(os.environ.get("STRAVA_ASSETS_TEST_DRAWS", "3"))
"""How many contents by chance are tried after each power cut."""
DRAWN_CALLS = 10
"""How many calls of a slow scenario are tried, and the last one; all by STRAVA_ASSETS_TEST_ALL_CALLS=1."""
SLOW = {
    "compact",
    "conclude a deletion",
    "expire",
    "forget",
    "adopt recordings",
    "import files into a new home",
}
QUICK = {"rotate a token", "log out", "take events", "write the page"}
"""What `make test` tries; the other scenarios belong to `make test-deep`."""


@dataclass(frozen=True)
class Machine:
    """A home that is given the same content again and again."""

    home: Home
    disk: dict[str, bytes | None]
    aside: dict[str, bytes | None]

    @classmethod
    def prepared(cls, folder: Path, scenario: Scenario) -> Machine:
        home = Home(folder / "disk", folder / "aside")
        home.disk.mkdir()
        home.aside.mkdir()
        scenario.prepare(home)
        return cls(home, read_tree(home.disk), read_tree(home.aside))

    def begin(self) -> None:
        write_tree(self.home.disk, self.disk)
        write_tree(self.home.aside, self.aside)
        self.home.done.clear()


def tries(stop: Stop) -> list[Survival | None]:
    if stop is not Stop.power_cut:
        return [None]
    return [Survival.nothing, Survival.names, Survival.removals, *[Survival.chance] * DRAWS]


def cases() -> Iterator[object]:
    for name in SCENARIOS:
        for stop in Stop:
            deep = [] if name in QUICK else [pytest.mark.deep, pytest.mark.timeout(1200)]
            yield pytest.param(name, stop, marks=deep, id=f"{stop}, {name}")


@pytest.mark.parametrize(("name", "stop"), cases())
def test_any_call_may_be_the_last(tmp_path: Path, name: str, stop: Stop) -> None:
    scenario = SCENARIOS[name]
    machine = Machine.prepared(tmp_path, scenario)
    home, chance, count = machine.home, Random(SEED), 0  # noqa: S311 - not a secret
    machine.begin()
    with Disk(home.disk) as counting:
        scenario.act(home)
    last = len(counting.calls) + (stop is Stop.power_cut)
    for at in tried_calls(name, last):
        for survival in tries(stop):
            machine.begin()
            acts_until_it_stops(scenario, home, stop, at, survival, chance)
            count += 1
            scenario.check(home)
    assert last
    print(f"{name}: {count} times {stop}, at each of {len(counting.calls)} calls")  # noqa: T201 - for the record


def tried_calls(name: str, last: int) -> list[int]:
    """The calls at which a scenario is stopped."""
    if name not in SLOW or last <= DRAWN_CALLS or os.environ.get("STRAVA_ASSETS_TEST_ALL_CALLS"):
        return [*range(1, last + 1)]
    return [*sorted(Random(SEED).sample(range(1, last), DRAWN_CALLS)), last]  # noqa: S311 - not a secret


def acts_until_it_stops(
    scenario: Scenario, home: Home, stop: Stop, at: int, survival: Survival | None, chance: Random
) -> None:
    """Act until the call comes, and leave what may be left then."""
    with Disk(home.disk, stop, at) as disk:
        try:
            scenario.act(home)
            if stop is Stop.power_cut:
                # All was acknowledged, and then the power was cut.
                disk.cut_now()
        except PowerCut:
            pass
        except Exception as error:
            # What a person reads then is a sentence.
            if stop not in (Stop.full, Stop.broken) or as_user_error(error) is None:
                raise
    if stop in (Stop.kill, Stop.power_cut):
        disk.restore(survival, chance)
