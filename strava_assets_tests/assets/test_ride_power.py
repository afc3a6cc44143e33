"""Power from streams in the asset graph: one step, four tables, and its metadata."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg

if TYPE_CHECKING:
    from strava_assets_tests.chain import Chain, Run

FROM_SECONDS = dg.AssetSelection.assets(
    "ride_power", "ride_bests", "ride_bests_after_work", "recording_zones"
)


def computed(platform: Chain) -> Run:
    return platform._run_selection(FROM_SECONDS - dg.AssetSelection.all_asset_checks())


def test_every_ride_with_a_meter_has_its_power(loaded: Chain) -> None:
    rides = "SELECT activity_id FROM bq_activities WHERE device_watts ORDER BY activity_id"

    powered = loaded.rows("SELECT activity_id FROM ride_power WHERE quality = 'good' ORDER BY activity_id")
    best = loaded.rows("SELECT DISTINCT activity_id FROM ride_bests ORDER BY activity_id")

    assert powered == best == loaded.rows(rides)


def test_a_run_with_nothing_new_says_so(loaded: Chain) -> None:
    [counted] = loaded.rows("SELECT count(*) AS rides FROM ride_power")
    [stored] = loaded.rows("SELECT count(*) AS bests FROM ride_bests")

    run = computed(loaded)

    assert run.succeeded, run.failures()
    metadata = run.materialized()
    assert metadata["ride_power"]["computed"] == metadata["ride_power"]["removed"] == 0
    assert metadata["ride_power"]["unchanged"] == counted["rides"] > 0
    assert metadata["ride_power"]["dagster/row_count"] == counted["rides"]
    assert metadata["ride_power"]["quality_good"] == counted["rides"]
    assert metadata["ride_power"]["hours_computed"] == 0
    assert metadata["ride_bests"]["dagster/row_count"] == stored["bests"]


def test_a_figure_of_the_athletes_calls_for_the_rides_of_its_days(loaded: Chain) -> None:
    loaded.tamper("UPDATE athlete_profile SET ftp_w = 300, valid_from = DATE '2000-01-01'")

    metadata = computed(loaded).materialized()["ride_power"]

    assert metadata["computed"] == metadata["dagster/row_count"] > 0
    assert metadata["hours_computed"] >= metadata["computed"]
    assert loaded.rows("SELECT DISTINCT ftp_w FROM ride_power") == [{"ftp_w": 300.0}]


def test_damaged_streams_stop_the_step_with_their_remedy(loaded: Chain) -> None:
    part = next((loaded.home / "streams").rglob("*.parquet"))
    part.write_bytes(part.read_bytes()[:-200])

    run = computed(loaded)

    assert not run.succeeded
    [failure] = run.failures().values()
    assert "What to do:" in failure
    assert part.name in failure
    assert loaded.rows("SELECT count(*) AS rides FROM ride_power")[0]["rides"] > 0
