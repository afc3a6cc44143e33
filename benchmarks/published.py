"""What the published tables cost a sync, for each form on this machine: time, processor time, memory, files.

Each row is a process of its own: two runs of the chain without the page; the second has nothing new. The
sandbox with the sample athlete runs in this process.

    python -m benchmarks.published [--activities 10000]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile

from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN, Sandbox, serve

FORMS = ("none", "parquet", "delta")

RUN = """
import resource, sys, time
from pathlib import Path
import dagster as dg
from strava_assets.definitions import build_defs
from strava_assets.settings_reader import load_settings
settings = load_settings()
everything = dg.AssetSelection.all() - dg.AssetSelection.assets("archive_activities", "insights_report")
job = dg.define_asset_job("chain", selection=everything)
definitions = dg.Definitions.merge(build_defs(settings), dg.Definitions(jobs=[job]))
with dg.DagsterInstance.ephemeral() as instance:
    for _ in range(2):
        began, cpu_began = time.perf_counter(), time.process_time()
        result = definitions.resolve_job_def("chain").execute_in_process(instance=instance)
        assert result.success
        stats = {step.step_key: step for step in instance.get_run_step_stats(result.run_id)}
        step = stats.get("published")
        step_s = step.end_time - step.start_time if step else 0
        print(
            round(time.perf_counter() - began, 1),
            round(time.process_time() - cpu_began, 1),
            round(step_s, 2),
            round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        )
files = [path for path in Path(settings.publish_address).rglob("*") if path.is_file()]
print(len(files), round(sum(path.stat().st_size for path in files) / 1e6, 2))
"""


def measured(sandbox: Sandbox, form: str) -> list[str]:
    """The lines that a process prints: of the first run, of the second, and of the files."""
    with serve(sandbox) as server, tempfile.TemporaryDirectory() as home:
        environ = os.environ | {
            "STRAVA_ASSETS_HOME": home,
            "STRAVA_ASSETS_PUBLISH": form,
            "STRAVA_ASSETS_STREAMS": "none",
            "STRAVA_CLIENT_ID": CLIENT_ID,
            "STRAVA_CLIENT_SECRET": CLIENT_SECRET,
            "STRAVA_REFRESH_TOKEN": REFRESH_TOKEN,
            "STRAVA_API_BASE_URL": server.base_url,
            "STRAVA_OAUTH_BASE_URL": f"{server.base_url}/oauth",
        }
        process = subprocess.run(  # noqa: S603 - the program above
            [sys.executable, "-c", RUN], env=environ, check=False, capture_output=True, text=True
        )
        if process.returncode:
            sys.exit(process.stderr[-4000:])
        return process.stdout.splitlines()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--activities", type=int, help="instead of the sample athlete's")
    options = parser.parse_args()
    print("| form | run | s | processor s | of that the step, s | peak MB | files | MB |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    for form in FORMS:
        sandbox = (
            Sandbox.many(options.activities, limits=None)
            if options.activities
            else Sandbox.sample(limits=None)
        )
        sandbox.tokens.rotate_refresh_token = False
        first, second, files = measured(sandbox, form)
        for run, line, held in (("first", first, "|"), ("second", second, " | ".join(files.split()))):
            print(f"| {form} | {run} | {' | '.join(line.split())} | {held} |", flush=True)


if __name__ == "__main__":
    main()
