"""A history whose year is whole weeks, its marts, and the same as published Parquet files."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.warehouse.statements import for_duckdb
from strava_assets_tests.marts.conftest import catalog, marts, warehouse
from strava_assets_tests.marts.histories import activity
from strava_assets_tests.marts.seconds import measured

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets.marts import Mart
    from strava_assets.warehouse.duckdb import DuckDBWarehouse
    from strava_assets_tests.marts.conftest import Marts

__all__ = ["catalog", "marts", "warehouse"]

Row = dict[str, Any]
YEAR = 2018
"""It begins on a Monday, and nobody rides on its last day, which is one too: its weeks are its quarters."""
AS_OF = date(2019, 2, 1)


@pytest.fixture(scope="session")
def history() -> list[Row]:
    """Rides with and without a power meter, short and long ones, and a run, in 2018 and a bit of 2019."""
    rides = []
    for number in range(120):
        day = date(YEAR, 1, 1) + timedelta(days=number * 3)
        fields: Row = {
            "moving_time_s": 1800 + 600 * (number % 11),
            "average_watts": 120.0 + 13 * (number % 9),
            "weighted_average_watts": 140.0 + 11 * (number % 10),
            "average_heartrate_bpm": None if number % 4 == 0 else 118.0 + number % 30,
            "trainer": number % 5 == 0,
            "gear_id": f"b{number % 2}",
        }
        if number % 7 == 0:
            fields |= {"average_watts": None, "weighted_average_watts": None}
        if number % 13 == 0:
            fields |= {"sport_type": "Run", "average_watts": None, "weighted_average_watts": None}
        rides.append(activity(day, str(number), **fields))
    rides.append(activity(date(2019, 1, 10), "2019"))
    assert not any(row["activity_date"] == date(YEAR, 12, 31) for row in rides)
    return rides


@pytest.fixture(scope="session")
def rows(marts: Marts, history: list[Row], catalog: dict[str, Mart]) -> dict[str, list[Row]]:
    """The rows of every mart that is published, by its name."""
    names = [mart.name for mart in catalog.values() if mart.kind == "mart"]
    power = [measured(row["activity_id"], normalized_power_w=205.0) for row in history[::3]]
    return dict(zip(names, marts(history, *names, as_of=AS_OF, power=power), strict=True))


@pytest.fixture(scope="session")
def published(
    rows: dict[str, list[Row]],
    warehouse: DuckDBWarehouse,
    catalog: dict[str, Mart],
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The folder `published` with a Parquet file for each mart."""
    folder = tmp_path_factory.mktemp("home") / "published"
    for name in rows:
        (folder / name).mkdir(parents=True)
        file = folder / name / f"{name}.parquet"
        warehouse._run(f"COPY ({for_duckdb(catalog[name].sql)}) TO '{file}' (FORMAT parquet)")
    return folder


@pytest.fixture(scope="session")
def year_rows(rows: dict[str, list[Row]]) -> dict[str, list[Row]]:
    """The year's weeks and quarters."""
    return {
        "weekly_watts": [row for row in rows["weekly_watts"] if row["week"].year == YEAR],
        "quarterly_overview": [row for row in rows["quarterly_overview"] if row["year"] == YEAR],
    }
