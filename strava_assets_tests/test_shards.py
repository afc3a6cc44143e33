"""Every athlete belongs to one shard, and the tables of all shards together are those of one process."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.errors import ConfigurationError
from strava_assets.landing import Landing
from strava_assets.marts import load as load_marts
from strava_assets.published.parquet import ParquetPublisher
from strava_assets.settings_reader import load_settings
from strava_assets.shards import Shard, missing_shards
from strava_assets.streams import StreamStore
from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets_tests.history.stories import activity, story
from strava_assets_tests.landing.test_landing import commit

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets.settings import Settings

ATHLETES = [str(number) for number in range(1, 13)]
FIRST_HALF = ["2", "8", "11"]
HALVES = (Shard(1, 2), Shard(2, 2))


def settings(**fields: str) -> Settings:
    return load_settings({f"STRAVA_ASSETS_{name}": value for name, value in fields.items()}, env_file=None)


@pytest.mark.parametrize("of", [1, 2, 3, 7, 100])
def test_every_athlete_is_in_one_shard(of: int) -> None:
    shards = [Shard(number, of) for number in range(1, of + 1)]
    for athlete in [*map(str, range(1000)), "local", None]:
        assert sum(shard.holds(athlete) for shard in shards) == 1
    counts = [sum(shard.holds(str(n)) for n in range(10_000)) for shard in shards]
    assert max(counts) < 1.4 * 10_000 / of


def test_the_division_is_the_same_in_every_release() -> None:
    # A file that was made by another division would hold other athletes.
    assert [n for n in ATHLETES if Shard(1, 2).holds(n)] == FIRST_HALF


def test_a_shard_has_a_file_and_a_folder_of_its_own(tmp_path: Path) -> None:
    sharded = settings(HOME=str(tmp_path), SHARD="2/4")
    assert sharded.duckdb_path.name == "warehouse-2-of-4.duckdb"
    assert sharded.publish_address == f"{tmp_path}/published/shard=2-of-4"
    assert settings(HOME=str(tmp_path)).publish_address == f"{tmp_path}/published"


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        ({"WAREHOUSE": "bigquery", "GCP_PROJECT": "a-project"}, "one process loads all of them"),
        ({"PUBLISH": "iceberg", "PUBLISH_URL": "s3://bucket/tables"}, "possible are parquet, delta and none"),
        ({"DUCKDB_URL": "s3://bucket/warehouse.duckdb"}, "its name must contain 2-of-4"),
    ],
)
def test_a_shard_without_a_place_of_its_own_is_refused(others: dict[str, str], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        settings(SHARD="2/4", **others)
    settings(**others)


def test_a_landing_of_a_shard_reads_and_changes_its_athletes_alone(tmp_path: Path) -> None:
    whole = Landing(str(tmp_path))
    for number, athlete in enumerate(ATHLETES):
        commit(whole, athlete=athlete, in_root=number % 2 == 0)
    nobodys = commit(whole, athlete=None)
    halves = [Landing(whole.address, shard) for shard in HALVES]
    read = [landing.manifests() for landing in halves]
    assert sorted(m.batch_id for half in read for m in half) == [m.batch_id for m in whole.manifests()]
    assert {m.athlete_id for m in read[0] if m != nobodys} == set(FIRST_HALF)
    assert halves[0].athletes() == set(FIRST_HALF)
    # Named, an athlete is read wherever it belongs: a sync need not know about shards.
    theirs = next(athlete for athlete in ATHLETES if athlete not in FIRST_HALF)
    assert len(halves[0].manifests(theirs)) == 1
    moved = sum(athlete in FIRST_HALF for athlete in ATHLETES[::2])
    assert halves[0].move_to_athletes() == moved
    assert [landing.manifests() for landing in halves] == read
    halves[0].erase()
    assert halves[1].manifests() == read[1]


def test_streams_of_a_shard_are_those_of_its_athletes(tmp_path: Path) -> None:
    with story(tmp_path) as life:
        for athlete in ATHLETES:
            life.record(int(athlete), athlete=athlete)
        halves = [StreamStore(life.streams.address, shard) for shard in HALVES]
        assert halves[0].athletes() == set(FIRST_HALF)
        keys = [key for half in halves for key in half.entries()]
        assert sorted(keys) == sorted(life.streams.entries())


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (
            ["shard=1-of-4", "shard=3-of-4", "shard=4-of-4"],
            "shards 1, 3, 4 of 4, so that the athletes of shard 2 are missing",
        ),
        (["shard=1-of-2", "shard=2-of-2", "shard=1-of-4"], "shards of 2 and of 4, which have athletes twice"),
        (["shard=1-of-2", "shard=2-of-2", "weekly_watts"], "^$"),
        (["weekly_watts"], "^$"),
    ],
)
def test_what_the_folders_of_shards_lack_is_a_sentence(names: list[str], sentence: str) -> None:
    assert re.search(sentence, missing_shards(names))


def test_the_folders_of_shards_are_not_foreign(tmp_path: Path) -> None:
    for name in ("shard=1-of-2", "mine"):
        (tmp_path / name).mkdir()
    assert ParquetPublisher(str(tmp_path)).foreign_files() == ["mine"]


PROCESS = """
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from strava_assets.assets.marts import refresh_mart
from strava_assets.history.loader import Loader
from strava_assets.landing import Landing
from strava_assets.marts import load
from strava_assets.schema.mart_inputs import ATHLETE_PROFILE, MART_SETTINGS
from strava_assets.schema.sports import SPORT_RULES, sport_rules
from strava_assets.schema.tables import TABLES
from strava_assets.shards import Shard
from strava_assets.assets.inputs import as_arrow
from strava_assets.warehouse.duckdb import DuckDBWarehouse

