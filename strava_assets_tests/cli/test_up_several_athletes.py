"""`strava-assets up` while a second athlete logs in: the graph gets partitions without a restart by hand."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets.landing.athlete_index import Athlete, AthleteIndex
from strava_assets.sandbox import serve
from strava_assets_tests.chain import ATHLETE, riding
from strava_assets_tests.cli.started import running_command
from strava_assets_tests.cli.terminal import CREDENTIALS, addresses
from strava_assets_tests.execution.killing import until

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets_tests.cli.started import Up

pytestmark = [pytest.mark.xdist_group("up"), pytest.mark.deep]

PARTITIONED = """
query {
  assetNodes { assetKey { path } isPartitioned }
  workspaceOrError { ... on Workspace { locationEntries { loadStatus } } }
}
"""


def partitioned(started: Up) -> set[str]:
    return {
        node["assetKey"]["path"][-1]
        for node in started.query(PARTITIONED)["assetNodes"]
        if node["isPartitioned"]
    }


def partitions(home: Path) -> list[str]:
    """The athletes for whom a run can be launched."""
    with dg.DagsterInstance.from_config(str(home / "data" / "dagster")) as instance:
        return list(instance.get_dynamic_partitions("athletes"))


def test_the_graph_follows_the_second_login(tmp_path: Path) -> None:
    sandbox = riding(30)
    with (
        serve(sandbox) as server,
        running_command(
            tmp_path,
            **CREDENTIALS,
            **addresses(server),
            STRAVA_ASSETS_STREAMS="none",
            STRAVA_ASSETS_PUBLISH="none",
        ) as started,
    ):
        started.read_until("Ctrl-C stops everything")
        assert partitioned(started) == set()
        index = AthleteIndex(str(tmp_path / "data" / "landing"))
        for athlete_id in (str(ATHLETE), "8"):
            index.put(Athlete(athlete_id, datetime.now(UTC)))
        until(lambda: "raw_activities" in partitioned(started), "a partition for each athlete")
        assert partitioned(started) >= {"activity_streams", "ride_power", "insights_report"}
        assert partitions(tmp_path) == [str(ATHLETE), "8"]
        index.put(Athlete("9", datetime.now(UTC)))
        until(lambda: "9" in partitions(tmp_path), "the partition of the third athlete")
        index.remove("9")
        index.remove("8")
        until(lambda: not partitioned(started), "the graph of one athlete")
        started.process.send_signal(signal.SIGINT)
        assert started.wait() == 0, started.out
    assert "The code server ended with status 0 and is restarted" in started.out
