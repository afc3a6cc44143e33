"""Schedule, sensors and check of a home with several athletes."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets import wiring
from strava_assets.checks.activities import each_athlete_is_fetched
from strava_assets.cli.checkups.runs import last_sync
from strava_assets.data_checks import Subject
from strava_assets_tests.chain import ATHLETE, Chain, chain, riding
from strava_assets_tests.webhooks.receiving import note_receiver, note_subscription

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets.landing.athlete_index import AthleteIndex

FIRST, SECOND = str(ATHLETE), "8"
RIDES = Path(__file__).parents[3] / "shared" / "fixtures" / "recordings"


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


@pytest.fixture
def household(tmp_path: Path, inbox: Path) -> Iterator[Chain]:
    """Two athletes who are up to date."""
    with (
        dg.DagsterInstance.local_temp(str(tmp_path)) as instance,
        chain(tmp_path / "home", riding(30), instance, inbox=str(inbox), webhooks=True) as platform,
    ):
        platform.add_athlete(riding(60, int(SECOND)))
        assert platform.ingest().succeeded
        yield platform


def index_of(platform: Chain) -> AthleteIndex:
    return wiring.athlete_index(platform.settings())


def make_older(platform: Chain, athlete_id: str, by: timedelta) -> None:
    """As if the last fetch of an athlete had ended so much earlier."""
    index = index_of(platform)
    state = index.state(athlete_id)
    assert state
    assert state.listed_at
    assert state.succeeded_at
    index.write_state(
        athlete_id,
        replace(
            state,
            attempted_at=state.attempted_at - by,
            succeeded_at=state.succeeded_at - by,
            listed_at=state.listed_at - by,
        ),
    )


def tick(platform: Chain, at: str = "06:15") -> dg.RunRequest | None:
    """What the schedule launches now, if this is the time of its tick."""
    repository = platform.definitions().get_repository_def()
    schedule = repository.get_schedule_def("sync_every_6_hours")
    with dg.build_schedule_context(
        instance=platform.instance,
        repository_def=repository,
        scheduled_execution_time=datetime.fromisoformat(f"2026-11-30T{at}:00+00:00"),
    ) as context:
        requests = schedule.evaluate_tick(context).run_requests
    return requests[0] if requests else None


def look(platform: Chain, sensor: str, cursor: str | None = None) -> dg.SensorResult:
    repository = platform.definitions().get_repository_def()
    with dg.build_sensor_context(platform.instance, cursor=cursor, repository_def=repository) as context:
        result = repository.get_sensor_def(sensor)(context)
    assert isinstance(result, dg.SensorResult)
    return result


def test_the_schedule_runs_for_whoever_is_due(household: Chain) -> None:
    assert tick(household) is None
    make_older(household, SECOND, timedelta(hours=7))
    request = tick(household)
    assert request
    assert request.tags["dagster/partition"] == SECOND
    make_older(household, FIRST, timedelta(hours=7))
    request = tick(household)
    assert request
    assert request.tags["dagster/asset_partition_range_start"] == FIRST
    assert request.tags["dagster/asset_partition_range_end"] == SECOND
    assert request.run_config == {"ops": {"raw_activities": {"config": {"only_if_due": True}}}}


def test_tables_and_pages_follow_the_date_also_while_nobody_is_due(household: Chain) -> None:
    household.fields["timezone"] = "Europe/Berlin"
    assert tick(household, "06:00") is None
    request = tick(household, "05:00")
    assert request
    assert request.tags["dagster/asset_partition_range_start"] == FIRST
    assert request.run_config == {"ops": {"raw_activities": {"config": {"only_if_due": True}}}}


def test_the_check_names_who_was_not_fetched(household: Chain) -> None:
    settings = household.settings()
    with wiring.warehouse(settings).open() as engine:
        subject = Subject(engine, wiring.landing(settings), wiring.stream_store(settings))
        look_at = each_athlete_is_fetched(settings.events_address)
        assert look_at(subject).passed
        make_older(household, SECOND, timedelta(hours=14))
        finding = look_at(subject)
    assert not finding.passed
    assert [row["athlete"] for row in finding.rows] == ["athlete 8"]
    assert "each_athlete_fetched" in {
        key.name for key in household.definitions().resolve_asset_graph().asset_check_keys
    }


def test_the_check_names_at_once_who_is_refused(household: Chain) -> None:
    settings = household.settings()
    household.sandbox.athletes[1].tokens.revoke()
    assert not household.ingest().succeeded
    # A run that leaves the athlete out succeeds, and the partition is green.
    assert household.ingest({"raw_activities": {"only_if_due": True}}).succeeded
    with wiring.warehouse(settings).open() as engine:
        subject = Subject(engine, wiring.landing(settings), wiring.stream_store(settings))
        finding = each_athlete_is_fetched(settings.events_address)(subject)
    assert [row["athlete"] for row in finding.rows] == ["athlete 8"]


def test_doctor_reports_a_last_sync_in_which_nobody_was_due(household: Chain) -> None:
    assert household.ingest({"raw_activities": {"only_if_due": True}}).succeeded
    finding = last_sync(household.instance)
    assert "none: It is not due" in finding.message


def test_the_check_expects_a_listing_a_week_while_events_come(household: Chain) -> None:
    settings = household.settings()
    note_subscription(Path(settings.events_address))
    note_receiver(Path(settings.events_address))
    with wiring.warehouse(settings).open() as engine:
        subject = Subject(engine, wiring.landing(settings), wiring.stream_store(settings))
        look_at = each_athlete_is_fetched(settings.events_address)
        make_older(household, SECOND, timedelta(days=6))
        assert look_at(subject).passed
        make_older(household, SECOND, timedelta(days=3))
        assert not look_at(subject).passed


@pytest.mark.skipif(not RIDES.is_dir(), reason="the folder of shared fixtures is not present")
def test_files_of_the_inbox_are_those_of_the_folders_athlete(household: Chain, inbox: Path) -> None:
    ride = next(path for path in sorted(RIDES.rglob("*.fit")))
    for place in (f"athlete={SECOND}", ""):
        (inbox / place).mkdir(exist_ok=True)
        copy = Path(shutil.copy(ride, inbox / place / f"ride-{place or 'of nobody'}.fit"))
        os.utime(copy, (1, 1))
    first = look(household, "inbox_files")
    second = look(household, "inbox_files", first.cursor)
    assert second.run_requests
    [request] = second.run_requests
    assert request.tags["dagster/partition"] == SECOND
    third = look(household, "inbox_files", second.cursor)
    assert "In no athlete's folder, and so not imported: 1." in str(third.skip_reason)
    config = request.run_config["ops"]["inbox_activities"]["config"]
    run = household.run_assets(
        dg.AssetSelection.assets("inbox_activities"), {"inbox_activities": config}, athlete=SECOND
    )
    assert run.succeeded, run.failures()
    assert run.partitions("inbox_activities")[SECOND]["athlete"] == SECOND
    # A launch without names takes the folder's files alone.
    again = household.run_assets(dg.AssetSelection.assets("inbox_activities"), athlete=SECOND)
    assert again.partitions("inbox_activities")[SECOND]["recordings"] == 1


def test_an_event_fetches_its_athlete_alone(household: Chain) -> None:
    from strava_assets.webhooks.events import Event

    second = household.sandbox.athletes[1]
    activity_id = second.history.add()
    webhooks = wiring.webhooks(household.settings())
    webhooks.events.add(
        Event(
            owner_id=SECOND,
            subject="activity",
            object_id=str(activity_id),
            change="create",
            event_time=int(datetime.now(UTC).timestamp()) - 60,
        )
    )
    result = look(household, "webhook_events")
    assert result.run_requests
    [request] = result.run_requests
    assert request.tags["dagster/partition"] == SECOND
    before = len(household.sandbox.requests)
    config = {"raw_activities": request.run_config["ops"]["raw_activities"]["config"]}
    run = household.ingest(config, athlete=SECOND)
    assert run.succeeded, run.failures()
    assert run.partitions("raw_activities").keys() == {SECOND}
    assert run.partitions("raw_activities")[SECOND]["events"] == 1
    assert webhooks.events.waiting(SECOND) == []
    assert len(household.sandbox.requests) - before <= 4
    stored = household.rows("SELECT activity_id FROM bq_activities WHERE athlete_id = '8'")
    assert str(activity_id) in {row["activity_id"] for row in stored}


def test_an_event_of_an_unknown_athlete_starts_nothing_here(household: Chain) -> None:
    from strava_assets.webhooks.state import Subscription

    state = wiring.webhooks(household.settings()).state
    state.write_subscription(Subscription(1, "digest", (FIRST,), datetime.now(UTC)))
    state.expect_athletes([FIRST, SECOND])
    subscription = state.subscription()
    assert subscription
    assert subscription.athlete_ids == (FIRST, SECOND)
