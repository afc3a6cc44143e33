"""Time and memory of each mart, on many athletes; weekly_watts beside hand-written SQL and pandas.

Every contender is a process of its own over the same DuckDB file, with the same memory limit and threads, and
writes its answer as a table. `floor` is benchmarks/floor/weekly_watts.sql: the same columns, written by hand
for DuckDB alone. `pandas` is benchmarks/weekly_in_pandas.py: all columns of weekly_watts, vectorized, in
memory; the answer of either must equal the mart's.

    python benchmarks/marts.py [--activities 1000000] [--rounds 3] [--memory 1GB] [--only weekly_watts]
                              [--no-pandas]
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import pyarrow as pa

from strava_assets.marts import load
from strava_assets.power.durations import DURATIONS_S
from strava_assets.schema.mart_inputs import ATHLETE_PROFILE, MART_SETTINGS
from strava_assets.schema.ride_power import BEST_EFFORTS_S
from strava_assets.schema.sports import SPORT_RULES, sport_rules
from strava_assets.schema.tables import TABLES
from strava_assets.warehouse import SplitBy
from strava_assets.warehouse.arrow import arrow_schema
from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets.warehouse.duckdb_file import connect

FLOOR = Path(__file__).parent / "floor"
DOUBLES = FLOOR / "shared" / "doubles.sql"
AS_OF = date(2026, 11, 18)

# A thousand activities an athlete over eight years: four of five are rides, most with a meter.
HISTORY = """
INSERT INTO bq_activities BY NAME
SELECT
  (i % {athletes})::VARCHAR AS athlete_id, i::VARCHAR AS activity_id, d AS activity_date,
  d::TIMESTAMP + to_seconds(clock_s) AS start_date_local, d::TIMESTAMPTZ + to_seconds(clock_s) AS start_date,
  date_trunc('week', d)::DATE AS week, date_trunc('quarter', d)::DATE AS quarter, year(d) AS year,
  ['Ride', 'VirtualRide', 'EBikeRide', 'Run', 'GravelRide', 'Ride'][(1 + hash(i, 1) % 6)::INTEGER]
    AS sport_type,
  hash(i, 2) % 5 = 0 AS commute, hash(i, 3) % 9 = 0 AS trainer, 'b' || hash(i, 4) % 4 AS gear_id,
  CASE WHEN hash(i, 5) % 10 < 7 THEN true WHEN hash(i, 5) % 10 = 7 THEN false END AS device_watts,
  watts AS average_watts, watts + hash(i, 6) % 20 AS weighted_average_watts, 3 * watts AS max_watts,
  seconds AS moving_time_s, seconds + 300 AS elapsed_time_s, round(watts * seconds / 1000, 1) AS kilojoules,
  round(seconds * 7.5, 1) AS distance_m, hash(i, 7) % 1500 AS total_elevation_gain_m,
  CASE WHEN hash(i, 8) % 5 > 0 THEN 110 + hash(i, 8) % 55 END AS average_heartrate_bpm,
  hash(i, 9) % 200 AS suffer_score, 'api' AS source, now() AS fetched_at, 'b' AS batch_id, 'h' AS content_hash
FROM (
  SELECT
    i, 100 + hash(i, 10) % 200 AS watts, 900 + hash(i, 11) % 12000 AS seconds,
    DATE '2018-11-19' + (hash(i, 12) % 2920)::INTEGER AS d, (hash(i, 13) % 80000)::INTEGER AS clock_s
  FROM range({activities}) AS r(i)
)
"""

# One athlete in ten (of more than a thousand: a hundred of them) has the seconds of every ride with a meter:
# about 460 rides, of 150 bests each.
SECONDS = """
INSERT INTO ride_power BY NAME
SELECT
  athlete_id, activity_id, 'archive' AS source, 'good' AS quality, moving_time_s AS recorded_s, 0 AS paused_s,
  0 AS pauses, 0 AS power_missing_s, 0 AS spikes, average_watts * (1 + hash(activity_id, 14) % 20 / 100)
    AS normalized_power_w,
  moving_time_s / 36 * (normalized_power_w / 260) ** 2 AS tss,
  CASE WHEN moving_time_s >= 3600 THEN hash(activity_id, 17) % 300 / 10 - 5 END AS decoupling_pct, {bests},
  {zones}, 'd' AS inputs_digest, now() AS computed_at
