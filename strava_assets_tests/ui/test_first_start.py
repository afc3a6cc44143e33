"""What `make run` does in an empty folder, and when it is run again."""

from __future__ import annotations

import shutil
import signal
from typing import TYPE_CHECKING

import pytest

from strava_assets_tests.cli.started import processes_in, running_command

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets_tests.ui.conftest import Platform

pytestmark = [pytest.mark.xdist_group("ui"), pytest.mark.deep]

FIRST_RUN = ("sync", "SUCCESS")


def test_from_an_empty_folder_to_a_ui_with_its_schedule(platform: Platform) -> None:
    assert "this is not your data" in platform.up.out
    assert "✓ weekly_watts" in platform.up.out
    assert "Traceback" not in platform.up.out
    warnings = [line for line in platform.up.out.splitlines() if line.startswith("  ! ")]
    assert [line.split(":")[0] for line in warnings] == [
        "  ! bq_activities.moving_within_elapsed",
        "  ! weekly_watts.no_double_recordings",
    ]
    assert all(line.endswith("The sample athlete shows this on purpose.") for line in warnings)
    data = platform.up.ask_until_the_daemons_beat()
    schedule = data["scheduleOrError"]
    assert schedule["scheduleState"]["status"] == "RUNNING"
    assert schedule["futureTicks"]["results"][0]["timestamp"] % (6 * 3600) == 0
    runs = [(run["jobName"], run["status"]) for run in data["runsOrError"]["results"]]
    assert runs[-1] == FIRST_RUN
    assert runs.count(FIRST_RUN) == 1


def test_a_second_start_runs_nothing(platform: Platform, tmp_path: Path) -> None:
    runs = platform.up.ask()["runsOrError"]["results"]
    shutil.copytree(platform.up.folder / "data", tmp_path / "data")

    with running_command(tmp_path) as second:
        second.read_until("Ctrl-C stops everything")
        assert "Everything was materialized" in second.out
        assert second.ask()["runsOrError"]["results"] == runs
        # What a closed terminal sends.
        second.process.send_signal(signal.SIGHUP)
        assert second.wait() == 0, second.out
    assert processes_in(tmp_path) == []


def test_once_it_ends_by_itself_when_everything_is_there(platform: Platform, tmp_path: Path) -> None:
    shutil.copytree(platform.up.folder / "data", tmp_path / "data")

    with running_command(tmp_path, "--once") as once:
        assert once.wait() == 0, once.out
    assert "Everything was materialized" in once.out
    assert processes_in(tmp_path) == []
