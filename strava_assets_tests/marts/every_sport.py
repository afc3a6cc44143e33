"""All activities that are not deleted, of any sport: the input of the second implementations of the marts."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings

from strava_assets_tests.marts.judged import (
    Ride,
    Settings,
    active,
    by_ride,
    chosen,
    duplicates,
    figures_of,
    scale_loads,
)

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
    """One activity: its row, and the oracle's values."""

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
    history: Sequence[Row],
    chosen_settings: Settings,
    figures: Sequence[Row] = (),
    power: Sequence[Row] = (),
    zones: Sequence[Row] = (),
) -> dict[str, list[Judged]]:
    """The activities that are not deleted, by athlete."""
    athletes: dict[str, list[Judged]] = {}
    power_rows, zone_rows = by_ride(power), by_ride(zones)
    double = duplicates(history, chosen_settings)
    for row in active(history, chosen_settings):
        profile = figures_of(row["athlete_id"], row["activity_date"], figures)
        name = (row["athlete_id"], row["activity_id"])
        is_duplicate = name in double
        counted = chosen(row, chosen_settings) and not is_duplicate
        athletes.setdefault(row["athlete_id"], []).append(
            Judged(row, Ride(row, profile, power_rows.get(name), zone_rows.get(name)), counted, is_duplicate)
        )
    for activities in athletes.values():
        scale_loads(a.ride for a in activities if a.is_counted)
    return athletes


def same(actual: Any, wanted: Any) -> bool:
    """Whether two values are equal; floats may differ by rounding errors."""
    if isinstance(wanted, float):
        return isinstance(actual, float) and math.isclose(actual, wanted, rel_tol=1e-9, abs_tol=1e-9)
    return bool(actual == wanted)


def differences(actual: Sequence[Row], wanted: Sequence[Row], *key: str) -> list[str]:
    """The differences between a mart's rows and the expected ones, one sentence per column."""
    if len(actual) != len(wanted):
        return [f"{len(actual)} rows, not {len(wanted)}"]
    return [
        f"{name} of {[row[part] for part in key]}: {row.get(name)!r}, not {other.get(name)!r}"
        for row, other in zip(actual, wanted, strict=True)
        for name in sorted({*row, *other})
        if not same(row.get(name, "no column"), other.get(name, "no column"))
    ]
