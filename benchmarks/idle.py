"""Measures memory and CPU time of an idle `strava-assets up`, with and without the UI.

The sandbox runs in a separate process, which does not count. Memory is the proportional set
size (PSS) of all processes of `up`, which counts shared pages once; Linux only.

    python benchmarks/idle.py [--minutes 5]
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from strava_assets.sandbox import CLIENT_ID, CLIENT_SECRET, REFRESH_TOKEN

COMMAND = str(Path(sys.executable).with_name("strava-assets"))
SETTLE_S = 60
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="How long to measure each of them.")
    minutes = parser.parse_args().minutes
    port = free_port()
    sandbox = subprocess.Popen(  # noqa: S603 - our own command
        [COMMAND, "sandbox", "--port", str(port), "--no-limits"], stdout=subprocess.DEVNULL
    )
    environ = os.environ | {
        "STRAVA_CLIENT_ID": CLIENT_ID,
        "STRAVA_CLIENT_SECRET": CLIENT_SECRET,
        "STRAVA_REFRESH_TOKEN": REFRESH_TOKEN,
        "STRAVA_API_BASE_URL": f"http://127.0.0.1:{port}/api/v3",
        "STRAVA_OAUTH_BASE_URL": f"http://127.0.0.1:{port}/oauth",
        "STRAVA_ASSETS_STREAMS": "none",
    }
    try:
        with tempfile.TemporaryDirectory() as folder:
            for option in ("--ui", "--no-ui"):
                watch(option, folder, environ, minutes)
    finally:
        sandbox.terminate()
        sandbox.wait()


def watch(option: str, folder: str, environ: dict[str, str], minutes: float) -> None:
    """Start `up`, wait until it is idle, and measure its processes."""
    command = [COMMAND, "up", option, "--port", str(free_port())]
    with subprocess.Popen(  # noqa: S603 - our own command
        command, cwd=folder, env=environ, stdout=subprocess.PIPE, text=True
    ) as up:
        assert up.stdout
        for line in up.stdout:
            if "Ctrl-C stops everything" in line:
                break
        time.sleep(SETTLE_S)
        pids = [up.pid, *children(up.pid)]
        before = {pid: processor_s(pid) for pid in pids}
        time.sleep(minutes * 60)
        print(f"up {option}: {sum(map(pss_mb, pids)):.0f} MB in all")
        for pid in pids:
            percent = (processor_s(pid) - before[pid]) / (minutes * 60) * 100
            print(f"  {name(pid):<12} {pss_mb(pid):4.0f} MB  {percent:.2f} % of a core")
        up.send_signal(signal.SIGINT)


def children(pid: int) -> list[int]:
    """The child processes."""
    children_text = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(child) for child in children_text]


def name(pid: int) -> str:
    line = Path(f"/proc/{pid}/cmdline").read_bytes().decode()
    match = re.search(r"strava_assets\.services\.(\w+)", line)
    return match[1] if match else "up"


def pss_mb(pid: int) -> float:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return sum(int(kb) for kb in re.findall(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)) / 1024


def processor_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_PER_S


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
