"""The check of totals: counts must be equal, sums of floats may differ in their last digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from strava_assets.data_checks import Subject
from strava_assets.marts.period_checks import ROUNDING_SHARE, period_checks
from strava_assets.warehouse.duckdb import DuckDBWarehouse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOTALS = {
    "rides": 2,
    "moving_time_s": 7200,
    "distance_m": 60_000.0,
    "power_s": 7000,
    "work_kj": 1500.0,
    "stream_rides": 2,
    "tss": 120.0,
}
[CONSERVED] = [check for check in period_checks("weekly_watts", "week") if check.name == "totals_conserved"]


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[DuckDBWarehouse]:
    with DuckDBWarehouse(tmp_path / "warehouse.duckdb") as opened:
        opened._run(
            "CREATE TABLE activity_measures AS SELECT '7' AS athlete_id, TRUE AS is_ride, "
            "3600 AS moving_time_s, 30000.0::DOUBLE AS distance_m, 3500 AS power_s, "
            "750000.0::DOUBLE AS work_j, 3500 AS stream_s, 60.0::DOUBLE AS tss FROM range(2)"
        )
        yield opened


def passes(warehouse: DuckDBWarehouse, **changed: Any) -> bool:
    columns = ", ".join(
        f"{value!r}{'::DOUBLE' if isinstance(value, float) else ''} AS {name}"
        for name, value in (TOTALS | changed).items()
    )
    warehouse._run(f"CREATE OR REPLACE TABLE weekly_watts AS SELECT '7' AS athlete_id, {columns}")
    subject = Subject(warehouse, cast("Any", None), cast("Any", None))
    return CONSERVED.look(subject).passed


def test_equal_totals_pass(warehouse: DuckDBWarehouse) -> None:
    assert passes(warehouse)


@pytest.mark.parametrize("name", [name for name, value in TOTALS.items() if isinstance(value, int)])
@pytest.mark.parametrize("difference", [-1, 1])
def test_counts_and_seconds_are_held_to_the_last_one(
    warehouse: DuckDBWarehouse, name: str, difference: int
) -> None:
    assert not passes(warehouse, **{name: int(TOTALS[name]) + difference})


@pytest.mark.parametrize("name", [name for name, value in TOTALS.items() if isinstance(value, float)])
@pytest.mark.parametrize("sign", [-1, 1])
def test_sums_of_floats_may_differ_by_rounding_and_no_more(
    warehouse: DuckDBWarehouse, name: str, sign: int
) -> None:
    total = float(TOTALS[name])
    assert passes(warehouse, **{name: total + sign * 0.9 * ROUNDING_SHARE * total})
    assert not passes(warehouse, **{name: total + sign * 1.1 * ROUNDING_SHARE * total})


def test_an_athlete_without_a_row_in_the_mart_is_an_offender(warehouse: DuckDBWarehouse) -> None:
    assert passes(warehouse)
    warehouse._run("DELETE FROM weekly_watts")
    subject = Subject(warehouse, cast("Any", None), cast("Any", None))
    assert not CONSERVED.look(subject).passed
