"""The Parquet files on a disk: what other readers see, what reading one ride costs, what damage says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typing_extensions import override

from strava_assets.schema.columns import ColumnType
from strava_assets.schema.streams import STREAM_SAMPLES
from strava_assets.streams import StreamsError, StreamStore
from strava_assets.streams.folder import Folder
from strava_assets.streams.part import FOOTER_KEY
from strava_assets_tests.locked_folders import lock
from strava_assets_tests.processes import Child
from strava_assets_tests.streams.samples import ATHLETE, NOW, entry, recording

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from strava_assets.storage_folder import OpenFile

BIGQUERY_TYPES = {"STRING": "BYTE_ARRAY", "INT64": "INT64", "FLOAT64": "DOUBLE", "BOOL": "BOOLEAN"}
"""What BigQuery makes of a Parquet column's physical type, turned round."""


@pytest.fixture
def store(tmp_path: Path) -> StreamStore:
    return StreamStore(str(tmp_path / "streams"))


def keep(store: StreamStore, *activities: str, seconds: int = 40, **fields: Any) -> Path:
    """Keep recordings in one part; its path."""
    before = set(Path(store.address).rglob("*.parquet"))
    with store.writer() as writer:
        for activity in activities:
            writer.add(entry(activity, **fields), recording(activity, seconds=seconds))
    [new] = set(Path(store.address).rglob("*.parquet")) - before
    return new


def query(sql: str, store: StreamStore) -> list[tuple[Any, ...]]:
    """The result of a query on the whole folder."""
    with duckdb.connect() as connection:
        return connection.execute(sql, [f"{store.address}/**/*.parquet"]).fetchall()


@pytest.mark.parametrize("option", ["", ", hive_partitioning = true", ", hive_partitioning = false"])
def test_duckdb_reads_every_activity_once_with_or_without_the_folders_names(
    store: StreamStore, option: str
) -> None:
    keep(store, "1", "2")
    keep(store, "3", year=2025)
    keep(store, "1", at=NOW + timedelta(hours=6), seconds=50)
    with store.writer() as writer:
        writer.add(entry("4", status="none"), None)
    seen = query(
        "SELECT athlete_id, activity_id, COUNT(*), COUNT(DISTINCT t_s) FROM read_parquet(?OPTION) "
        "GROUP BY ALL ORDER BY ALL".replace("OPTION", option),
        store,
    )
    assert seen == [("7", "1", 50, 50), ("7", "2", 40, 40), ("7", "3", 40, 40)]


def test_duckdb_can_skip_the_parts_of_other_years(store: StreamStore) -> None:
    keep(store, "1")
    keep(store, "2", year=2025)
    [(_, plan)] = query("EXPLAIN ANALYZE SELECT SUM(watts) FROM read_parquet(?) WHERE year = 2025", store)
    assert "Total Files Read: 1" in plan


def test_the_columns_are_the_registry_s_in_types_every_engine_loads(store: StreamStore) -> None:
    part = keep(store, "1")
    schema = pq.read_metadata(part).schema
    stored = [(schema.column(n).name, schema.column(n).physical_type) for n in range(len(schema))]
    assert stored == [
        (column.name, BIGQUERY_TYPES[column.type.bigquery]) for column in STREAM_SAMPLES.columns
    ]
    described = query("DESCRIBE SELECT * FROM read_parquet(?, hive_partitioning = false)", store)
    assert [(name, ColumnType(_types(kind)).name) for name, kind, *_ in described] == [
        (column.name, column.type.name) for column in STREAM_SAMPLES.columns
    ]
    encodings = {
        encoding
        for group in range(pq.read_metadata(part).num_row_groups)
        for column in range(len(schema))
        for encoding in pq.read_metadata(part).row_group(group).column(column).encodings
    }
    assert encodings <= {"PLAIN", "RLE", "RLE_DICTIONARY"}


def _types(duckdb_name: str) -> tuple[str, str]:
    return next(kind.value for kind in ColumnType if kind.duckdb == duckdb_name)


def test_no_folder_s_name_is_a_column_of_the_files(store: StreamStore) -> None:
    """BigQuery refuses a partition key that the files hold too."""
    part = keep(store, "1")
    keys = {folder.name.split("=")[0] for folder in part.parents if "=" in folder.name}
    assert keys == {"athlete", "year"}
    assert not keys & {column.name for column in STREAM_SAMPLES.columns}


def test_a_ride_is_one_row_group_and_the_keys_bounds_say_which(store: StreamStore) -> None:
    part = keep(store, "1", "2", "3")
    footer = pq.read_metadata(part)
    assert footer.num_row_groups == 3
    place = footer.schema.names.index("activity_id")
    bounds = [footer.row_group(number).column(place).statistics for number in range(3)]
    assert [(statistics.min, statistics.max) for statistics in bounds] == [("1", "1"), ("2", "2"), ("3", "3")]


