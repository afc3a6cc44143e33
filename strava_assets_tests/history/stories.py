"""Shared by the tests of this package: records, and a landing and a table over time."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from strava_assets.history.deletions import DeletionGuard
from strava_assets.history.loader import Loader, LoadReport
from strava_assets.landing import Landing, Manifest
from strava_assets.streams import StreamStore
from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets_tests.streams.samples import entry, recording

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from strava_assets.landing.manifest import Kind
    from strava_assets.warehouse import Warehouse

Record = dict[str, Any]
Rows = dict[str, dict[str, Any]]

BEGINNING = datetime(2026, 3, 2, 6, tzinfo=UTC)


def activity(activity_id: int, *, athlete: int = 7, **fields: Any) -> Record:
    """A ride as the list shows it; rides with successive ids start a day apart."""
    start = datetime(2026, 1, 1, 8, tzinfo=UTC) + timedelta(days=activity_id)
    return {
        "id": activity_id,
        "athlete": {"id": athlete, "resource_state": 1},
        "name": f"Ride {activity_id}",
        "sport_type": "Ride",
        "start_date": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "start_date_local": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
        "timezone": "(GMT+01:00) Europe/Paris",
        "utc_offset": 3600.0,
        "distance": 30_000.5,
        "moving_time": 3600,
        "elapsed_time": 3700,
        "average_watts": 180.0,
        "device_watts": True,
        "map": {"id": f"a{activity_id}", "summary_polyline": "abc"},
    } | fields


class Story:
    """A landing and a table, and a clock that the test moves.

    Attributes:
        now: The time, aware UTC.
        guard: The limits for deletions in the next load.
        lands_in_root: Whether batches are landed in the root, as before athletes had folders.
    """

    def __init__(self, folder: Path, warehouse: Warehouse) -> None:
        self.folder = folder
        self.warehouse = warehouse
        self.landing = Landing(str(folder / "landing"))
        self.streams = StreamStore(str(folder / "streams"))
        self.now = BEGINNING
        self.guard = DeletionGuard()
        self.lands_in_root = False

    def wait(self, **span: float) -> None:
        self.now += timedelta(**span)

    def land(
        self,
        records: Sequence[Any],
        kind: Kind = "full",
        *,
        complete: bool = True,
        after: datetime | None = None,
        before: datetime | None = None,
        athlete: str | None = "7",
        source: Literal["api", "archive"] = "api",
        per_page: int = 3,
    ) -> Manifest:
        """A committed batch of these records, which takes a minute."""
        batch = self.landing.begin(kind, self.now, None if self.lands_in_root else athlete)
        started_at = self.now
        self.wait(minutes=1)
        for first in range(0, len(records), per_page):
            page = list(records[first : first + per_page])
            batch.write_page(first // per_page + 1, json.dumps(page).encode(), self.now, len(page))
        ids = [str(r["id"]) for r in records if isinstance(r, dict) and r.get("id")]
        return batch.commit(
            Manifest(
                batch_id=batch.batch_id,
                kind=kind,
                source=source,
                athlete_id=athlete,
                started_at=started_at,
                finished_at=self.now,
                complete=complete,
                after=int(after.timestamp()) if after else None,
                before=int(before.timestamp()) if before else None,
                pages=tuple(batch.pages),
                records=len(records),
                activity_ids=tuple(dict.fromkeys(ids)),
                history_complete_at=self.now if kind == "full" and complete and ids else None,
            )
        )

    def load(self, *, rebuild: bool = False, week_start: str = "monday") -> LoadReport:
        loader = Loader(self.landing, self.warehouse, week_start=week_start, guard=self.guard)
        return loader.load(self.now, rebuild=rebuild)

    def sync(self, records: Sequence[Any], kind: Kind = "full", **how: Any) -> LoadReport:
        """Land these records and load them, six hours after the last time."""
        self.wait(hours=6)
        self.land(records, kind, **how)
        return self.load()

    def record(self, *activities: int, athlete: str = "7", source: Literal["api", "archive"] = "api") -> None:
        """Recordings of these activities."""
        with self.streams.writer() as writer:
            for number in map(str, activities):
                stream = entry(number, self.now, athlete_id=athlete, source=source)
                writer.add(stream, recording(number, athlete_id=athlete))

    def recorded(self) -> dict[str, str]:
        """The activities with a recording, each with its source."""
        return {key[1]: entry.source for key, entry in self.streams.entries().items()}

    def rows(self) -> Rows:
        return rows_of(self.warehouse)

    def living(self) -> set[str]:
        return {activity_id for activity_id, row in self.rows().items() if row["deleted_at"] is None}

    def rejects(self) -> Rows:
        return rejects_of(self.warehouse)

    def rebuilt(self) -> tuple[Rows, Rows]:
        """The rows and rejects that another warehouse gets from the landing alone, under another guard."""
        with opened(self.folder / "rebuilt.duckdb") as other:
            strict = DeletionGuard(max_share=0, max_count=0)
            Loader(Landing(self.landing.address), other, guard=strict).load(self.now, rebuild=True)
            return rows_of(other), rejects_of(other)

    def files(self) -> int:
        return sum(path.is_file() for path in (self.folder / "landing").rglob("*"))


def rows_of(warehouse: Warehouse) -> Rows:
    rows = warehouse.query("SELECT * FROM bq_activities").to_pylist()
    return {row["activity_id"]: row for row in rows}


def rejects_of(warehouse: Warehouse) -> Rows:
    rows = warehouse.query("SELECT * FROM rejected_records").to_pylist()
    return {row["record_hash"]: row for row in rows}


@contextmanager
def opened(path: Path) -> Iterator[DuckDBWarehouse]:
    """A small warehouse, removed afterwards."""
    with DuckDBWarehouse(path, threads=1) as warehouse:
        yield warehouse
    path.unlink()


@contextmanager
def story(folder: Path) -> Iterator[Story]:
    """A story in a folder of its own."""
    with opened(folder / "warehouse.duckdb") as warehouse:
        yield Story(folder, warehouse)
