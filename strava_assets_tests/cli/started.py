"""`strava-assets up` in a process of its own, as a shell starts it, and what its UI tells of it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COMMAND = Path(sys.executable).with_name("strava-assets")
"""As it is installed."""
LIMIT_S = 600
"""Nothing waits for it; it ends what hangs."""
SCHEDULE = {"repositoryLocationName": "strava_assets", "repositoryName": "__repository__"}
QUERY = """
query ($schedule: ScheduleSelector!) {
  scheduleOrError(scheduleSelector: $schedule) {
    ... on Schedule { scheduleState { status } futureTicks(limit: 1) { results { timestamp } } }
  }
  runsOrError { ... on Runs { results { jobName status } } }
  instance { daemonHealth { allDaemonStatuses { daemonType required healthy } } }
}
"""

LAUNCH = """
mutation ($params: ExecutionParams!) {
  launchRun(executionParams: $params) { __typename ... on PythonError { message } }
}
"""


@dataclass
class Up:
    """The command at work in a process of its own."""

    process: subprocess.Popen[str]
    folder: Path
    port: int
    lines: list[str] = field(default_factory=list)

    @property
    def out(self) -> str:
        return "".join(self.lines)

    def read_until(self, text: str) -> None:
        """Follow what it prints until a line holds `text`."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line)
            if text in line:
                return
        pytest.fail(f"It ended without {text!r}:\n{self.out}")

    def wait(self) -> int:
        """Its exit status, once it has ended by itself."""
        assert self.process.stdout
        self.lines += self.process.stdout
        return self.process.wait()

    def answers(self) -> bool:
        """Whether its UI does."""
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/server_info", timeout=60).ok
        except requests.ConnectionError:
            return False

    def ask(self) -> dict[str, Any]:
        """What its UI knows of schedule, runs and daemons."""
        return self.query(QUERY, schedule=SCHEDULE | {"scheduleName": "sync_every_6_hours"})

    def launch(self, job: str) -> None:
        """Launch a job as the UI's button does."""
        params = {"selector": SCHEDULE | {"jobName": job}, "mode": "default", "runConfigData": {}}
        launched = self.query(LAUNCH, params=params)["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched

    def query(self, query: str, **variables: Any) -> dict[str, Any]:
        """The data that its UI answers a query with."""
        answer = requests.post(
            f"http://127.0.0.1:{self.port}/graphql",
            json={"query": query, "variables": variables},
            timeout=120,
        )
        document: dict[str, Any] = answer.json()
        assert "errors" not in document, document
        data: dict[str, Any] = document["data"]
        return data

    def ask_until_the_daemons_beat(self) -> dict[str, Any]:
        """As `ask`, once every daemon has given its first sign of life."""
        while True:
            data = self.ask()
            if all(daemon["healthy"] for daemon in daemons(data)):
                return data


def daemons(data: dict[str, Any]) -> list[dict[str, Any]]:
    statuses: list[dict[str, Any]] = data["instance"]["daemonHealth"]["allDaemonStatuses"]
    return [daemon for daemon in statuses if daemon["required"]]


@contextmanager
def running_command(
    folder: Path,
    *options: str,
    command: str = "up",
    wrapper: Sequence[str] = (),
    program: Path = COMMAND,
    **environ: str,
) -> Iterator[Up]:
    """Start it, or another command, in a folder, as a shell does.

    Args:
        folder: where.
        options: the command's own.
        command: its name.
        wrapper: what starts it, in front of its command line.
        program: `strava-assets`, where it is another than that of this environment.
        environ: variables, over those of the machine that are not ours.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {name: value for name, value in os.environ.items() if not name.startswith(("STRAVA_", "DAGSTER_"))}
    process = subprocess.Popen(  # noqa: S603 - our own program
        [*wrapper, str(program), command, *(["--port", str(port)] if command == "up" else []), *options],
        cwd=folder,
        env=own | {"COLUMNS": "200"} | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        preexec_fn=_default_signals,  # noqa: PLW1509 - it sets handlers and takes no lock
    )
    killer = threading.Timer(LIMIT_S, process.kill)
    killer.start()
    try:
        with process:
            try:
                yield Up(process, folder, port)
            finally:
                # Whatever the test did; its own processes end with it.
                process.kill()
    finally:
        killer.cancel()


def _default_signals() -> None:
    """As a shell starts it in the foreground, wherever these tests were started themselves."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def pid_in(folder: Path, text: str) -> int:
    """The one Python process at work in a folder whose command line holds this text."""
    [pid] = [pid for pid, line in _processes(folder) if text in line and "python" in line.split()[0]]
    return pid


def processes_in(folder: Path) -> list[str]:
    """Command lines of the processes at work in a folder."""
    return [line for _, line in _processes(folder)]


def _processes(folder: Path) -> list[tuple[int, str]]:
    processes = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == folder:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                processes.append((int(entry.name), line))
        except OSError:  # it has just ended, or is not ours to see
            continue
    return processes


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0
