"""The engines of the contract tests."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from strava_assets_tests.warehouse.bigquery_engine import BigQueryEngine, running_emulator, why_missing
from strava_assets_tests.warehouse.engines import LOCAL_ENGINES, Engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets.warehouse import Warehouse


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a BigQuery emulator; each test uses its own dataset."""
    if reason := why_missing():
        pytest.skip(reason)
    with running_emulator(tmp_path_factory.mktemp("emulator")) as address:
        yield address


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "bigquery_emulator: needs the BigQuery emulator, and some seconds for it"
    )


@pytest.fixture(params=[*LOCAL_ENGINES, pytest.param("bigquery", marks=pytest.mark.bigquery_emulator)])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    local = LOCAL_ENGINES.get(request.param)
    engine_under_test: Engine = (
        local(tmp_path) if local else BigQueryEngine(request.getfixturevalue("emulator"))
    )
    with closing(engine_under_test):
        yield engine_under_test


@pytest.fixture
def warehouse(engine: Engine) -> Iterator[Warehouse]:
    with engine.open() as opened:
        yield opened
