"""A first load and a day's new activities of many athletes on DuckDB: seconds, processor and memory.

    .venv/bin/python -m benchmarks.many_athletes --athletes 250 500 1000
    .venv/bin/python -m benchmarks.many_athletes --idle 1000
    .venv/bin/python -m benchmarks.many_athletes --shards 2 --athletes 200

Each athlete has 1,500 activities over eight years, without recordings. On the day 0.8 of the athletes ride
once; each of these rides is an event that makes an incremental listing of the last thirty days. Each phase is
a process of its own. `--idle` times a load with nothing new where each athlete has thirty loaded batches.
`--shards` compares one process with so many at once, each with its share of the athletes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyarrow as pa

from strava_assets.assets.marts import refresh_mart
from strava_assets.history import loaded_batches
from strava_assets.history.compact import compact
from strava_assets.history.fetch import known_history
from strava_assets.history.loader import Loader
from strava_assets.landing import Landing, Manifest
from strava_assets.marts import load as load_marts
from strava_assets.schema.mart_inputs import ATHLETE_PROFILE, MART_SETTINGS
from strava_assets.schema.sports import SPORT_RULES, sport_rules
from strava_assets.schema.tables import TABLES
from strava_assets.shards import Shard
from strava_assets.warehouse.arrow import arrow_schema
from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets_tests.history.stories import activity

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from strava_assets.landing.manifest import Kind

FIRST_DAY = datetime(2018, 11, 19, 6, tzinfo=UTC)
TODAY = datetime(2026, 11, 18, 6, tzinfo=UTC)
DAYS = (TODAY - FIRST_DAY).days
KEEP_DAYS = 14
PER_PAGE = 200
LISTED_DAYS = 30
RIDES_A_DAY = 0.8
LOADED_BATCHES = 30
SPORTS = ("Ride", "VirtualRide", "Ride", "Run", "GravelRide", "Ride")


class Taken(NamedTuple):
    """What a phase took: seconds by the wall and of the processor, and megabytes at most."""

    seconds: float
    processor_s: float
    peak_mb: float


def ride(athlete: int, number: int, days: float) -> dict[str, Any]:
    """An activity so many days after the first one."""
    start = FIRST_DAY + timedelta(days=days, minutes=number * 7 % 600)
    seconds, watts = 900 + number * 977 % 12_000, 100 + number * 31 % 200
    return activity(number, athlete=athlete) | {
        "id": athlete * 100_000 + number,
        "name": f"Ride {number}",
        "sport_type": SPORTS[number % len(SPORTS)],
        "start_date": f"{start:%Y-%m-%dT%H:%M:%SZ}",
        "start_date_local": f"{start + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
        "distance": seconds * 7.5,
        "moving_time": seconds,
        "elapsed_time": seconds + 300,
        "average_watts": float(watts),
        "kilojoules": round(watts * seconds / 1000, 1),
        "device_watts": number % 10 < 7,
        "average_heartrate": 110.0 + number % 55,
        "total_elevation_gain": float(number % 1500),
        "gear_id": f"b{number % 4}",
    }


def commit(
    landing: Landing, kind: Kind, athlete: int, began: datetime, records: Sequence[dict[str, Any]]
) -> Manifest:
    """Land a listing of an athlete."""
    batch = landing.begin(kind, began, str(athlete))
    fetched_at = began + timedelta(seconds=10)
    for first in range(0, len(records), PER_PAGE):
        page = records[first : first + PER_PAGE]
        batch.write_page(first // PER_PAGE + 1, json.dumps(page).encode(), fetched_at, len(page))
    starts = [datetime.fromisoformat(record["start_date"]) for record in records]
    return batch.commit(
        Manifest(
            batch_id=batch.batch_id,
            kind=kind,
            source="api",
            athlete_id=str(athlete),
            started_at=began,
            finished_at=fetched_at,
            complete=True,
            after=None if kind == "full" else int((began - timedelta(days=LISTED_DAYS)).timestamp()),
            pages=tuple(batch.pages),
            records=len(records),
            activity_ids=tuple(str(record["id"]) for record in records),
            oldest_start=min(starts),
            newest_start=max(starts),
            history_complete_at=fetched_at if kind == "full" else None,
        )
    )


def land_histories(folder: Path, athletes: int, activities: int) -> None:
    """The first full listing of every athlete, a day ago."""
    landing = Landing(str(folder / "landing"))
    for athlete in range(1, athletes + 1):
        records = [ride(athlete, n, DAYS * n / activities) for n in range(activities)]
        commit(
            landing, "full", athlete, TODAY - timedelta(days=1) + timedelta(seconds=athlete), records[::-1]
        )


def land_day(folder: Path, athletes: int, activities: int) -> None:
    """The listings that a day's events make, each after a look at what is known of its athlete."""
    landing = Landing(str(folder / "landing"))
    for athlete in range(1, int(athletes * RIDES_A_DAY) + 1):
        known_history(landing.manifests(str(athlete)), str(athlete))
        recent = range(int(activities * (1 - LISTED_DAYS / DAYS)), activities)
        records = [ride(athlete, n, DAYS * n / activities) for n in recent]
        records.append(ride(athlete, activities, DAYS))
        commit(landing, "incremental", athlete, TODAY + timedelta(seconds=athlete), records[::-1])


