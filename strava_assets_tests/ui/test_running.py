"""Launching from the UI, and what it shows of what launches by itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets_tests.ui.conftest import Platform, Screen

pytestmark = [pytest.mark.xdist_group("ui"), pytest.mark.deep]

# What Python and Dagster print of a feature that is deprecated, superseded, in beta or in preview.
WARNING = re.compile(r"\w*Warning\b.*|.*\b(deprecated|superseded)\b.*")


def warnings_in(folder: Path) -> dict[str, str]:
    """The first warning of every file in which something printed is kept."""
    files = [*folder.glob("logs/*.log"), *folder.glob("dagster/storage/*/compute_logs/*")]
    assert files
    matches = {path.name: WARNING.search(path.read_text(encoding="utf-8")) for path in files}
    return {name: warning[0] for name, warning in matches.items() if warning}


def test_a_mart_is_materialised_by_its_button_without_a_warning(screen: Screen) -> None:
    screen.open("assets/weekly_watts")

    screen.page.locator("button:enabled", has_text=re.compile(r"^Materialize$")).click()
    screen.page.get_by_role("link", name="View", exact=True).click()

    screen.page.wait_for_url("**/runs/*")
    run_id = screen.page.url.rpartition("/")[2]
    screen.wait_for(screen.page.get_by_text("Success", exact=True))
    screen.text("Succeeded (2)")
    run = screen.platform.ask(
        f'{{ runOrError(runId: "{run_id}") {{ ... on Run {{ status assets {{ key {{ path }} }} }} }} }}'
    )
    materialized = {asset["key"]["path"][0] for asset in run["runOrError"]["assets"]}
    assert run["runOrError"]["status"] == "SUCCESS"
    # What it reads is refreshed first: the run was asked for the mart alone.
    assert materialized == {"activity_measures", "period_totals", "weekly_watts"}
    assert warnings_in(screen.platform.home) == {}


def test_nothing_warns_while_the_platform_starts_and_syncs_for_the_first_time(platform: Platform) -> None:
    assert WARNING.search(platform.up.out) is None
    assert warnings_in(platform.home) == {}


def test_the_schedule_is_switched_on_and_tells_its_next_tick(screen: Screen) -> None:
    screen.open("automation")

    screen.wait_for(screen.page.get_by_role("link", name="sync_every_6_hours")).click()

    screen.page.wait_for_url("**/schedules/sync_every_6_hours")
    screen.text("at 0:00, 6:00, 12:00 and 18:00, UTC.")
    about = " ".join(screen.wait_for(screen.page.get_by_role("table")).inner_text().split())
    assert re.search(r"Next tick \w+ \d+, (12|6):00:00 [AP]M UTC", about)
    assert "Running" in about
    assert "Execution timezone UTC" in about


@pytest.mark.parametrize("sensor", ["alert_on_failure", "alert_on_recovery"])
def test_a_sensor_tells_what_it_is_for(screen: Screen, sensor: str) -> None:
    screen.open(f"locations/strava_assets/sensors/{sensor}")

    screen.text("Sends one alert")


@pytest.mark.parametrize(
    ("job", "text"),
    [
        ("sync", "The schedule runs this job."),
        ("full_listing", "finds edits and deletions of any age"),
        ("load", "for the process of a shard"),
        ("rebuild", "without requests to Strava"),
        ("refresh_marts", "after a change of your settings or figures"),
        ("report", "Write the insights page from the current marts"),
    ],
)
def test_a_job_tells_what_it_does(screen: Screen, job: str, text: str) -> None:
    screen.open(f"locations/strava_assets/jobs/{job}")

    screen.text(text)


def test_a_launch_of_the_full_listing_needs_no_typing(screen: Screen) -> None:
    screen.open("locations/strava_assets/jobs/full_listing/playground")

    screen.text("mode: FULL")
