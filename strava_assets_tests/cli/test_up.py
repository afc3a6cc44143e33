"""`strava-assets up`, which `make run` runs: real processes until Ctrl-C. With the sample athlete: ../ui."""

from __future__ import annotations

import os
import signal
import socket
import time
from functools import partial
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets.sandbox import Sandbox, serve
from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets_tests.cli.started import pid_in, pids_in, processes_in, running_command
from strava_assets_tests.cli.terminal import CREDENTIALS, Terminal, addresses, held_open, own_environment
from strava_assets_tests.execution.killing import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


WITHOUT_CODE_SERVER_S = 10
"""Long enough for the UI to start on an idle machine; on a busy one the test only shows less."""

# One process at a time: each of these fills a core.
pytestmark = pytest.mark.xdist_group("up")


@pytest.mark.deep
def test_an_export_alone_is_shown_without_a_sandbox_and_without_a_schedule(tmp_path: Path) -> None:
    export = tmp_path / "export_4711"
    export.mkdir()
    (export / "activities.csv").write_text(
        "Activity ID,Activity Date,Activity Name,Activity Type,Elapsed Time,Distance,Filename,Moving Time\n"
        '11,"May 29, 2022, 3:53:35 PM",To the sea,Ride,3600,30.5,,3500\n'
    )
    with running_command(tmp_path, "export_4711", "--athlete", "4711", command="import-archive") as importing:
        assert importing.wait() == 0, importing.out

    with running_command(tmp_path) as started:
        started.read_until("Ctrl-C stops everything")
        assert "this is the history that you imported" in started.out
        assert "Everything was materialized" in started.out
        assert "Sample athlete" not in started.out
        data = started.ask()
        assert data["scheduleOrError"]["scheduleState"]["status"] == "STOPPED"
        assert [run["jobName"] for run in data["runsOrError"]["results"]] == ["import_archive"]
        started.process.send_signal(signal.SIGINT)
        assert started.wait() == 0, started.out
    assert processes_in(tmp_path) == []


@pytest.mark.deep
def test_ctrl_c_in_the_middle_of_the_first_sync_stops_everything_too(tmp_path: Path) -> None:
    with running_command(tmp_path) as started:
        started.read_until("Page 1")
        started.process.send_signal(signal.SIGINT)
        assert started.wait() == 130, started.out
    assert processes_in(tmp_path) == []
    assert "was interrupted" in started.out
    assert "Traceback" not in started.out
    assert "Stack Trace" not in started.out


