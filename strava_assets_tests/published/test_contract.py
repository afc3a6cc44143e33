"""What holds for every form of published table, at every place that it can write."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from strava_assets.published.delta import DeltaPublisher
from strava_assets.published.draft import drafted
from strava_assets.published.errors import ForeignTableError, PlaceUnusableError, PublishConflictError
from strava_assets.published.iceberg import IcebergPublisher
from strava_assets.published.parquet import ParquetPublisher
from strava_assets.published.read_back import compare
from strava_assets.schema.columns import Column, ColumnType, Table
from strava_assets.storage_folder import StorageFolder
from strava_assets_tests.published.conftest import open_form
from strava_assets_tests.published.places import BUCKET, Emulator, other_duckdb, s3_client
from strava_assets_tests.published.samples import WEEKS, WIDER, publish, weeks
from strava_assets_tests.warehouse.front import standing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from strava_assets.published import Publisher
    from strava_assets.storage_folder import OpenFile

pytestmark = pytest.mark.deep


def in_hours(hours: int) -> datetime:
    return datetime.now(UTC) + timedelta(hours=hours)


def test_rows_come_back_through_another_library(publisher: Publisher) -> None:
    assert publisher.stored("weekly_watts") is None
    assert publisher.names() == []

    published = publish(publisher, weeks(120))

    assert (published.rows, published.is_new) == (120, True)
    assert publisher.names() == ["weekly_watts"]
    comparison = compare(publisher, WEEKS, weeks(120))
    assert (comparison.rows, comparison.different) == (120, 0)
    assert publisher.reader_problem("weekly_watts") == ""
    stored = publisher.stored("weekly_watts")
    assert stored
    assert stored.published_at
    assert abs(stored.published_at - datetime.now(UTC)) < timedelta(minutes=5)


def test_the_same_rows_make_no_new_version(publisher: Publisher) -> None:
    first = publish(publisher, weeks(40))
    files = publisher._folder().files()

    second = publish(publisher, weeks(40))

    assert not second.is_new
    assert second.version == first.version
    assert publisher._folder().files() == files


def test_sums_that_differ_in_their_last_digits_make_no_new_version(publisher: Publisher) -> None:
    publish(publisher, weeks(40))
    column = weeks(40)[0].schema.get_field_index("average_watts")
    noisy = [
        batch.set_column(column, batch.schema.field(column), pc.multiply(batch.column(column), 1 + 3e-16))
        for batch in weeks(40)
    ]
    assert noisy != weeks(40)

    assert not publish(publisher, noisy).is_new

    assert compare(publisher, WEEKS, noisy).different == 0
    assert publish(publisher, weeks(40, watts=150.000001)).is_new, "what a person could see is a change"


def test_other_rows_replace_all_of_the_earlier_ones(publisher: Publisher) -> None:
    publish(publisher, weeks(40))

    published = publish(publisher, weeks(30, watts=200))

    assert published.is_new
    assert compare(publisher, WEEKS, weeks(30, watts=200)).different == 0
    assert compare(publisher, WEEKS, weeks(40)).different > 30


def test_a_table_without_rows_can_be_published_and_filled(publisher: Publisher) -> None:
    publish(publisher, [])
    assert compare(publisher, WEEKS, []).rows == 0

    publish(publisher, weeks(10))
    assert compare(publisher, WEEKS, weeks(10)).different == 0

    publish(publisher, [])
    assert compare(publisher, WEEKS, []).rows == 0


def test_a_newer_mart_adds_a_column_and_an_older_one_takes_it_away(publisher: Publisher) -> None:
    publish(publisher, weeks(20))

    publish(publisher, weeks(20, table=WIDER), WIDER)
    assert compare(publisher, WIDER, weeks(20, table=WIDER)).different == 0

    publish(publisher, weeks(20))
    assert compare(publisher, WEEKS, weeks(20)).different == 0


def test_a_column_may_change_its_type(publisher: Publisher) -> None:
    publish(publisher, weeks(20))
    texts = Table(
        WEEKS.name,
        WEEKS.description,
        WEEKS.grain,
        WEEKS.key,
        tuple(Column(c.name, ColumnType.TEXT, c.meaning) if c.name == "rides" else c for c in WEEKS.columns),
    )
    rows = [batch.set_column(3, "rides", batch.column("rides").cast("string")) for batch in weeks(20)]

    publish(publisher, rows, texts)

    assert compare(publisher, texts, rows).different == 0


def test_what_readers_no_longer_see_expires(publisher: Publisher) -> None:
    for watts in (100, 150, 200):
        publish(publisher, weeks(20, watts=watts))
    before = len(data_files(publisher))

    publisher.expire("weekly_watts", in_hours(-24))
    assert len(data_files(publisher)) == before, "a reader of an earlier version can finish"

    publisher.expire("weekly_watts", in_hours(1))
    assert len(data_files(publisher)) == 1
    assert compare(publisher, WEEKS, weeks(20, watts=200)).different == 0
    assert publish(publisher, weeks(20, watts=200)).is_new is False


def data_files(publisher: Publisher) -> list[str]:
    return [
        path for path in publisher._folder().files() if path.endswith(".parquet") and "_delta_log" not in path
    ]


def test_a_removed_table_leaves_nothing_and_can_come_again(publisher: Publisher) -> None:
    for watts in (100, 150):
        publish(publisher, weeks(20, watts=watts))

    publisher.remove("weekly_watts")

    assert publisher.names() == []
    assert publisher._folder().files() == []
    publisher.remove("weekly_watts")
    assert publish(publisher, weeks(20)).is_new
    assert compare(publisher, WEEKS, weeks(20)).different == 0


def test_foreign_files_at_the_place_are_named_and_stay(publisher: Publisher) -> None:
    publish(publisher, weeks(5))
    publisher._folder().put("photos/beach.jpg", b"mine")

    assert publisher.foreign_files() == ["photos"]
    publisher.remove("weekly_watts")

    assert publisher._folder().files() == ["photos/beach.jpg"]


def form_of(publisher: Publisher) -> str:
    return type(publisher).__name__.removesuffix("Publisher").lower()


def publish_in_process(
    form: str, url: str, database: str, barrier: object, watts: float, result: object
) -> None:
    publisher = IcebergPublisher(url, database) if form == "iceberg" else open_form(form, url)
    # Everything that takes long is done before, so that the two meet.
    publisher.stored("weekly_watts")
    barrier.wait(60)  # type: ignore[attr-defined]  # multiprocessing's own
    try:
        publish(publisher, weeks(50, watts=watts))
        result.put("published")  # type: ignore[attr-defined]  # the same
    except PublishConflictError as error:
        result.put(str(error))  # type: ignore[attr-defined]  # the same


def test_of_two_writers_at_once_readers_see_one_whole(publisher: Publisher) -> None:
    publish(publisher, weeks(50))
    form = form_of(publisher)
    database = getattr(publisher, "database", "")
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(2), context.Queue()
    writers = [
        context.Process(
            target=publish_in_process, args=(form, publisher.url, database, barrier, watts, results)
        )
        for watts in (200.0, 300.0)
    ]
    for writer in writers:
        writer.start()
    messages = [results.get(timeout=100) for _ in writers]
    for writer in writers:
        writer.join(30)

    assert "published" in messages
    for message in messages:
        assert message == "published" or "Another run published" in message
    left = [w for w in (200.0, 300.0) if compare(publisher, WEEKS, weeks(50, watts=w)).different == 0]
    assert len(left) == 1
    assert publish(publisher, weeks(50, watts=400)).is_new


@pytest.mark.parametrize("publisher", ["parquet-s3", "parquet-azure"], indirect=True)
@pytest.mark.parametrize("count", [5, 200])
def test_a_file_that_is_replaced_while_it_is_read_is_read_again(
    publisher: Publisher, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(publisher, weeks(50))
    with drafted(WEEKS, weeks(count, watts=300)) as draft:
        waiting, digest = [draft.path.read_bytes()], draft.digest
    opened = StorageFolder.reading

    @contextmanager
    def replaced_once(folder: StorageFolder, path: str) -> Iterator[OpenFile]:
        with opened(folder, path) as file:
            if waiting:
                folder.put(path, waiting.pop())
            yield file

    monkeypatch.setattr(StorageFolder, "reading", replaced_once)
    stored = publisher.stored("weekly_watts")

    assert not waiting
    assert stored
    assert stored.digest == digest


KILLED = """
import os, signal, sys
sys.path[:0] = sys.argv[4:]
from strava_assets_tests.published.conftest import open_form
from strava_assets.published.iceberg import IcebergPublisher
from strava_assets_tests.published.samples import WEEKS, weeks
from strava_assets.published.draft import drafted
form, url, database = sys.argv[1:4]
publisher = IcebergPublisher(url, database) if form == "iceberg" else open_form(form, url)
die = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
if form == "parquet":
    from strava_assets.storage_folder import StorageFolder
    StorageFolder.place = die
