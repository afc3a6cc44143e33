"""Starts commands in separate processes as a shell does, and queries the UI of `strava-assets up`."""

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

from strava_assets_tests.free_ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

COMMAND = Path(sys.executable).with_name("strava-assets")
"""The installed command."""
LIMIT_S = 600
"""The time limit of a hanging command."""
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
    """A running command."""

    process: subprocess.Popen[str]
    folder: Path
    port: int
    lines: list[str] = field(default_factory=list)

    @property
    def out(self) -> str:
        return "".join(self.lines)

    def read_until(self, text: str) -> None:
        """Read its output until a line contains `text`."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.lines.append(line)
            if text in line:
                return
        pytest.fail(f"It ended without {text!r}:\n{self.out}")

    def wait(self) -> int:
        """Wait for its end and return the exit status."""
        assert self.process.stdout
        self.lines += self.process.stdout
        return self.process.wait()

    def answers(self) -> bool:
        """Whether its UI responds."""
        try:
            return requests.get(f"http://127.0.0.1:{self.port}/server_info", timeout=60).ok
        except requests.ConnectionError:
            return False

    def ask(self) -> dict[str, Any]:
        """The state of schedule, runs and daemons."""
        return self.query(QUERY, schedule=SCHEDULE | {"scheduleName": "sync_every_6_hours"})

    def launch(self, job: str) -> None:
        """Launch a job like the UI's button."""
        params = {"selector": SCHEDULE | {"jobName": job}, "mode": "default", "runConfigData": {}}
        launched = self.query(LAUNCH, params=params)["launchRun"]
        assert launched["__typename"] == "LaunchRunSuccess", launched

    def query(self, query: str, **variables: Any) -> dict[str, Any]:
        """The result of a GraphQL query."""
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
        """As `ask`, after all daemons are healthy."""
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
    program: str = str(COMMAND),
    **environ: str,
) -> Iterator[Up]:
    """Start a command in a folder as a shell does.

    Args:
        folder: The working directory.
        options: The options of the command.
        command: The name of the command.
        wrapper: A program that starts the command.
        program: The `strava-assets` of another environment.
        environ: Variables; those of the project and Dagster are not inherited.
    """
    port = free_port()
    own = {name: value for name, value in os.environ.items() if not name.startswith(("STRAVA_", "DAGSTER_"))}
    process = subprocess.Popen(  # noqa: S603 - our own program
        [*wrapper, program, command, *(["--port", str(port)] if command == "up" else []), *options],
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
                # Also if the test fails. Its child processes end with it.
                process.kill()
    finally:
        killer.cancel()


def _default_signals() -> None:
    """Use the signal handlers of a foreground command, however the tests were started."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def pid_in(folder: Path, text: str) -> int:
    """The only Python process in a working directory whose command line contains this text."""
    [pid] = pids_in(folder, text)
    return pid


def pids_in(folder: Path, text: str) -> list[int]:
    """The Python processes in a working directory whose command line contains this text."""
    return [pid for pid, line in _processes(folder) if text in line and "python" in line.split()[0]]


def processes_in(folder: Path) -> list[str]:
    """The command lines of the processes in a working directory."""
    return [line for _, line in _processes(folder)]


def _processes(folder: Path) -> list[tuple[int, str]]:
    processes = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == folder:
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                processes.append((int(entry.name), line))
        except OSError:  # it has just ended, or belongs to another user
            continue
    return processes


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0