def land_batches(folder: Path, athletes: int, _activities: int) -> None:
    """Thirty loaded batches of every athlete, of one activity each."""
    landing = Landing(str(folder / "landing"))
    began = TODAY - timedelta(days=7)
    with warehouse_in(folder) as warehouse:
        loaded_batches.prepare(warehouse)
        for number in range(LOADED_BATCHES):
            batches = [
                commit(
                    landing,
                    "incremental",
                    athlete,
                    began + timedelta(hours=4 * number),
                    [ride(athlete, 1, DAYS)],
                )
                for athlete in range(1, athletes + 1)
            ]
            loaded = [
                loaded_batches.LoadedBatch(batch.batch_id, batch.kind, batch.athlete_id) for batch in batches
            ]
            loaded_batches.insert(warehouse, loaded, TODAY)


def load(folder: Path, _athletes: int, _activities: int) -> None:
    """What the step bq_activities does."""
    landing = Landing(str(folder / "landing"), own_shard())
    landing.move_to_athletes()
    with warehouse_in(folder) as warehouse:
        Loader(landing, warehouse, progress=lambda _: None).load(TODAY)
        compact(landing, warehouse, TODAY, KEEP_DAYS)


def make_marts(folder: Path, athletes: int, _activities: int) -> None:
    """Refresh all marts."""
    figures = [
        {"athlete_id": str(n), "valid_from": date(2018, 1, 1), "ftp_w": 260.0, "weight_kg": 72.0}
        | {"max_heartrate_bpm": 188.0, "resting_heartrate_bpm": 48.0}
        for n in range(1, athletes + 1)
    ]
    settings = {"as_of": TODAY.date(), "week_start": "monday", "count_commutes": True, "count_virtual": True}
    with warehouse_in(folder) as warehouse:
        for table in TABLES.values():
            warehouse.ensure(table)
        for table, rows in (
            (MART_SETTINGS, [settings]),
            (SPORT_RULES, sport_rules()),
            (ATHLETE_PROFILE, figures),
        ):
            warehouse.replace(table, pa.Table.from_pylist(rows, schema=arrow_schema(table.columns)))
        for mart in load_marts():
            refresh_mart(warehouse, mart)


def load_and_make_marts(folder: Path, athletes: int, activities: int) -> None:
    """All that a shard does."""
    load(folder, athletes, activities)
    make_marts(folder, athletes, activities)


def own_shard() -> Shard | None:
    """The shard of this process, as set."""
    return Shard.from_setting(os.environ.get("STRAVA_ASSETS_SHARD", ""))


def warehouse_in(folder: Path) -> DuckDBWarehouse:
    """The warehouse of this process, with the memory limit that the setting recommends for a million rows."""
    shard = own_shard()
    return DuckDBWarehouse(folder / f"warehouse{shard.name if shard else ''}.duckdb", memory_limit="1GB")


