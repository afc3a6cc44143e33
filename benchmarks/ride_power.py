"""Measures power from seconds: best efforts of a ride, all its figures, and the path from Parquet to tables.

Each contender runs in its own process over the same rides of two hours at 1 Hz with a few pauses. Two peers
compute the same best efforts in their own environment. `numba` is a compiled loop per duration over
cumulative work, the fastest known way. `sweat` is the algorithm of the fastest library on PyPI: a difference
of cumulative work in pandas per duration. The library itself computes all 7,200 durations and needs numpy 1,
so only its algorithm is run, for our durations and on fewer rides. (Sauce for Strava and GoldenCheetah are
not on PyPI.) The results of both must equal ours.

    python benchmarks/ride_power.py [--rides 1000] [--rounds 3] [--no-peers]
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
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np

SECONDS = 7200
NOW = datetime(2026, 11, 1, tzinfo=UTC)
PEERS = ("numba", "pandas")
# The slow peer is timed on fewer rides, and the time is scaled.
FEWER = 20


def ride(number: int) -> tuple[np.ndarray, np.ndarray]:
    """The recorded seconds and their watts."""
    rng = np.random.default_rng(number)
    effort = np.repeat(rng.integers(120, 320, 72), 100)
    watts = np.clip(rng.normal(effort, 40), 0, 1200).astype(np.int64)
    watts[rng.random(SECONDS) < 0.1] = 0
    at_s = np.arange(SECONDS)
    for begins in rng.integers(600, SECONDS, 5):
        at_s[begins:] += rng.integers(10, 300)
    return at_s, watts


def zero_filled(number: int) -> np.ndarray:
    at_s, watts = ride(number)
    filled = np.zeros(int(at_s[-1]) + 1, np.int64)
    filled[at_s] = watts
    return filled


def bests(rides: int, folder: Path) -> None:
    from strava_assets.power.bests import best_efforts

    prepared = [ride(number) for number in range(rides)]
    with measured(rides, folder) as answers:
        for at_s, watts in prepared:
            answers.append(best_efforts(watts, at_s).energy_j)


def figures(rides: int, folder: Path) -> None:
    from strava_assets.power.measure import measure_ride
    from strava_assets.power.recording import Thresholds, measure_recording
    from strava_assets.power.seconds import lay_out
    from strava_assets.power.w_balance import w_balance

    thresholds = Thresholds(250, 165, 48, 190, "female")
    prepared = [ride(number) for number in range(rides)]
    beats = np.full(SECONDS, 140.0)
    samples = [(at_s, watts.astype(np.float64)) for at_s, watts in prepared]
    with measured(rides, folder) as answers:
        for at_s, watts in samples:
            seconds = lay_out(at_s, watts, beats)
            result = measure_ride(seconds, ftp_w=250, threshold_heartrate_bpm=165, weight_kg=70)
            measure_recording(seconds, thresholds, ride=result)
            w_balance(seconds.watts, seconds.at_s, 245, 18_000)
            answers.append(result.bests.energy_j)


def numba(rides: int, folder: Path) -> None:
    from numba import njit  # type: ignore[import-not-found]  # the peers' environment has it

    @njit  # type: ignore[untyped-decorator]
    def search(work_j: np.ndarray, durations: np.ndarray, energy_j: np.ndarray) -> None:
        for index in range(len(durations)):
            duration, best = durations[index], 0
            for begins in range(len(work_j) - duration):
                best = max(best, work_j[begins + duration] - work_j[begins])
            energy_j[index] = best

    durations = np.load(folder / "durations.npy")
    prepared = [zero_filled(number) for number in range(rides)]
    search(np.zeros(10, np.int64), durations[:2], np.zeros(2, np.int64))  # compiled before the clock runs
    with measured(rides, folder) as answers:
        for watts in prepared:
            lasting = durations[durations <= len(watts)]
            energy_j = np.zeros(len(lasting), np.int64)
            search(np.concatenate((np.zeros(1, np.int64), np.cumsum(watts))), lasting, energy_j)
            answers.append(energy_j)


def sweat(rides: int, folder: Path) -> None:
    import pandas as pd

    durations = np.load(folder / "durations.npy")
    prepared = [zero_filled(number) for number in range(min(rides, FEWER))]
    with measured(len(prepared), folder) as answers:
        for watts in prepared:
            # It omits the effort at the start of the ride; an additional second restores it.
            energy = pd.Series(np.concatenate((np.zeros(1, np.int64), watts))).cumsum()
            answers.append(
                np.array([energy.diff(d).max() for d in durations[durations <= len(watts)].tolist()])
            )


class measured:  # noqa: N801 - reads as a block
    """Times a block, and stores its results and measurements."""

    def __init__(self, rides: int, folder: Path) -> None:
        self.rides = rides
        self.folder = folder
        self.answers: list[np.ndarray] = []

    def __enter__(self) -> list[np.ndarray]:
        self.began = time.perf_counter(), time.process_time()
        return self.answers

    def __exit__(self, *_: object) -> None:
        wall_s, processor_s = time.perf_counter() - self.began[0], time.process_time() - self.began[1]
        np.save(self.folder / "answers.npy", np.concatenate(self.answers))
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps([wall_s, processor_s, peak_mb, self.rides]))


def prepare_store(folder: Path, rides: int) -> None:
    """A store of as many rides."""
    from strava_assets.streams import StreamEntry, StreamStore, from_channels

    with StreamStore(str(folder / "streams")).writer() as writer:
        for number in range(rides):
            at_s, watts = ride(number)
            seconds = np.arange(SECONDS)
            channels = {
                "t_s": at_s,
                "watts": watts,
                "heartrate_bpm": np.full(SECONDS, 140.0),
                "cadence_rpm": np.full(SECONDS, 85.0),
                "distance_m": seconds * 8.0,
                "altitude_m": np.round(50 * np.sin(seconds / 400), 1),
                "latitude_deg": 48 + np.round(seconds * 1e-5, 6),
                "longitude_deg": 2 + np.round(seconds * 1e-5, 6),
            }
            entry = StreamEntry("7", str(number), day_of(number).year, "stored", "api", NOW, fingerprint="f")
            writer.add(entry, from_channels("7", str(number), channels))


def prepare_warehouse(folder: Path, rides: int) -> None:
    """A new warehouse with the rides' activities and nothing of their power."""
    import pyarrow as pa

    from strava_assets.schema.activities import ACTIVITIES
    from strava_assets.schema.mart_inputs import ATHLETE_PROFILE
    from strava_assets.warehouse.arrow import arrow_schema
    from strava_assets.warehouse.duckdb import DuckDBWarehouse

    always = {"athlete_id": "7", "device_watts": True, "sport_type": "Ride", "source": "api"}
    always |= {"start_date": NOW, "start_date_local": NOW.replace(tzinfo=None), "fetched_at": NOW}
    always |= {"batch_id": "b", "content_hash": "h"}
    rows = [
        always
        | dict.fromkeys(("activity_date", "week", "quarter"), day_of(number))
        | {"activity_id": str(number), "year": day_of(number).year}
        for number in range(rides)
    ]
    for old in folder.glob("warehouse*"):
        old.unlink()
    profile = {"athlete_id": "7", "valid_from": date(2000, 1, 1), "ftp_w": 250.0, "weight_kg": 70.0}
    profile |= {"max_heartrate_bpm": 190.0, "resting_heartrate_bpm": 48.0, "threshold_heartrate_bpm": 170.0}
    profile |= {"critical_power_w": 245.0, "w_prime_kj": 18.0, "sex": "female"}
    with DuckDBWarehouse(folder / "warehouse.duckdb") as warehouse:
        for table, content in ((ACTIVITIES, rows), (ATHLETE_PROFILE, [profile])):
            warehouse.replace(table, pa.Table.from_pylist(content, schema=arrow_schema(table.columns)))
        # Without a fit: the athlete's own figures are used.
        fits = (
            "SELECT '7' AS athlete_id, DATE '2000-01-01' AS week, 0.0 AS critical_power_w, 0.0 AS w_prime_kj"
        )
        warehouse.execute(f"CREATE TABLE power_profile_progress AS {fits}, 'uncertain' AS fit_quality")


