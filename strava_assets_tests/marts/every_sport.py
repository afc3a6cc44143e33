"""Every living activity of whatever sport, judged: what the witnesses of the further marts start from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings

from strava_assets_tests.marts.judged import Ride, Settings, by_ride, chosen, duplicates, figures_of, living

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

Row = dict[str, Any]
some = partial(
    settings,
    deadline=None,  # the machine's pace is not what is tested
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
    ],
    database=None,
    derandomize=True,
)


@dataclass(frozen=True)
class Judged:
    """One living activity: its row, and what the oracle makes of it."""

    row: Row
    ride: Ride
    is_counted: bool
    is_duplicate: bool

    @property
    def day(self) -> date:
        """Local date of the start."""
        return self.ride.day

    @property
    def is_ride(self) -> bool:
        """Counts among the rides."""
        return self.is_counted and self.ride.cycle

    @property
    def may_be_best(self) -> bool:
        """A ride whose values may be a best."""
        return self.is_ride and not self.ride.flagged and not self.row.get("manual")


def judge(
    history: Sequence[Row], asked: Settings, figures: Sequence[Row] = (), power: Sequence[Row] = ()
) -> dict[str, list[Judged]]:
    """The living activities by athlete."""
    athletes: dict[str, list[Judged]] = {}
    told = by_ride(power)
    double = duplicates(history, asked)
    for row in living(history, asked):
        known = figures_of(row["athlete_id"], row["activity_date"], figures)
        name = (row["athlete_id"], row["activity_id"])
        is_duplicate = name in double
        counted = chosen(row, asked) and not is_duplicate
        athletes.setdefault(row["athlete_id"], []).append(
            Judged(row, Ride(row, known, told.get(name)), counted, is_duplicate)
        )
    return athletes


def same(found: Any, wanted: Any) -> bool:
    """Equal, where floats may differ in what the order of adding leaves."""
    if isinstance(wanted, float):
        return isinstance(found, float) and math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-9)
    return bool(found == wanted)


def differences(found: Sequence[Row], wanted: Sequence[Row], *key: str) -> list[str]:
    """Where a mart's rows are not those of the witness, column by column, as sentences."""
    if len(found) != len(wanted):
        return [f"{len(found)} rows, not {len(wanted)}"]
    return [
        f"{name} of {[row[part] for part in key]}: {row.get(name)!r}, not {other.get(name)!r}"
        for row, other in zip(found, wanted, strict=True)
        for name in sorted({*row, *other})
        if not same(row.get(name, "no column"), other.get(name, "no column"))
    ]
