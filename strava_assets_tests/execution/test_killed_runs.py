"""After a run is killed in a step, the next command continues, and no data is lost or duplicated."""

from __future__ import annotations

import shutil
import signal
from typing import TYPE_CHECKING

import duckdb
import pytest

from strava_assets.sandbox import Sandbox, serve
from strava_assets_tests.archive.exports import exported_ride, write_export
from strava_assets_tests.chain import riding
from strava_assets_tests.cli.started import running_command
from strava_assets_tests.cli.terminal import CREDENTIALS, addresses
from strava_assets_tests.execution.killing import held_pools, kill_in_step, runs_by_status, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets.sandbox import RunningSandbox

pytestmark = [pytest.mark.xdist_group("up"), pytest.mark.timeout(900)]

STEPS = [
    "raw_activities",
    "bq_activities",
    "activity_streams",
    "ride_power",
    "weekly_watts",
    "insights_report",
]
DEEP = [pytest.param(step, marks=pytest.mark.deep) for step in STEPS]


def environment(server: RunningSandbox, step: str) -> dict[str, str]:
    """The variables of a platform that publishes nothing, with streams only where the step needs them."""
    streams = "power" if step in ("activity_streams", "ride_power") else "none"
    quick = {"STRAVA_ASSETS_STREAMS": streams, "STRAVA_ASSETS_PUBLISH": "none"}
    return CREDENTIALS | addresses(server) | quick


@pytest.fixture
def strava() -> Iterator[RunningSandbox]:
    sandbox = riding()
    sandbox.limits = None
    sandbox.tokens.rotate_refresh_token = False
    with serve(sandbox) as server:
        yield server


def assert_nothing_is_lost_or_doubled(folder: Path, sandbox: Sandbox) -> None:
    """No pool is held, every activity exists once, and the table equals its rebuild from the landing."""
    assert held_pools(folder / "data") == []
    with duckdb.connect(str(folder / "data" / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute("SELECT activity_id FROM bq_activities ORDER BY activity_id").fetchall()
    assert [row[0] for row in rows] == sorted(str(record["id"]) for record in sandbox.history.records())
    with running_command(folder, command="verify") as verifying:
        assert verifying.wait() == 0, verifying.out


@pytest.mark.parametrize(
    "step", ["bq_activities", *[case for case in DEEP if case.values != ("bq_activities",)]]
)
def test_a_sync_killed_in_a_step_is_repaired_by_the_next_one(
    tmp_path: Path, strava: RunningSandbox, step: str
) -> None:
    environ, home = environment(strava, step), tmp_path / "data"
    with running_command(tmp_path, command="sync", **environ) as doomed:
        run_id = kill_in_step(home, step)
        assert doomed.wait() == -signal.SIGKILL

    with running_command(tmp_path, command="sync", **environ) as next_one:
        assert next_one.wait() == 0, next_one.out
    assert f"The run sync ({run_id[:8]}, process " in next_one.out
    assert "was killed before it ended; it is marked as failed. The pool " in next_one.out
    assert runs_by_status(home) == {"FAILURE": 1, "SUCCESS": 1}
    assert_nothing_is_lost_or_doubled(tmp_path, strava.sandbox)


@pytest.mark.deep
@pytest.mark.parametrize("step", STEPS)
def test_a_run_of_the_daemon_killed_in_a_step_is_tried_again_by_the_daemon(
    tmp_path: Path, synced_home: Path, step: str
) -> None:
    sandbox = Sandbox.many(12)
    sandbox.limits = None
    home = shutil.copytree(synced_home, tmp_path / "data")
    with (
        serve(sandbox) as strava,
        running_command(tmp_path, **environment(strava, step)) as up,
    ):
        up.read_until("Ctrl-C stops everything")
        up.launch("full_listing")
        kill_in_step(home, step)
        # The killed run fails, and the daemon's own retry succeeds after it; the first sync made the home.
        until(lambda: runs_by_status(home) == {"FAILURE": 1, "SUCCESS": 2}, "the daemon's second try")
        up.process.send_signal(signal.SIGINT)
        assert up.wait() == 0, up.out
    assert_nothing_is_lost_or_doubled(tmp_path, sandbox)


@pytest.mark.deep
def test_an_import_killed_in_its_run_goes_on_with_the_same_command(tmp_path: Path) -> None:
    write_export(tmp_path / "export_4711", [exported_ride(number) for number in range(1, 30)])
    home = tmp_path / "data"
    with running_command(tmp_path, "export_4711", command="import-archive") as doomed:
        kill_in_step(home, "ride_power")
        assert doomed.wait() == -signal.SIGKILL

    with running_command(tmp_path, "export_4711", command="import-archive") as again:
        assert again.wait() == 0, again.out
    assert "was killed before it ended" in again.out
    assert runs_by_status(home) == {"FAILURE": 1, "SUCCESS": 1}
    with running_command(tmp_path, command="verify") as verifying:
        assert verifying.wait() == 0, verifying.out
