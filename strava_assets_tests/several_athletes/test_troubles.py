"""What must not happen to one of several athletes when something goes wrong for another, or in between."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from strava_assets import wiring
from strava_assets.assets.failures import RETRY_TRANSIENT
from strava_assets.execution.tags import EVENTS_OF_TAG
from strava_assets.history.athlete_states import athlete_states
from strava_assets.sandbox import Fault
from strava_assets.strava.client import MAX_RETRIES
from strava_assets.strava.turns import Purpose, TurnRules
from strava_assets.strava.turns.turn_needs import queues_of
from strava_assets.webhooks.events import Event
from strava_assets_tests.chain import ATHLETE, Chain, chain, riding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets.landing.athlete_index import FetchState

FIRST, SECOND = str(ATHLETE), "8"


@pytest.fixture
def household(tmp_path: Path) -> Iterator[Chain]:
    """Two athletes who are up to date."""
    with (
        dg.DagsterInstance.local_temp(str(tmp_path)) as instance,
        chain(tmp_path / "home", riding(30), instance, webhooks=True) as platform,
    ):
        platform.add_athlete(riding(60, int(SECOND)))
        assert platform.ingest().succeeded
        yield platform


def state_of(platform: Chain, athlete_id: str) -> FetchState:
    state = wiring.athlete_index(platform.settings()).state(athlete_id)
    assert state
    return state


def test_an_outage_is_no_success_when_the_step_is_repeated(household: Chain) -> None:
    household.sandbox.faults.add(Fault.server_error, on="list", times=None)
    run = household.ingest()
    assert not run.succeeded
    assert "2 of 2 athletes could not be fetched." in run.failures()["raw_activities"]
    assert run.retries() == RETRY_TRANSIENT.max_retries
    assert not run.partitions("raw_activities")
    # One outage is one failure, however often the step was repeated.
    assert state_of(household, SECOND).failures == 1


def test_a_repeated_step_fetches_who_failed_and_leaves_the_others_alone(household: Chain) -> None:
    added = household.sandbox.athletes[1].history.add()
    household.sandbox.faults.add(Fault.server_error, on="list", times=MAX_RETRIES + 1, after=2)
    run = household.ingest()
    assert run.succeeded, run.failures()
    assert run.retries() == 1
    assert "listed in this run already" in run.partitions("raw_activities")[FIRST]["why"]
    assert run.partitions("raw_activities")[SECOND]["mode"] == "incremental"
    stored = household.rows("SELECT activity_id FROM bq_activities WHERE athlete_id = '8'")
    assert str(added) in {row["activity_id"] for row in stored}
    assert not state_of(household, SECOND).trouble


def test_who_is_refused_stays_failed_when_the_step_is_repeated_for_another(household: Chain) -> None:
    household.sandbox.tokens.revoke()
    household.sandbox.faults.add(Fault.server_error, on="list", times=MAX_RETRIES + 1)
    run = household.ingest()
    assert run.retries() == 1
    assert "1 of 2 athletes could not be fetched." in run.failures()["raw_activities"]
    assert run.partitions("raw_activities").keys() == {SECOND}


def test_a_sync_that_is_asked_for_does_not_wait_for_the_pause_after_a_failure(household: Chain) -> None:
    household.sandbox.faults.add(Fault.server_error, on="list", times=None)
    assert not household.ingest().succeeded
    household.sandbox.faults.clear()
    scheduled = household.ingest({"raw_activities": {"only_if_due": True}})
    assert "The last turn failed" in scheduled.partitions("raw_activities")[SECOND]["why"]
    asked_for = household.ingest()
    assert asked_for.partitions("raw_activities")[SECOND]["mode"] == "incremental"


def look(platform: Chain) -> dg.SensorResult:
    """What the sensor of events does now."""
    repository = platform.definitions().get_repository_def()
    with dg.build_sensor_context(platform.instance, repository_def=repository) as context:
        result = repository.get_sensor_def("webhook_events")(context)
    assert isinstance(result, dg.SensorResult)
    return result


def announce(platform: Chain, activity_id: int, owner_id: str = SECOND) -> str:
    """An event that has waited for a minute."""
    now = int(datetime.now(UTC).timestamp())
    event = Event(owner_id, "activity", str(activity_id), "update", now - 60)
    wiring.webhooks(platform.settings()).events.add(event)
    return event.name


def launch(platform: Chain, request: dg.RunRequest) -> bool:
    """Whether the run of an event succeeds, without what comes after the table."""
    both = dg.AssetSelection.assets("raw_activities", "bq_activities") - dg.AssetSelection.all_asset_checks()
    job = dg.define_asset_job("of_event", selection=both)
    definitions = dg.Definitions.merge(platform.definitions(), dg.Definitions(jobs=[job]))
    result = definitions.resolve_job_def("of_event").execute_in_process(
        request.run_config, instance=platform.instance, raise_on_error=False, tags=dict(request.tags)
    )
    return result.success


def waiting(platform: Chain, owner_id: str = SECOND) -> list[str]:
    return wiring.webhooks(platform.settings()).events.waiting(owner_id)


def test_an_event_whose_run_the_rate_limit_ends_is_not_lost(household: Chain) -> None:
    name = announce(household, household.sandbox.athletes[1].history.ids()[-1])
    [request] = look(household).run_requests or []
    household.sandbox.faults.add("rate_limit_daily", on="list", times=None)
    assert launch(household, request)
    look(household)
    assert waiting(household) == [name]


def test_an_event_that_takes_more_calls_than_its_turn_has_is_settled_by_a_full_listing(
    household: Chain,
) -> None:
    second = household.sandbox.athletes[1]
    second.page_size_limit = 1
    assert household.ingest({"raw_activities": {"mode": "FULL"}}, athlete=SECOND).succeeded
    name = announce(household, second.history.ids()[-1])
    [request] = look(household).run_requests or []
    assert launch(household, request)
    look(household)
    assert waiting(household) == [name]
    run = household.ingest({"raw_activities": {"only_if_due": True}}, athlete=SECOND)
    assert run.partitions("raw_activities")[SECOND]["purpose"] == "full listing"
    assert waiting(household) == []


def test_an_event_of_an_athlete_who_is_refused_waits_for_the_login(household: Chain) -> None:
    second = household.sandbox.athletes[1]
    second.tokens.revoke()
    assert not household.ingest().succeeded
    name = announce(household, second.history.ids()[-1])
    refused = look(household)
    assert not refused.run_requests, "a run would ask Strava nothing"
    assert "Strava refuses an athlete's tokens" in str(refused.skip_reason)
    assert waiting(household) == [name]
    state = state_of(household, SECOND)
    a_day_ago = replace(state, attempted_at=state.attempted_at - timedelta(days=1))
    wiring.athlete_index(household.settings()).write_state(SECOND, a_day_ago)
    assert look(household).run_requests, "it is tried once a day"


def test_an_event_of_an_athlete_who_logged_out_starts_nothing_and_does_not_stay(household: Chain) -> None:
    index = wiring.athlete_index(household.settings())
    athlete = index.athlete(SECOND)
    assert athlete
    index.put(replace(athlete, logged_in=False))
    announce(household, household.sandbox.athletes[1].history.ids()[-1])
    assert not look(household).run_requests
    assert waiting(household) == []


def damage_tokens(platform: Chain, athlete_id: str) -> None:
    platform.settings().token_path.with_stem(f"tokens-{athlete_id}").write_text("[]")


def test_a_token_file_that_cannot_be_used_is_the_failure_of_its_athlete(household: Chain) -> None:
    damage_tokens(household, SECOND)
    run = household.ingest()
    assert run.partitions("raw_activities").keys() == {FIRST}
    assert "1 of 2 athletes could not be fetched." in run.failures()["raw_activities"]
    assert "tokens-8.json is not a token file of this project." in run.failures()["raw_activities"]
    assert "is not a token file" in state_of(household, SECOND).problem


def test_a_token_file_that_cannot_be_used_leaves_the_others_recordings_alone(household: Chain) -> None:
    damage_tokens(household, SECOND)
    household.fields["streams"] = "power"
    run = household.run_assets(dg.AssetSelection.assets("activity_streams"))
    assert run.succeeded, run.failures()
    recordings = run.partitions("activity_streams")
    assert recordings[FIRST]["fetched"] > 0
    assert "is not a token file" in recordings[SECOND]["stopped_by"]


def recordings_of_run(platform: Chain, athlete: str = "") -> dict[str, dict[str, Any]]:
    """What a run of the streams alone did for each athlete."""
    platform.fields["streams"] = "power"
    run = platform.run_assets(dg.AssetSelection.assets("activity_streams"), athlete=athlete)
    assert run.succeeded, run.failures()
    return run.partitions("activity_streams")


def test_an_athletes_recordings_are_fetched_in_one_run_as_the_quota_allows(household: Chain) -> None:
    recordings = recordings_of_run(household, SECOND)[SECOND]
    assert recordings["remaining"] == 0


def test_each_partition_of_the_power_tables_counts_its_own_rows(household: Chain) -> None:
    household.fields["streams"] = "power"
    tables = ("ride_power", "ride_bests", "ride_bests_after_work", "recording_zones")
    before = ("activity_streams", "athlete_profile", "athlete_gear")
    run = household.run_assets(dg.AssetSelection.assets(*before, *tables))
    assert run.succeeded, run.failures()
    for table in tables[:2]:
        counted = household.rows(f"SELECT athlete_id, COUNT(*) AS n FROM {table} GROUP BY 1")  # noqa: S608
        assert len(counted) == 2
        for row in counted:
            assert run.partitions(table)[row["athlete_id"]]["dagster/row_count"] == row["n"]
    rides = run.partitions("ride_power")
    assert 0 < rides[FIRST]["quality_good"] < rides[SECOND]["quality_good"]


def test_an_event_of_an_athlete_who_has_just_come_finds_their_partition(household: Chain) -> None:
    third = riding(20, 9)
    household.add_athlete(third)
    announce(household, third.history.ids()[0], "9")
    [request] = look(household).run_requests or []
    assert launch(household, request)
    assert waiting(household, "9") == []


def test_an_event_of_somebody_who_is_not_here_starts_nothing_and_does_not_stay(household: Chain) -> None:
    announce(household, 4711, "99")
    result = look(household)
    assert result.run_requests == []
    assert "An event of an athlete who is not logged in here was removed." in str(result.skip_reason)
    assert waiting(household, "99") == []


def test_a_turn_that_the_quota_ends_at_once_is_no_successful_sync(household: Chain) -> None:
    before = state_of(household, FIRST)
    household.sandbox.faults.add("rate_limit_daily", on="list", times=None)
    assert household.ingest().succeeded
    after = state_of(household, FIRST)
    assert after.attempted_at > before.attempted_at
    assert after.succeeded_at == before.succeeded_at


def test_a_failure_keeps_its_sentence_until_a_fetch_succeeds(household: Chain) -> None:
    household.sandbox.faults.add(Fault.server_error, on="list", times=None)
    assert not household.ingest().succeeded
    household.sandbox.faults.clear()
    household.sandbox.faults.add("rate_limit_daily", on="list", times=None)
    household.ingest()
    state = state_of(household, FIRST)
    assert state.trouble == "failed 1 time in a row"
    assert "status 500" in state.problem


def test_an_old_client_secret_in_one_athletes_store_leaves_the_others_alone(household: Chain) -> None:
    settings = household.settings()
    athlete = wiring.athlete_index(settings).athlete(SECOND)
    assert athlete
    # As after a new secret at Strava and a login of the first athlete.
    wiring.token_store(settings, athlete).write({"client_secret": "the old one", "expires_at": "0"})
    state = state_of(household, SECOND)
    assert state.listed_at
    longest_ago = replace(state, listed_at=state.listed_at - timedelta(hours=1))
    wiring.athlete_index(settings).write_state(SECOND, longest_ago)
    for _ in range(2):
        run = household.ingest()
        assert run.partitions("raw_activities").keys() >= {FIRST}, run.failures()
        assert "1 of 2 athletes could not be fetched." in run.failures()["raw_activities"]
        assert (
            "- athlete 8: Strava answered POST /oauth/token with status 401"
            in run.failures()["raw_activities"]
        )


def test_the_oldest_event_is_fetched_first(household: Chain) -> None:
    settings = household.settings()
    now = int(datetime.now(UTC).timestamp())
    for owner_id, ago in ((FIRST, 60), (SECOND, 7_200)):
        event = Event(owner_id, "activity", "4711", "delete", now - ago)
        wiring.webhooks(settings).events.add(event)
    landing, index = wiring.landing(settings), wiring.athlete_index(settings)
    states = athlete_states(index, landing, index.logged_in(), wiring.webhooks(settings))
    queue = queues_of(states.values(), datetime.now(UTC), TurnRules())[Purpose.EVENTS]
    assert [need.athlete_id for need in queue] == [SECOND, FIRST]
    assert "the oldest since" in queue[0].reason


def test_a_run_that_was_launched_again_without_its_events_does_not_stop_the_sensor(household: Chain) -> None:
    # The UI launches a run again with the tags of the first one, and with the configuration that it is given.
    job = household.definitions().resolve_job_def("sync")
    tags = {EVENTS_OF_TAG: FIRST, "dagster/partition": FIRST}
    household.instance.create_run_for_job(job, tags=tags, status=dg.DagsterRunStatus.SUCCESS)
    announce(household, 4711)
    announce(household, 4711, FIRST)
    requests = look(household).run_requests or []
    assert [request.tags["dagster/partition"] for request in requests] == [SECOND]
