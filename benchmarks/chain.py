"""The whole chain on a laptop: start-up, a first and a second run, and memory as the history grows.

Each figure is measured in a separate process; the sandbox runs in this one.

    python -m benchmarks.chain [--activities 10000 50000]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, Sandbox, serve

RUN = """
import resource, sys, time
began = time.perf_counter()
import dagster as dg
from strava_assets.definitions import build_defs
from strava_assets.settings_reader import load_settings
definitions = build_defs(load_settings())
with dg.DagsterInstance.ephemeral() as instance:
    for name in sys.argv[1:]:
        result = definitions.resolve_job_def("sync").execute_in_process(instance=instance)
        calls = {
            event.asset_key.to_user_string(): event.materialization.metadata
            for event in result.get_asset_materialization_events()
        }["raw_activities"]["calls"].value
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        cpu_s = sum(resource.getrusage(resource.RUSAGE_SELF)[:2])
        seconds = time.perf_counter() - began
        print(name, result.success, round(seconds, 1), round(cpu_s, 1), round(peak_mb), calls)
        began = time.perf_counter()
"""


def runs(sandbox: Sandbox, *names: str) -> None:
    """Run the chain once per name in one process, and print time and memory."""
    with serve(sandbox) as server, tempfile.TemporaryDirectory() as home:
        environ = os.environ | {
            "STRAVA_ASSETS_HOME": home,
            "STRAVA_CLIENT_ID": CLIENT_ID,
            "STRAVA_CLIENT_SECRET": CLIENT_SECRET,
            "STRAVA_REFRESH_TOKEN": REFRESH_TOKEN,
            "STRAVA_API_BASE_URL": server.base_url,
            "STRAVA_OAUTH_BASE_URL": f"{server.base_url}/oauth",
        }
        process = subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-c", RUN, *names], env=environ, check=False, capture_output=True, text=True
        )
        if process.returncode:
            sys.exit(process.stderr[-4000:])
        for line in process.stdout.splitlines():
            name, succeeded, seconds, cpu_s, peak_mb, calls = line.rsplit(" ", 5)
            assert succeeded == "True", process.stderr
            print(f"| {name} | {seconds} | {cpu_s} | {peak_mb} | {calls} |")


def load_s(statement: str) -> float:
    """The median time of a statement in a new interpreter, seconds."""
    times = []
    for _ in range(7):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", statement], check=True)  # noqa: S603 - our own command
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--activities", type=int, nargs="*", default=[10_000, 50_000])
    options = parser.parse_args()
    floor, ours = load_s("import dagster"), load_s("from strava_assets.definitions import defs; defs()")
    print(f"import dagster {floor:.2f} s, strava_assets.definitions {ours:.2f} s: {ours / floor:.2f} times\n")
    print("| run | s | processor s so far | peak MB | calls |\n| --- | --- | --- | --- | --- |")
    runs(Sandbox.sample(), "sample athlete, first", "sample athlete, second")
    for count in options.activities:
        runs(Sandbox.many(count, limits=None), f"{count:,} activities, first")


if __name__ == "__main__":
    main()
