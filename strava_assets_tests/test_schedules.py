"""The one schedule that owns all automation: when it ticks, what it launches, and what watches over it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest

from strava_assets.assets.attributes import FRESH
from strava_assets.definitions import build_defs
from strava_assets.schedules import EVERY_SIX_HOURS, build_schedules
from strava_assets.settings import Settings


def test_it_ticks_every_six_hours_on_the_athletes_own_clock() -> None:
    schedule, _ = build_schedules(Settings(timezone="Europe/Paris"))

    assert schedule.cron_schedule == EVERY_SIX_HOURS == "0 */6 * * *"
    assert schedule.execution_timezone == "Europe/Paris"
    assert "Europe/Paris" in str(schedule.description)


@pytest.mark.parametrize(
    ("running", "status"),
    [(True, dg.DefaultScheduleStatus.RUNNING), (False, dg.DefaultScheduleStatus.STOPPED)],
)
def test_it_runs_from_the_start_where_the_settings_say_so(
    running: bool, status: dg.DefaultScheduleStatus
) -> None:
    schedules = build_schedules(Settings(schedules_running=running))

    assert [schedule.default_status for schedule in schedules] == [status, status]


def test_a_tick_launches_the_whole_chain_once_and_lets_the_sync_decide_its_mode() -> None:
    definitions = build_defs(Settings())
    schedule = definitions.resolve_schedule_def("sync_every_6_hours")
    context = dg.build_schedule_context(
        scheduled_execution_time=datetime(2026, 3, 1, 6, tzinfo=UTC),
        repository_def=definitions.get_repository_def(),
    )

    answer = schedule.evaluate_tick(context)

    assert answer.skip_message is None
    [request] = answer.run_requests or ()
    assert request.run_config == {}
    assert schedule.job_name == "sync"


def test_one_missed_tick_is_a_warning_and_two_are_a_failure() -> None:
    # A schedule with an hour of grace: late after one tick, red after two.
    every = timedelta(hours=6)

    assert FRESH.warn_window is not None
    assert every < FRESH.warn_window.to_timedelta() <= every + timedelta(hours=1)
    assert 2 * every < FRESH.fail_window.to_timedelta() <= 2 * every + timedelta(hours=1)


def test_no_asset_has_a_second_owner_of_its_automation() -> None:
    definitions = build_defs(Settings())

    assert all(spec.automation_condition is None for spec in definitions.resolve_all_asset_specs())
    assert [schedule.name for schedule in definitions.schedules or ()] == [
        "sync_every_6_hours",
        "prune_runs_every_night",  # which materializes nothing
    ]


def test_old_records_are_removed_every_night() -> None:
    definitions = build_defs(Settings(keep_runs_days=7))
    schedule = definitions.resolve_schedule_def("prune_runs_every_night")

    assert schedule.cron_schedule == "40 3 * * *"
    with dg.DagsterInstance.ephemeral() as instance:
        assert definitions.resolve_job_def("prune_runs").execute_in_process(instance=instance).success