FROM bq_activities
WHERE device_watts AND sport_type NOT IN ('Run', 'EBikeRide') AND athlete_id::BIGINT % {every} = 0
"""
BESTS = """
INSERT INTO ride_bests BY NAME
SELECT
  athlete_id, activity_id, duration_s, ({watts} * duration_s)::BIGINT AS energy_j,
  energy_j / duration_s AS watts, (hash(activity_id, 15) % 900)::BIGINT AS begins_at_s
FROM (
  SELECT athlete_id, activity_id, average_watts, moving_time_s, unnest({durations}::BIGINT[]) AS duration_s
  FROM bq_activities SEMI JOIN ride_power USING (athlete_id, activity_id)
)
WHERE duration_s <= moving_time_s
"""
BEST_WATTS = "(average_watts + (15000 + hash(activity_id, 16) % 10000) / ({duration_s} + 20))"


def prepare(activities: str, path: Path, memory: str) -> None:
    """The inputs of a refresh, in a file."""
    count, athletes = int(activities), max(1, int(activities) // 1000)
    with DuckDBWarehouse(path, memory_limit=memory) as warehouse:
        for table in TABLES.values():
            warehouse.ensure(table)
        settings = {"as_of": AS_OF, "week_start": "monday", "count_commutes": True, "count_virtual": True}
        figures = [
            {"athlete_id": str(n), "valid_from": date(2018, 1, 1), "ftp_w": 260.0, "weight_kg": 72.0}
            | {"max_heartrate_bpm": 188.0, "resting_heartrate_bpm": 48.0}
            for n in range(athletes)
        ]
        for table, rows in (
            (MART_SETTINGS, [settings]),
            (SPORT_RULES, sport_rules()),
            (ATHLETE_PROFILE, figures),
        ):
            warehouse.replace(table, pa.Table.from_pylist(rows, schema=arrow_schema(table.columns)))
    with connect(path) as connection:
        connection.execute(f"SET memory_limit = '{memory}'; SET preserve_insertion_order = false")
        connection.execute(HISTORY.format(activities=count, athletes=athletes))
        efforts = ", ".join(
            f"CASE WHEN moving_time_s >= {d} THEN ({BEST_WATTS.format(duration_s=d)} * {d})::BIGINT / {d} END"
            f" AS best_{d}s_w"
            for d in BEST_EFFORTS_S
        )
        zones = ", ".join(
            [f"moving_time_s // 7 AS power_zone_{n}_s" for n in range(1, 8)]
            + [f"moving_time_s // 5 AS heartrate_zone_{n}_s" for n in range(1, 6)]
        )
        connection.execute(SECONDS.format(bests=efforts, zones=zones, every=max(10, athletes // 100)))
        watts = BEST_WATTS.format(duration_s="duration_s")
        connection.execute(BESTS.format(watts=watts, durations=list(map(int, DURATIONS_S))))


def run_mart(name: str, path: Path, memory: str) -> None:
    mart = next(mart for mart in load() if mart.name == name)
    with DuckDBWarehouse(path, memory_limit=memory, threads=2) as warehouse:
        if mart.is_view:
            warehouse.create_view_as(name, mart.sql, description=mart.description, columns=mart.columns)
            return
        warehouse.create_table_as(
            name,
            mart.sql,
            description=mart.description,
            columns=mart.columns,
            split_by=SplitBy(mart.key[0], mart.depends_on),
        )


def run_floor(name: str, path: Path, memory: str) -> None:
    query = (FLOOR / f"{name}.sql").read_text(encoding="utf-8")
    with connect(path) as connection:
        connection.execute(f"SET memory_limit = '{memory}'; SET threads = 2")
        connection.execute(f"CREATE TEMP MACRO doubles() AS TABLE {DOUBLES.read_text(encoding='utf-8')}")
        connection.execute(f"CREATE OR REPLACE TABLE {name}_floor AS {query}")


def run_pandas(name: str, path: Path, memory: str) -> None:  # noqa: ARG001 - a contender like the others
    from weekly_in_pandas import weekly_watts

    columns = ", ".join(column.name for mart in load() if mart.name == name for column in mart.columns)
    with connect(path) as connection:
        connection.register("answer", weekly_watts(connection))
        connection.execute(f"CREATE OR REPLACE TABLE {name}_pandas AS SELECT {columns} FROM answer")  # noqa: S608 - the catalog's names


def compare(pair: str, path: Path, memory: str) -> None:
    """Another contender's answer is the mart's, or it is no contender."""
    name, contender = pair.split(":")
    [mart] = [mart for mart in load() if mart.name == name]
    differs = " OR ".join(
        f"abs(m.{c.name} - f.{c.name}) > 1e-6 * (1 + abs(m.{c.name}))"
        f" OR (m.{c.name} IS NULL) <> (f.{c.name} IS NULL)"
        if c.type.name == "FLOAT"
        else f"m.{c.name} IS DISTINCT FROM f.{c.name}"
        for c in mart.columns
    )
    joined = f"{name} m FULL JOIN {name}_{contender} f USING ({', '.join(mart.key)})"
    query = f"SELECT count(*) FROM {joined} WHERE {differs}"  # noqa: S608 -- the catalog's own names
    with connect(path, read_only=True) as connection:
        connection.execute(f"SET memory_limit = '{memory}'; SET threads = 2")
        [(count,)] = connection.execute(query).fetchall()
    if count:
        raise SystemExit(f"{name}: {count} rows of {contender} differ from the mart's")


WORKERS = {
    "prepare": prepare,
    "mart": run_mart,
    "floor": run_floor,
    "pandas": run_pandas,
    "compare": compare,
}


def measured(kind: str, name: str, path: Path, memory: str) -> tuple[float, float, float]:
    """Seconds by the wall, seconds of processor, peak MB, of one worker in a process of its own.

    Whatever takes memory is a worker, since a child's peak begins with its parent's.
    """
    command = [sys.executable, __file__, "--worker", kind, name, str(path), memory]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - this very file
    wall_s, processor_s, peak_mb = json.loads(answer.stdout)
    return wall_s, processor_s, peak_mb


def race(name: str, kinds: list[str], path: Path, memory: str, rounds: int) -> None:
    """Let the contenders make a mart in turns, hold their answers to the mart's, and print their medians."""
    taken: dict[str, list[tuple[float, float, float]]] = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for kind in kinds:
            taken[kind].append(measured(kind, name, path, memory))
    for kind in kinds[1:]:
        measured("compare", f"{name}:{kind}", path, memory)
    for kind in kinds:
        wall_s, processor_s, peak_mb = (
            statistics.median(column) for column in zip(*taken[kind], strict=True)
        )
        print(f"| {name} | {kind} | {wall_s:.1f} | {processor_s:.1f} | {peak_mb:.0f} |", flush=True)


