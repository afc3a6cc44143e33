"""Moving house there and back: everything arrives, once, and a copy that broke off goes on."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from strava_assets.warehouse.copying import (
    CARRIED,
    CopyDiffersError,
    NothingToCopyError,
    TargetHasItsOwnError,
    copy_history,
    fingerprint,
)
from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets_tests.cli.terminal import Terminal, own_environment
from strava_assets_tests.parity.comparing import differences, stored
from strava_assets_tests.warehouse.bigquery_engine import LOCATION, PROJECT, BigQueryEngine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets.warehouse import Warehouse
    from strava_assets_tests.parity.conftest import Sample

pytestmark = pytest.mark.xdist_group("bigquery_emulator")


@pytest.fixture
def history(sample: Sample) -> Warehouse:
    """A DuckDB warehouse with some years in it."""
    return sample.on_duckdb


@pytest.fixture
def plot(emulator: str) -> Iterator[BigQueryEngine]:
    """Where a dataset may be built that is not there yet."""
    with closing(BigQueryEngine(emulator)) as engine:
        yield engine


@pytest.fixture
def new_house(plot: BigQueryEngine) -> Iterator[Warehouse]:
    """An empty dataset that is not there yet."""
    with plot.open() as opened:
        yield opened


def test_a_copy_broken_off_goes_on_and_doubles_nothing(history: Warehouse, new_house: Warehouse) -> None:
    def give_up(table: str, done: int, total: int) -> None:
        if table == "bq_activities" and done == total:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_history(history, new_house, batch_rows=500, progress=give_up)
    arrived = fingerprint(new_house, CARRIED[0]).rows
    assert not new_house.exists("loaded_batches")

    [activities, *_] = copy_history(history, new_house, batch_rows=500)

    assert arrived > 0
    assert activities.sent == activities.fingerprint.rows - arrived
    assert differences("there", stored(new_house, "bq_activities"), stored(history, "bq_activities")) == []


def test_a_second_copy_brings_only_what_changed(sample: Sample, tmp_path: Path) -> None:
    with DuckDBWarehouse(tmp_path / "old.duckdb") as old, DuckDBWarehouse(tmp_path / "new.duckdb") as new:
        copy_history(sample.on_duckdb, old)
        copy_history(old, new)
        changed = old.execute("UPDATE bq_activities SET name = 'Renamed' WHERE year = 2025")

        [activities, *others] = copy_history(old, new)

        assert activities.sent == changed > 0
        assert [table.sent for table in others] == [0, 0, 0]
        assert fingerprint(new, CARRIED[0]) == fingerprint(old, CARRIED[0])


def test_a_target_with_a_history_of_its_own_is_not_touched(sample: Sample, tmp_path: Path) -> None:
    with DuckDBWarehouse(tmp_path / "a.duckdb") as one, DuckDBWarehouse(tmp_path / "b.duckdb") as other:
        for warehouse in (one, other):
            copy_history(sample.on_duckdb, warehouse)
        other.execute("UPDATE loaded_batches SET batch_id = 'another' WHERE TRUE")
        before = fingerprint(other, CARRIED[0])

        with pytest.raises(TargetHasItsOwnError, match="1 batches that"):
            copy_history(one, other)

        assert fingerprint(other, CARRIED[0]) == before


def test_rows_that_only_the_target_has_are_told_and_kept(sample: Sample, tmp_path: Path) -> None:
    with DuckDBWarehouse(tmp_path / "a.duckdb") as one, DuckDBWarehouse(tmp_path / "b.duckdb") as other:
        for warehouse in (one, other):
            copy_history(sample.on_duckdb, warehouse)
        one.execute("DELETE FROM bq_activities WHERE year = 2025")

        with pytest.raises(CopyDiffersError, match="differs after copying"):
            copy_history(one, other)

        assert fingerprint(other, CARRIED[0]) == fingerprint(sample.on_duckdb, CARRIED[0])


def test_an_empty_house_is_not_moved(tmp_path: Path) -> None:
    with DuckDBWarehouse(tmp_path / "a.duckdb") as one, DuckDBWarehouse(tmp_path / "b.duckdb") as other:
        with pytest.raises(NothingToCopyError, match="no history"):
            copy_history(one, other)

        assert not other.exists("bq_activities")


def test_the_command_carries_it_there_and_nothing_is_lost_on_the_way_back(
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

    said = Terminal(tmp_path, environ).run("copy", "--from", "duckdb", "--to", "bigquery")

    assert said.status == 0, said.err
    assert "STRAVA_ASSETS_WAREHOUSE=bigquery" in said.out
    with plot.open() as there, DuckDBWarehouse(tmp_path / "back.duckdb") as back:
        for arrived in copy_history(there, back):
            assert f"{arrived.table}: {arrived.fingerprint}; {arrived.sent:,} of them sent now" in said.out
        for table in CARRIED:
            assert (
                differences(table.name, stored(back, table.name), stored(sample.on_duckdb, table.name)) == []
            )


@pytest.mark.parametrize(
    ("ends", "told"),
    [
        (("duckdb", "duckdb"), "Both ends are duckdb"),
        (("duckdb", "bigquery"), "STRAVA_ASSETS_GCP_PROJECT is not set"),
    ],
)
def test_a_copy_that_cannot_be_is_refused_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: tuple[str, str], told: str
) -> None:
    own_environment(monkeypatch, tmp_path)

    said = Terminal(tmp_path).run("copy", "--from", ends[0], "--to", ends[1])

    assert said.status == 1
    assert told in said.err
    assert "What to do" in said.err


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own_environment(monkeypatch, tmp_path)
    environ = {"STRAVA_ASSETS_GCP_PROJECT": PROJECT}

    said = Terminal(tmp_path, environ).run("copy", "--from", "duckdb", "--to", "bigquery")

    assert said.status == 1
    assert "There is no warehouse at" in said.err
    assert not list(tmp_path.rglob("*.duckdb"))
