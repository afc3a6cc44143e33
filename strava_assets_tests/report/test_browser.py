"""The page in a real browser: drawn, zoomed, read by hand, eye and ear. Skips where there is no Chromium."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.report import build_page
from strava_assets_tests.chromium import chromium
from strava_assets_tests.marts.histories import activity
from strava_assets_tests.report.conftest import NOW, TODAY, Read, seasons

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from strava_assets.report import Figures

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

WATTS, HOURS, OVERVIEW = "#chart-weekly-watts", "#chart-weekly-hours", "#chart-weekly-overview"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def file(figures: Figures, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(build_page(figures, generated_at=NOW, sample=True), encoding="utf-8")
    return path


class Opened:
    """A page in the browser, with all it asked for and all it complained about."""

    def __init__(self, browser: Browser, file: Path, **options: Any) -> None:
        self.page: Page = browser.new_context(**options).new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda said: self.complaints.append(said.text))
        self.page.goto(file.as_uri())

    def drawn(self, *charts: str) -> Page:
        """The page once these charts are drawn; all where none is named."""
        if charts:
            for chart in charts:
                self.page.wait_for_selector(f"{chart}[data-drawn]", state="attached")
        else:
            for box in self.page.query_selector_all(".chart"):
                box.scroll_into_view_if_needed()
            self.page.wait_for_function("!document.querySelector('.chart:not([data-drawn])')")
        return self.page


def labels(page: Page, chart: str) -> list[str]:
    """The labels of a chart's axes, in no order."""
    return sorted(text for text in page.locator(f"{chart} svg text").all_text_contents() if text)


def test_every_chart_is_drawn_and_nothing_is_asked_for_or_complained_about(
    browser: Browser, file: Path
) -> None:
    opened = Opened(browser, file)

    opened.drawn()

    assert [url for url in opened.requests if not url.startswith("data:")] == [file.as_uri()]
    assert opened.complaints == []


def test_dragging_on_the_overview_zooms_watts_and_hours(browser: Browser, file: Path) -> None:
    page = Opened(browser, file).drawn(WATTS, HOURS, OVERVIEW)
    before = labels(page, WATTS), labels(page, HOURS)

    page.locator(OVERVIEW).scroll_into_view_if_needed()
    box = page.locator(OVERVIEW).bounding_box()
    assert box is not None
    middle = box["y"] + 20
    page.mouse.move(box["x"] + box["width"] * 0.7, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, middle, steps=4)
    page.mouse.up()

    sync_api.expect(page.get_by_role("button", name="All")).to_have_attribute("aria-pressed", "false")
    assert labels(page, WATTS) != before[0]
    assert labels(page, HOURS) != before[1]


def test_the_keyboard_zooms_as_the_mouse_does(browser: Browser, file: Path) -> None:
    page = Opened(browser, file).drawn(WATTS, HOURS, OVERVIEW)
    before = labels(page, WATTS)
    button = page.get_by_role("button", name="1 year")

    button.focus()
    page.keyboard.press("Enter")
    sync_api.expect(button).to_have_attribute("aria-pressed", "true")
    zoomed = labels(page, WATTS)
    page.get_by_role("button", name="All").press("Enter")
    sync_api.expect(button).to_have_attribute("aria-pressed", "false")

    assert zoomed != before
    assert labels(page, WATTS) == before


def test_a_tooltip_tells_the_week_and_its_watts(browser: Browser, file: Path) -> None:
    page = Opened(browser, file, viewport={"width": 1200, "height": 900}).drawn(WATTS)
    page.locator(WATTS).scroll_into_view_if_needed()

    page.locator(WATTS).hover(position={"x": 700, "y": 120})

    told = page.locator(".tip").inner_text()
    assert "Week of" in told
    assert "Average W" in told
    assert "12 weeks W" in told


def test_a_hostile_name_is_told_as_text(browser: Browser, read: Read, tmp_path: Path) -> None:
    hostile = "<img src=x onerror=document.title='owned'>"
    figures = read([activity(TODAY, "1", name=hostile, gear_id=f"b{hostile}")])
    path = tmp_path / "hostile.html"
    path.write_text(build_page(figures, generated_at=NOW), encoding="utf-8")
    opened = Opened(browser, path)
    page = opened.drawn()

    page.locator("#chart-gear").hover(position={"x": 400, "y": 16})

    assert "<img" in page.locator(".tip").inner_text()
    assert page.title() == "Ride insights"
    assert page.locator("img").count() == 0
    assert opened.complaints == []


def test_dark_is_dark_and_light_is_light(browser: Browser, file: Path) -> None:
    def brightness(scheme: str) -> float:
        page = Opened(browser, file, color_scheme=scheme).page
        colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", colour))) / (3 * 255)

    assert brightness("dark") < 0.2
    assert brightness("light") > 0.9


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_telephone_shows_all_without_scrolling_sideways(browser: Browser, file: Path, scheme: str) -> None:
    page = Opened(browser, file, viewport={"width": 390, "height": 844}, color_scheme=scheme).drawn()

    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for chart in page.query_selector_all(".chart > div > svg"):
        box = chart.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


def test_turning_the_telephone_redraws_to_the_new_width(browser: Browser, file: Path) -> None:
    page = Opened(browser, file, viewport={"width": 390, "height": 844}).drawn(WATTS)

    page.set_viewport_size({"width": 844, "height": 390})

    page.wait_for_function(
        "document.querySelector('#chart-weekly-watts svg').getBoundingClientRect().width > 600"
    )


def test_without_a_script_every_chart_is_still_there(browser: Browser, file: Path) -> None:
    page = Opened(browser, file, java_script_enabled=False).page

    stills = page.locator(".chart:visible > svg")
    assert stills.count() >= 15
    assert page.locator("#chart-weekly-overview").is_hidden()
    page.locator("summary").first.click()
    assert page.locator("table").first.is_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 390)])
def test_axe_finds_nothing_to_complain_about(browser: Browser, file: Path, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    page = Opened(browser, file, viewport={"width": width, "height": 900}, color_scheme=scheme).drawn()
    # The first table is long and like the others.
    for details in page.query_selector_all("summary")[1:]:
        details.click()

    results = axe.Axe().run(page).response

    assert [(found["id"], found["nodes"][0]["html"][:200]) for found in results["violations"]] == []
    assert len(results["passes"]) > 20


def test_twenty_years_draw_as_well(browser: Browser, read: Read, tmp_path: Path) -> None:
    path = tmp_path / "long.html"
    path.write_text(build_page(read(seasons(1043), ftp_w=240.0), generated_at=NOW), encoding="utf-8")
    opened = Opened(browser, path)

    opened.drawn()

    assert opened.complaints == []
