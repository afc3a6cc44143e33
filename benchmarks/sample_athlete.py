"""CPU time and memory of the sample athlete: the whole history, one ride's streams, all streams.

python benchmarks/sample_athlete.py
"""

from __future__ import annotations

import resource
import statistics
import time
from datetime import date
from typing import Any

from strava_assets.sandbox import Sandbox
from strava_assets.sandbox.invented_streams import streams_of
from strava_assets.streams.recording_table import STRAVA_KEYS

TODAY = date(2026, 11, 23)
ATHLETES = 10


def main() -> None:
    """Measure and print."""
    before_mb = memory_mb()
    start = time.process_time()
    sandbox = Sandbox.sample(today=TODAY)
    planned_s = time.process_time() - start
    records = sandbox.history.records()
    listed_s = time.process_time() - start
    print(f"history: {len(records):,} activities planned in {planned_s:.2f} s, listed after {listed_s:.2f} s")
    print(f"memory: {before_mb:.0f} MB before, {memory_mb():.0f} MB after the listing")
    each_s = [seconds_of(sandbox, record) for record in records]
    print(
        f"streams: all in {sum(each_s):.1f} s; one: median {1000 * statistics.median(each_s):.0f} ms, "
        f"longest {1000 * max(each_s):.0f} ms; {memory_mb():.0f} MB at the end"
    )
    start = time.process_time()
    for seed in range(2, 2 + ATHLETES):
        Sandbox.sample(seed, TODAY)
    print(f"other athletes: {(time.process_time() - start) / ATHLETES:.2f} s for the plan of each")


def seconds_of(sandbox: Sandbox, record: dict[str, Any]) -> float:
    """The time that the streams of an activity take, in seconds."""
    start = time.process_time()
    streams_of(record, list(STRAVA_KEYS), sandbox.history.outing(record["id"]))
    return time.process_time() - start


def memory_mb() -> float:
    """The highest memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
