"""What must not happen to one of several athletes when something goes wrong for another, or in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets import wiring
from strava_assets.assets.failures import RETRY_TRANSIENT
from strava_assets.sandbox import Fault
from strava_assets.strava.client import MAX_RETRIES
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
