"""What a failed check stops, and what it does not; what a check that cannot look says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import dagster as dg
import pytest

from strava_assets.checks import activities
from strava_assets_tests.checks.tampering import every

if TYPE_CHECKING:
    from strava_assets.data_checks import Finding, Subject
    from strava_assets_tests.chain import Chain

MARTS = {"weekly_watts", "quarterly_overview", "daily_load", "eddington", "gear_use", "year_on_year"}


@pytest.mark.deep
def test_wrong_data_does_not_flow_on(loaded: Chain) -> None:
    every()["bq_activities", "agrees_with_landing"](loaded)
    before = loaded.rows("SELECT * FROM weekly_watts ORDER BY week")

    run = loaded.compute()

    assert not run.succeeded
    assert "bq_activities" in run.materialized()
    assert not MARTS & run.materialized().keys()
    assert loaded.rows("SELECT * FROM weekly_watts ORDER BY week") == before
    failed = run.checks()["bq_activities", "agrees_with_landing"]
    assert not failed.passed
    assert failed.severity is dg.AssetCheckSeverity.ERROR


@pytest.mark.deep
def test_a_warning_stops_nothing(loaded: Chain) -> None:
    newest = loaded.sandbox.history.ids()[0]
    loaded.sandbox.history.edit(newest, elapsed_time=600)

    run = loaded.compute()

    assert run.succeeded
    assert run.materialized().keys() >= MARTS
    warned = run.checks()["bq_activities", "moving_within_elapsed"]
    assert not warned.passed
    assert warned.severity is dg.AssetCheckSeverity.WARN
    assert str(newest) in str(warned.metadata["rows"].value)


def test_a_check_that_cannot_look_is_a_failed_step_and_not_bad_data(loaded: Chain) -> None:
    loaded.tamper("DROP TABLE rejected_records")

    run = loaded.check(("bq_activities", "nothing_set_aside"))

    assert not run.succeeded
    assert not run.checks()
    assert "rejected_records" in run.failures()["bq_activities_checks"]
    assert "What to do:" in run.failures()["bq_activities_checks"]


@pytest.mark.deep
def test_nothing_is_computed_while_a_blocking_check_cannot_look(
    loaded: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(subject: Subject) -> Finding:
        return subject.none_of("rows of a table that is not there", "SELECT * FROM not_there")

    broken = replace(activities.CHECKS[0], look=look)
    monkeypatch.setattr(activities, "CHECKS", (broken, *activities.CHECKS[1:]))

    run = loaded.compute()

    assert not run.succeeded
    assert "not_there" in run.failures()["bq_activities_checks"]
    assert not any(asset == "bq_activities" for asset, _ in run.checks())
    assert not MARTS & run.materialized().keys()