PHASES: dict[str, Callable[[Path, int, int], None]] = {
    "land histories": land_histories,
    "land batches": land_batches,
    "land a day": land_day,
    "load": load,
    "marts": make_marts,
    "load and marts": load_and_make_marts,
}


def started(
    phase: str, folder: Path, athletes: int, activities: int, shard: str = ""
) -> subprocess.Popen[str]:
    """A phase in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.many_athletes", "--phase", phase, "--folder", str(folder)]
    command += ["--athletes", str(athletes), "--activities", str(activities)]
    environment = os.environ | {"STRAVA_ASSETS_SHARD": shard}
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)  # noqa: S603 - this very file


def ended(process: subprocess.Popen[str]) -> Taken:
    """What a phase took."""
    answer, _ = process.communicate()
    if process.returncode:
        raise SystemExit(process.returncode)
    return Taken(*json.loads(answer))


def run_phase(phase: str, folder: Path, athletes: int, activities: int) -> None:
    """Be one phase, and say what it took."""
    began = time.perf_counter()
    PHASES[phase](folder, athletes, activities)
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps([seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))


def report(name: str, athletes: int, taken: Taken) -> None:
    """Print a row."""
    each_ms = 1000 * taken.processor_s / athletes
    print(
        f"| {name} | {athletes:,} | {taken.seconds:.1f} | {taken.processor_s:.1f} | {each_ms:.0f} | "
        f"{taken.peak_mb:,.0f} |",
        flush=True,
    )


def measure(folder: Path, athletes: int, activities: int) -> None:
    """A first load and a day."""
    ended(started("land histories", folder, athletes, activities))
    for name, phase in (
        ("first load", "load"),
        ("first marts", "marts"),
        ("a day's listings", "land a day"),
        ("a day's load", "load"),
        ("a day's marts", "marts"),
    ):
        report(name, athletes, ended(started(phase, folder, athletes, activities)))
    size_mb = (folder / "warehouse.duckdb").stat().st_size / 1e6
    print(f"The file of {athletes:,} athletes has {size_mb:,.0f} MB.", flush=True)


def measure_idle(folder: Path, athletes: int) -> None:
    """A load with nothing new."""
    ended(started("land batches", folder, athletes, 1))
    report("load of nothing new", athletes, ended(started("load", folder, athletes, 1)))


def measure_shards(folder: Path, athletes: int, activities: int, shards: int) -> None:
    """A first load with marts by one process, and by one for each shard at once."""
    ended(started("land histories", folder, athletes, activities))
    one = ended(started("load and marts", folder, athletes, activities))
    report("one process", athletes, one)
    began = time.perf_counter()
    names = [f"{number}/{shards}" for number in range(1, shards + 1)]
    processes = [started("load and marts", folder, athletes, activities, name) for name in names]
    taken = [ended(process) for process in processes]
    seconds = time.perf_counter() - began
    for name, each in zip(names, taken, strict=True):
        report(f"shard {name}", athletes, each)
    most = max(each.processor_s for each in taken)
    print(f"{shards} shards: {one.seconds / seconds:.2f} times as fast by the wall.")
    print(f"One process takes {one.processor_s / most:.2f} times the processor of the largest shard.")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--athletes", type=int, nargs="*", default=[250, 500, 1000])
    parser.add_argument("--activities", type=int, default=1500)
    parser.add_argument("--idle", type=int, help="measure a load of nothing new for so many athletes")
    parser.add_argument("--shards", type=int, help="compare one process with so many shards at once")
    parser.add_argument("--phase", choices=PHASES, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.phase:
        run_phase(options.phase, options.folder, options.athletes[0], options.activities)
        return
    print("| | athletes | s | processor s | ms an athlete | peak MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for athletes in [options.idle] if options.idle else options.athletes:
        with tempfile.TemporaryDirectory() as name:
            if options.idle:
                measure_idle(Path(name), athletes)
            elif options.shards:
                measure_shards(Path(name), athletes, options.activities, options.shards)
            else:
                measure(Path(name), athletes, options.activities)


if __name__ == "__main__":
    main()
