"""What is allowed still works in a real browser: the UI alone, below a prefix, under a configured name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from strava_assets_tests.web.conftest import OWN_NAME
from strava_assets_tests.web.requesting import LIMIT_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

    from strava_assets_tests.web.conftest import Platform

# The platform and the browser are started once.
pytestmark = pytest.mark.xdist_group("web")


@pytest.fixture(params=["guarded", "prefixed", "named"])
def address(request: pytest.FixtureRequest, platform: Platform) -> str:
    addresses = {
        "guarded": f"http://127.0.0.1:{platform.guarded}",
        "prefixed": f"http://127.0.0.1:{platform.prefixed}/rides",
        "named": f"http://{OWN_NAME}:{platform.named}",
    }
    return addresses[request.param]


@pytest.fixture(scope="module")
def browsing(browser: Browser) -> Iterator[BrowserContext]:
    """One person's browsing: the UI's scripts are loaded once."""
    with browser.new_context(viewport={"width": 1900, "height": 1250}) as context:
        context.set_default_timeout(LIMIT_S * 1_000)
        yield context


@pytest.fixture
def page(browsing: BrowserContext) -> Iterator[Page]:
    """A window in which nothing of this server may be refused."""
    refused: list[str] = []
    with browsing.new_page() as page:
        page.on("response", lambda answer: refused.append(answer.url) if answer.status == 403 else None)
        yield page
    assert refused == []


def test_the_ui_shows_the_assets_and_subscribes_over_a_websocket(page: Page, address: str) -> None:
    with page.expect_websocket() as opened:
        page.goto(f"{address}/assets/weekly_watts")
    with opened.value.expect_event("framereceived"):
        pass

    page.get_by_text("An athlete's riding by calendar week").first.wait_for()
    assert opened.value.url == f"{address.replace('http', 'ws')}/graphql"


def test_a_run_is_launched_by_the_ui_s_button(page: Page, address: str, platform: Platform) -> None:
    page.goto(f"{address}/locations/strava_assets/jobs/refresh_marts/playground")

    page.locator("button:enabled", has_text=re.compile("^Launch run$", re.IGNORECASE)).first.click()

    page.wait_for_url("**/runs/*")
    run = platform.instance.get_run_by_id(page.url.rpartition("/")[2])
    assert run is not None
    assert run.job_name == "refresh_marts"


def test_graphiql_runs_what_is_typed_there(page: Page, address: str) -> None:
    page.goto(f"{address}/graphql")

    page.locator(".graphiql-query-editor textarea").first.wait_for(state="attached")
    page.locator(".graphiql-query-editor .CodeMirror").first.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text("{ version }")
    page.keyboard.press("ControlOrMeta+Enter")

    page.locator(".result-window", has_text=re.compile(r'"version":\s*"1\.')).wait_for()


def test_a_link_on_another_site_leads_into_the_ui(page: Page, platform: Platform) -> None:
    link = f"<a href='http://localhost:{platform.guarded}/assets/weekly_watts'>the weeks</a>"
    page.route("http://other.example/", lambda route: route.fulfill(body=link, content_type="text/html"))
    page.goto("http://other.example/")

    page.get_by_role("link").click()

    page.get_by_text("An athlete's riding by calendar week").first.wait_for()


def test_the_report_is_below_the_same_address(page: Page, address: str) -> None:
    for path in ("report", "report/", "report/index.html"):
        answer = page.goto(f"{address}/{path}")
        assert answer is not None
        assert answer.ok
        assert page.inner_text("h1") == "Ride insights"
