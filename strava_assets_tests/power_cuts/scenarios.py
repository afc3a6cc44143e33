"""What is written to disk, each as a short scenario: what is there before, what happens, what must hold."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import duckdb
import pyarrow.parquet as pq
from typing_extensions import override

from strava_assets.archive import Recordings
from strava_assets.buckets.bucket import Bucket, ObjectReplacedError, Retention
from strava_assets.history import loaded_batches
from strava_assets.history.adoption import LOCAL, adopt_local
from strava_assets.history.compact import compact
from strava_assets.history.file_import import import_files
from strava_assets.history.loader import Loader
from strava_assets.history.retention import expire, forget
from strava_assets.landing import Landing
from strava_assets.published.parquet import ParquetPublisher
from strava_assets.report.page_files import write_page
from strava_assets.secrets.file import FileStore
from strava_assets.streams import StreamStore
from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets.warehouse.stored_file import StoredFile
from strava_assets.webhooks.event_store import EventStore
from strava_assets.webhooks.events import Event
from strava_assets.webhooks.state import ReceiverStatus, WebhookState
from strava_assets_tests.archive.devices import a_ride, fit
from strava_assets_tests.history.stories import Rows, Story, activity, rows_of
from strava_assets_tests.published.samples import publish, weeks
from strava_assets_tests.streams.samples import entry, recording

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ADOPTER = "7"


@dataclass
class Home:
    """A machine: the disk that fails, and what is not on it.

    Attributes:
        disk: the folder that fails.
        aside: a folder that does not: DuckDB's file, which syncs itself, and what is to be imported.
        done: what was acknowledged, in order.
        bucket: a prefix in a bucket that takes the place of the disk; empty without one.
    """

    disk: Path
    aside: Path
    done: list[str] = field(default_factory=list)
    bucket: str = ""

    @property
    def address(self) -> str:
        return self.bucket or str(self.disk / "home")

    @property
    def landing(self) -> Landing:
        return Landing(f"{self.address}/landing")

    @property
    def streams(self) -> StreamStore:
        return StreamStore(f"{self.address}/streams")

    @property
    def tokens(self) -> FileStore:
        return FileStore(self.disk / "home" / "tokens.json")

    @property
    def events(self) -> EventStore:
        return EventStore(f"{self.address}/events")

    def warehouse(self) -> DuckDBWarehouse:
        return DuckDBWarehouse(self.aside / "warehouse.duckdb", threads=1)

    def story(self, warehouse: DuckDBWarehouse) -> Story:
        story = Story(self.disk / "home", warehouse)
        story.landing, story.streams = self.landing, self.streams
        return story

    def rebuilt(self) -> Rows:
        """The rows of a table that is made of the landing alone."""
        path = self.aside / "rebuilt.duckdb"
        shutil.copyfile(self.aside / "empty.duckdb", path)
        with DuckDBWarehouse(path, threads=1) as other:
            Loader(self.landing, other).load(NOW, rebuild=True)
            return rows_of(other)

    def read_everything(self) -> list[str]:
        """Read every batch with all its pages; returns their ids."""
        manifests = self.landing.manifests()
        for manifest in manifests:
            assert sum(page.entry.records for page in self.landing.pages(manifest)) == manifest.records
            self.landing.conclusion(manifest)
        return [manifest.batch_id for manifest in manifests]

    def recordings(self) -> dict[tuple[str, str], float]:
        """The watts of every recording, each of which is read."""
        store = self.streams
        entries = store.entries()
        watts = {
            entry.key: samples.column("watts")[0].as_py() for entry, samples in store.read(entries.values())
        }
        assert watts.keys() == entries.keys()
        return watts


NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


@dataclass(frozen=True)
class Scenario:
    """A few writes, of which any may be the last.

    Attributes:
        prepare: makes what is there before.
        act: writes, and appends to `done` what it has acknowledged.
        check: what holds after any end of `act`; the last thing that it does is to go on with `act`.
    """

    prepare: Callable[[Home], None]
    act: Callable[[Home], None]
    check: Callable[[Home], None]


def _nothing(home: Home) -> None:
    (home.disk / "home").mkdir(exist_ok=True)
    with DuckDBWarehouse(home.aside / "empty.duckdb", threads=1) as warehouse:
        loaded_batches.prepare(warehouse)


def _no_home(_home: Home) -> None:
    """The first command of all makes the home."""


# The landing


def _land(home: Home, name: str, records: int = 5, kind: Any = "full", **how: Any) -> None:
    # It lands only, and opens no warehouse.
    story = Story(home.disk / "home", cast("DuckDBWarehouse", None))
    story.landing, story.now = home.landing, NOW + timedelta(hours=len(home.done))
    home.landing.check_writable()
    story.land([activity(number, name=name) for number in range(1, records + 1)], kind, **how)
    home.done.append(name)


def _land_twice(home: Home) -> None:
    _land(home, "first")
    _land(home, "second")


def _is_landed(home: Home) -> None:
    batches = home.read_everything()
    assert len(home.done) <= len(batches) <= len(home.done) + 1
    home.landing.sweep(NOW + timedelta(days=9))
    assert home.landing.uncommitted() == []
    _land(home, "after")
    assert len(home.read_everything()) == len(batches) + 1


def _loaded_life(home: Home) -> None:
    _nothing(home)
    with home.warehouse() as warehouse:
        story = home.story(warehouse)
        for number in range(9):
            story.sync([activity(n, name=f"edit {number}") for n in range(1, 6 - number % 2)])
        story.record(1, 2)


def _load_conclusions(home: Home) -> None:
    with home.warehouse() as warehouse:
        story = home.story(warehouse)
        story.wait(days=30)
        story.land([activity(n) for n in (1, 2, 3)])
        home.done.append("landed")
        story.load()
        home.done.append("loaded")


def _is_concluded(home: Home) -> None:
    with home.warehouse() as warehouse:
        story = home.story(warehouse)
        before = story.rows()
        if "loaded" in home.done:
            assert story.load().batches == 0
        else:
            story.wait(days=31)
            story.load()
        assert story.rows() == home.rebuilt()
        assert before.keys() == story.rows().keys()


def _compact(home: Home) -> None:
    with home.warehouse() as warehouse:
        compact(home.landing, warehouse, NOW, 14)
    home.done.append("compacted")


def _is_compacted(home: Home) -> None:
    home.read_everything()
    with home.warehouse() as warehouse:
        rows = rows_of(warehouse)
        assert home.rebuilt() == rows
        assert Loader(home.landing, warehouse).load(NOW).batches == 0
        compact(home.landing, warehouse, NOW + timedelta(days=9), 14)
        assert home.rebuilt() == rows == rows_of(warehouse)
        assert len(home.read_everything()) == 1
        assert home.landing.uncommitted() == []


def _remove_batches(home: Home) -> None:
    first, second, *_ = home.landing.manifests()
    home.landing.remove([first, second])
    home.done.append("removed")


def _is_removed(home: Home) -> None:
    batches = home.read_everything()
    assert 7 <= len(batches) <= (7 if home.done else 9)
    home.landing.remove(home.landing.manifests()[: len(batches) - 7])
    assert len(home.read_everything()) == 7


def _forget(home: Home) -> None:
    with home.warehouse() as warehouse:
        forget(home.landing, warehouse, home.streams, ADOPTER)
    home.done.append("forgotten")


def _is_forgotten(home: Home) -> None:
    home.read_everything()
    if not home.done:
        _forget(home)
    with home.warehouse() as warehouse:
        assert rows_of(warehouse) == {}
    assert home.read_everything() == []
    assert home.recordings() == {}


def _expire(home: Home) -> None:
    with home.warehouse() as warehouse:
        expire(home.landing, warehouse, home.streams, NOW, 7)
    home.done.append("expired")


def _is_expired(home: Home) -> None:
    home.read_everything()
    if home.done:
        assert home.rebuilt() == {}
    else:
        _expire(home)
    assert home.rebuilt() == {}
    assert home.recordings() == {}


# Recordings


def _two_files(home: Home) -> None:
    _nothing(home)
    folder = home.aside / "files"
    folder.mkdir()
    for number in (1, 2):
        (folder / f"{number}.fit").write_bytes(fit(a_ride(60, seed=number, power=True)))


def _import_files(home: Home, athlete_id: str = ADOPTER) -> None:
    with Recordings(home.aside / "files") as recordings:
        import_files(
            recordings,
            home.landing,
            home.streams,
            athlete_id=athlete_id,
            clock=lambda: NOW,
            home="UTC",
            processes=1,
            is_complete=True,
        )
    home.done.append("imported")


def _is_imported(home: Home) -> None:
    home.read_everything()
    home.recordings()
    if home.done:
        assert len(home.recordings()) == len(home.rebuilt()) == 2
    _import_files(home)
    assert len(home.recordings()) == len(home.rebuilt()) == 2


def _local_files(home: Home) -> None:
    _two_files(home)
    _import_files(home, LOCAL)
    _land(home, "first")
    home.done.clear()


def _adopt(home: Home) -> None:
    assert adopt_local(home.landing, home.streams) == ADOPTER
    home.done.append("adopted")


def _is_adopted(home: Home) -> None:
    home.read_everything()
    assert {key[1] for key in home.recordings()} == {
        row["activity_id"] for row in home.rebuilt().values() if row["source"] == "file"
    }
    adopted = adopt_local(home.landing, home.streams)
    assert not (home.done and adopted)
    assert len(home.recordings()) == 2
    assert {key[0] for key in home.recordings()} == {ADOPTER}
    rows = home.rebuilt().values()
    assert sorted(row["athlete_id"] for row in rows if row["source"] == "file") == [ADOPTER] * 2


def _store(home: Home, name: str, *rides: str, watts: float) -> None:
    store = home.streams
    store.check_writable()
    with store.writer() as writer:
        for number, ride in enumerate(rides):
            at = NOW + timedelta(hours=len(home.done))
            writer.add(entry(ride, at, year=2025 + number % 2), recording(ride, watts))
    home.done.append(name)


def _store_twice(home: Home) -> None:
    _store(home, "first", "1", "2", "3", watts=100)
    _store(home, "second", "1", "2", watts=200)
    home.streams.remove([(ADOPTER, "3")])
    home.done.append("removed")


def _is_stored(home: Home) -> None:
    watts = {key[1]: value for key, value in home.recordings().items()}
    if "first" in home.done:
        assert watts.keys() >= {"1", "2"}
    if "second" in home.done:
        assert watts["1"] == watts["2"] == 200
    assert ("3" in watts) or "first" not in home.done or "second" in home.done
    assert not ("removed" in home.done and "3" in watts)
    home.done.append("later")
    _store(home, "after", "1", "2", "3", watts=300)
    home.streams.compact()
    assert {key[1]: value for key, value in home.recordings().items()} == {"1": 300, "2": 300, "3": 300}


# Tokens, the page, published tables, events


def _rotate(home: Home) -> None:
    for token in ("one", "two"):
        with home.tokens.lock():
            home.tokens.replace({"refresh_token": token})
        home.done.append(token)


def _is_rotated(home: Home) -> None:
    token = home.tokens.read().get("refresh_token", "")
    order = ["", "one", "two"]
    assert order.index(token) >= order.index(home.done[-1] if home.done else "")
    with home.tokens.lock():
        home.tokens.replace({"refresh_token": "three"})
    assert home.tokens.read() == {"refresh_token": "three"}
    assert {path.name for path in home.tokens.path.parent.iterdir()} == {"tokens.json", "tokens.lock"}


def _logged_in(home: Home) -> None:
    _nothing(home)
    home.tokens.replace({"refresh_token": "one"})


def _log_out(home: Home) -> None:
    home.tokens.clear()
    home.done.append("cleared")


def _is_logged_out(home: Home) -> None:
    assert home.tokens.read() in ({}, {"refresh_token": "one"})
    assert not (home.done and home.tokens.read())
    home.tokens.clear()
    assert home.tokens.read() == {}


def _publisher(home: Home) -> ParquetPublisher:
    return ParquetPublisher(str(home.disk / "home" / "published"))


def _publish(home: Home) -> None:
    for count in (20, 30):
        publish(_publisher(home), weeks(count))
        home.done.append(str(count))


def _is_published(home: Home) -> None:
    publisher = _publisher(home)
    least = int(home.done[-1]) if home.done else 0
    stored = publisher.stored("weekly_watts")
    rows = pq.read_metadata(publisher.table_address("weekly_watts")).num_rows if stored else 0
    if stored:
        assert pq.read_table(publisher.table_address("weekly_watts")).num_rows == rows
    assert rows >= least
    publish(publisher, weeks(40))
    assert pq.read_metadata(publisher.table_address("weekly_watts")).num_rows == 40
    publisher.expire("weekly_watts", datetime.now(UTC) + timedelta(days=1))
    assert publisher.foreign_files() == []
    publisher.remove("weekly_watts")
    assert publisher.names() == []


PAGES = ("<p>one</p>" * 2_000, "<p>two</p>" * 3_000)


def _write_pages(home: Home) -> None:
    for page in PAGES:
        write_page(page, str(home.disk / "home" / "report"))
        home.done.append(page)


def _is_written(home: Home) -> None:
    page = home.disk / "home" / "report" / "index.html"
    content = page.read_text() if page.exists() else ""
    order = ["", *PAGES]
    assert order.index(content) >= order.index(home.done[-1] if home.done else "")
    write_page("three", str(page.parent))
    assert page.read_text() == "three"


def _event(number: int) -> Event:
    return Event(ADOPTER, "activity", str(number), "create", 1_790_000_000 + number)


def _add_events(home: Home) -> None:
    for number in (1, 2):
        home.events.add(_event(number))
        home.done.append(_event(number).name)
    WebhookState(home.events.address).write_receiver(ReceiverStatus(NOW, NOW))
    home.done.append("alive")


def _is_waiting(home: Home) -> None:
    store = home.events
    waiting = store.waiting(ADOPTER)
    assert {name for name in home.done if name != "alive"} <= set(waiting)
    assert len(store.read(ADOPTER, waiting)) == len(waiting)
    state = WebhookState(store.address)
    assert not ("alive" in home.done and state.receiver() is None)
    for number in (1, 2, 3):
        store.add(_event(number))
    assert store.waiting(ADOPTER) == [_event(number).name for number in (1, 2, 3)]
    store.remove(ADOPTER, store.waiting(ADOPTER))
    assert store.waiting(ADOPTER) == []


# DuckDB's file in a bucket


class FolderBucket(Bucket):
    """A bucket that is a folder of another machine: each object with its number as the version."""

    def __init__(self, folder: Path) -> None:
        super().__init__("bucket", str(folder))
        self._folder = folder
        folder.mkdir(exist_ok=True)

    @override
    def version(self, key: str) -> str | None:
        return max((path.name for path in self._folder.iterdir()), default=None)

    @override
    def fetch(self, key: str, to: Path) -> str | None:
        version = self.version(key)
        if version:
            shutil.copyfile(self._folder / version, to)
        return version

    @override
    def put(self, key: str, source: Path, *, replaces: str | None) -> str:
        if self.version(key) != replaces:
            raise ObjectReplacedError(self.address)
        version = f"{int(replaces or 0) + 1:06d}"
        shutil.copyfile(source, self._folder / version)
        return version

    @override
    def remove(self, key: str) -> None:
        for path in self._folder.iterdir():
            path.unlink()

    @override
    def purge(self, prefix: str, is_ours: Callable[[str], bool]) -> int:
        return 0

    @override
    def retention(self) -> Retention:
        return Retention(None, "")


class KeptFile(StoredFile):
    """A DuckDB file that is kept in a `FolderBucket`."""

    @override
    def _place(self) -> tuple[Bucket, str]:
        from pathlib import Path

        return FolderBucket(Path(self.address)), "warehouse.duckdb"


def _kept_file(home: Home, machine: str = "disk") -> KeptFile:
    folder = home.disk / "home" if machine == "disk" else home.aside / machine
    folder.mkdir(parents=True, exist_ok=True)
    return KeptFile(folder / "warehouse.duckdb", str(home.aside / "bucket"))


def write_number(file: StoredFile, value: int) -> None:
    with duckdb.connect(file.path) as connection:
        connection.execute(f"CREATE OR REPLACE TABLE numbers AS SELECT {value} AS number")


def counted_number(file: StoredFile) -> int:
    with duckdb.connect(file.path, read_only=True) as connection:
        [[value]] = connection.execute("SELECT number FROM numbers").fetchall()
        return int(value)


def _stored_by_another(home: Home) -> None:
    _nothing(home)
    other = _kept_file(home, "other")
    write_number(other, 1)
    other.store()


def _fetch_file(home: Home) -> None:
    _kept_file(home).fetch()
    home.done.append("fetched")


def _is_fetched(home: Home) -> None:
    file = _kept_file(home)
    file.fetch()
    assert counted_number(file) == 1
    write_number(file, 2)
    file.store()
    other = _kept_file(home, "other")
    other.fetch()
    assert counted_number(other) == 2


def _own_file(home: Home) -> None:
    _nothing(home)
    write_number(_kept_file(home), 1)


def _store_file(home: Home) -> None:
    _kept_file(home).store()
    home.done.append("stored")


def _is_kept(home: Home) -> None:
    file, other = _kept_file(home), _kept_file(home, "other")
    if home.done:
        other.fetch()
        assert counted_number(other) == 1
    file.fetch()
    write_number(file, 2)
    file.store()
    other.fetch()
    assert counted_number(other) == 2


SCENARIOS = {
    "land two batches in a new home": Scenario(_no_home, _land_twice, _is_landed),
    "conclude a deletion": Scenario(_loaded_life, _load_conclusions, _is_concluded),
    "compact": Scenario(_loaded_life, _compact, _is_compacted),
    "remove batches": Scenario(_loaded_life, _remove_batches, _is_removed),
    "forget": Scenario(_loaded_life, _forget, _is_forgotten),
    "expire": Scenario(_loaded_life, _expire, _is_expired),
    "import files into a new home": Scenario(_two_files, _import_files, _is_imported),
    "adopt recordings": Scenario(_local_files, _adopt, _is_adopted),
    "store recordings and replace them": Scenario(_no_home, _store_twice, _is_stored),
    "rotate a token": Scenario(_no_home, _rotate, _is_rotated),
    "log out": Scenario(_logged_in, _log_out, _is_logged_out),
    "publish a table": Scenario(_no_home, _publish, _is_published),
    "write the page": Scenario(_no_home, _write_pages, _is_written),
    "take events": Scenario(_no_home, _add_events, _is_waiting),
    "fetch DuckDB's file": Scenario(_stored_by_another, _fetch_file, _is_fetched),
    "store DuckDB's file": Scenario(_own_file, _store_file, _is_kept),
}
