"""Two athletes on one machine: each fetched with their own tokens, each one's failure their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets import wiring
from strava_assets.assets.fetching_athletes import fetched_some
from strava_assets.cli.checkups import athletes
from strava_assets.sandbox import Fault
from strava_assets_tests.chain import ATHLETE, Chain, chain, riding

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets.landing.athlete_index import FetchState
    from strava_assets.sandbox import Sandbox
    from strava_assets_tests.chain import Run

FIRST, SECOND = str(ATHLETE), "8"
INGEST = dg.AssetSelection.assets("raw_activities", "bq_activities") - dg.AssetSelection.all_asset_checks()
COUNTS = "SELECT athlete_id, COUNT(*) AS n FROM bq_activities WHERE deleted_at IS NULL GROUP BY 1 ORDER BY 1"


@pytest.fixture
def second() -> Sandbox:
    return riding(60, int(SECOND))


@pytest.fixture
def household(tmp_path: Path, second: Sandbox) -> Iterator[Chain]:
    """A home in which one athlete has synced and a second one has just logged in."""
    with chain(tmp_path / "home", riding(90)) as platform:
        assert platform.ingest().succeeded
        platform.add_athlete(second)
        yield platform


def state_of(platform: Chain, athlete_id: str) -> FetchState:
    state = wiring.athlete_index(platform.settings()).state(athlete_id)
    assert state
    return state


def counts(platform: Chain) -> dict[str, int]:
    return {row["athlete_id"]: row["n"] for row in platform.rows(COUNTS)}


def failed_partitions(platform: Chain, run: Run) -> set[str]:
    """The partitions that the run was to materialize and did not."""
    planned = platform.instance.get_records_for_run(
        run.result.run_id, of_type=dg.DagsterEventType.ASSET_MATERIALIZATION_PLANNED
    )
    wanted = {
        str(record.event_log_entry.dagster_event.partition)
        for record in planned.records
        if record.event_log_entry.dagster_event
        and record.event_log_entry.dagster_event.asset_key == dg.AssetKey("raw_activities")
    }
    return wanted - run.partitions("raw_activities").keys()


def test_one_athlete_has_no_partitions(tmp_path: Path) -> None:
    with chain(tmp_path / "home", riding(30)) as platform:
        graph = platform.definitions().resolve_asset_graph()
        assert not any(graph.get(key).partitions_def for key in graph.get_all_asset_keys())
        run = platform.ingest()
        assert run.succeeded
        assert run.partitions("raw_activities").keys() == {"None"}


def test_the_second_login_makes_each_athlete_a_partition(household: Chain) -> None:
    run = household.ingest()
    assert run.succeeded, run.failures()
    fetched = run.partitions("raw_activities")
    assert {athlete: values["activities"] for athlete, values in fetched.items()} == {FIRST: 10, SECOND: 20}
    assert fetched[SECOND]["purpose"] == "first load"
    assert fetched[FIRST]["why"] == "A sync was asked for."
    assert run.materialized()["bq_activities"]["added"] == 20
    assert counts(household) == {FIRST: 30, SECOND: 20}


def test_each_athletes_answers_lie_in_a_folder_of_their_own(household: Chain) -> None:
    # As an earlier version left it: in the root.
    landing = household.home / "landing"
    [of_first] = landing.glob(f"athlete={FIRST}/*")
    of_first.rename(landing / of_first.name)
    assert household.ingest().succeeded
    assert len(list(landing.glob(f"athlete={FIRST}/*/manifest.json"))) == 2
    assert len(list(landing.glob(f"athlete={SECOND}/*/manifest.json"))) == 1
    assert not list(landing.glob("2*"))
    assert counts(household) == {FIRST: 30, SECOND: 20}
    assert household.ingest({"bq_activities": {"rebuild": True}}).succeeded
    assert counts(household) == {FIRST: 30, SECOND: 20}


def test_the_schedule_leaves_out_who_is_up_to_date(household: Chain) -> None:
    assert household.ingest().succeeded
    before = len(household.sandbox.requests)
    run = household.ingest({"raw_activities": {"only_if_due": True}})
    assert run.succeeded
    assert len(household.sandbox.requests) == before
    assert {values["mode"] for values in run.partitions("raw_activities").values()} == {"none"}


def test_the_schedule_asks_only_for_whom_it_is_time(household: Chain) -> None:
    assert household.ingest().succeeded
    index = wiring.athlete_index(household.settings())
    before = state_of(household, SECOND)
    long_ago = datetime.now(UTC) - timedelta(hours=7)
    index.write_state(FIRST, replace(state_of(household, FIRST), listed_at=long_ago))
    run = household.ingest({"raw_activities": {"only_if_due": True}})
    assert run.succeeded
    fetched = run.partitions("raw_activities")
    assert fetched[FIRST]["mode"] == "incremental"
    assert fetched[SECOND]["mode"] == "none"
    assert "not due" in fetched[SECOND]["why"]
    assert state_of(household, SECOND) == before


def test_one_who_took_the_access_back_fails_alone(household: Chain, second: Sandbox) -> None:
    assert household.ingest().succeeded
    household.sandbox.history.add()
    second.history.add()
    second.tokens.revoke()
    run = household.ingest()
    assert not run.succeeded
    failure = run.failures()["raw_activities"]
    assert "1 of 2 athletes could not be fetched." in failure
    assert "- athlete 8: Strava refused the refresh token. Run `strava-assets login`" in failure
    assert run.partitions("raw_activities").keys() == {FIRST}
    assert failed_partitions(household, run) == {SECOND}
    assert fetched_some(household.instance, run.result.run_id)
    state = state_of(household, SECOND)
    assert state.refused_since
    assert state.succeeded_at
    # The other's new ride is in the landing, and the job load brings it into the table.
    loaded = household.run_assets(dg.AssetSelection.assets("bq_activities"))
    assert loaded.succeeded
    assert counts(household) == {FIRST: 31, SECOND: 20}
    # It is tried once a day; until then the runs of the others succeed.
    later = household.ingest({"raw_activities": {"only_if_due": True}})
    assert later.succeeded
    assert later.partitions("raw_activities")[SECOND]["mode"] == "none"
    assert "Strava has refused the tokens since" in later.partitions("raw_activities")[SECOND]["why"]


def test_access_taken_back_in_the_middle_of_a_listing_commits_nothing(
    household: Chain, second: Sandbox
) -> None:
    second.page_size_limit = 5
    household.sandbox.faults.add(Fault.revoked_token, on="token", times=None, after=1)
    second.history.on_change = lambda *_: None
    calls = household.sandbox.calls

    def revoke_after_two_pages() -> datetime:
        if calls("/athlete/activities") >= 3:
            second.tokens.expire_access_tokens()
        return datetime.now(UTC)

    second.clock = household.sandbox.clock = revoke_after_two_pages
    run = household.ingest()
    assert not run.succeeded
    assert SECOND in failed_partitions(household, run)
    assert not list(household.home.glob(f"landing/athlete={SECOND}/*/manifest.json"))


def test_two_athletes_with_one_token_are_told_apart(household: Chain) -> None:
    index = wiring.athlete_index(household.settings())
    usual = wiring.token_store(household.settings())
    athlete = index.athlete(SECOND)
    assert athlete
    wiring.token_store(household.settings(), athlete).write(
        {key: value for key, value in usual.read().items() if key != "seed_mark"}
    )
    run = household.ingest()
    assert not run.succeeded
    assert "belong to athlete 7" in run.failures()["raw_activities"]
    assert not list(household.home.glob(f"landing/athlete={SECOND}/*/manifest.json"))
    assert counts(household) == {FIRST: 30}


def test_a_scope_that_shrinks_is_a_sentence_of_its_athlete(household: Chain, second: Sandbox) -> None:
    second.tokens.scopes = {"read"}
    run = household.ingest()
    assert "the token lacks the scope" in run.failures()["raw_activities"]
    assert run.partitions("raw_activities").keys() == {FIRST}
    assert state_of(household, SECOND).refused_since


def test_a_long_history_leaves_the_quota_to_others(tmp_path: Path) -> None:
    long, short = riding(900), riding(60, int(SECOND))
    with chain(tmp_path / "home", long) as platform:
        platform.add_athlete(short)
        long.page_size_limit = 10
        assert long.limits
        long.limits.read = (40, 400)
        run = platform.ingest()
        assert run.succeeded, run.failures()
        fetched = run.partitions("raw_activities")
        assert fetched[SECOND]["complete"]
        assert not fetched[FIRST]["complete"]
        assert "up_to_date" in fetched[FIRST]
        expected_at = state_of(platform, FIRST).expected_at
        assert expected_at
        assert f"expected by {expected_at:%Y-%m-%d %H:%M} UTC" in " ".join(
            finding.message for finding in athletes.look(platform.settings())
        )
        assert counts(platform)[SECOND] == 20
        # The next quarter hours bring the rest, without a listing from the beginning.
        for _ in range(12):
            long.limits.read_usage = (0, long.limits.read_usage[1])
            if not state_of(platform, FIRST).history_complete:
                assert platform.ingest({"raw_activities": {"only_if_due": True}}).succeeded
        assert counts(platform)[FIRST] == 300


def test_an_athlete_alone_is_fetched_by_partition(household: Chain) -> None:
    run = household.ingest(athlete=SECOND)
    assert run.succeeded, run.failures()
    assert run.partitions("raw_activities").keys() == {SECOND}
    assert counts(household) == {FIRST: 30, SECOND: 20}


def test_a_failure_of_the_application_is_no_athletes_failure(household: Chain) -> None:
    household.sandbox.faults.add(Fault.inactive_subscription, on="list", times=None)
    run = household.ingest()
    assert "subscription" in run.failures()["raw_activities"]
    assert "athletes could not be fetched" not in run.failures()["raw_activities"]
    index = wiring.athlete_index(household.settings())
    assert all(not (state := index.state(each)) or not state.refused_since for each in (FIRST, SECOND))


def test_figures_without_an_athlete_are_the_first_ones(household: Chain) -> None:
    (household.home / "athlete.toml").write_text("[[figures]]\nfrom = 2020-01-01\nftp_w = 251\n")
    assert household.ingest().succeeded
    run = household.run_assets(dg.AssetSelection.assets("athlete_profile", "athlete_gear"))
    assert run.succeeded, run.failures()
    figures = household.rows(
        "SELECT athlete_id, MAX(ftp_w) AS ftp_w FROM athlete_profile GROUP BY 1 ORDER BY 1"
    )
    assert figures == [{"athlete_id": FIRST, "ftp_w": 251}, {"athlete_id": SECOND, "ftp_w": 240}]


def test_doctor_names_who_has_data_and_is_not_in_the_list(household: Chain) -> None:
    assert household.ingest().succeeded
    assert "not in the list" not in " ".join(each.message for each in athletes.look(household.settings()))
    (household.home / "landing" / "athletes" / "index.json").unlink()
    [finding] = athletes.look(household.settings())
    assert f"not in the list of the athletes: {FIRST}, {SECOND}." in finding.message
    assert "strava-assets athletes" in finding.remedy
