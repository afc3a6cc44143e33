"""The page as the web UI's server hands it out: in an origin of its own, and whole all the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from strava_assets.landing.athlete_index import Athlete
from strava_assets.report import AthleteOverview, build_athlete_overview
from strava_assets.web.guard import Guard, SecurityHeaders
from strava_assets.web.hosts import AllowedHosts
from strava_assets.web.report_pages import report_routes
from strava_assets_tests.chromium import chromium, open_window
from strava_assets_tests.report.conftest import NOW
from strava_assets_tests.web.requesting import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page
    from starlette.requests import Request
    from starlette.responses import Response

# The browser is started and the pages are built once.
pytestmark = pytest.mark.xdist_group("page")


BARE = "report-2024-06-12.html"
INDEX = "report-2024-06-13.html"
"""Here the index of athletes has the name of a dated page, beside the page that the other tests open."""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def reached() -> list[str]:
    """The requests that got past the guard to what stands for the UI."""
    return []


@pytest.fixture(scope="module")
def address(page: str, reached: list[str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("report")
    (folder / "index.html").write_text(page, encoding="utf-8")
    (folder / "athlete=7").mkdir()
    (folder / "athlete=7" / "index.html").write_text("<h1>The page of Ann</h1>", encoding="utf-8")
    index = AthleteOverview([Athlete("7", NOW, "Ann")], {}, {}, {"7"})
    (folder / INDEX).write_text(build_athlete_overview(index, generated_at=NOW), encoding="utf-8")
    # Without the policy that the page itself carries, so that the server's alone must do.
    (folder / BARE).write_text("<h1>A script got in</h1>", encoding="utf-8")

    async def ui(request: Request) -> Response:
        reached.append(str(request.url))
        return PlainTextResponse("the UI")

    ui_route = Route("/{path:path}", ui, methods=["GET", "POST"])
    app = Starlette(routes=[*report_routes(folder, "/report"), ui_route])
    with serving(SecurityHeaders(Guard(app, AllowedHosts()))) as port:
        yield f"http://127.0.0.1:{port}/report/"


class Opened:
    """The served page in a browser, and its errors."""

    def __init__(self, page: Page, address: str) -> None:
        self.complaints: list[str] = []
        self.page = page
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.goto(address)


@pytest.fixture
def opened(browser: Browser, address: str) -> Iterator[Opened]:
    with open_window(browser) as context:
        yield Opened(context.new_page(), address)


@pytest.mark.deep
def test_every_chart_is_drawn_and_nothing_is_complained_about(opened: Opened) -> None:
    for box in opened.page.query_selector_all(".chart"):
        # Power by weight is there where a reader has chosen it.
        if box.is_visible():
            box.scroll_into_view_if_needed()
    opened.page.wait_for_function(
        "[...document.querySelectorAll('.chart:not([data-drawn])')].every(box => !box.checkVisibility())"
    )

    assert opened.page.locator(".chart[data-drawn]").count() >= 15
    assert opened.complaints == []


@pytest.mark.deep
def test_a_link_at_the_top_leads_to_its_section_and_a_button_zooms(opened: Opened) -> None:
    page = opened.page
    page.get_by_role("navigation").get_by_role("link", name="Zones").click()
    page.wait_for_function("location.hash === '#zones' && scrollY > 0")

    year = page.get_by_role("button", name="Year", exact=True)
    year.press("Enter")
    page.wait_for_function("button => button.ariaPressed === 'true'", arg=year.element_handle())


@pytest.mark.deep
def test_a_ride_s_link_opens_a_page_that_is_not_held_back(opened: Opened) -> None:
    page = opened.page
    page.context.route("https://www.strava.com/**", lambda route: route.fulfill(body="the ride"))
    link = page.locator("a[href^='https://www.strava.com/activities/']").first

    with page.context.expect_page() as popup:
        link.evaluate("link => { link.target = '_blank'; link.click(); }")
    popup.value.wait_for_load_state()
    assert popup.value.evaluate("origin") == "https://www.strava.com"

    link.evaluate("link => { link.target = ''; link.click(); }")
    page.wait_for_url("https://www.strava.com/activities/*")


@pytest.mark.deep
def test_the_index_leads_to_the_page_of_an_athlete(opened: Opened) -> None:
    page = opened.page
    page.goto(page.url + INDEX)

    page.get_by_role("link", name="Ann").click()

    page.wait_for_url("**/report/athlete=7/index.html")
    assert page.locator("h1").inner_text() == "The page of Ann"
    assert page.evaluate("origin") == "null"


@pytest.mark.deep
def test_no_script_in_the_page_reaches_the_ui_beside_it(opened: Opened, reached: list[str]) -> None:
    page = opened.page
    page.goto(page.url + BARE)
    reached.clear()

    assert page.evaluate("origin") == "null"
    outcome = page.evaluate(
        """async () => {
          const ask = (options) => fetch("/graphql", {method: "POST", ...options})
            .then(answer => answer.type, error => "blocked");
          return [
            await ask({headers: {"Content-Type": "application/json"}, body: "{}"}),
            await ask({mode: "no-cors", body: "{}"}),
            await fetch("/server_info").then(() => "read", () => "blocked"),
            await new Promise(done => {
              const picture = new Image();
              picture.onload = () => done("read");
              picture.onerror = () => done("blocked");
              picture.src = "/server_info";
            }),
          ];
        }"""
    )
    assert "read" not in outcome
    assert reached == []