def test_reading_a_ride_reads_no_other_one(store: StreamStore) -> None:
    rides = [str(number) for number in range(40)]
    part = keep(store, *rides, seconds=7_200)
    wanted = store.entries()[ATHLETE, "20"]
    counting = CountingFolder(store.address)
    store._folder = counting
    [(_, samples)] = store.read([wanted])
    footer = pq.read_metadata(part)
    own = footer.row_group(wanted.row_group or 0)
    size = sum(own.column(number).total_compressed_size for number in range(own.num_columns))
    assert samples.num_rows == 7_200
    assert counting.read_bytes < footer.serialized_size + size + 70_000
    assert counting.read_bytes < part.stat().st_size / 2


def test_arrow_reads_in_no_thread_of_its_own(store: StreamStore) -> None:
    """One that held a piece of the file when `verify` ended aborted the process, in one of 90 tries."""
    keep(store, "1", "2", seconds=7_200)
    counting = CountingFolder(store.address)
    store._folder = counting
    read = [samples.num_rows for _, samples in store.read(list(store.entries().values()))]
    assert read == [7_200, 7_200]
    assert counting.threads == {threading.get_ident()}


class CountingFolder(Folder):
    """Counts the bytes that are read of its parts, and notes the threads that read them."""

    read_bytes = 0

    @override
    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.threads: set[int] = set()

    @override
    @contextmanager
    def reading(self, part: str) -> Iterator[OpenFile]:
        with super().reading(part) as file:
            original = file.read

            def read(size: int = -1) -> bytes:
                content = original(size)
                self.read_bytes += len(content)
                self.threads.add(threading.get_ident())
                return content

            file.read = read  # type: ignore[method-assign]  # counted
            yield file


def _cut(part: Path) -> None:
    part.write_bytes(part.read_bytes()[:-100])


def _empty(part: Path) -> None:
    part.write_bytes(b"")


def _other(part: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), part)


def _text(part: Path) -> None:
    part.write_text("no Parquet at all")


@pytest.mark.parametrize("damage", [_cut, _empty, _other, _text])
def test_a_damaged_file_is_told_with_its_name_and_what_to_do(
    store: StreamStore, damage: Callable[[Path], None]
) -> None:
    part = keep(store, "1")
    damage(part)
    with pytest.raises(StreamsError, match="is damaged") as failure:
        store.entries()
    assert part.name in str(failure.value)
    assert "fetched again" in failure.value.remedy
    with pytest.raises(StreamsError, match="is damaged"):
        keep(store, "2")
    part.unlink()
    assert len(store.entries()) == 1, "the others are as they were"


def with_footer(part: Path, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Write a part anew, with another footer."""
    table, metadata = pq.read_table(part), pq.read_metadata(part).metadata
    entries = json.loads(metadata[FOOTER_KEY])
    footer = change(entries)
    with pq.ParquetWriter(part, table.schema) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({FOOTER_KEY: footer if isinstance(footer, str) else json.dumps(footer)})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda _: "", "Invalid JSON"),
        (lambda _: "[" * 100_000, "recursion limit"),
        (lambda _: {}, "valid array"),
        (lambda _: 7, "valid array"),
        (lambda _: [7], "0: "),
        (lambda _: [], "does not list each"),
        (lambda entries: entries * 2, "does not list each"),
        (lambda entries: [entries[0] | {"row_group": 10**30}], "does not list each"),
        (lambda entries: [entries[0] | {"row_group": 1}], "does not list each"),
        (lambda entries: [entries[0] | {"row_group": -1}], "row_group"),
        (lambda entries: [entries[0] | {"fetched_at": "2026-11-23T06:00:00"}], "fetched_at: .*timezone"),
        (lambda entries: [entries[0] | {"year": "2026"}], "year: .*integer"),
        (lambda entries: [entries[0] | {"status": "lost"}], "status"),
        (lambda entries: [entries[0] | {"channels": None}], "channels"),
        (lambda entries: [{name: v for name, v in entries[0].items() if name != "athlete_id"}], "athlete_id"),
    ],
)
def test_a_damaged_footer_is_told_and_removes_nothing(
    store: StreamStore, change: Callable[[list[dict[str, Any]]], object], reason: str
) -> None:
    part = keep(store, "1")
    with_footer(part, change)
    before = part.read_bytes()
    for use in (store.entries, store.compact, store.drop_superseded):
        with pytest.raises(StreamsError, match=f"{part.name} is damaged: .*{reason}"):
            use()
    assert part.read_bytes() == before


def test_a_file_without_a_channel_is_damaged(store: StreamStore) -> None:
    part = keep(store, "1")
    metadata = pq.read_metadata(part).metadata
    pq.write_table(pq.read_table(part).drop_columns(["watts"]), part)
    table = pq.read_table(part)
    with pq.ParquetWriter(part, table.schema) as writer:
        writer.write_table(table)
        writer.add_key_value_metadata({FOOTER_KEY: metadata[FOOTER_KEY]})
    with pytest.raises(StreamsError, match="the column watts is missing"):
        store.entries()


def test_a_sample_that_rotted_is_told_when_it_is_read(store: StreamStore) -> None:
    part = keep(store, "1", "2", seconds=600)
    own = pq.read_metadata(part).row_group(0).column(3)
    content = bytearray(part.read_bytes())
    content[own.data_page_offset + own.total_compressed_size // 2] ^= 0x40
    part.write_bytes(content)
    entries = store.entries()
    assert [entry.activity_id for entry, _ in store.read([entries[ATHLETE, "2"]])] == ["2"]
    with pytest.raises(StreamsError, match="is damaged"):
        list(store.read([entries[ATHLETE, "1"]]))


@pytest.fixture
def foreign_files(store: StreamStore, tmp_path: Path) -> dict[str, str]:
    """Write a user's own files into the folder of the streams and beside it; returns the texts by path."""
    part = keep(store, "1")
    root, elsewhere = Path(store.address), tmp_path / "elsewhere"
    copied = root / "backup" / part.relative_to(root)
    linked = elsewhere / "year=2026" / part.name
    for path in (
        root / "0-taxes.txt",
        root / "2019 holiday" / "photos" / "beach.jpg",
        root / "athlete=7" / "notes.txt",
        part.parent / "notes.txt",
        part.parent / "part-mine.parquet",
        part.parent / f"{part.name}.partial",
        part.parent / "deeper" / part.name,
        root / ".write-test-mine",
        copied,
        linked,
    ):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"mine: {path.name}")
        two_days_ago = time.time() - 2 * 86_400
        os.utime(path, (two_days_ago, two_days_ago))
    (root / "Zoo").symlink_to(elsewhere)
    (root / "athlete=9").symlink_to(elsewhere)
    return texts_below(tmp_path, besides=part)


