"""What only an embedded file can promise, or suffer: transactions, locks, crashes, a full disk."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import pytest

import strava_assets
from strava_assets.warehouse import SplitBy, WarehouseError
from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets.warehouse.duckdb_file import (
    DamagedWarehouseError,
    MemoryLimitReachedError,
    NotAWarehouseError,
    WarehouseLockedError,
    WarehouseMissingError,
    WarehouseUnwritableError,
)
from strava_assets.warehouse.errors import ForeignSchemaError, StatementFailedError, UnfitRowsError
from strava_assets_tests.strava.scripted import Response, ScriptedServer
from strava_assets_tests.warehouse.samples import EARLY, RIDES, WEEKS, batch, merge, ride, stored

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    assert locked.value.transient
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


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"PK\x03\x04 a zip, perhaps" * 500, "some other kind of file"),
        (b"dear diary", "some other kind of file"),
        (b"PAR1" + bytes(500) + b"PAR1", "some other kind of file"),
        (b"", "it is empty"),
        (b"SQLite format 3\x00" + bytes(4096), "a SQLite database"),
    ],
    ids=["zip", "text", "Parquet", "empty", "SQLite"],
)
def test_a_file_that_is_something_else_is_refused_and_kept(
    path: Path, content: bytes, reason: str, *, read_only: bool
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(NotAWarehouseError, match=f"cannot be opened as a DuckDB file: .*{reason}") as refused:
        DuckDBWarehouse(path, read_only=read_only)
    assert "`strava-assets rebuild`" in refused.value.remedy
    assert path.read_bytes() == content
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_real_sqlite_database_is_refused_whatever_extensions_are_installed(path: Path) -> None:
    path.parent.mkdir()
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE bq_activities (activity_id TEXT)")
        other.commit()
    with pytest.raises(NotAWarehouseError, match="a SQLite database") as refused:
        DuckDBWarehouse(path)
    assert "/nonexistent" in str(refused.value.__cause__), "where no extension can be"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes of a warehouse with a table of some blocks."""
    path = tmp_path_factory.mktemp("whole") / "warehouse.duckdb"
    with DuckDBWarehouse(path) as engine:
        engine._run("CREATE TABLE large AS SELECT range AS n, md5(range::VARCHAR) AS t FROM range(100000)")
    return path.read_bytes()


def read_all(path: Path, *, read_only: bool) -> None:
    """Open a copy of `whole` and read every block of its table."""
    with DuckDBWarehouse(path, read_only=read_only) as engine:
        engine.query("SELECT SUM(n) AS n, MAX(t) AS t FROM large")


@pytest.mark.parametrize("read_only", [True, False])
@pytest.mark.parametrize("left", [0.002, 0.1, 0.5, 0.95])
def test_a_file_that_was_cut_is_damaged_and_says_how_all_is_made_anew(
    path: Path, whole: bytes, left: float, *, read_only: bool
) -> None:
    path.parent.mkdir()
    cut = whole[: int(len(whole) * left)]
    path.write_bytes(cut)
    with pytest.raises(DamagedWarehouseError, match="is damaged") as refused:
        read_all(path, read_only=read_only)
    assert f"Move {path} away" in refused.value.remedy
    assert "`strava-assets rebuild`" in refused.value.remedy
    assert path.stat().st_size == len(cut)


def test_a_block_that_was_overwritten_is_damage_when_it_is_read(path: Path, whole: bytes) -> None:
    path.parent.mkdir()
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes(300_000) + whole[middle + 300_000 :])
    with pytest.raises(DamagedWarehouseError, match="`strava-assets rebuild`"):
        read_all(path, read_only=False)


def test_a_file_appears_whole_or_not_at_all(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []
    link = os.link

    def watch(draft: Path, target: Path) -> None:
        assert not target.exists()
        seen.append(draft.read_bytes())
        link(draft, target)

    monkeypatch.setattr(os, "link", watch)
    DuckDBWarehouse(path).close()
    assert len(seen) == 1
    assert seen[0][8:12] == b"DUCK"
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_what_a_killed_process_left_of_a_new_file_is_tidied_up(path: Path) -> None:
    path.parent.mkdir()
    (path.parent / f".{path.name}.0123abcd.new").write_bytes(b"half")
    DuckDBWarehouse(path).close()
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_where_the_disk_has_no_links_the_file_is_made_all_the_same(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    with DuckDBWarehouse(path) as engine:
        assert engine.query("SELECT 1 AS one").to_pylist() == [{"one": 1}]
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_two_processes_that_make_the_file_at_once_end_with_one(path: Path) -> None:
    path.parent.mkdir()
    code = """
        import sys; from pathlib import Path; from strava_assets.warehouse.duckdb import DuckDBWarehouse
        sys.stdin.readline()
        with DuckDBWarehouse(Path(sys.argv[1])) as engine:
            engine._run("CREATE TABLE IF NOT EXISTS t (a INTEGER)"); engine._run("INSERT INTO t VALUES (1)")
    """
    both = [run_python(code, path) for _ in range(2)]
    for process in both:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    for process in both:
        process.communicate(timeout=300)
    assert [process.returncode for process in both] == [0, 0]
    with DuckDBWarehouse(path, read_only=True) as engine:
        assert engine.query("SELECT COUNT(*) AS n FROM t").to_pylist() == [{"n": 2}]
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_opening_the_file_twice_in_a_process_keeps_others_out(path: Path) -> None:
    # A lock of POSIX is lost when its process closes the file anywhere.
    code = """
        import sys, duckdb
        try: duckdb.connect(sys.argv[1])
        except duckdb.IOException: print('kept out')
    """
    with DuckDBWarehouse(path), DuckDBWarehouse(path), run_python(code, path) as other:
        assert other.communicate(timeout=120)[0] == "kept out\n"


def test_every_connection_of_the_project_is_opened_in_one_place() -> None:
    package = Path(strava_assets.__file__).parent
    texts = {path.name: path.read_text(encoding="utf-8") for path in package.rglob("*.py")}
    assert [name for name, text in texts.items() if "duckdb.connect(" in text] == ["duckdb_file.py"]


def test_no_extension_is_ever_fetched(path: Path, tmp_path: Path) -> None:
    with ScriptedServer(lambda _: Response(404, {})) as repository:

        def want_an_extension(connection: duckdb.DuckDBPyConnection) -> None:
            connection.execute(f"SET GLOBAL custom_extension_repository = '{repository.url}'")
            connection.execute(f"SET GLOBAL extension_directory = '{tmp_path / 'extensions'}'")
            with pytest.raises(duckdb.Error):
                connection.execute("SELECT * FROM sqlite_scan('a.db', 'b')")

        with contextlib.closing(duckdb.connect()) as plain:
            want_an_extension(plain)
        assert repository.requests, "as DuckDB is without settings"
        repository.requests.clear()
        with DuckDBWarehouse(path) as engine:
            want_an_extension(engine._connection)
            want_an_extension(engine._connection.cursor())
        assert repository.requests == []


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


@pytest.mark.deep
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


BY_ATHLETE = SplitBy("athlete_id", ["rides"])


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
        warehouse.create_table_as("weekly", seen, description="", columns=WEEKS, split_by=BY_ATHLETE)
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
            warehouse.create_table_as("weekly", failing, description="", columns=WEEKS, split_by=BY_ATHLETE)
        assert len(stored(warehouse)) == 50
        assert not warehouse.exists("weekly")