address, path, shard = sys.argv[1:]
settings = {"as_of": date(2026, 3, 3), "week_start": "monday", "count_commutes": True, "count_virtual": True}
with DuckDBWarehouse(Path(path)) as warehouse:
    for table in TABLES.values():
        warehouse.ensure(table)
    warehouse.replace(MART_SETTINGS, as_arrow(MART_SETTINGS, [settings]))
    warehouse.replace(SPORT_RULES, as_arrow(SPORT_RULES, sport_rules()))
    Loader(Landing(address, Shard.from_setting(shard)), warehouse).load(datetime(2026, 3, 3, tzinfo=UTC))
    for mart in load():
        refresh_mart(warehouse, mart)
"""


def rows_of(path: Path) -> dict[str, list[dict[str, Any]]]:
    """The rows of every mart and of `bq_activities`, in the order of their keys."""
    tables = {mart.name: mart.key for mart in load_marts()} | {"bq_activities": ("athlete_id", "activity_id")}
    with DuckDBWarehouse(path, read_only=True) as warehouse:
        return {
            name: warehouse.query(f"SELECT * FROM {name} ORDER BY {', '.join(key)}").to_pylist()  # noqa: S608 - the registry's names
            for name, key in tables.items()
        }


@pytest.mark.deep
def test_marts_of_shards_made_at_once_are_those_of_one_process(tmp_path: Path) -> None:
    with story(tmp_path) as life:
        for athlete in map(int, ATHLETES):
            rides = [
                activity(n, athlete=athlete, average_watts=100.0 + 7 * athlete + n, gear_id=f"b{n % 3}")
                | {"id": athlete * 1000 + n}
                for n in range(1, 40)
            ]
            life.land(rides, athlete=str(athlete), per_page=100)
            life.land(rides[athlete:], athlete=str(athlete), per_page=100)
        address = life.landing.address
    files = {shard: tmp_path / f"{shard.replace('/', '-')}.duckdb" for shard in ("", "1/3", "2/3", "3/3")}
    processes = [
        subprocess.Popen([sys.executable, "-c", PROCESS, address, str(path), shard])  # noqa: S603 - our own
        for shard, path in files.items()
    ]
    assert [process.wait() for process in processes] == [0] * len(processes)
    whole, *shards = (rows_of(path) for path in files.values())
    counts = [len(shard["bq_activities"]) for shard in shards]
    assert all(counts)
    assert sum(counts) == len(ATHLETES) * 39
    for name, rows in whole.items():
        union = [row for shard in shards for row in shard[name]]
        assert sorted(union, key=repr) == sorted(rows, key=repr), name
    assert {row["athlete_id"] for row in whole["weekly_watts"]} == set(ATHLETES)
