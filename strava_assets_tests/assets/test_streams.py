"""`activity_streams` in the chain: its requests and metadata, what ends it early, jobs without it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets.definitions import build_defs
from strava_assets.sandbox import Fault, RateLimits
from strava_assets.settings import Settings
from strava_assets.streams import StreamStore
from strava_assets_tests.archive.devices import a_ride
from strava_assets_tests.archive.exports import exported_ride, write_export
from strava_assets_tests.chain import ATHLETE, chain, riding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets_tests.chain import Chain, Run

RIDES = 32
"""Rides with a meter that `riding(120)` has."""
UP_TO_POWER = dg.AssetSelection.assets(
    *("raw_activities", "bq_activities", "activity_streams", "athlete_profile"),
    *("ride_power", "ride_bests", "ride_bests_after_work", "recording_zones"),
)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Chain]:
    """A platform that has not run yet and fetches the streams of rides with a meter."""
    with chain(tmp_path / "home", riding(120), streams="power") as platform:
        yield platform


def run(platform: Chain) -> Run:
    """A run of the schedule up to `ride_power`, its checks left out."""
    return platform._run_selection(UP_TO_POWER - dg.AssetSelection.all_asset_checks())


def stream_requests(platform: Chain) -> int:
    return platform.sandbox.calls("/streams")


@pytest.mark.deep
def test_streams_are_fetched_and_power_is_made_of_them(fresh: Chain) -> None:
    metadata = run(fresh).materialized()["activity_streams"]
    assert metadata["fetched"] == metadata["with_streams"] == metadata["dagster/row_count"] == RIDES
    assert metadata["calls"] == stream_requests(fresh) == RIDES
    assert {metadata[name] for name in ("none", "unreadable", "failed", "remaining")} == {0}
    assert metadata["read calls left this quarter hour"] > 0
    assert "expected_done" not in metadata
    assert "stopped_by" not in metadata
    assert fresh.rows("SELECT COUNT(*) AS n FROM ride_power") == [{"n": RIDES}]
    assert fresh.rows("SELECT COUNT(*) AS n FROM activity_streams WHERE has_watts") == [{"n": RIDES}]
    assert len(StreamStore(fresh.settings().streams_address).entries()) == RIDES


@pytest.mark.deep
def test_a_second_run_asks_for_nothing(fresh: Chain) -> None:
    run(fresh)
    before = stream_requests(fresh)
    metadata = run(fresh).materialized()["activity_streams"]
    assert stream_requests(fresh) == before
    assert (metadata["fetched"], metadata["with_streams"], metadata["calls"]) == (0, RIDES, 0)


@pytest.mark.deep
def test_the_quota_s_end_is_no_failure_and_the_next_run_goes_on(fresh: Chain) -> None:
    fresh.sandbox.limits = RateLimits(read=(22, 1_000))
    first = run(fresh)
    assert first.succeeded, first.failures()
    metadata = first.materialized()["activity_streams"]
    assert 0 < metadata["fetched"] < RIDES
    assert metadata["remaining"] == RIDES - metadata["fetched"]
    assert "rate limit is reached" in metadata["stopped_by"]
    now = datetime.now(UTC).timestamp()
    ticks = -(-metadata["remaining"] // 11)
    assert metadata["expected_done"] == pytest.approx(now + ticks * 6 * 3_600, abs=60)
    assert fresh.waits == []
    assert fresh.rows("SELECT COUNT(*) AS n FROM ride_power") == [{"n": metadata["fetched"]}]

    fresh.sandbox.limits = None
    assert run(fresh).materialized()["activity_streams"]["remaining"] == 0
    assert fresh.rows("SELECT COUNT(*) AS n FROM ride_power") == [{"n": RIDES}]
    assert stream_requests(fresh) == RIDES


@pytest.mark.deep
def test_an_outage_of_the_streams_is_told_and_leaves_the_marts_what_is_there(fresh: Chain) -> None:
    fresh.sandbox.faults.add(Fault.server_error, on="streams", times=None, after=4)
    ended = run(fresh)
    assert ended.succeeded, ended.failures()
    metadata = ended.materialized()["activity_streams"]
    assert (metadata["fetched"], metadata["failed"]) == (4, 5)
    assert "status.strava.com" in metadata["stopped_by"]
    assert ended.retries() == 0
    assert fresh.rows("SELECT COUNT(*) AS n FROM ride_power") == [{"n": 4}]


@pytest.mark.deep
def test_what_needs_a_person_fails_with_its_remedy_and_keeps_what_came(fresh: Chain) -> None:
    fresh.sandbox.faults.add(Fault.inactive_subscription, on="streams", times=None, after=4)
    ended = run(fresh)
    assert not ended.succeeded
    assert "reactivate" in ended.failures()["activity_streams"]
    assert "ride_power" not in ended.materialized()
    assert fresh.rows("SELECT COUNT(*) AS n FROM activity_streams") == [{"n": 4}]
    fresh.sandbox.faults.clear()
    assert run(fresh).materialized()["activity_streams"]["fetched"] == RIDES - 4


@pytest.mark.deep
def test_where_none_are_wanted_the_table_is_kept_all_the_same(fresh: Chain) -> None:
    run(fresh)
    fresh.fields["streams"] = "none"
    fresh.tamper("DROP TABLE activity_streams")
    before = stream_requests(fresh)
    metadata = run(fresh).materialized()["activity_streams"]
    assert stream_requests(fresh) == before
    assert metadata["with_streams"] == RIDES
    assert fresh.rows("SELECT COUNT(*) AS n FROM activity_streams") == [{"n": RIDES}]


@pytest.mark.deep
def test_a_crop_on_strava_reaches_the_ride_s_power(fresh: Chain) -> None:
    run(fresh)
    ride = fresh.rows("SELECT activity_id, recorded_s, work_j FROM ride_power ORDER BY activity_id DESC")[0]
    fresh.sandbox.history.crop(int(ride["activity_id"]), 600, 600)
    run(fresh)
    [now] = fresh.rows(
        f"SELECT recorded_s, work_j FROM ride_power WHERE activity_id = '{ride['activity_id']}'"  # noqa: S608 - our id
    )
    assert now["recorded_s"] < ride["recorded_s"] - 600
    assert now["work_j"] < ride["work_j"]


@pytest.mark.deep
def test_a_recording_leaves_with_its_activity_when_retention_expires_it(fresh: Chain) -> None:
    run(fresh)
    deleted = fresh.sandbox.history.ids()[5]
    for activity in fresh.sandbox.history.ids():
        if activity != deleted:
            fresh.sandbox.history.edit(activity, name="seen again")
    fresh.tamper(
        f"UPDATE bq_activities SET fetched_at = fetched_at - INTERVAL 60 DAY WHERE activity_id = '{deleted}'"  # noqa: S608 - our id
    )
    fresh.sandbox.history.delete(deleted)
    fresh.fields["retention_days"] = 30
    assert str(deleted) in {key[1] for key in StreamStore(fresh.settings().streams_address).entries()}
    ended = run(fresh)
    assert ended.succeeded, ended.failures()
    left = {key[1] for key in StreamStore(fresh.settings().streams_address).entries()}
    assert str(deleted) not in left
    assert len(left) == RIDES - 1


def test_a_launch_can_write_the_stream_index_without_requests(fresh: Chain) -> None:
    fresh.ingest()
    before = len(fresh.sandbox.requests)
    alone = dg.AssetSelection.assets("activity_streams") - dg.AssetSelection.all_asset_checks()
    metadata = fresh._run_selection(alone, {"activity_streams": {"fetch": False}}).materialized()[
        "activity_streams"
    ]
    assert len(fresh.sandbox.requests) == before
    assert (metadata["with_streams"], metadata["remaining"]) == (0, RIDES)
    assert "expected_done" not in metadata
    assert fresh.rows("SELECT COUNT(*) AS n FROM activity_streams") == [{"n": 0}]


@pytest.mark.deep
def test_an_import_needs_no_strava_and_makes_power_of_what_is_there(fresh: Chain) -> None:
    fresh.ingest()
    fresh.sandbox.faults.add(Fault.inactive_subscription, on="any", times=None)
    rides = [exported_ride(5, a_ride(600))]
    write_export(fresh.settings().archive_folder / "mine", rides, athlete=str(ATHLETE))
    config = build_defs(Settings()).resolve_job_def("import_archive").run_config or {}
    fetching = config["ops"]["activity_streams"]["config"]
    imported = UP_TO_POWER - dg.AssetSelection.assets("raw_activities") | dg.AssetSelection.assets(
        "archive_activities"
    )
    ended = fresh._run_selection(
        imported - dg.AssetSelection.all_asset_checks(),
        {"archive_activities": {"export": "mine", "processes": 1}, "activity_streams": fetching},
    )
    assert ended.succeeded, ended.failures()
    assert fresh.rows("SELECT activity_id, source FROM ride_power") == [
        {"activity_id": "5", "source": "archive"}
    ]
    assert stream_requests(fresh) == 0


@pytest.mark.parametrize("name", ["rebuild", "refresh_marts"])
def test_jobs_that_ask_strava_nothing_leave_fetching_out_and_make_power_all_the_same(name: str) -> None:
    job = build_defs(Settings()).resolve_job_def(name)
    names = {key.to_user_string() for key in job.asset_layer.executable_asset_keys}
    options = (job.run_config or {"ops": {}})["ops"].get("activity_streams", {}).get("config")
    assert "activity_streams" not in names or options == {"fetch": False}
    assert {"ride_power", "ride_bests", "weekly_watts"} <= names
