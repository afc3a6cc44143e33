"""The engines every contract test runs on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from strava_assets_tests.warehouse.engines import DuckDBEngine, Engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets.warehouse import Warehouse


@pytest.fixture(params=["duckdb"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    assert request.param == "duckdb"
    return DuckDBEngine(tmp_path)


@pytest.fixture
def warehouse(engine: Engine) -> Iterator[Warehouse]:
    with engine.open() as opened:
        yield opened
