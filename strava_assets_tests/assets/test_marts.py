"""Marts refreshed together and alone: what they share is refreshed first, once per run, and recorded."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import dagster as dg
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from strava_assets_tests.chain import Chain, Run

SHARED = ("activity_measures", "period_totals")


@pytest.fixture
def refresh(loaded: Chain) -> Callable[..., Run]:
    """Materializes these assets alone, without their checks."""

    def run(*names: str) -> Run:
        alone = dg.AssetSelection.assets(*names) - dg.AssetSelection.all_asset_checks()
        return loaded._run_selection(alone)

    return run


def materializations(run: Run) -> Counter[str]:
    return Counter(
        event.asset_key.to_user_string()
        for event in run.result.get_asset_materialization_events()
        if event.asset_key
    )


@pytest.mark.deep
def test_a_mart_refreshed_alone_sees_the_activities_as_they_are(
    loaded: Chain, refresh: Callable[..., Run]
) -> None:
    rides = "SELECT SUM(rides) AS rides FROM weekly_watts"
    [before] = loaded.rows(rides)
    loaded.tamper(
        "UPDATE bq_activities SET deleted_at = now() "
        "WHERE activity_id = (SELECT MIN(activity_id) FROM activity_measures WHERE is_ride)"
    )

    run = refresh("weekly_watts")

    assert run.succeeded, run.failures()
    assert loaded.rows(rides) == [{"rides": before["rides"] - 1}]
    assert materializations(run) == dict.fromkeys((*SHARED, "weekly_watts"), 1)


@pytest.mark.deep
def test_marts_refreshed_together_share_one_refresh_of_what_they_read(refresh: Callable[..., Run]) -> None:
    run = refresh("weekly_watts", "sport_overview", "eddington")

    assert run.succeeded, run.failures()
    assert materializations(run) == dict.fromkeys((*SHARED, "weekly_watts", "sport_overview", "eddington"), 1)


@pytest.mark.deep
def test_a_run_that_makes_what_marts_share_makes_it_once(refresh: Callable[..., Run]) -> None:
    run = refresh(*SHARED, "weekly_watts", "daily_load")

    assert run.succeeded, run.failures()
    assert set(materializations(run).values()) == {1}


def test_a_refresh_in_another_run_does_not_count(loaded: Chain, refresh: Callable[..., Run]) -> None:
    assert refresh("activity_measures").succeeded
    loaded.tamper("DELETE FROM bq_activities")

    run = refresh("sport_overview")

    assert run.succeeded, run.failures()
    assert loaded.rows("SELECT * FROM sport_overview") == []


def test_a_view_of_an_earlier_version_makes_way_for_the_table(
    loaded: Chain, refresh: Callable[..., Run]
) -> None:
    loaded.tamper(
        "CREATE TABLE copied AS SELECT * FROM activity_measures",
        "DROP TABLE activity_measures",
        "CREATE VIEW activity_measures AS SELECT * FROM copied",
        "DROP VIEW period_totals",
    )

    run = refresh("quarterly_overview")

    assert run.succeeded, run.failures()
    kinds = "SELECT table_type FROM information_schema.tables WHERE table_name = 'activity_measures'"
    assert loaded.rows(kinds) == [{"table_type": "BASE TABLE"}]
