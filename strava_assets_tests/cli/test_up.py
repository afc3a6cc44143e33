"""`strava-assets up`, which `make run` runs: real processes, from an empty folder until Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import requests

from strava_assets.sandbox import Sandbox, serve
from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets_tests.cli.logins import PROGRAM
from strava_assets_tests.cli.terminal import CREDENTIALS, Terminal, addresses, own_environment

if TYPE_CHECKING:
    from collections.abc import Iterator


# One process at a time: each of these fills a core.
pytestmark = pytest.mark.xdist_group("up")

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

    def ended(self) -> int:
        """Its exit status, once it has ended by itself."""
        assert self.process.stdout
        self.lines += self.process.stdout
        return self.process.wait()

    def ask(self) -> dict[str, Any]:
        """What its UI knows of schedule, runs and daemons."""
        answer = requests.post(
            f"http://127.0.0.1:{self.port}/graphql",
            json={
                "query": QUERY,
                "variables": {"schedule": SCHEDULE | {"scheduleName": "sync_every_6_hours"}},
            },
            timeout=60,
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
    found: list[dict[str, Any]] = data["instance"]["daemonHealth"]["allDaemonStatuses"]
    return [daemon for daemon in found if daemon["required"]]


@contextmanager
def going_up(folder: Path, *options: str, command: str = "up", **environ: str) -> Iterator[Up]:
    """Start it, or another command, in a folder, as a shell does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {name: value for name, value in os.environ.items() if not name.startswith(("STRAVA_", "DAGSTER_"))}
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and program
        [
            sys.executable,
            "-c",
            PROGRAM,
            command,
            *(["--port", str(port)] if command == "up" else []),
            *options,
        ],
        cwd=folder,
        env=own | {"COLUMNS": "200"} | environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    killer = threading.Timer(LIMIT_S, process.kill)
    killer.start()
    try:
        with process:
            yield Up(process, folder, port)
            process.kill()
    finally:
        killer.cancel()


def processes_in(folder: Path) -> list[str]:
    """Command lines of the processes at work in a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if (entry / "cwd").readlink() == folder:
                found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it has just ended, or is not ours to see
            continue
    return found


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_from_an_empty_folder_to_a_ui_with_its_schedule_and_back(tmp_path: Path) -> None:
    with going_up(tmp_path) as first:
        first.read_until("Ctrl-C stops everything")
        assert "this is not your data" in first.out
        assert "✓ weekly_watts" in first.out
        data = first.ask_until_the_daemons_beat()
        schedule = data["scheduleOrError"]
        assert schedule["scheduleState"]["status"] == "RUNNING"
        assert schedule["futureTicks"]["results"][0]["timestamp"] % (6 * 3600) == 0
        runs = data["runsOrError"]["results"]
        assert [(run["jobName"], run["status"]) for run in runs] == [("sync", "SUCCESS")]
        first.process.send_signal(signal.SIGINT)
        assert first.ended() == 0, first.out
    assert processes_in(tmp_path) == []
    assert port_is_free(first.port)
    assert "Traceback" not in first.out

    with going_up(tmp_path) as second:
        second.read_until("Ctrl-C stops everything")
        assert "Everything was materialised" in second.out
        assert second.ask()["runsOrError"]["results"] == runs, "nothing was run"
        # What a closed terminal sends.
        second.process.send_signal(signal.SIGHUP)
        assert second.ended() == 0, second.out
    assert processes_in(tmp_path) == []


def test_an_export_alone_is_shown_without_a_sandbox_and_without_a_schedule(tmp_path: Path) -> None:
    export = tmp_path / "export_4711"
    export.mkdir()
    (export / "activities.csv").write_text(
        "Activity ID,Activity Date,Activity Name,Activity Type,Elapsed Time,Distance,Filename,Moving Time\n"
        '11,"May 29, 2022, 3:53:35 PM",To the sea,Ride,3600,30.5,,3500\n'
    )
    with going_up(tmp_path, "export_4711", "--athlete", "4711", command="import-archive") as importing:
        assert importing.ended() == 0, importing.out

    with going_up(tmp_path) as started:
        started.read_until("Ctrl-C stops everything")
        assert "this is what you have imported so far" in started.out
        assert "Everything was materialised" in started.out
        assert "Sample athlete" not in started.out
        data = started.ask()
        assert data["scheduleOrError"]["scheduleState"]["status"] == "STOPPED"
        assert [run["jobName"] for run in data["runsOrError"]["results"]] == ["import_archive"]
        started.process.send_signal(signal.SIGINT)
        assert started.ended() == 0, started.out
    assert processes_in(tmp_path) == []


def test_ctrl_c_in_the_middle_of_the_first_sync_stops_everything_too(tmp_path: Path) -> None:
    with going_up(tmp_path) as started:
        started.read_until("Page 1")
        started.process.send_signal(signal.SIGINT)
        assert started.ended() == 130, started.out
    assert processes_in(tmp_path) == []
    assert "was interrupted" in started.out
    assert "Traceback" not in started.out
    assert "Stack Trace" not in started.out


def test_a_taken_port_is_told_before_anything_is_started(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with going_up(tmp_path, "--port", str(port)) as started:
            assert started.ended() == 1
    assert f"Port {port} is taken" in started.out
    assert f"PORT={port + 1}" in started.out
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("missing", sorted(CREDENTIALS))
def test_half_of_the_credentials_is_an_error_and_not_a_sample(tmp_path: Path, missing: str) -> None:
    given = {name: value for name, value in CREDENTIALS.items() if name != missing}
    with going_up(tmp_path, **given) as started:
        assert started.ended() == 1
    assert f"{missing} missing" in started.out
    assert "strava-assets login" in started.out
    assert "Sample athlete" not in started.out


@pytest.mark.parametrize("blocked", ["data", "data/sample/dagster"])
def test_a_folder_that_cannot_be_written_is_told_as_a_sentence(tmp_path: Path, blocked: str) -> None:
    path = tmp_path / blocked
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a file where the folder should be")
    with going_up(tmp_path) as started:
        assert started.ended() == 1
    assert str(path) in started.out
    assert "What to do" in started.out
    assert "Traceback" not in started.out


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A terminal with an account, for the failures that a sync meets in the warehouse."""
    own_environment(monkeypatch, tmp_path)
    with serve(Sandbox.many(3)) as server:
        yield Terminal(tmp_path, CREDENTIALS | addresses(server))


def test_a_warehouse_that_is_no_duckdb_file_fails_the_sync_in_words(terminal: Terminal) -> None:
    terminal.home.mkdir()
    (terminal.home / "warehouse.duckdb").write_text("dear diary")
    said = terminal.run("sync")
    assert said.status == 1
    assert "cannot be opened as a DuckDB file" in said.out
    assert "What to do: Move it away" in said.out
    assert "✓ raw_activities" in said.out, "what was fetched is kept"
    assert (terminal.home / "warehouse.duckdb").read_text() == "dear diary"


def test_a_warehouse_that_somebody_holds_open_fails_the_sync_in_words(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    impatient = partial(DuckDBWarehouse, wait_for_lock_s=0)
    monkeypatch.setattr("strava_assets.warehouse.duckdb.DuckDBWarehouse", impatient)
    terminal.home.mkdir()
    program = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('open', flush=True); input()"
    with subprocess.Popen(  # noqa: S603 - our own interpreter and program
        [sys.executable, "-c", program, str(terminal.home / "warehouse.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "open\n"
        said = terminal.run("sync")
        holder.communicate("\n")
    assert said.status == 1
    assert f"in use by process {holder.pid}" in said.out
    assert "✓ raw_activities" in said.out, "what was fetched is kept"
