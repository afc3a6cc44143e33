"""Compares the import of a bulk export with a bare loop on the same files.

Half of the activities have a FIT file of two hours at 1 Hz. Each contender runs in its own process, and its
start-up counts. The floor unpacks every file, decodes it with fitfast and writes its columns as Parquet with
the store's compression: no outliers, no time zone, no index, no rows. The readers are also compared on one
file.

    python -m benchmarks.archive_import [--activities 5000]
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import fitfast
from fitdecode import CrcCheck, ErrorHandling, FitReader

from strava_assets.archive import read_recording
from strava_assets_tests.archive.devices import START, a_ride, fit
from strava_assets_tests.archive.exports import Exported, exported_ride, packed, write_export

if TYPE_CHECKING:
    from collections.abc import Callable

SECONDS = 7_200
REPEATS = 7

MEASURE = """
import resource, sys, time
from pathlib import Path
def report(count):
    own, workers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = own.ru_utime + own.ru_stime + workers.ru_utime + workers.ru_stime
    # Not getrusage: its figure begins with the parent's.
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024
    print(count, time.perf_counter() - began, cpu, peak, workers.ru_maxrss / 1024)
began = time.perf_counter()
"""
FLOOR = (
    MEASURE
    + """
import gzip, zipfile
import fitfast, pyarrow, pyarrow.parquet
with zipfile.ZipFile(sys.argv[1]) as export:
    files = [name for name in export.namelist() if name.endswith(".fit.gz")]
    writer = None
    for name in files:
        table = pyarrow.table(fitfast.records(gzip.decompress(export.read(name))))
        writer = writer or pyarrow.parquet.ParquetWriter(
            sys.argv[2], table.schema, compression="zstd", compression_level=6
        )
        writer.write_table(table)
    writer.close()
report(len(files))
"""
)
IMPORT = (
    MEASURE
    + """
from datetime import UTC, datetime
from strava_assets.archive import Export
from strava_assets.history.archive_import import import_archive
from strava_assets.landing import Landing
from strava_assets.streams import StreamStore
if __name__ == "__main__":
    path, home, processes = sys.argv[1:]
    with Export(path) as export:
        imported = import_archive(
            export, Landing(home + "/landing"), StreamStore(home + "/streams"),
            clock=lambda: datetime.now(UTC), home="Europe/Paris", processes=int(processes),
        )
    assert not imported.set_aside and imported.new == imported.activities
    report(imported.decoded)
"""
)


def an_export(folder: Path, activities: int) -> Path:
    """The zip, with rides every three hours, every other one with a recording."""
    exported = []
    for number in range(activities):
        start = START - timedelta(hours=3 * number)
        if number % 2:
            exported.append(Exported(number + 1, start))
            continue
        exported.append(exported_ride(number + 1, a_ride(SECONDS, start, seed=number)))
    write_export(folder / "unpacked", exported)
    return packed(folder / "unpacked", folder / "export_4711.zip")


def measured(program: str, *arguments: str) -> tuple[int, float, float, float, float]:
    """Files, wall-clock seconds, CPU seconds, peak MB, and peak MB of a worker."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.py"
        path.write_text(program)
        command = [sys.executable, str(path), *arguments]
        process = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - this very file
    if process.returncode:
        sys.exit(process.stderr[-4000:])
    count, *figures = process.stdout.split()
    wall, cpu, peak, worker = map(float, figures)
    return int(count), wall, cpu, peak, worker


def compare_readers() -> None:
    """Print the processor time of one two-hour file, the best of some, for each reader."""
    content = fit(a_ride(SECONDS))
    readers: dict[str, Callable[[bytes], object]] = {
        "read_recording: channels, times, time zone": read_recording,
        "fitfast.records alone": fitfast.records,
        "fitdecode alone, tuned": decode_with_fitdecode,
    }
    print("| one file of two hours | processor ms |\n| --- | --- |")
    for name, reader in readers.items():
        reader(content)
        times = []
        for _ in range(REPEATS):
            began = time.process_time()
            reader(content)
            times.append(time.process_time() - began)
        print(f"| {name} | {1000 * min(times):.1f} |")
    print()


def decode_with_fitdecode(content: bytes) -> None:
    options = {"processor": None, "check_crc": CrcCheck.DISABLED, "error_handling": ErrorHandling.IGNORE}
    with FitReader(io.BytesIO(content), **options) as reader:
        for _ in reader:
            pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--activities", type=int, default=200)
    options = parser.parse_args()
    compare_readers()
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        export = an_export(Path(folder), options.activities)
        size = export.stat().st_size / 1e6
        seconds = time.perf_counter() - began
        print(f"{options.activities:,} activities, {size:,.0f} MB, written in {seconds:.0f} s\n")
        print("| contender | files | s | files/s | processor s a file | times the floor | peak MB |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        floor = 0.0
        for name, program, arguments in (
            ("gunzip, fitfast, Parquet", FLOOR, (f"{folder}/floor.parquet",)),
            ("import, one process", IMPORT, (f"{folder}/one", "1")),
            ("import, two processes", IMPORT, (f"{folder}/two", "2")),
        ):
            count, wall, cpu, peak, worker = measured(program, str(export), *arguments)
            floor = floor or cpu / count
            memory = f"{peak:.0f} + 2 x {worker:.0f}" if worker > 1 else f"{peak:.0f}"
            print(
                f"| {name} | {count:,} | {wall:.1f} | {count / wall:.1f} | {cpu / count:.3f} "
                f"| {cpu / count / floor:.2f} | {memory} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
