"""`strava-assets load`: the processes of shards load and publish what another process has fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.parquet as pq
import pytest

from strava_assets.landing import Landing
from strava_assets.shards import Shard
from strava_assets_tests.cli.terminal import CREDENTIALS

if TYPE_CHECKING:
    from strava_assets_tests.cli.terminal import Terminal

WEEKS = "weekly_watts/weekly_watts.parquet"


@pytest.mark.deep
@pytest.mark.timeout(900)
def test_each_shard_publishes_its_athletes_and_the_doctor_misses_one_that_did_not(synced: Terminal) -> None:
    whole = pq.read_table(synced.home / "published" / WEEKS)
    [batch] = Landing(str(synced.home / "landing")).manifests()
    holder = "1/2" if Shard(1, 2).holds(batch.athlete_id) else "2/2"
    for shard in ("1/2", "2/2"):
        own = {"STRAVA_ASSETS_SHARD": shard, **CREDENTIALS}
        result = synced.run("load", **own)
        assert result.status == 0, result.out
        weeks = pq.read_table(synced.home / "published" / f"shard={shard.replace('/', '-of-')}" / WEEKS)
        assert weeks.to_pylist() == (whole.to_pylist() if shard == holder else [])
        doctor = synced.run("doctor", "--offline", **own)
        lacks = "It holds shards 1 of 2, so that the athletes of shard 2 are missing."
        assert (lacks in " ".join(doctor.out.split())) == (shard == "1/2")
    assert (synced.home / "warehouse-1-of-2.duckdb").exists()
