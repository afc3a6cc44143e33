"""Measures the disk space of recordings, and the time to write, find and read one.

It uses the sample athlete's rides with a power meter (all eleven streams, with positions) and optionally
rides of real devices without positions. For comparison it prints the size of Strava's responses, plain and
gzipped.

    python benchmarks/stream_storage.py [--rides 200] [--recordings FOLDER]

FOLDER contains CSV files, compressed or not, with the columns t_s, watts, heartrate, cadence and distance_m.
"""

from __future__ import annotations

import argparse
import gzip
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

from strava_assets.sandbox import Sandbox
from strava_assets.sandbox.invented_streams import streams_of
from strava_assets.streams import StreamEntry, StreamStore, from_channels, from_streams
from strava_assets.streams.recording_table import STRAVA_KEYS

HOUR_S = 3_600
KIB = 1_024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rides", type=int, default=200)
    parser.add_argument("--recordings", type=Path)
    options = parser.parse_args()
    print("| recordings | hours | KiB an hour | write ms | all footers ms | read ms |")
    print("| --- | --- | --- | --- | --- | --- |")
    history = Sandbox.sample().history
    rides = [record for record in history.records() if record.get("device_watts")][: options.rides]
    streams = [streams_of(ride, list(STRAVA_KEYS), history.outing(ride["id"])) or {} for ride in rides]
    answers = [{key: {"data": data} for key, data in each.items()} for each in streams]
    tables = [from_streams("1", str(n), answer) for n, answer in enumerate(answers)]
    measure("sample athlete", [recording for recording in tables if recording])
    if options.recordings:
        measure("real devices", [of_device(path) for path in sorted(options.recordings.glob("*.csv*"))])
    hours = sum(ride["moving_time"] for ride in rides) / HOUR_S
    bodies = [json.dumps(answer).encode() for answer in answers[:40]]
    share = hours * 40 / len(answers)
    plain, packed = (
        sum(map(len, documents)) / KIB / share for documents in (bodies, map(gzip.compress, bodies))
    )
    print(f"\nStrava's answers themselves: {plain:.0f} KiB an hour, gzipped {packed:.0f}.")


def measure(name: str, recordings: list[pa.Table]) -> None:
    """Store recordings in one file, and print the measurements."""
    hours = sum(recording.num_rows for recording in recordings) / HOUR_S
    now = datetime.now(UTC)
    with tempfile.TemporaryDirectory() as folder:
        store = StreamStore(folder)
        began = time.perf_counter()
        with store.writer() as writer:
            for number, recording in enumerate(recordings):
                writer.add(StreamEntry("1", str(number), 2026, "stored", "api", now, ""), recording)
        written = time.perf_counter()
        entries = store.entries()
        indexed = time.perf_counter()
        read = sum(samples.num_rows for _, samples in store.read(entries.values()))
        ended = time.perf_counter()
        assert read == sum(recording.num_rows for recording in recordings)
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet"))
    count = len(recordings)
    write_ms, find_ms, read_ms = (1_000 * s for s in (written - began, indexed - written, ended - indexed))
    print(
        f"| {name}, {count} | {hours:.1f} | {size / KIB / hours:.0f} | {write_ms / count:.1f} "
        f"| {find_ms:.1f} | {read_ms / count:.1f} |"
    )


def of_device(path: Path) -> pa.Table:
    """The recording in a CSV file."""
    columns = csv.read_csv(path).to_pydict()
    renamed = {"heartrate": "heartrate_bpm", "cadence": "cadence_rpm"}
    return from_channels(
        "1", path.name, {renamed.get(name, name): values for name, values in columns.items()}
    )


if __name__ == "__main__":
    main()
