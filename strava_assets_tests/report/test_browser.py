"""The page in a real browser: drawn, zoomed, read by hand, eye and ear. Skips where there is no Chromium."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.report import build_page
from strava_assets_tests.chromium import chromium, open_window
from strava_assets_tests.marts.histories import activity
from strava_assets_tests.report.conftest import NOW, TODAY, Read

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

# The browser is started and the pages are built once.
pytestmark = pytest.mark.xdist_group("page")

WATTS, CURVE = "#chart-weekly-watts", "#chart-curve-watts"
SECTIONS_THAT_ZOOM = {"weekly": (WATTS, "#chart-weekly-hours"), "curve": (CURVE, "#chart-curve-kg")}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(autouse=True)
def _closed(browser: Browser) -> Iterator[None]:
    """What a test has opened does not draw on beside the next one."""
    yield
    for context in browser.contexts:
        context.close()


@pytest.fixture(scope="module")
def file(page: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("page") / "index.html"
    path.write_text(page, encoding="utf-8")
    return path


class Opened:
    """A page in the browser, with its requests and its errors."""

    def __init__(self, browser: Browser, file: Path, **options: Any) -> None:
        self.page: Page = open_window(browser, **options).new_page()
        self.requests: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.goto(file.as_uri())

    def drawn(self, *charts: str) -> Page:
        """The page after these charts, or all charts, are drawn."""
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
    texts = page.locator(f"{chart} svg text").all_text_contents()
    return sorted(text.replace("\xa0", " ") for text in texts if text)


def button(page: Page, section: str, name: str) -> Locator:
    """A button below the charts of a section."""
    return page.locator(f"section[aria-labelledby={section}]").get_by_role("button", name=name)


def test_every_chart_is_drawn_and_nothing_is_asked_for_or_complained_about(
    browser: Browser, file: Path
) -> None:
    opened = Opened(browser, file)

    opened.drawn()

    assert [url for url in opened.requests if not url.startswith("data:")] == [file.as_uri()]
    assert opened.complaints == []


@pytest.mark.deep
@pytest.mark.parametrize(("section", "charts"), SECTIONS_THAT_ZOOM.items())
def test_dragging_on_an_overview_zooms_what_is_above_it(
    browser: Browser, file: Path, section: str, charts: tuple[str, str]
) -> None:
    overview = f"#chart-{section}-overview"
    page = Opened(browser, file).drawn(*charts, overview)
    before = [labels(page, chart) for chart in charts]

    page.locator(overview).scroll_into_view_if_needed()
    box = page.locator(overview).bounding_box()
    assert box is not None
    middle = box["y"] + 20
    page.mouse.move(box["x"] + box["width"] * 0.7, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, middle, steps=4)
    page.mouse.up()

    sync_api.expect(button(page, section, "All")).to_have_attribute("aria-pressed", "false")
    for chart, earlier in zip(charts, before, strict=True):
        assert labels(page, chart) != earlier


@pytest.mark.deep
@pytest.mark.parametrize(("section", "offer"), [("weekly", "1 year"), ("curve", "Sprints")])
def test_the_keyboard_zooms_as_the_mouse_does(browser: Browser, file: Path, section: str, offer: str) -> None:
    charts = SECTIONS_THAT_ZOOM[section]
    page = Opened(browser, file).drawn(*charts, f"#chart-{section}-overview")
    before = labels(page, charts[0])
    part = button(page, section, offer)

    part.focus()
    page.keyboard.press("Enter")
    sync_api.expect(part).to_have_attribute("aria-pressed", "true")
    zoomed = labels(page, charts[0])
    button(page, section, "All").press("Enter")
    sync_api.expect(part).to_have_attribute("aria-pressed", "false")

    assert zoomed != before
    assert labels(page, charts[0]) == before


@pytest.mark.deep
def test_hours_of_the_power_curve_are_not_flattened_by_its_sprints(browser: Browser, file: Path) -> None:
    page = Opened(browser, file).drawn(*SECTIONS_THAT_ZOOM["curve"], "#chart-curve-overview")
    assert "800" in labels(page, CURVE)

    button(page, "curve", "Hours").click()

    sync_api.expect(page.locator(CURVE).get_by_text("800", exact=True)).to_have_count(0)
    assert not {"5 s", "1 min"} & set(labels(page, CURVE))
    assert {"20 min", "1 h"} <= set(labels(page, CURVE))


@pytest.mark.deep
def test_a_tooltip_tells_the_week_and_its_watts(browser: Browser, file: Path) -> None:
    page = Opened(browser, file, viewport={"width": 1200, "height": 900}).drawn(WATTS)
    page.locator(WATTS).scroll_into_view_if_needed()

    page.locator(WATTS).hover(position={"x": 700, "y": 120})

    tooltip = page.locator(".tip").inner_text()
    assert "Week of" in tooltip
    assert "Average W" in tooltip
    assert "12 weeks W" in tooltip


@pytest.mark.deep
def test_a_tooltip_of_the_power_curve_tells_both_years_and_the_ride(browser: Browser, file: Path) -> None:
    page = Opened(browser, file, viewport={"width": 1200, "height": 900}).drawn(CURVE)
    page.locator(CURVE).scroll_into_view_if_needed()

    page.locator(CURVE).hover(position={"x": 700, "y": 120})

    tooltip = page.locator(".tip").inner_text()
    for part in ("Held for", "min", "2024 W", "2023 W", "All time W", "Ride, 2024", "Ride of"):
        assert part in tooltip


@pytest.mark.deep
@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland"])
def test_a_day_is_the_same_day_wherever_the_page_is_read(browser: Browser, file: Path, zone: str) -> None:
    page = Opened(browser, file, viewport={"width": 1200, "height": 900}, timezone_id=zone).drawn(WATTS)
    page.locator(WATTS).scroll_into_view_if_needed()

    page.locator(WATTS).hover(position={"x": 700, "y": 120})

    day = re.search(r"\d+ \w{3} 20\d\d", page.locator(".tip").inner_text())
    assert day
    assert datetime.strptime(day[0], "%d %b %Y").replace(tzinfo=UTC).weekday() == 0


@pytest.mark.deep
def test_a_link_at_the_top_leads_to_its_section(browser: Browser, file: Path) -> None:
    page = Opened(browser, file).page

    page.get_by_role("navigation").get_by_role("link", name="Zones").click()

    sync_api.expect(page.locator("#zones")).to_be_in_viewport()


@pytest.mark.deep
def test_on_paper_labels_keep_their_size(browser: Browser, file: Path) -> None:
    page = Opened(browser, file, viewport={"width": 1200, "height": 900}).drawn(WATTS)

    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    on_paper = page.locator(f"{WATTS} svg").get_attribute("width")
    page.evaluate("dispatchEvent(new Event('afterprint'))")

    assert on_paper == "640"
    sync_api.expect(page.locator(f"{WATTS} svg")).not_to_have_attribute("width", "640")


@pytest.mark.deep
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


@pytest.mark.deep
def test_dark_is_dark_and_light_is_light(browser: Browser, file: Path) -> None:
    def brightness(scheme: str) -> float:
        page = Opened(browser, file, color_scheme=scheme).page
        colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return sum(map(int, re.findall(r"\d+", colour))) / (3 * 255)

    assert brightness("dark") < 0.2
    assert brightness("light") > 0.9


@pytest.mark.deep
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_telephone_shows_all_without_scrolling_sideways(browser: Browser, file: Path, scheme: str) -> None:
    page = Opened(browser, file, viewport={"width": 390, "height": 844}, color_scheme=scheme).drawn()

    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for chart in page.query_selector_all(".chart > div > svg"):
        box = chart.bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390


@pytest.mark.deep
def test_turning_the_telephone_redraws_to_the_new_width(browser: Browser, file: Path) -> None:
    page = Opened(browser, file, viewport={"width": 390, "height": 844}).drawn(WATTS)

    page.set_viewport_size({"width": 844, "height": 390})

    page.wait_for_function(
        "document.querySelector('#chart-weekly-watts svg').getBoundingClientRect().width > 600"
    )


@pytest.mark.deep
def test_without_a_script_every_chart_is_still_there(browser: Browser, file: Path) -> None:
    page = Opened(browser, file, java_script_enabled=False).page

    stills = page.locator(".chart:visible > svg")
    assert stills.count() >= 15
    assert page.locator("#chart-weekly-overview").is_hidden()
    assert page.locator("#chart-curve-overview").is_hidden()
    page.locator("summary").first.click()
    assert page.locator("table").first.is_visible()


@pytest.mark.deep
@pytest.mark.parametrize(("scheme", "width"), [("light", 1200), ("dark", 390)])
def test_axe_finds_nothing_to_complain_about(browser: Browser, file: Path, scheme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    page = Opened(browser, file, viewport={"width": width, "height": 900}, color_scheme=scheme).drawn()
    # The first table is long and like the others.
    for details in page.query_selector_all("summary")[1:]:
        details.click()

    results = axe.Axe().run(page).response

    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in results["violations"]] == []
    assert len(results["passes"]) > 20


@pytest.fixture(scope="module")
def long_file(long_page: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("long") / "index.html"
    path.write_text(long_page, encoding="utf-8")
    return path


@pytest.mark.deep
def test_twenty_years_draw_as_well(browser: Browser, long_file: Path) -> None:
    opened = Opened(browser, long_file)

    opened.drawn()

    assert opened.complaints == []


@pytest.mark.deep
@pytest.mark.parametrize("page_file", ["file", "long_file"])
def test_what_is_near_the_screen_is_drawn_and_what_is_far_waits_until_it_is_near(
    browser: Browser, page_file: str, request: pytest.FixtureRequest
) -> None:
    """So the first screen comes at once; how soon, benchmarks/report.py measures."""
    path: Path = request.getfixturevalue(page_file)
    near = ["#chart-weekly-watts", "#chart-weekly-hours", "#chart-weekly-overview", "#chart-quarterly-watts"]

    page = Opened(browser, path, viewport={"width": 1200, "height": 900}).drawn(*near)
    page.wait_for_function("new Promise(done => requestIdleCallback(() => done(true)))")
    assert page.locator(".chart:not([data-drawn])").count() > 5

    last = page.locator(".chart").last
    last.scroll_into_view_if_needed()
    sync_api.expect(last).to_have_attribute("data-drawn", "")
