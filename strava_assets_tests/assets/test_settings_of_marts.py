"""A changed setting rebuilds cleanly: the same activities, counted and cut as the athlete asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from datetime import date

    from strava_assets_tests.chain import Chain

TOTALS = "SELECT SUM(rides) AS rides, SUM(commute_rides) AS commutes FROM weekly_watts"


@pytest.mark.deep
def test_weeks_begin_on_sunday_when_they_are_asked_to(loaded: Chain) -> None:
    before = loaded.rows(TOTALS)

    run = loaded.compute(week_start="sunday")

    assert run.succeeded, run.failures()
    weeks: list[date] = [row["week"] for row in loaded.rows("SELECT week FROM weekly_watts")]
    assert {week.isoweekday() for week in weeks} == {7}
    assert loaded.rows(TOTALS) == before

    loaded.ingest()

    assert {row["week"].isoweekday() for row in loaded.rows("SELECT week FROM bq_activities")} == {1}


@pytest.mark.deep
def test_what_counts_changes_with_a_refresh_of_the_marts_alone(loaded: Chain) -> None:
    [before] = loaded.rows(TOTALS)
    virtual = loaded.rows("SELECT COUNT(*) AS n FROM bq_activities WHERE sport_type = 'VirtualRide'")[0]["n"]
    both = "SELECT COUNT(*) AS n FROM bq_activities WHERE sport_type = 'VirtualRide' AND commute"
    calls = loaded.sandbox.calls("/athlete/activities")

    run = loaded.run("refresh_marts", count_commutes=False, count_virtual=False)

    assert run.succeeded, run.failures()
    assert "bq_activities" not in run.materialized()
    [after] = loaded.rows(TOTALS)
    assert before["commutes"] > 0
    assert virtual > 0
    assert after["commutes"] == 0
    assert after["rides"] == before["rides"] - before["commutes"] - virtual + loaded.rows(both)[0]["n"]
    assert loaded.sandbox.calls("/athlete/activities") == calls