if form == "iceberg":
    publisher._catalog.commit_table = die
with drafted(WEEKS, weeks(50, watts=300)) as draft:
    if form == "delta":
        # Without its log entry a written file is nothing to readers.
        half = draft.path.read_bytes()[:100]
        publisher._folder("weekly_watts").put("part-00000-half-written.parquet", half)
        die()
    publisher.publish(WEEKS, draft)
"""


def test_a_writer_that_is_killed_leaves_readers_the_old_table(publisher: Publisher) -> None:
    publish(publisher, weeks(50))
    form = form_of(publisher)

    killed = subprocess.run(  # noqa: S603 - the program above
        [sys.executable, "-c", KILLED, form, publisher.url, getattr(publisher, "database", ""), *sys.path],
        check=False,
        env=os.environ,
    )

    assert killed.returncode == -signal.SIGKILL
    assert compare(publisher, WEEKS, weeks(50)).different == 0
    assert publish(publisher, weeks(50, watts=400)).is_new
    assert compare(publisher, WEEKS, weeks(50, watts=400)).different == 0
    publisher.expire("weekly_watts", in_hours(1))
    publisher.remove("weekly_watts")
    assert publisher._folder().files() == [], "what the killed one wrote goes too"


@pytest.mark.parametrize("form", ["iceberg", "parquet", "delta"])
def test_a_bucket_that_does_not_exist_is_told(
    form: str, amazon: Emulator, use: Callable[[Emulator], None]
) -> None:
    use(amazon)
    with pytest.raises(PlaceUnusableError, match="cannot be written") as failure:
        publish(open_form(form, "s3://nobodys-bucket/tables"), weeks(5))
    reasons = ("it does not exist there", "bucket name and role")
    assert any(reason in str(failure.value) for reason in reasons), failure.value
    assert "testing" not in str(failure.value)


@pytest.mark.parametrize(("form", "function"), [("delta", "delta_scan"), ("iceberg", "iceberg_scan")])
def test_another_duckdb_reads_it_with_its_own_extension(
    form: str, function: str, amazon: Emulator, use: Callable[[Emulator], None]
) -> None:
    use(amazon)
    publisher = open_form(form, f"s3://{BUCKET}/other-{form}")
    publish(publisher, weeks(10))
    publish(publisher, weeks(52))
    address = publisher.table_address("weekly_watts")
    if isinstance(publisher, IcebergPublisher):
        table = publisher._load("weekly_watts")
        assert table
        address = table.metadata_location
    endpoint = amazon.address.removeprefix("http://")
    query = (
        "CREATE SECRET (TYPE s3, KEY_ID 'testing', SECRET 'testing', REGION 'eu-west-1', "
        f"ENDPOINT '{endpoint}', URL_STYLE 'path', USE_SSL false);"
        "SELECT COUNT(*), SUM(rides), MAX(week), COUNT(average_watts) "
    )
    query += f"FROM {function}('{address}')"

    [row] = other_duckdb(query, amazon.environment, "httpfs", *(["avro"] if form == "iceberg" else []), form)

    assert row == [52, sum(range(52)), "2024-12-23", 41]


@pytest.mark.parametrize("form", ["parquet", "delta"])
@pytest.mark.parametrize("folder", ["Ünser Rad", "a folder", "file"])
def test_a_folder_may_have_any_name(form: str, folder: str, tmp_path: Path) -> None:
    prefix = "file://" if folder == "file" else ""
    publisher = open_form(form, f"{prefix}{tmp_path / folder}")
    publish(publisher, weeks(5))
    assert compare(publisher, WEEKS, weeks(5)).different == 0
    assert publisher.names() == ["weekly_watts"]


def test_a_delta_table_that_needs_a_newer_reader_is_told(tmp_path: Path) -> None:
    from deltalake import write_deltalake

    publisher = open_form("delta", str(tmp_path))
    publish(publisher, weeks(5))
    assert publisher.reader_problem("weekly_watts") == ""
    local_times = pa.table({"at": pa.array([datetime(2026, 1, 1)], pa.timestamp("us"))})  # noqa: DTZ001 - the point

    write_deltalake(publisher.table_address("local_times"), local_times)

    assert "It needs a reader of Delta's version 3" in publisher.reader_problem("local_times")


def make_foreign_parquet(publisher: Publisher) -> None:
    publisher._folder().put("weekly_watts/weekly_watts.parquet", b"somebody's")


def make_foreign_delta(publisher: Publisher) -> None:
    from deltalake import write_deltalake

    rows = weeks(3)[0]
    write_deltalake(
        publisher.table_address("weekly_watts"),
        rows,
        storage_options=DeltaPublisher._options(publisher),  # type: ignore[arg-type]  # a Delta one
    )


def make_foreign_iceberg(publisher: Publisher) -> None:
    assert isinstance(publisher, IcebergPublisher)
    publisher._catalog.create_namespace(publisher.database)
    table = publisher._catalog.create_table(
        (publisher.database, "weekly_watts"), weeks(3)[0].schema, location=f"{publisher.url}/theirs"
    )
    assert table.location()


def test_a_table_of_another_program_is_refused_and_untouched(publisher: Publisher) -> None:
    make = {
        ParquetPublisher: make_foreign_parquet,
        DeltaPublisher: make_foreign_delta,
        IcebergPublisher: make_foreign_iceberg,
    }[type(publisher)]
    make(publisher)
    before = {path: publisher._folder().read(path) for path in publisher._folder().files()}

    with pytest.raises(ForeignTableError, match="is not a table of this project") as refused:
        publish(publisher, weeks(5))

    assert "It was not touched" in str(refused.value)
    assert {path: publisher._folder().read(path) for path in publisher._folder().files()} == before
    assert publisher.names() == []


def test_a_glue_table_that_is_not_iceberg_is_refused(
    amazon: Emulator, use: Callable[[Emulator], None]
) -> None:
    use(amazon)
    glue = s3_client(amazon, "glue")
    glue.create_database(DatabaseInput={"Name": "hive"})
    glue.create_table(DatabaseName="hive", TableInput={"Name": "weekly_watts", "Parameters": {"mine": "1"}})

    with pytest.raises(ForeignTableError, match="it is not an Iceberg table"):
        publish(IcebergPublisher(f"s3://{BUCKET}/hive", "hive"), weeks(5))

    assert glue.get_table(DatabaseName="hive", Name="weekly_watts")["Table"]["Parameters"] == {"mine": "1"}


# The place of Parquet files is first asked for its head, and an answer to that says no more than 403.
@pytest.mark.parametrize(
    ("form", "reason"), [("parquet", "lacks the permission"), ("iceberg", "credentials have expired")]
)
def test_expired_credentials_are_told_and_the_table_stays(
    form: str, reason: str, amazon: Emulator, use: Callable[[Emulator], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    use(amazon)
    url = f"s3://{BUCKET}/expired-{form}"
    publish(open_form(form, url), weeks(20))
    with standing(amazon.address) as front:
        answer = {"__type": "ExpiredTokenException", "message": "The security token included is expired"}
        front.order("^(PUT|GET|HEAD|POST) ", 403, answer)
        monkeypatch.setenv("AWS_ENDPOINT_URL", front.address)
        use(Emulator(front.address, {**amazon.environment, "AWS_ENDPOINT_URL": front.address}))
        with pytest.raises(PlaceUnusableError, match=reason):
            publish(open_form(form, url), weeks(30))
        with pytest.raises(PlaceUnusableError, match="Amazon was asked"):
            compare(open_form(form, url), WEEKS, weeks(20))
    use(amazon)
    assert compare(open_form(form, url), WEEKS, weeks(20)).different == 0
