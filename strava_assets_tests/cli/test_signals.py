"""A command ends on Ctrl-C, a kill and a closed terminal, whatever it inherited from what started it."""

from __future__ import annotations

import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest

from strava_assets.cli.signals import StoppedError, exit_status, stop_on_signals
from strava_assets_tests.cli.started import COMMAND, pid_in, processes_in, running_command
from strava_assets_tests.execution.homes import alive, instance_in, started_run

if TYPE_CHECKING:
    from pathlib import Path

UP = f"{COMMAND} up"
pytestmark = [pytest.mark.xdist_group("up"), pytest.mark.timeout(600)]


@pytest.mark.deep
@pytest.mark.parametrize(
    "wrapper",
    [["sh", "-c", '"$0" "$@" & wait $!'], ["nohup"], ["sh", "-c", 'trap "" INT TERM HUP; exec "$0" "$@"']],
    ids=["background job", "nohup", "all ignored"],
)
def test_a_platform_ends_however_it_was_started(tmp_path: Path, wrapper: list[str]) -> None:
    """A shell starts a background job with an ignored SIGINT, which Dagster would copy to SIGTERM."""
    with running_command(tmp_path, wrapper=wrapper) as started:
        started.read_until("Page 1")
        os.kill(pid_in(tmp_path, UP), signal.SIGTERM)
        started.wait()
    assert processes_in(tmp_path) == []
    assert "Traceback" not in started.out


class StoppedInDestructor:
    """A signal arrives while Python removes it; what is raised there is dropped."""

    def __del__(self) -> None:
        signal.raise_signal(signal.SIGTERM)


def test_a_signal_that_arrives_in_a_destructor_is_not_lost() -> None:
    def wait() -> None:
        StoppedInDestructor()
        threading.Event().wait(60)

    with pytest.raises(StoppedError) as stopped, stop_on_signals():
        wait()
    assert exit_status(stopped.value) == 128 + signal.SIGTERM


@pytest.mark.deep
def test_nohup_is_heeded(tmp_path: Path) -> None:
    with running_command(tmp_path, wrapper=["nohup"]) as started:
        started.read_until("Page 1")
        pid = pid_in(tmp_path, UP)
        os.kill(pid, signal.SIGHUP)
        started.read_until("✓ raw_activities")
        os.kill(pid, signal.SIGINT)
        assert started.wait() == 128 + signal.SIGINT
    assert processes_in(tmp_path) == []


@pytest.mark.deep
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_sync_that_waits_for_a_pool_says_for_whom_and_ends_when_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")  # restored afterwards
    with instance_in(tmp_path / "data") as instance:
        run_id = started_run(instance, pool="strava_api", step="raw_activities")
        with alive(run_id), running_command(tmp_path, command="sync") as waiting:
            waiting.read_until("raw_activities waits for the pool strava_api")
            assert f"which is held by the run sync ({run_id[:8]}, process " in waiting.out
            waiting.process.send_signal(number)
            assert waiting.wait() in (128 + signal.SIGINT, 128 + signal.SIGTERM), waiting.out
        assert instance.event_log_storage.get_concurrency_info("strava_api").pending_step_count == 0
    assert "Stopped." in waiting.out
    assert "Traceback" not in waiting.out


@pytest.mark.deep
def test_a_sync_goes_on_when_the_run_it_waits_for_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", "")  # restored afterwards
    with instance_in(tmp_path / "data") as instance:
        run_id = started_run(instance, pool="strava_api", step="raw_activities")
        with alive(run_id) as holder, running_command(tmp_path, command="sync") as waiting:
            waiting.read_until("raw_activities waits for the pool strava_api")
            holder.kill()
            holder.wait()
            waiting.read_until(f"The run sync ({run_id[:8]}")
            # There is no account: it got as far as asking for one.
            assert waiting.wait() == 1
    assert "Run `strava-assets login`" in waiting.out
