"""The platform of the athletes: its stores and commands, each of which may end at any call.

Everything but DuckDB's file is on a `Disk`. DuckDB syncs its own file, and what it was at the moment of a
kill or power cut is what the next command finds.
"""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import duckdb
from typing_extensions import override

from strava_assets.history import loaded_batches
from strava_assets.history.fetch import fetch
from strava_assets.history.loader import Loader
from strava_assets.history.webhook_sync import EventRequest, Webhooks
from strava_assets.landing import Landing
from strava_assets.marts import load as load_catalog
from strava_assets.published.parquet import ParquetPublisher
from strava_assets.schema.mart_inputs import ATHLETE_GEAR, ATHLETE_PROFILE, MART_SETTINGS, PLANNED_LOAD
from strava_assets.schema.recording_zones import RECORDING_ZONES
from strava_assets.schema.ride_power import RIDE_BESTS, RIDE_BESTS_AFTER_WORK, RIDE_POWER
from strava_assets.schema.sports import SPORT_RULES, sport_rules
from strava_assets.secrets.file import FileStore
from strava_assets.secrets.seeded import SeededStore
from strava_assets.strava.auth import Authenticator
from strava_assets.strava.client import StravaClient
from strava_assets.strava.limits import Pacer
from strava_assets.streams import StreamStore
from strava_assets.warehouse.arrow import arrow_schema
from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets.warehouse.errors import WarehouseError
from strava_assets.warehouse.statements import for_duckdb
from strava_assets.webhooks.event_store import EventStore
from strava_assets.webhooks.state import ReceiverStatus, Subscription, WebhookState
from strava_assets_tests.power_cuts.disk import Disk, PowerCut, Stop, Survival
from strava_assets_tests.simulation.in_process import BASE_URL
from strava_assets_tests.simulation.world import SUBSCRIPTION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date
    from pathlib import Path
    from random import Random

    import pyarrow as pa

    from strava_assets.history.deletions import DeletionGuard
    from strava_assets.history.fetch import SyncRequest
    from strava_assets.history.loader import LoadReport
    from strava_assets.marts import Mart
    from strava_assets.warehouse.engine import Warehouse
    from strava_assets_tests.simulation.world import Athlete
    from strava_assets_tests.strava.conversation import HandTime

REACH = (8, 25, 80)
"""How many calls a command may get to before it ends, as likely as another."""
SURVIVALS = (Survival.nothing, Survival.names, Survival.removals, Survival.chance, Survival.chance)
MART = "weekly_watts"


@dataclass(frozen=True)
class Accident:
    """An end of a command, at its n-th call.

    Args:
        stop: how it ends.
        at: the number of the call, from 1.
        survival: what a power cut leaves.
    """

    stop: Stop
    at: int
    survival: Survival

    @classmethod
    def drawn(cls, chance: Random, share: float) -> Accident | None:
        """An accident in this share of the commands."""
        if chance.random() >= share:
            return None
        stop = chance.choice([Stop.kill, Stop.power_cut, Stop.power_cut, Stop.full, Stop.broken])
        return cls(stop, chance.randrange(1, chance.choice(REACH)), chance.choice(SURVIVALS))


class OutlivingStore(FileStore):
    """A token file that is written by a process of its own, as `strava.refresh` does it.

    A kill of the run does not end that process, a power cut does.
    """

    disk: Disk | None = None

    @override
    def replace(self, values: Mapping[str, str]) -> None:
        with self.disk.paused(Stop.kill) if self.disk else _nothing():
            super().replace(values)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


