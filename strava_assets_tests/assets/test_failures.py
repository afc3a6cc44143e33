"""Failures of Strava in Dagster: their messages, and which of them are retried."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets.assets.failures import RETRY_TRANSIENT
from strava_assets.sandbox import RateLimits
from strava_assets.strava.client import MAX_RETRIES
from strava_assets_tests.chain import chain, riding

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets_tests.chain import Chain

LISTED = "/athlete/activities"

PERMANENT = (
    ("missing_scope", "list", "activity:read"),
    ("inactive_subscription", "list", "https://www.strava.com/settings/api"),
    ("revoked_token", "token", "strava-assets login"),
    ("invalid_client_secret", "token", "https://www.strava.com/settings/api"),
    ("invalid_access_token", "list", "strava-assets login"),
    ("repeated_page", "list", "proxy or cache"),
    ("clock_skew", "list", "Set the clock"),
)
TRANSIENT = (
    "server_error",
    "bad_gateway",
    "connection_reset",
    "html",
    "empty_body",
    "truncated_body",
    "cut_json",
    "error_object_with_200",
    "json_not_a_list",
)


def failed_sync(platform: Chain) -> tuple[str, int]:
    """The message of a failed sync and the number of its retries. The loaded rows must not change."""
    before = platform.rows("SELECT COUNT(*) AS n, MAX(fetched_at) AS newest FROM bq_activities")

    run = platform.ingest()

    assert not run.succeeded
    assert run.materialized() == {}
    assert platform.rows("SELECT COUNT(*) AS n, MAX(fetched_at) AS newest FROM bq_activities") == before
    [event] = run.result.get_step_failure_events()
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    assert {"what happened", "what to do"} <= failure.metadata.keys()
    text = run.failures()["raw_activities"]
    assert "What to do:" in text
    assert "Traceback" not in text
    return text, run.retries()


@pytest.mark.parametrize(("fault", "on", "remedy"), PERMANENT)
def test_a_failure_that_needs_a_person_names_the_remedy_and_is_not_retried(
    loaded: Chain, fault: str, on: str, remedy: str
) -> None:
    loaded.sandbox.faults.add(fault, on=on, times=None)

    text, retries = failed_sync(loaded)

    assert remedy in text
    assert retries == 0


@pytest.mark.deep
@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_failure_that_may_pass_is_retried_with_a_bound(loaded: Chain, fault: str) -> None:
    loaded.sandbox.faults.add(fault, on="list", times=None)

    text, retries = failed_sync(loaded)

    assert retries == RETRY_TRANSIENT.max_retries == 3
    assert loaded.sandbox.calls(LISTED) == (1 + RETRY_TRANSIENT.max_retries) * (1 + MAX_RETRIES)
    assert "the next run tries again" in text or "during maintenance" in text


def test_an_outage_that_ends_in_time_is_a_run_that_succeeds(loaded: Chain) -> None:
    loaded.sandbox.faults.add("unavailable", on="list", times=MAX_RETRIES + 1)

    run = loaded.ingest()

    assert run.succeeded
    assert run.retries() == 1


def test_the_retries_of_a_run_are_spread_over_minutes_and_bounded() -> None:
    # Long enough for a short outage, and over before the next tick of the schedule.
    assert RETRY_TRANSIENT.delay == 60
    assert RETRY_TRANSIENT.backoff is dg.Backoff.EXPONENTIAL
    assert sum(60 * 2**number for number in range(RETRY_TRANSIENT.max_retries)) < 6 * 3600 / 4


@pytest.mark.deep
def test_credentials_that_are_not_there_are_asked_for_by_name(loaded: Chain) -> None:
    loaded.settings().token_path.unlink()

    text, retries = failed_sync(loaded)

    assert "No client_id and no client_secret and no refresh_token" in text
    assert "strava-assets login" in text
    assert retries == 0


@pytest.mark.deep
def test_a_listing_that_dies_half_way_commits_nothing(tmp_path: Path) -> None:
    sandbox = riding()
    sandbox.page_size_limit = 20
    sandbox.faults.add("server_error", on="list", times=None, after=2)
    with chain(tmp_path / "home", sandbox) as platform:
        assert not platform.ingest().succeeded
        sandbox.faults.clear()

        run = platform.ingest()

        assert run.succeeded
        assert run.materialized()["raw_activities"]["mode"] == "full"
        assert platform.rows("SELECT COUNT(*) AS n FROM bq_activities") == [{"n": len(sandbox.history)}]


@pytest.mark.deep
def test_a_used_up_day_stops_cleanly_and_says_when_it_goes_on(tmp_path: Path) -> None:
    sandbox = riding()
    sandbox.page_size_limit = 20
    sandbox.limits = RateLimits(read=(100, 3))
    with chain(tmp_path / "home", sandbox, rate_limit_reserve=0) as platform:
        stopped = platform.ingest()

        raw = stopped.materialized()["raw_activities"]
        assert stopped.succeeded
        assert raw["complete"] is False
        assert raw["goes_on_at"] > sandbox.now().timestamp()
        assert "daily rate limit" in raw["stopped_by"]
        assert platform.rows("SELECT COUNT(*) AS n FROM bq_activities") == [{"n": 60}]

        sandbox.limits = RateLimits()
        went_on = platform.ingest()

        assert went_on.materialized()["raw_activities"]["complete"] is True
        assert platform.rows("SELECT COUNT(*) AS n FROM bq_activities") == [{"n": len(sandbox.history)}]
        assert stopped.materialized()["bq_activities"]["deleted"] == 0


def test_a_record_that_cannot_be_read_is_set_aside_and_the_others_go_on(loaded: Chain) -> None:
    loaded.sandbox.faults.add("string_for_number")

    run = loaded.ingest()

    assert run.succeeded
    assert run.materialized()["bq_activities"]["set_aside"] == 1
    name = ("bq_activities", "nothing_set_aside")
    assert not loaded.check(name).checks()[name].passed


def test_a_warehouse_that_is_no_database_is_named_with_its_remedy(loaded: Chain) -> None:
    loaded.settings().duckdb_path.write_text("Dear diary, this is not a database.", encoding="utf-8")

    run = loaded.ingest()

    assert not run.succeeded
    assert "cannot be opened as a DuckDB file" in run.failures()["bq_activities"]
    assert "What to do:" in run.failures()["bq_activities"]


def test_a_landing_that_cannot_be_written_is_named_before_strava_is_asked(loaded: Chain) -> None:
    (loaded.home / "file").write_text("", encoding="utf-8")

    run = loaded.ingest(landing_url=str(loaded.home / "file" / "landing"))

    assert "STRAVA_ASSETS_LANDING_URL" in run.failures()["raw_activities"]
    assert loaded.sandbox.calls(LISTED) == 0
