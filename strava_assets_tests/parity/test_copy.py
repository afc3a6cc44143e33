"""The command `copy`, to BigQuery and back: everything arrives; what cannot be copied is refused."""

from __future__ import annotations

from contextlib import closing, nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from strava_assets.history.copying import copy_history
from strava_assets.landing import Landing
from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets_tests.cli.terminal import Terminal, own_environment
from strava_assets_tests.parity.comparing import differences, stored
from strava_assets_tests.warehouse.bigquery_engine import LOCATION, PROJECT, BigQueryEngine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets_tests.parity.conftest import Sample

pytestmark = pytest.mark.xdist_group("bigquery_emulator")


COPIED = ("bq_activities", "rejected_records", "athlete_observations")


@pytest.fixture
def plot(emulator: str) -> Iterator[BigQueryEngine]:
    """Where a dataset may be built that is not there yet."""
    with closing(BigQueryEngine(emulator)) as engine:
        yield engine


@pytest.mark.deep
def test_the_command_copies_to_bigquery_and_nothing_is_lost_on_the_way_back(
    sample: Sample, plot: BigQueryEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_environment(monkeypatch, tmp_path)
    environ = {
        "STRAVA_ASSETS_HOME": str(sample.home),
        "STRAVA_ASSETS_GCP_PROJECT": PROJECT,
        "STRAVA_ASSETS_BIGQUERY_DATASET": plot.dataset,
        "STRAVA_ASSETS_BIGQUERY_LOCATION": LOCATION,
        "STRAVA_ASSETS_BIGQUERY_API_ENDPOINT": plot.endpoint,
    }

    result = Terminal(tmp_path, environ).run("copy", "--from", "duckdb", "--to", "bigquery")

    assert result.status == 0, result.err
    assert "STRAVA_ASSETS_WAREHOUSE=bigquery" in result.out
    with plot.open() as on_bigquery, DuckDBWarehouse(tmp_path / "back.duckdb") as back:
        results = copy_history(
            Landing(str(sample.home / "landing")),
            lambda: nullcontext(on_bigquery),
            back,
            datetime.now(UTC),
            week_start="monday",
            expires=False,
            progress=lambda _what, _done, _all: None,
        )
        assert [result.named for result in results if result.differences] == []
        for table in COPIED:
            assert f"{table}: " in result.out
            assert differences(table, stored(back, table), stored(sample.on_duckdb, table)) == []


@pytest.mark.parametrize(
    ("ends", "message"),
    [
        (("duckdb", "duckdb"), "Both ends are duckdb"),
        (("duckdb", "bigquery"), "STRAVA_ASSETS_GCP_PROJECT is not set"),
    ],
)
def test_a_copy_that_cannot_be_is_refused_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: tuple[str, str], message: str
) -> None:
    own_environment(monkeypatch, tmp_path)

    result = Terminal(tmp_path).run("copy", "--from", ends[0], "--to", ends[1])

    assert result.status == 1
    assert message in result.err
    assert "What to do" in result.err


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_environment(monkeypatch, tmp_path)
    environ = {"STRAVA_ASSETS_GCP_PROJECT": PROJECT}

    result = Terminal(tmp_path, environ).run("copy", "--from", "duckdb", "--to", "bigquery")

    assert result.status == 1
    assert "There is no warehouse at" in result.err
    assert not list(tmp_path.rglob("*.duckdb"))