def texts_below(folder: Path, besides: Path | None = None) -> dict[str, str]:
    return {str(path): path.read_text() for path in folder.rglob("*") if path.is_file() and path != besides}


FOREIGN = [
    ".write-test-mine",
    "0-taxes.txt",
    "2019 holiday/",
    "Zoo",
    "athlete=7/notes.txt",
    "athlete=7/year=2026/deeper/{part}",
    "athlete=7/year=2026/notes.txt",
    "athlete=7/year=2026/part-mine.parquet",
    "athlete=7/year=2026/{part}.partial",
    "athlete=9",
    "backup/",
]


def test_files_of_others_are_neither_read_nor_removed(
    store: StreamStore, tmp_path: Path, foreign_files: dict[str, str]
) -> None:
    [part] = store._folder.parts()
    for number in range(9):
        keep(store, str(number), at=NOW + timedelta(hours=number))
    assert store.compact() > 8
    assert set(store.entries()) == {(ATHLETE, str(number)) for number in range(9)}
    assert store.athletes() == {ATHLETE}
    store.remove([(ATHLETE, "1")])
    assert sorted(store.foreign_files()) == sorted(name.format(part=Path(part).name) for name in FOREIGN)
    assert store.remove_athlete(ATHLETE) == 1
    assert store.remove_athlete("9") == 0
    assert texts_below(tmp_path) == foreign_files


def test_a_folder_of_its_own_files_alone_has_no_foreign_ones(store: StreamStore) -> None:
    keep(store, "1")
    part = Path(store.address, store._folder.parts()[0])
    part.with_name(f"{part.name}-0a1b2c.partial").touch()
    Path(store.address, ".write-test-0a1b2c3d").touch()
    assert store.foreign_files() == []
    assert store.remove_athlete(ATHLETE) == 2
    assert [path.name for path in Path(store.address).iterdir()] == [".write-test-0a1b2c3d"]


def test_a_killed_writer_leaves_nothing_that_counts_and_its_draft_is_swept_later(store: StreamStore) -> None:
    program = (
        "import sys, time\n"
        "from strava_assets.streams import StreamStore\n"
        "from strava_assets_tests.streams.samples import entry, recording\n"
        "with StreamStore(sys.argv[1]).writer() as writer:\n"
        "    writer.add(entry('1'), recording('1'))\n"
        "    print('added', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with Child(
        [sys.executable, "-c", program, store.address],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == "added\n"
        writer.send_signal(signal.SIGKILL)
    assert store.entries() == {}
    [draft] = [path for path in Path(store.address).rglob("*") if path.is_file()]
    store.compact()
    assert draft.exists(), "it might be of a writer that runs"
    two_days_ago = time.time() - 2 * 86_400
    os.utime(draft, (two_days_ago, two_days_ago))
    store.compact()
    assert not draft.exists()


@pytest.mark.parametrize("address", ["{tmp}/file/streams", "carrierpigeon://loft"])
def test_a_place_that_cannot_be_used_is_told_with_the_setting(tmp_path: Path, address: str) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StreamsError, match="cannot be used") as failure:
        StreamStore(address.format(tmp=tmp_path)).check_writable()
    assert "STRAVA_ASSETS_STREAMS_URL" in str(failure.value)


def test_a_folder_that_may_not_be_read_is_not_taken_for_an_empty_one(
    store: StreamStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock(keep(store, "1").parent, monkeypatch)
    with pytest.raises(StreamsError, match="cannot be used"):
        store.entries()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_the_right_to_write_is_told(tmp_path: Path) -> None:
    (tmp_path / "streams").mkdir(mode=0o500)
    with pytest.raises(StreamsError, match="cannot be used"):
        keep(StreamStore(str(tmp_path / "streams")), "1")