def work(kind: str, name: str, path: str, memory: str) -> None:
    """Be one worker, and say what it took."""
    began = time.perf_counter()
    WORKERS[kind](name, Path(path), memory)
    seconds = time.perf_counter() - began
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(json.dumps([seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--activities", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--memory", default="1GB")
    parser.add_argument("--only", default="")
    parser.add_argument("--no-pandas", action="store_true", help="it takes 2 GB for a million activities")
    parser.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        work(*options.worker)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "warehouse.duckdb"
        measured("prepare", str(options.activities), path, options.memory)
        print(f"| {options.activities:,} activities | contender | s | processor s | peak MB |")
        print("| --- | --- | --- | --- | --- |")
        marts = load()
        chosen = [mart for mart in marts if options.only in mart.name]
        read = {name for mart in chosen for name in (*mart.reads, *mart.depends_on)}
        for mart in marts:
            if mart in chosen and not mart.is_view:
                floor = ["floor"] if (FLOOR / f"{mart.name}.sql").exists() else []
                pandas = ["pandas"] if floor and not options.no_pandas else []
                race(mart.name, ["mart", *floor, *pandas], path, options.memory, options.rounds)
            elif mart in chosen or mart.name in read:
                measured("mart", mart.name, path, options.memory)


if __name__ == "__main__":
    main()
