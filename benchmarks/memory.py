"""Peak memory and time of a first sync, from Strava into the table, by length of history.

Each history is synced in a separate process with a sandbox without rate limits: fetch into a local landing,
load into a DuckDB file, rebuild. Memory is the peak resident memory of the process on Linux.

    python benchmarks/memory.py [--activities 10000 50000]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile

from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, Sandbox, serve

SYNC = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from strava_assets.history.fetch import SyncRequest, fetch
from strava_assets.history.loader import Loader
from strava_assets.landing import Landing
from strava_assets.secrets.environment import EnvironmentStore
from strava_assets.strava.auth import Authenticator
from strava_assets.strava.client import StravaClient
from strava_assets.strava.limits import Pacer
from strava_assets.warehouse.duckdb import DuckDBWarehouse

def peak_mb():
    # Not getrusage: its figure begins with the parent's.
    lines = Path("/proc/self/status").read_text().splitlines()
    return round(int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) / 1024)

base, home, client_id, secret, token = sys.argv[1:6]
clock = lambda: datetime.now(UTC)
store = EnvironmentStore(
    {"STRAVA_CLIENT_ID": client_id, "STRAVA_CLIENT_SECRET": secret, "STRAVA_REFRESH_TOKEN": token}
)
auth = Authenticator(store, base + "/oauth", clock=clock)
client = StravaClient(auth, base + "/api/v3", pacer=Pacer(clock=clock, sleep=time.sleep), clock=clock)
landing = Landing(home + "/landing")
imported = peak_mb()
began = time.perf_counter()
fetched = fetch(client, store, landing, SyncRequest(), clock=clock)
fetched_s, fetched_mb = time.perf_counter() - began, peak_mb()
with DuckDBWarehouse(Path(home, "warehouse.duckdb")) as warehouse:
    began = time.perf_counter()
    report = Loader(landing, warehouse).load(clock())
    loaded_s, loaded_mb = time.perf_counter() - began, peak_mb()
    began = time.perf_counter()
    Loader(landing, warehouse).load(clock(), rebuild=True)
    rebuilt_s, rebuilt_mb = time.perf_counter() - began, peak_mb()
assert report.inserted == fetched.listing.records
print(imported, fetched_mb, loaded_mb, rebuilt_mb, f"{fetched_s:.2f} {loaded_s:.2f} {rebuilt_s:.2f}")
"""


def measured(activities: int) -> list[str]:
    """Peak MB after import, fetch, load and rebuild; seconds of fetch, load and rebuild."""
    sandbox = Sandbox.many(activities, limits=None)
    sandbox.tokens.rotate_refresh_token = False
    with serve(sandbox) as running, tempfile.TemporaryDirectory() as home:
        command = [
            sys.executable,
            "-c",
            SYNC,
            running.base_url,
            home,
            CLIENT_ID,
            CLIENT_SECRET,
            REFRESH_TOKEN,
        ]
        process = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - this very file
    return process.stdout.split()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--activities", type=int, nargs="+", default=[10_000, 50_000])
    print("| activities | imported | fetched | loaded | rebuilt | fetch | load | rebuild |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for activities in parser.parse_args().activities:
        figures = measured(activities)
        megabytes = " | ".join(f"{figure} MB" for figure in figures[:4])
        seconds = " | ".join(f"{figure} s" for figure in figures[4:])
        print(f"| {activities:,} | {megabytes} | {seconds} |", flush=True)


if __name__ == "__main__":
    main()
