"""The sensor on a real Dagster instance: one run for several events, which are removed after it."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from strava_assets.definitions import build_defs
from strava_assets.execution.tags import EVENTS_OF_TAG
from strava_assets.settings import Settings
from strava_assets.webhooks import event_store, hand_over
from strava_assets.webhooks.event_store import EventStore
from strava_assets.webhooks.events import Event
from strava_assets.webhooks.state import WebhookState
from strava_assets_tests.chain import ATHLETE, Run, chain, copy_home, riding
from strava_assets_tests.webhooks.receiving import note_receiver, note_subscription

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets_tests.chain import Chain

OWNER = str(ATHLETE)


@pytest.fixture
def platform(a_loaded_home: Path, tmp_path: Path) -> Iterator[Chain]:
    home = copy_home(a_loaded_home, tmp_path / "home")
    note_subscription(home / "events")
    note_receiver(home / "events")
    with (
        dg.DagsterInstance.local_temp(str(tmp_path)) as instance,
        chain(home, riding(), instance, webhooks=True) as small,
    ):
        yield small


@pytest.fixture
def without_spacing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the next run start at once."""
    for name in ("SPACING", "LONG_SPACING"):
        monkeypatch.setattr(hand_over, name, timedelta(0))


class Daemon:
    """The sensor as the daemon evaluates it, and the runs that it launches."""

    def __init__(self, platform: Chain) -> None:
        self._platform = platform
        definitions = platform.definitions()
        self._repository = definitions.get_repository_def()
        both = dg.AssetSelection.assets("raw_activities", "bq_activities")
        job = dg.define_asset_job("sync_of_two", selection=both - dg.AssetSelection.all_asset_checks())
        self._job = dg.Definitions.merge(definitions, dg.Definitions(jobs=[job])).resolve_job_def(
            "sync_of_two"
        )

    def tick(self) -> dg.SensorResult:
        context = dg.build_sensor_context(self._platform.instance, repository_def=self._repository)
        with context:
            result = self._repository.get_sensor_def("webhook_events")(context)
        assert isinstance(result, dg.SensorResult)
        return result

    def launch(self, request: dg.RunRequest) -> Run:
        """Run what was requested, without what comes after the table."""
        return Run(
            self._job.execute_in_process(
                request.run_config,
                instance=self._platform.instance,
                tags=dict(request.tags),
                raise_on_error=False,
            ),
            self._platform.instance,
        )


def store(platform: Chain) -> EventStore:
    return EventStore(platform.settings().events_address)


def announce(platform: Chain, activity_id: int, change: Any = "create") -> str:
    event = Event(OWNER, "activity", str(activity_id), change, 1_790_000_000)
    store(platform).add(event)
    return event.name


def test_without_the_setting_there_is_no_sensor_and_the_schedule_always_asks() -> None:
    plain, with_webhooks = build_defs(Settings()), build_defs(Settings(webhooks=True))
    assert "webhook_events" not in {sensor.name for sensor in plain.sensors or ()}
    sensor = next(each for each in with_webhooks.sensors or () if each.name == "webhook_events")
    assert isinstance(sensor, dg.SensorDefinition)
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert sensor.minimum_interval_seconds == 5
    in_bucket = build_defs(Settings(webhooks=True, events_url="gs://bucket/events"))
    slower = next(each for each in in_bucket.sensors or () if each.name == "webhook_events")
    assert isinstance(slower, dg.SensorDefinition)
    assert slower.minimum_interval_seconds == 30


def test_the_schedule_of_a_home_with_webhooks_asks_only_if_that_is_due() -> None:
    definitions = build_defs(Settings(webhooks=True))
    schedule = definitions.resolve_schedule_def("sync_every_6_hours")
    context = dg.build_schedule_context(repository_def=definitions.get_repository_def())
    [request] = schedule.evaluate_tick(context).run_requests or ()
    assert request.run_config == {"ops": {"raw_activities": {"config": {"only_if_due": True}}}}


def test_an_event_starts_one_run_and_is_removed_after_it(platform: Chain) -> None:
    daemon = Daemon(platform)
    assert "No event waits." in str(daemon.tick().skip_reason)
    added = platform.sandbox.history.add(name="Just now")
    names = {announce(platform, added), announce(platform, platform.sandbox.history.ids()[1], "update")}

    [request] = daemon.tick().run_requests or []

    config = request.run_config["ops"]["raw_activities"]["config"]
    assert set(config["events"]) == names
    assert request.tags[EVENTS_OF_TAG] == OWNER
    assert set(store(platform).waiting(OWNER)) == names
    run = daemon.launch(request)
    assert run.succeeded, run.failures()
    assert run.materialized()["bq_activities"]["added"] == 1
    assert set(store(platform).waiting(OWNER)) == names
    assert daemon.tick().run_requests == []
    assert store(platform).waiting(OWNER) == []