@dataclass
class Home:
    """The stores under one folder.

    Attributes:
        seen: how often what happened.
        output: all that the commands have announced.
    """

    folder: Path
    time: HandTime
    chance: Random
    seen: Counter[str] = field(default_factory=Counter)
    output: list[str] = field(default_factory=list)
    _restarts: int = 0
    _opened: DuckDBWarehouse | None = None
    _disk: Disk | None = None

    def __post_init__(self) -> None:
        self.disk.mkdir()
        self.state.write_subscription(Subscription(SUBSCRIPTION, "", (), self.time.now))

    @property
    def disk(self) -> Path:
        """What is on the disk that fails."""
        return self.folder / "disk"

    @cached_property
    def landing(self) -> Landing:
        return Landing(str(self.disk / "landing"))

    @cached_property
    def streams(self) -> StreamStore:
        return StreamStore(str(self.disk / "streams"))

    @cached_property
    def events(self) -> EventStore:
        return EventStore(str(self.disk / "events"))

    @property
    def state(self) -> WebhookState:
        return WebhookState(self.events.address)

    @cached_property
    def publisher(self) -> ParquetPublisher:
        return ParquetPublisher(str(self.disk / "published"))

    @property
    def warehouse(self) -> DuckDBWarehouse:
        """The warehouse, which stays open between commands."""
        if self._opened is None:
            self._opened = DuckDBWarehouse(self.file, threads=1)
        return self._opened

    @property
    def file(self) -> Path:
        """DuckDB's file; another one after each restart, because DuckDB remembers what it had open."""
        return self.folder / f"warehouse-{self._restarts}.duckdb"

    def close(self) -> None:
        """Close the warehouse."""
        if self._opened is not None:
            opened, self._opened = self._opened, None
            opened.close()

    def tokens(self, athlete: Athlete) -> SeededStore:
        """The token store of an athlete."""
        store = OutlivingStore(self.disk / f"tokens-{athlete.number}.json", sleep=self.time.sleep)
        store.disk = self._disk
        return SeededStore(store, {})

    def log_in(self, athlete: Athlete) -> None:
        """Store the tokens of a new login."""
        self.tokens(athlete).write(athlete.new_grant())
        athlete.may_be_locked_out = False

    def client(self, athlete: Athlete, *, max_wait_s: float = 960) -> StravaClient:
        """A client for one command."""
        session = athlete.adapter.session()
        auth = Authenticator(
            self.tokens(athlete),
            f"{BASE_URL}/oauth",
            session,
            self.time.clock,
            on_warning=self.output.append,
            in_subprocess=False,
        )
        pacer = Pacer(clock=self.time.clock, sleep=self.time.sleep, max_wait_s=max_wait_s)
        return StravaClient(
            auth,
            f"{BASE_URL}/api/v3",
            pacer=pacer,
            session=session,
            clock=self.time.clock,
            sleep=self.time.sleep,
            on_event=self.output.append,
        )

    # Commands

    def fetch(self, athlete: Athlete, request: SyncRequest, progress: Callable[[], None]) -> None:
        """Sync an athlete once."""
        fetch(
            self.client(athlete),
            self.tokens(athlete),
            self.landing,
            request,
            clock=self.time.clock,
            progress=lambda *_: progress(),
            announce=self.output.append,
        )

    def settle_events(self, athlete: Athlete, request: SyncRequest) -> None:
        """Sync an athlete for the waiting events, and remove those that are settled."""
        waiting = tuple(self.events.waiting(athlete.id))
        result = Webhooks(self.events, self.state).sync(
            self.client(athlete),
            self.tokens(athlete),
            self.landing,
            request,
            EventRequest(waiting),
            clock=self.time.clock,
            announce=self.output.append,
        )
        if not result.is_stopped:
            self.events.remove(athlete.id, waiting)

    def load(self, guard: DeletionGuard, *, rebuild: bool = False) -> LoadReport:
        """Load what waits in the landing."""
        loader = Loader(self.landing, self.warehouse, guard=guard, progress=self.output.append)
        return loader.load(self.time.now, rebuild=rebuild)

    def sign_of_life(self) -> None:
        """What the receiver of events writes."""
        self.state.write_receiver(ReceiverStatus(self.time.now, self.time.now))

    def run(self, accident: Accident | None, command: Callable[[], Any]) -> BaseException | None:
        """Run a command until its end or an accident; returns what ended it.

        After a kill or power cut the folder and the warehouse are as a new process finds them.
        """
        if accident is None:
            return _ended_by(command)
        at_stop = self.folder / "at_stop"
        with (
            Disk(self.disk, accident.stop, accident.at, lambda: self._copy_warehouse(at_stop)) as disk,
            self._counted_statements(disk),
        ):
            self._disk = disk
            try:
                error = _ended_by(command)
            finally:
                self._disk = None
        if disk.has_stopped:
            self.seen[accident.stop] += 1
        if isinstance(error, PowerCut):
            self._restart(at_stop)
            disk.restore(accident.survival if accident.stop is Stop.power_cut else None, self.chance)
        return error

    def _copy_warehouse(self, to: Path) -> None:
        shutil.rmtree(to, ignore_errors=True)
        to.mkdir()
        for suffix in ("", ".wal"):
            path = self.file.with_name(f"{self.file.name}{suffix}")
            if path.exists():
                shutil.copyfile(path, to / f"warehouse.duckdb{suffix}")

    def _restart(self, at_stop: Path) -> None:
        with suppress(WarehouseError, duckdb.Error):
            self.close()
        for path in self.folder.glob(f"{self.file.name}*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        self._restarts += 1
        for suffix in ("", ".wal"):
            if (path := at_stop / f"warehouse.duckdb{suffix}").exists():
                path.replace(self.file.with_name(f"{self.file.name}{suffix}"))
        # Each command is a process; what another one has in memory ends with it.
        for name in ("landing", "streams", "events", "publisher"):
            self.__dict__.pop(name, None)

    @contextmanager
    def _counted_statements(self, disk: Disk) -> Iterator[None]:
        """Let a process end before any statement, too."""
        warehouse = self.warehouse
        run = warehouse._run

        def counted(sql: str, *arguments: Any) -> Any:
            disk.count_statement()
            return run(sql, *arguments)

        with patch.object(warehouse, "_run", counted):
            yield

    # Marts

    def rebuilt(self) -> DuckDBWarehouse:
        """An open warehouse with what the landing alone gives; the caller closes it."""
        empty, path = self.folder / "empty.duckdb", self.folder / "rebuilt.duckdb"
        if not empty.exists():
            with DuckDBWarehouse(empty, threads=1) as warehouse:
                loaded_batches.prepare(warehouse)
                prepare_weeks(warehouse)
        shutil.copyfile(empty, path)
        rebuilt = DuckDBWarehouse(path, threads=1)
        Loader(self.landing, rebuilt, progress=self.output.append).load(self.time.now, rebuild=True)
        return rebuilt


def prepare_weeks(warehouse: Warehouse) -> None:
    """Make the inputs of `weekly_watts` that nobody fills here, and the views it reads."""
    empty = (ATHLETE_GEAR, ATHLETE_PROFILE, PLANNED_LOAD, RECORDING_ZONES)
    for table in (*empty, RIDE_BESTS, RIDE_BESTS_AFTER_WORK, RIDE_POWER, MART_SETTINGS):
        warehouse.replace(table, _arrow(table, ()))
    warehouse.replace(SPORT_RULES, _arrow(SPORT_RULES, sport_rules(None)))
    catalog = _catalog()
    for name in _needed(catalog, MART):
        if name != MART:
            mart = catalog[name]
            warehouse.create_view_as(name, mart.sql, description=mart.description, columns=mart.columns)


def make_weeks(warehouse: DuckDBWarehouse, as_of: date) -> list[dict[str, Any]]:
    """The rows of `weekly_watts` by athlete and week, in a warehouse that `prepare_weeks` prepared."""
    settings = {"as_of": as_of, "week_start": "monday", "count_commutes": True, "count_virtual": True}
    warehouse.replace(MART_SETTINGS, _arrow(MART_SETTINGS, [settings]))
    mart = _catalog()[MART]
    # Not through `query`: the statement is long, and translating it takes longer than its answer.
    answer = warehouse._run(_in_duckdb(mart.sql))
    names = [name for name, *_ in answer.description or ()]
    rows = [dict(zip(names, values, strict=True)) for values in answer.fetchall()]
    return sorted(rows, key=lambda row: [row[name] for name in mart.key])


@cache
def _catalog() -> dict[str, Mart]:
    return {mart.name: mart for mart in load_catalog()}


@cache
def _in_duckdb(sql: str) -> str:
    return for_duckdb(sql)


def activity_rows(warehouse: Warehouse) -> dict[str, dict[str, Any]]:
    """The rows of `bq_activities` by id.

    Raises:
        AssertionError: an activity is there twice.
    """
    rows = warehouse.query("SELECT * FROM bq_activities").to_pylist()
    by_id = {row["activity_id"]: row for row in rows}
    assert len(by_id) == len(rows), "an activity is in the table twice"
    return by_id


def _arrow(table: Any, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_pylist(list(rows), schema=arrow_schema(table.columns))


def _needed(catalog: Mapping[str, Any], name: str) -> list[str]:
    ordered: dict[str, None] = {}

    def add(each: str) -> None:
        if each in catalog and each not in ordered:
            for read in catalog[each].reads:
                add(read)
            ordered[each] = None

    add(name)
    return list(ordered)


def _ended_by(command: Callable[[], Any]) -> BaseException | None:
    try:
        command()
    except (Exception, PowerCut) as error:  # noqa: BLE001 - the caller judges it
        return error
    return None