@pytest.mark.deep
def test_a_taken_port_is_told_before_anything_is_started(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with running_command(tmp_path, "--port", str(port)) as started:
            assert started.wait() == 1
    assert f"Port {port} is used by another program" in started.out
    assert f"--port {port + 1}" in started.out
    assert "Starting" not in started.out
    assert list(tmp_path.rglob("*.log")) == []


@pytest.mark.deep
def test_a_killed_up_leaves_nothing_running_and_a_new_one_starts_at_once(tmp_path: Path) -> None:
    """What hangs, so that it cannot end by itself, is ended by the new one."""
    with running_command(tmp_path, "--no-ui") as killed:
        killed.read_until("✓ raw_activities")
        hanging = pid_in(tmp_path, "strava_assets.services.host")
        os.kill(hanging, signal.SIGSTOP)
        killed.process.kill()
        until(lambda: len(processes_in(tmp_path)) == 1, "the end of all but the one that hangs")

        with running_command(tmp_path, "--no-ui") as started:
            started.read_until("Ctrl-C stops everything")
            assert (
                f"An earlier strava-assets up was killed. Its host (process {hanging}) is stopped."
                in started.out
            )
            started.process.send_signal(signal.SIGINT)
            assert started.wait() == 0, started.out
    assert processes_in(tmp_path) == []
    with dg.DagsterInstance.from_config(str(tmp_path / "data" / "sample" / "dagster")) as instance:
        runs = instance.get_runs()
    assert len(runs) == 2
    assert all(run.is_finished for run in runs)


@pytest.mark.deep
def test_a_process_that_dies_is_started_again(tmp_path: Path) -> None:
    with running_command(tmp_path) as started:
        started.read_until("Ctrl-C stops everything")
        for service, title in (
            ("code_server", "The code server"),
            ("host", "The Dagster UI with its daemon"),
        ):
            dead = pid_in(tmp_path, f"strava_assets.services.{service}")
            os.kill(dead, signal.SIGKILL)
            started.read_until(f"{title} ended with status -9 and is restarted")
        until(started.answers, "the UI")
        until(lambda: started.ask()["scheduleOrError"].get("scheduleState"), "the code location")
        started.process.send_signal(signal.SIGINT)
        assert started.wait() == 0, started.out
    assert processes_in(tmp_path) == []


@pytest.mark.deep
def test_the_ui_waits_for_a_slow_code_server(tmp_path: Path) -> None:
    """It would answer without one job otherwise: what is clicked first was not found on a busy machine."""
    with running_command(tmp_path) as started:
        code_server = until(lambda: pids_in(tmp_path, "strava_assets.services.code_server"), "its process")[0]
        os.kill(code_server, signal.SIGSTOP)
        log = tmp_path / "data" / "sample" / "logs" / "host.log"
        until(lambda: pids_in(tmp_path, "strava_assets.services.host"), "the process of the UI")
        time.sleep(WITHOUT_CODE_SERVER_S)
        assert not started.answers(), log.read_text()
        os.kill(code_server, signal.SIGCONT)
        until(started.answers, "the UI")
        started.launch("full_listing")
        started.process.send_signal(signal.SIGINT)
        started.wait()
    assert processes_in(tmp_path) == []


@pytest.mark.deep
def test_a_home_has_one_up_at_a_time(tmp_path: Path) -> None:
    with running_command(tmp_path, "--no-ui") as first:
        first.read_until("Starting the daemon")
        with running_command(tmp_path, "--no-ui") as second:
            assert second.wait() == 1
        assert f"(process {first.process.pid} on " in second.out
        assert "Use the running one, or stop it with Ctrl-C first." in second.out
        first.process.send_signal(signal.SIGTERM)
        assert first.wait() == 128 + signal.SIGTERM
    assert processes_in(tmp_path) == []


@pytest.mark.deep
def test_a_home_deeper_than_a_sockets_path_may_be_works_as_well(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    with running_command(tmp_path, "--no-ui", "--once", STRAVA_ASSETS_HOME=str(deep)) as started:
        assert started.wait() == 0, started.out
    assert (deep / "sample" / "warehouse.duckdb").exists()


@pytest.mark.deep
@pytest.mark.parametrize("missing", sorted(CREDENTIALS))
def test_half_of_the_credentials_is_an_error_and_not_a_sample(tmp_path: Path, missing: str) -> None:
    given = {name: value for name, value in CREDENTIALS.items() if name != missing}
    with running_command(tmp_path, **given) as started:
        assert started.wait() == 1
    assert f"{missing} missing" in started.out
    assert "strava-assets login" in started.out
    assert "Sample athlete" not in started.out


@pytest.mark.deep
@pytest.mark.parametrize("blocked", ["data", "data/sample/dagster"])
def test_a_folder_that_cannot_be_written_is_told_as_a_sentence(tmp_path: Path, blocked: str) -> None:
    path = tmp_path / blocked
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("a file where the folder should be")
    with running_command(tmp_path) as started:
        assert started.wait() == 1
    assert str(path) in started.out
    assert "What to do" in started.out
    assert "Traceback" not in started.out


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """A terminal with an account, for the failures that a sync meets in the warehouse."""
    own_environment(monkeypatch, tmp_path)
    with serve(Sandbox.many(3)) as server:
        yield Terminal(tmp_path, CREDENTIALS | addresses(server))


@pytest.mark.deep
def test_a_warehouse_that_is_no_duckdb_file_fails_the_sync_in_words(terminal: Terminal) -> None:
    terminal.home.mkdir()
    (terminal.home / "warehouse.duckdb").write_text("dear diary")
    result = terminal.run("sync")
    assert result.status == 1
    assert "cannot be opened as a DuckDB file" in result.out
    assert "What to do: Move it away" in result.out
    assert "✓ raw_activities" in result.out, "what was fetched is kept"
    assert (terminal.home / "warehouse.duckdb").read_text() == "dear diary"


@pytest.mark.deep
def test_a_warehouse_that_somebody_holds_open_fails_the_sync_in_words(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail_fast_warehouse = partial(DuckDBWarehouse, wait_for_lock_s=0)
    monkeypatch.setattr("strava_assets.warehouse.duckdb.DuckDBWarehouse", fail_fast_warehouse)
    terminal.home.mkdir()
    with held_open(terminal) as pid:
        result = terminal.run("sync")
    assert result.status == 1
    assert f"in use by process {pid}" in result.out
    assert "✓ raw_activities" in result.out, "what was fetched is kept"
