"""DuckDB's file without a disk: fetched, put back, refused, lost and made anew."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import duckdb
import pytest

from strava_assets.buckets import ObjectReplacedError
from strava_assets.cli import running
from strava_assets.cli.instance import prepare
from strava_assets.errors import ConfigurationError
from strava_assets.sandbox import Sandbox, serve
from strava_assets.settings import Settings
from strava_assets.warehouse.stored_file import StoredFile
from strava_assets_tests.cli.terminal import CREDENTIALS, Terminal, addresses, own_environment
from strava_assets_tests.published.places import BUCKET, Emulator, s3_client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from strava_assets.sandbox import RunningSandbox

pytestmark = pytest.mark.deep


@pytest.fixture(params=["s3", "az"])
def address(request: pytest.FixtureRequest, use: Callable[[Emulator], None]) -> str:
    use(request.getfixturevalue({"s3": "amazon", "az": "azure"}[request.param]))
    return f"{request.param}://{BUCKET}/{uuid4().hex}/warehouse.duckdb"


def write(file: StoredFile, value: int) -> None:
    with duckdb.connect(file.path) as connection:
        connection.execute(f"CREATE OR REPLACE TABLE numbers AS SELECT {value} AS number")


def number(file: StoredFile) -> int:
    with duckdb.connect(file.path, read_only=True) as connection:
        [[value]] = connection.execute("SELECT number FROM numbers").fetchall()
        return int(value)


def container(tmp_path: Path, name: str, address: str) -> StoredFile:
    """A machine with an empty disk."""
    return StoredFile(tmp_path / name / "warehouse.duckdb", address)


def test_the_next_container_goes_on_where_the_last_one_ended(tmp_path: Path, address: str) -> None:
    first = container(tmp_path, "first", address)
    first.fetch()
    assert not first.path.exists()
    first.path.parent.mkdir()
    write(first, 1)
    first.store()

    second = container(tmp_path, "second", address)
    second.fetch()
    assert number(second) == 1
    write(second, 2)
    second.store()
    write(second, 3)
    second.store()

    first.fetch()
    assert number(first) == 3, "what it had is replaced by the newer one"


def test_of_two_writers_the_second_is_refused_and_runs_again(tmp_path: Path, address: str) -> None:
    first, second = container(tmp_path, "first", address), container(tmp_path, "second", address)
    first.path.parent.mkdir()
    write(first, 1)
    first.store()
    second.fetch()
    write(first, 2)
    write(second, 3)
    first.store()

    with pytest.raises(ObjectReplacedError):
        second.store()

    second.fetch()
    assert number(second) == 2
    write(second, 4)
    second.store()
    first.fetch()
    assert number(first) == 4


def test_a_file_that_never_was_the_stored_one_is_not_replaced(tmp_path: Path, address: str) -> None:
    first, second = container(tmp_path, "first", address), container(tmp_path, "second", address)
    for file, value in ((first, 1), (second, 2)):
        file.path.parent.mkdir()
        write(file, value)
    first.store()

    with pytest.raises(ConfigurationError, match="There are two warehouses"):
        second.fetch()

    assert number(second) == 2


def test_a_file_that_came_from_another_address_is_not_replaced(tmp_path: Path, address: str) -> None:
    """The setting was changed, and under the new address lies somebody else's warehouse."""
    elsewhere = address.replace("warehouse.duckdb", "other.duckdb")
    first, other = container(tmp_path, "first", address), container(tmp_path, "second", elsewhere)
    for file, value in ((first, 1), (other, 2)):
        file.path.parent.mkdir()
        write(file, value)
        file.store()
    moved = StoredFile(first.path, elsewhere)

    with pytest.raises(ConfigurationError, match="There are two warehouses"):
        moved.fetch()

    assert number(first) == 1


def test_a_removed_file_is_gone_at_both_places(tmp_path: Path, address: str) -> None:
    file = container(tmp_path, "first", address)
    file.path.parent.mkdir()
    write(file, 1)
    file.store()

    file.remove()

    other = container(tmp_path, "second", address)
    other.fetch()
    assert not other.path.exists()


def test_a_command_whose_file_was_replaced_meanwhile_runs_once_more(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_environment(monkeypatch, tmp_path)
    of = Settings.model_validate({"home": tmp_path / "data", "duckdb_url": address})
    prepare(of)
    first, other = StoredFile(of.duckdb_path.absolute(), address), container(tmp_path, "other", address)
    write(first, 1)
    first.store()
    other.fetch()
    run_once, runs = running._run_and_load, []

    def run_and_lose(*arguments: Any) -> bool:
        """The real run; during the first one another run is faster."""
        runs.append(number(first))
        if len(runs) == 1:
            write(other, 2)
            other.store()
        return run_once(*arguments)

    monkeypatch.setattr(running, "_run_and_load", run_and_lose)

    assert running.run_job(of, "prune_runs", {})

    assert runs == [1, 2], "the second run has the other run's tables"
    other.fetch()
    assert number(other) == 2


def test_up_is_refused_because_it_never_puts_the_file_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_environment(monkeypatch, tmp_path)
    result = Terminal(tmp_path).run("up", STRAVA_ASSETS_DUCKDB_URL="s3://bucket/warehouse.duckdb")
    assert result.status == 1
    assert "up keeps the warehouse open" in result.err


@pytest.fixture
def strava() -> Iterator[RunningSandbox]:
    sandbox = Sandbox.many(12)
    sandbox.tokens.rotate_refresh_token = False
    with serve(sandbox) as server:
        yield server


@pytest.mark.timeout(280)
def test_a_sync_in_a_container_without_a_disk(
    tmp_path: Path,
    amazon: Emulator,
    use: Callable[[Emulator], None],
    strava: RunningSandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    use(amazon)
    own_environment(monkeypatch, tmp_path)
    key = f"{uuid4().hex}/warehouse.duckdb"
    environ = {
        **CREDENTIALS,
        **addresses(strava),
        "STRAVA_ASSETS_DUCKDB_URL": f"s3://{BUCKET}/{key}",
        "STRAVA_ASSETS_LANDING_URL": str(tmp_path / "landing"),
        "STRAVA_ASSETS_STREAMS": "none",
        "STRAVA_ASSETS_PUBLISH": "none",
    }

    def sync() -> list[tuple[object, ...]]:
        """In a new container each time; answers with what is stored then."""
        terminal = Terminal(tmp_path)
        result = terminal.run("sync", **environ)
        assert result.status == 0, result.out + result.err
        shutil.rmtree(terminal.home)
        stored = tmp_path / f"{uuid4().hex}.duckdb"
        s3_client(amazon).download_file(BUCKET, key, str(stored))
        with duckdb.connect(stored, read_only=True) as connection:
            rows = connection.execute(
                "SELECT activity_id, start_date FROM bq_activities ORDER BY ALL"
            ).fetchall()
            return list(rows)

    first = sync()
    assert len(first) == 12
    s3_client(amazon).delete_object(Bucket=BUCKET, Key=key)
    assert sync() == first, "a lost file is made anew from the landing"
