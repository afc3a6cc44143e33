"""The UI works in a real browser: on loopback, with a path prefix, and with a configured host name."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from strava_assets_tests.chromium import open_window
from strava_assets_tests.web.conftest import OWN_NAME
from strava_assets_tests.web.requesting import LIMIT_S

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page, Response, WebSocket

    from strava_assets_tests.web.conftest import Platform

# The platform and the browser are started once.
pytestmark = pytest.mark.xdist_group("web")


@pytest.fixture(
    params=["guarded", *(pytest.param(name, marks=pytest.mark.deep) for name in ("prefixed", "named"))]
)
def address(request: pytest.FixtureRequest, platform: Platform) -> str:
    addresses = {
        "guarded": f"http://127.0.0.1:{platform.guarded}",
        "prefixed": f"http://127.0.0.1:{platform.prefixed}/rides",
        "named": f"http://{OWN_NAME}:{platform.named}",
    }
    return addresses[request.param]


@pytest.fixture(scope="module")
def browsing(browser: Browser) -> Iterator[BrowserContext]:
    """A shared browser context, so the UI's scripts are loaded once."""
    with open_window(browser, viewport={"width": 1900, "height": 1250}) as context:
        yield context


@dataclass
class Window:
    """A window on the UI.

    Attributes:
        refused: The URLs that the server rejected.
        frames: The received WebSocket frames with the URL of the socket.
    """

    page: Page
    refused: list[str] = field(default_factory=list)
    frames: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("response", self._record_refusal)
        self.page.on("websocket", self._listen)

    def _record_refusal(self, response: Response) -> None:
        if response.status == 403:
            self.refused.append(response.url)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: self.frames.append((socket.url, str(frame))))

    def wait_for_frame(self, kind: str) -> str:
        """Wait for a WebSocket message of this type and return the URL of the socket."""
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            for address, frame in self.frames:
                if f'"type":"{kind}"' in frame:
                    return address
            # Playwright hands out events while it waits.
            self.page.wait_for_timeout(100)
        raise AssertionError(f"No {kind!r} came by WebSocket: {self.frames}")


@pytest.fixture
def window(browsing: BrowserContext) -> Iterator[Window]:
    """A window in which the server must not reject any request."""
    with browsing.new_page() as page:
        window = Window(page)
        yield window
    assert window.refused == []


@pytest.fixture
def page(window: Window) -> Page:
    return window.page


def test_the_ui_shows_the_assets_and_opens_its_websocket(window: Window, address: str) -> None:
    window.page.goto(f"{address}/assets/weekly_watts")

    window.page.get_by_text("An athlete's riding by calendar week").first.wait_for()
    assert window.wait_for_frame("connection_ack") == f"{address.replace('http', 'ws')}/graphql"


@pytest.mark.deep
def test_a_run_is_launched_by_the_ui_s_button_and_its_log_comes_by_subscription(
    window: Window, address: str, platform: Platform
) -> None:
    page = window.page
    page.goto(f"{address}/locations/strava_assets/jobs/refresh_marts/playground")

    page.locator("button:enabled", has_text=re.compile("^Launch run$", re.IGNORECASE)).first.click()

    page.wait_for_url("**/runs/*")
    run = platform.instance.get_run_by_id(page.url.rpartition("/")[2])
    assert run is not None
    assert run.job_name == "refresh_marts"
    window.wait_for_frame("data")


@pytest.mark.deep
def test_graphiql_runs_what_is_typed_there(page: Page, address: str) -> None:
    page.goto(f"{address}/graphql")

    page.locator(".graphiql-query-editor textarea").first.wait_for(state="attached")
    page.locator(".graphiql-query-editor .CodeMirror").first.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text("{ version }")
    page.keyboard.press("ControlOrMeta+Enter")

    page.locator(".result-window", has_text=re.compile(r'"version":\s*"1\.')).wait_for()


@pytest.mark.deep
def test_a_link_on_another_site_leads_into_the_ui(page: Page, platform: Platform) -> None:
    link = f"<a href='http://localhost:{platform.guarded}/assets/weekly_watts'>the weeks</a>"
    page.route("http://other.example/", lambda route: route.fulfill(body=link, content_type="text/html"))
    page.goto("http://other.example/")

    page.get_by_role("link").click()

    page.get_by_text("An athlete's riding by calendar week").first.wait_for()


@pytest.mark.deep
def test_the_report_is_below_the_same_address(page: Page, address: str) -> None:
    for path in ("report", "report/", "report/index.html"):
        answer = page.goto(f"{address}/{path}")
        assert answer is not None
        assert answer.ok
        assert page.inner_text("h1") == "Ride insights"