def day_of(number: int) -> date:
    return NOW.date() - timedelta(days=number)


def whole(rides: int, folder: Path) -> None:
    """From the Parquet files to the tables; rides that are up to date are skipped."""
    from strava_assets.history.ride_power import compute_ride_power
    from strava_assets.history.w_balance import compute_w_balance
    from strava_assets.streams import StreamStore
    from strava_assets.warehouse.duckdb import DuckDBWarehouse

    with measured(rides, folder) as answers:
        with DuckDBWarehouse(folder / "warehouse.duckdb") as warehouse:
            store = StreamStore(str(folder / "streams"))
            report = compute_ride_power(warehouse, store, NOW, progress=lambda _: None)
            compute_w_balance(warehouse, store, NOW, progress=lambda _: None)
        answers.append(np.array([report.computed, report.unchanged]))


ARITHMETIC = {
    "bests, strava_assets": bests,
    "bests, numba": numba,
    "bests, sweat": sweat,
    "all figures, strava_assets": figures,
}
WHOLE = ("Parquet to tables, first run", "Parquet to tables, second run")


def peers_python(folder: Path) -> str:
    """A new environment with the peers."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)  # noqa: S603 - our own interpreter
    python = str(folder / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS], check=True)  # noqa: S603 - as above
    return python


def run(python: str, contender: str, rides: int, folder: Path) -> tuple[list[float], np.ndarray]:
    """One contender's measurements (seconds, CPU seconds, peak MB, timed rides) and results."""
    command = [python, __file__, "--worker", contender, str(folder), "--rides", str(rides)]
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - this very file
    result: list[float] = json.loads(answer.stdout)
    return result, np.load(folder / "answers.npy")