@pytest.mark.deep
@pytest.mark.usefixtures("without_spacing")
def test_a_run_that_fails_loses_no_event(platform: Chain) -> None:
    daemon = Daemon(platform)
    name = announce(platform, platform.sandbox.history.add())
    [first] = daemon.tick().run_requests or []
    platform.sandbox.faults.add("inactive_subscription", on="list", times=None)
    assert not daemon.launch(first).succeeded

    [second] = daemon.tick().run_requests or []

    assert second.run_config == first.run_config
    assert second.run_key != first.run_key
    platform.sandbox.faults.clear()
    assert daemon.launch(second).succeeded
    daemon.tick()
    assert name not in store(platform).waiting(OWNER)


@pytest.mark.deep
def test_a_failed_run_is_not_repeated_at_once(platform: Chain) -> None:
    daemon = Daemon(platform)
    announce(platform, platform.sandbox.history.add())
    [first] = daemon.tick().run_requests or []
    platform.sandbox.faults.add("inactive_subscription", on="list", times=None)
    daemon.launch(first)
    again = daemon.tick()
    assert again.run_requests == []
    # Half an hour after the failed one, of which the test has used up some.
    wait = re.search(r"the next run starts in ([\d,]+) s", str(again.skip_reason))
    assert wait
    assert 60 < int(wait[1].replace(",", "")) <= 1_800


@pytest.mark.deep
def test_a_run_that_the_rate_limit_ends_loses_no_event(platform: Chain) -> None:
    daemon = Daemon(platform)
    name = announce(platform, platform.sandbox.history.ids()[-1], "update")
    [request] = daemon.tick().run_requests or []
    platform.sandbox.faults.add("rate_limit_daily", on="list", times=None)
    assert daemon.launch(request).succeeded
    daemon.tick()
    assert store(platform).waiting(OWNER) == [name]


@pytest.mark.deep
@pytest.mark.usefixtures("without_spacing")
def test_an_event_that_comes_during_a_run_gets_the_next_one(platform: Chain) -> None:
    daemon = Daemon(platform)
    announce(platform, platform.sandbox.history.add())
    [first] = daemon.tick().run_requests or []
    daemon.launch(first)
    late = announce(platform, platform.sandbox.history.add())

    [second] = daemon.tick().run_requests or []

    assert second.run_config["ops"]["raw_activities"]["config"]["events"] == [late]
    assert store(platform).waiting(OWNER) == [late]


@pytest.mark.deep
@pytest.mark.usefixtures("without_spacing")
def test_of_too_many_events_those_that_come_during_a_run_get_the_next_one(
    platform: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_store, "MOST_WAITING", 1)
    daemon = Daemon(platform)
    for _ in range(2):
        announce(platform, platform.sandbox.history.add())
    [first] = daemon.tick().run_requests or []
    assert event_store.MORE in first.run_config["ops"]["raw_activities"]["config"]["events"]
    daemon.launch(first)
    late = platform.sandbox.history.add()
    announce(platform, late)

    [second] = daemon.tick().run_requests or []

    assert second.run_config["ops"]["raw_activities"]["config"]["events"] == [event_store.MORE]
    assert daemon.launch(second).materialized()["bq_activities"]["added"] == 1
    daemon.tick()
    assert store(platform).waiting(OWNER) == []


@pytest.mark.deep
def test_a_run_on_record_that_has_not_ended_keeps_its_events(platform: Chain) -> None:
    daemon = Daemon(platform)
    name = announce(platform, platform.sandbox.history.add())
    [request] = daemon.tick().run_requests or []
    job = platform.definitions().resolve_job_def("sync")
    platform.instance.create_run_for_job(
        job, run_config=request.run_config, tags=dict(request.tags), status=dg.DagsterRunStatus.STARTED
    )
    tick = daemon.tick()
    assert "has not ended" in str(tick.skip_reason)
    assert store(platform).waiting(OWNER) == [name]


@pytest.mark.deep
def test_no_run_starts_for_an_athlete_who_took_the_access_back(platform: Chain) -> None:
    state = WebhookState(platform.settings().events_address)
    state.write_logged_out(OWNER, datetime.now(UTC))
    name = announce(platform, platform.sandbox.history.add())
    tick = Daemon(platform).tick()
    assert tick.run_requests == []
    assert "strava-assets login" in str(tick.skip_reason)
    assert store(platform).waiting(OWNER) == [name]


def test_a_missing_folder_of_events_is_an_empty_one(platform: Chain) -> None:
    shutil.rmtree(platform.settings().events_address)
    assert "No event waits." in str(Daemon(platform).tick().skip_reason)
