"""What only an embedded file can promise, or suffer: transactions, locks, crashes, a full disk."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import duckdb
import pytest

from strava_assets.warehouse import Apart, WarehouseError
from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets.warehouse.duckdb_file import (
    MemoryLimitReachedError,
    NotAWarehouseError,
    WarehouseLockedError,
    WarehouseMissingError,
    WarehouseUnwritableError,
)
from strava_assets.warehouse.errors import ForeignSchemaError, StatementFailedError, UnfitRowsError
from strava_assets_tests.warehouse.samples import EARLY, RIDES, WEEKS, batch, merge, ride, stored

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "warehouse.duckdb"


class FakeTime:
    """A clock that only sleeping moves, and something to happen at a moment of it."""

    def __init__(self) -> None:
        self.now = 0.0
        self.wakes: list[float] = []

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        self.wakes.append(seconds)


def run_python(code: str, path: Path) -> subprocess.Popen[str]:
    """Another process with the file; it prints a line when it is where the test wants it."""
    return subprocess.Popen(  # noqa: S603 -- the tests' own code
        [sys.executable, "-c", textwrap.dedent(code), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    path.parent.mkdir()
    with run_python(
        """
        import duckdb, sys
        connection = duckdb.connect(sys.argv[1])
        print("held", flush=True)
        sys.stdin.readline()
        """,
        path,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


# Transactions


def test_what_happens_inside_a_transaction_happens_whole_or_not_at_all(path: Path) -> None:
    def change(warehouse: DuckDBWarehouse) -> None:
        with warehouse.transaction():
            merge(warehouse, batch([ride("1")]))
            warehouse.drop("rides")
            warehouse.query("SELECT * FROM nowhere")

    with DuckDBWarehouse(path) as warehouse:
        warehouse.ensure(RIDES)
        with pytest.raises(WarehouseError, match="nowhere"):
            change(warehouse)
        assert stored(warehouse) == []
        with warehouse.transaction():
            merge(warehouse, batch([ride("1")]))
            merge(warehouse, batch([ride("2")]))
        assert len(stored(warehouse)) == 2


def test_an_inner_failure_that_was_swallowed_still_undoes_the_outer_change(path: Path) -> None:
    def change(warehouse: DuckDBWarehouse) -> None:
        with warehouse.transaction():
            merge(warehouse, batch([ride("1")]))
            with contextlib.suppress(UnfitRowsError):
                merge(warehouse, batch([{**ride("2"), "ride_id": None}]))

    with DuckDBWarehouse(path) as warehouse:
        warehouse.ensure(RIDES)
        with pytest.raises(StatementFailedError, match="larger one"):
            change(warehouse)
        assert stored(warehouse) == []
        merge(warehouse, batch([ride("1")]))
        assert len(stored(warehouse)) == 1


def test_a_reader_inside_a_transaction_sees_what_it_changed(path: Path) -> None:
    with DuckDBWarehouse(path) as warehouse:
        warehouse.ensure(RIDES)
        with warehouse.transaction():
            merge(warehouse, batch([ride("1")]))
            assert sum(piece.num_rows for piece in warehouse.query_batches("SELECT ride_id FROM rides")) == 1


# The file


def test_the_folder_is_made_and_closing_leaves_one_file_alone(path: Path) -> None:
    with DuckDBWarehouse(path) as warehouse:
        warehouse.ensure(RIDES)
        merge(warehouse, batch([ride("1")]))
    assert [entry.name for entry in path.parent.iterdir()] == ["warehouse.duckdb"]


def test_a_file_kept_by_another_process_is_waited_for_and_then_named(
    path: Path, holder: subprocess.Popen[str]
) -> None:
    time = FakeTime()
    with pytest.raises(WarehouseLockedError) as locked:
        DuckDBWarehouse(path, wait_for_lock_s=5, clock=time.clock, sleep=time.sleep)
    assert time.now == pytest.approx(5)
    assert locked.value.pid == holder.pid
    assert f"process {holder.pid}" in str(locked.value)


def test_a_file_let_go_while_waiting_is_opened(path: Path, holder: subprocess.Popen[str]) -> None:
    time = FakeTime()

    def sleep(seconds: float) -> None:
        time.sleep(seconds)
        if len(time.wakes) == 3:
            holder.communicate("\n")

    with DuckDBWarehouse(path, clock=time.clock, sleep=sleep) as warehouse:
        warehouse.ensure(RIDES)
    assert len(time.wakes) == 3


def test_readers_share_a_file_nobody_writes_and_may_change_nothing(path: Path) -> None:
    with DuckDBWarehouse(path) as warehouse:
        warehouse.ensure(RIDES)
        merge(warehouse, batch([ride("1")]))
    reading = run_python(
        """
        import duckdb, sys
        connection = duckdb.connect(sys.argv[1], read_only=True)
        print(connection.execute("SELECT COUNT(*) FROM rides").fetchone()[0], flush=True)
        sys.stdin.readline()
        """,
        path,
    )
    with reading, DuckDBWarehouse(path, read_only=True) as warehouse:
        assert reading.stdout is not None
        assert reading.stdout.readline() == "1\n"
        assert len(stored(warehouse)) == 1
        with pytest.raises(WarehouseError, match="read-only"):
            warehouse.execute("DELETE FROM rides WHERE TRUE")
        reading.communicate("\n")


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04 a zip, perhaps" * 500, b"", b"SQLite format 3\x00" + bytes(4096)]
)
def test_a_file_that_is_something_else_is_refused_and_kept(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(NotAWarehouseError, match="cannot be opened as a DuckDB file"):
        DuckDBWarehouse(path)
    assert path.read_bytes() == content


def test_a_folder_in_the_file_s_place_is_refused(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(NotAWarehouseError):
        DuckDBWarehouse(path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    with pytest.raises(WarehouseUnwritableError, match="taken"):
        DuckDBWarehouse(tmp_path / "taken" / "warehouse.duckdb")


def test_reading_where_nothing_was_loaded_says_so_and_makes_nothing(path: Path) -> None:
    with pytest.raises(WarehouseMissingError, match="no warehouse at"):
        DuckDBWarehouse(path, read_only=True)
    assert not path.parent.exists()


def test_a_stranger_s_type_is_named_as_foreign(path: Path) -> None:
    path.parent.mkdir()
    with duckdb.connect(path) as stranger:
        stranger.execute("CREATE TABLE rides (athlete_id HUGEINT)")
    with DuckDBWarehouse(path) as warehouse, pytest.raises(ForeignSchemaError, match="athlete_id is HUGEINT"):
        warehouse.stored_columns("rides")


def test_a_view_in_a_table_s_place_is_refused(path: Path) -> None:
    path.parent.mkdir()
    with duckdb.connect(path) as stranger:
        stranger.execute("CREATE VIEW rides AS SELECT 'x' AS athlete_id")
    with DuckDBWarehouse(path) as warehouse, pytest.raises(ForeignSchemaError, match="view"):
        warehouse.ensure(RIDES)


# Limits of the machine


def test_a_full_disk_is_explained_and_the_table_is_as_it_was(path: Path) -> None:
    with DuckDBWarehouse(path) as warehouse:
        warehouse.ensure(RIDES)
        merge(warehouse, batch([ride("1")]))
    # A limit on file sizes of this process's child stands for the disk: the kernel refuses the write alike.
    code = """
        import resource, sys
        from pathlib import Path
        from strava_assets.warehouse.duckdb import DuckDBWarehouse
        from strava_assets.warehouse.duckdb_file import DiskFullError
        from strava_assets_tests.warehouse.samples import batch, merge, ride
        warehouse = DuckDBWarehouse(Path(sys.argv[1]))
        size = Path(sys.argv[1]).stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 200_000, size + 200_000))
        import random
        wide = [ride(str(n), extra='{"x": "%s"}' % random.randbytes(2000).hex()) for n in range(2_000)]
        try:
            merge(warehouse, batch(wide))
        except DiskFullError as error:
            print(error)
    """
    done = subprocess.run(  # noqa: S603 -- the tests' own code
        [sys.executable, "-c", textwrap.dedent(code), str(path)], capture_output=True, text=True, check=False
    )
    assert "There is no room left" in done.stdout, done.stderr
    assert "Make room" in done.stdout
    with DuckDBWarehouse(path) as warehouse:
        assert [row["ride_id"] for row in stored(warehouse)] == ["1"]


def test_a_memory_limit_too_small_says_which_setting_to_raise(path: Path) -> None:
    with DuckDBWarehouse(path, memory_limit="10MB", threads=1) as warehouse:
        with pytest.raises(MemoryLimitReachedError, match="memory limit"):
            warehouse.query(
                "SELECT LENGTH(STRING_AGG(REPEAT('x', 1000), '')) AS n FROM UNNEST(GENERATE_ARRAY(1, 100000))"
            )
        assert warehouse.query("SELECT 1 AS x").num_rows == 1


def test_a_process_killed_in_the_middle_of_a_merge_leaves_the_old_rows(path: Path) -> None:
    with DuckDBWarehouse(path) as warehouse:
        warehouse.ensure(RIDES)
        merge(warehouse, batch([ride("1")]))
    killed = run_python(
        """
        import sys
        from pathlib import Path
        from strava_assets.warehouse.duckdb import DuckDBWarehouse
        from strava_assets_tests.warehouse.samples import LATE, batch, merge, ride

        class Paused(DuckDBWarehouse):
            def _commit(self):
                print("merged, not committed", flush=True)
                sys.stdin.readline()

        def rows():
            extra = '{"n": "' + "x" * 500 + '"}'
            for start in range(0, 20_000, 2_000):
                yield batch([ride(str(n), LATE, "new", extra=extra) for n in range(start, start + 2_000)])

        merge(Paused(Path(sys.argv[1])), *rows())
        """,
        path,
    )
    with killed:
        assert killed.stdout is not None
        while "merged" not in killed.stdout.readline():
            pass
        os.kill(killed.pid, signal.SIGKILL)
    with DuckDBWarehouse(path) as warehouse:
        assert stored(warehouse, "ride_id, hash") == [{"ride_id": "1", "hash": "h1"}]
        assert merge(warehouse, batch([ride("2")])).inserted == 1
    assert [entry.name for entry in path.parent.iterdir()] == ["warehouse.duckdb"]


BY_ATHLETE = Apart("athlete_id", ["rides"])


@pytest.mark.parametrize("rows_fit", [True, False])
def test_a_query_that_keeps_athletes_apart_sees_as_many_as_the_memory_takes(
    path: Path, monkeypatch: pytest.MonkeyPatch, rows_fit: bool
) -> None:
    monkeypatch.setattr("strava_assets.warehouse.duckdb._BYTES_A_VALUE", 1 if rows_fit else 1_000_000)
    rides = [
        ride(str(number), watts=1.0, day=EARLY.date()) | {"athlete_id": str(number % 7)}
        for number in range(50)
    ]
    # It brings all together that it sees, so that its rows tell the shares.
    seen = (
        "SELECT day AS week, COUNT(*) AS rides, 1.0 * COUNT(DISTINCT athlete_id) AS watts"
        " FROM rides GROUP BY day"
    )
    with DuckDBWarehouse(path) as warehouse:
        warehouse.ensure(RIDES)
        merge(warehouse, batch(rides))
        warehouse.create_table_as("weekly", seen, description="", columns=WEEKS, apart=BY_ATHLETE)
        rows = stored(warehouse, name="weekly")
        assert len(stored(warehouse)) == 50, "the tables stand as they were"

    assert (len(rows) == 1) is rows_fit
    assert sum(row["rides"] for row in rows) == 50
    assert sum(row["watts"] for row in rows) == 7, "no athlete is in two shares"


def test_a_failure_in_a_share_leaves_all_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strava_assets.warehouse.duckdb._BYTES_A_VALUE", 1_000_000)
    failing = "SELECT day AS week, seconds AS rides, watts FROM rides"
    with DuckDBWarehouse(path) as warehouse:
        warehouse.ensure(RIDES)
        merge(warehouse, batch([ride(str(number), day=EARLY.date()) for number in range(50)]))
        with pytest.raises(StatementFailedError):
            warehouse.create_table_as("weekly", failing, description="", columns=WEEKS, apart=BY_ATHLETE)
        assert len(stored(warehouse)) == 50
        assert not warehouse.exists("weekly")