def show(name: str, rides: int, timings: list[list[float]]) -> None:
    wall_s, processor_s, peak_mb, timed = (statistics.median(column) for column in zip(*timings, strict=True))
    share = rides / timed
    print(f"| {name} | {wall_s * share:.2f} | {processor_s * share:.2f} | {peak_mb:.0f} |", flush=True)


def compare_arithmetic(options: argparse.Namespace, folder: Path) -> None:
    peers = None if options.no_peers else peers_python(folder / "peers")
    python = {"bests, numba": peers, "bests, sweat": peers}
    _, ours = run(sys.executable, "bests, strava_assets", options.rides, folder)
    for name in ARITHMETIC:
        interpreter = python.get(name, sys.executable)
        if interpreter is None:
            continue
        timings = []
        for _ in range(options.rounds):
            result, answers = run(interpreter, name, options.rides, folder)
            if not np.array_equal(answers, ours[: len(answers)]):
                raise SystemExit(f"{name} finds other bests than ours")
            timings.append(result)
        show(name, options.rides, timings)


def time_whole_path(options: argparse.Namespace, folder: Path) -> None:
    prepare_store(folder, options.rides)
    timings: dict[str, list[list[float]]] = {name: [] for name in WHOLE}
    for _ in range(options.rounds):
        prepare_warehouse(folder, options.rides)
        for name, expected in zip(WHOLE, ([options.rides, 0], [0, options.rides]), strict=True):
            result, answers = run(sys.executable, name, options.rides, folder)
            if answers.tolist() != expected:
                raise SystemExit(f"{name}: {answers.tolist()} rides computed and unchanged, not {expected}")
            timings[name].append(result)
    for name in WHOLE:
        show(name, options.rides, timings[name])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rides", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-peers", action="store_true")
    parser.add_argument("--worker", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        contender, place = options.worker
        ARITHMETIC.get(contender, whole)(options.rides, Path(place))
        return
    from strava_assets.power.durations import DURATIONS_S

    within = int(np.searchsorted(DURATIONS_S, SECONDS, side="right"))
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        np.save(folder / "durations.npy", DURATIONS_S)
        print(f"| {options.rides:,} rides of two hours, {within} durations | s | processor s | peak MB |")
        print("| --- | --- | --- | --- |")
        compare_arithmetic(options, folder)
        time_whole_path(options, folder)


if __name__ == "__main__":
    main()
