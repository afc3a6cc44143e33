"""What the pages of assets and checks show, before anybody reads code."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Locator

    from strava_assets_tests.ui.conftest import Screen

pytestmark = [pytest.mark.xdist_group("ui"), pytest.mark.deep]


def drawn_width(picture: Locator) -> int:
    """How wide a picture is by its own account; 0 where the browser cannot read it."""
    picture.wait_for()
    width: int = picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth, () => 0)")
    return width


def test_the_graph_shows_every_asset_and_what_is_outside(screen: Screen) -> None:
    nodes = screen.platform.ask("{ assetNodes { groupName assetKey { path } } }")["assetNodes"]
    groups = sorted({node["groupName"] for node in nodes})
    names = {node["assetKey"]["path"][-1] for node in nodes}
    assert {"strava_api", "raw_activities", "bq_activities", "weekly_watts", "insights_report"} <= names

    # Dagster draws only what is on the screen.
    screen.page.set_viewport_size({"width": 2400, "height": 6500})
    screen.open(f"asset-groups?expanded={','.join(f'global@global:{group}' for group in groups)}")

    graph = screen.page.locator("foreignObject")
    for label in (*groups, *names):
        # Of a long name the graph shows both ends.
        pattern = re.compile(f"^{label[:4]}.*{label[-9:]}$") if len(label) > 20 else label
        screen.wait_for(graph.get_by_text(pattern, exact=True))


def test_a_column_tells_its_unit_its_meaning_and_where_it_comes_from(screen: Screen) -> None:
    screen.open("assets/weekly_watts")

    column = screen.row("average_watts")
    assert "unit: W" in column.inner_text()
    assert "Measured work over the seconds of the rides with a power meter." in column.inner_text()
    column.get_by_role("link", name="activity_measures.work_j", exact=True).click()

    screen.page.wait_for_url("**/assets/activity_measures")
    screen.row("work_j").get_by_role("link", name="bq_activities", exact=True).click()

    screen.page.wait_for_url("**/assets/bq_activities")
    assert "From Strava's device_watts" in screen.row("device_watts").inner_text()


def test_an_asset_tells_what_it_is_whose_it_is_how_fresh_it_has_to_be_and_where_it_is_defined(
    screen: Screen,
) -> None:
    screen.open("assets/weekly_watts")

    screen.text("An athlete's riding by calendar week")
    screen.text("One row is one calendar week of one athlete")
    screen.text("Fails if more than 13 hours since last materialization")
    screen.text("Warns if more than 7 hours since last materialization")
    assert "marts" in screen.below("Group")
    assert "athlete" in screen.below("Owners")
    assert "DuckDB" in screen.below("Kinds")
    assert "weekly_watts" in screen.below("Storage")
    assert screen.below("Row count").split()[-1].isdigit()
    source = screen.wait_for(screen.page.get_by_role("link", name="weekly_watts.sql"))
    assert str(source.get_attribute("href")).endswith("/strava_assets/marts/weekly_watts.sql:1")


def test_the_line_of_the_last_weeks_is_drawn_on_the_page_itself(screen: Screen) -> None:
    screen.open("assets/weekly_watts")

    assert drawn_width(screen.row("line of average_watts_4w").locator("img")) > 0


@pytest.mark.parametrize("mart", ["quarterly_overview", "daily_load", "power_curve"])
def test_a_mart_s_page_shows_its_chart_on_demand(screen: Screen, mart: str) -> None:
    screen.open(f"assets/{mart}")

    screen.row("chart").get_by_text("[Show Markdown]").click()

    assert drawn_width(screen.page.get_by_role("dialog").locator("img")) > 300


def test_the_report_s_asset_links_to_the_page(screen: Screen) -> None:
    screen.open("assets/insights_report")

    address = screen.row("open").get_by_role("link").first.get_attribute("href")
    assert address is not None

    screen.page.goto(address)
    screen.wait_for(screen.page.get_by_role("heading", name="Ride insights"))


def test_a_failed_check_tells_what_it_measured_against_what_and_links_to_the_ride(screen: Screen) -> None:
    screen.open("assets/bq_activities?view=checks&checkDetail=moving_within_elapsed")

    screen.text("Moving time is not above elapsed time.")
    screen.text("with more moving than elapsed time: 1.")
    assert screen.row("measured").inner_text().split() == ["measured", "1"]
    assert screen.row("threshold").inner_text().split() == ["threshold", "0"]

    screen.row("rows").get_by_text("[Show Markdown]").click()

    ride = screen.page.get_by_role("dialog").get_by_role("link")
    assert ride.get_attribute("href") == f"https://www.strava.com/activities/{ride.inner_text()}"
