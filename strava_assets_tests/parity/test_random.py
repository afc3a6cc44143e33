"""Every mart over random histories, which spare no absurdity: Google's evaluator says what DuckDB says.

BigQuery's protocol is held to one of them in test_real_project.py, where a real project can be asked as well.
"""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from strava_assets.assets.marts import refresh_mart
from strava_assets.schema.sports import sport_rules
from strava_assets.schema.tables import TABLES
from strava_assets.warehouse.arrow import arrow_schema
from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets_tests.marts.histories import MONDAY, _random_figures, random_activity
from strava_assets_tests.marts.seconds import random_late_bests, random_seconds, random_zones
from strava_assets_tests.parity import googlesql
from strava_assets_tests.parity.comparing import KEYS, MARTS, differences, stored

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets.warehouse import Warehouse

Inputs = dict[str, list[dict[str, Any]]]


def inputs(seed: int, *, size: int, days: int) -> Inputs:
    """What the marts read: two athletes' activities with their seconds and figures, and settings."""
    chance = Random(seed)  # noqa: S311 -- a history, not a secret
    week_start = chance.choice(["monday", "sunday"])
    as_of = MONDAY + timedelta(days=days + chance.choice([0, 3, 40]))
    settings = {
        "as_of": as_of,
        "week_start": week_start,
        "count_commutes": chance.random() < 0.7,
        "count_virtual": chance.random() < 0.7,
    }
    activities = [random_activity(chance, str(number), week_start, min(days, 60)) for number in range(size)]
    power, bests = random_seconds(seed, activities)
    return {
        "bq_activities": activities,
        "ride_power": power,
        "ride_bests": bests,
        "ride_bests_after_work": random_late_bests(seed, bests),
        "recording_zones": random_zones(seed, activities),
        "athlete_profile": _random_figures(seed),
        # The other bike has no name there, as one of an export has none.
        "athlete_gear": [
            {
                "athlete_id": "7",
                "gear_id": "b1",
                "name": "Main bike",
                "is_retired": chance.random() < 0.5,
                "distance_m": 1_234_567.5,
                "observed_on": as_of,
            }
        ],
        "planned_load": [
            {
                "athlete_id": "7",
                "day": as_of + timedelta(n),
                "planned_load": 40.0 + n,
                "goal": None,
            }
            for n in (1, 2, 6, 20)
        ],
        "mart_settings": [settings],
        "sport_rules": list(sport_rules()),
    }


def marts_on(warehouse: Warehouse, given: Inputs) -> dict[str, pa.Table]:
    """Every mart and the view, made by an engine."""
    for name, rows in given.items():
        warehouse.replace(TABLES[name], pa.Table.from_pylist(rows, schema=arrow_schema(TABLES[name].columns)))
    for mart in MARTS.values():
        refresh_mart(warehouse, mart)
    return {name: stored(warehouse, name) for name in MARTS}


@pytest.mark.deep
def test_a_mart_made_in_shares_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = inputs(5, size=80, days=40)
    made = []
    for bytes_a_value in (1, 100_000):
        monkeypatch.setattr("strava_assets.warehouse.duckdb._BYTES_A_VALUE", bytes_a_value)
        with DuckDBWarehouse(tmp_path / f"{bytes_a_value} bytes a value.duckdb") as here:
            made.append(marts_on(here, given))

    whole, in_shares = made
    assert [text for name in MARTS for text in differences(name, in_shares[name], whole[name])] == []


@pytest.mark.deep
@pytest.mark.skipif(bool(googlesql.why_missing()), reason=googlesql.why_missing())
@pytest.mark.parametrize("seed", [3, 4])
def test_duckdb_and_googles_own_evaluator_make_the_same_marts(seed: int, tmp_path: Path) -> None:
    given = inputs(seed, size=50, days=40)
    tables = {name: googlesql.table_of(table.columns, given.get(name, [])) for name, table in TABLES.items()}
    with DuckDBWarehouse(tmp_path / "here.duckdb") as here:
        wanted = marts_on(here, given)

    answers = googlesql.ask(
        tables, [googlesql.Statement(mart.sql, evaluated=True, kept_as=name) for name, mart in MARTS.items()]
    )

    assert [answer["error"] for answer in answers if "error" in answer] == []
    by_google = {
        name: googlesql.as_arrow(answer, KEYS[name]) for name, answer in zip(MARTS, answers, strict=True)
    }
    assert [text for name in MARTS for text in differences(name, by_google[name], wanted[name])] == []
