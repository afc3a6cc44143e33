"""The page in a real browser: drawn, zoomed, read by hand, eye and ear. Skips where there is no Chromium."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.landing.athlete_index import Athlete, FetchState
from strava_assets.report import AthleteOverview, build_athlete_overview, build_page
from strava_assets.report.athlete_overview import SharedNumbers
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
SECTIONS_THAT_ZOOM = {"weekly": (WATTS, "#chart-weekly-hours"), "curve": (CURVE,)}


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
                # What is far from the screen is not drawn. A hidden chart cannot be scrolled to.
                if self.page.locator(chart).is_visible():
                    self.page.locator(chart).scroll_into_view_if_needed()
                    self.page.wait_for_selector(f"{chart}[data-drawn]", state="attached")
        else:
            for box in self.page.query_selector_all(".chart"):
                if box.is_visible():
                    box.scroll_into_view_if_needed()
            self.page.wait_for_function(
                "[...document.querySelectorAll('.chart:not([data-drawn])')]"
                ".every(box => !box.checkVisibility())"
            )
        return self.page


def labels(page: Page, chart: str) -> list[str]:
    """The labels of a chart's axes, in no order."""
    texts = page.locator(f"{chart} svg text").all_text_contents()
    return sorted(text.replace("\xa0", " ") for text in texts if text)


def wait_for_labels(page: Page, chart: str, before: list[str], *, equal: bool) -> None:
    """Wait until a chart has the same labels as before, or others; redrawing takes a moment."""
    page.wait_for_function(
        "([chart, before, equal]) => equal === (before === "
        "[...document.querySelectorAll(`${chart} svg text`)]"
        ".map(text => text.textContent.replaceAll('\u00a0', ' ')).filter(Boolean).sort().join('|'))",
        arg=[chart, "|".join(sorted(before)), equal],
    )


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
    browser: Browser, file: Path, section: str, charts: tuple[str, ...]
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

    everything = (
        page.get_by_role("button", name="All time") if section == "weekly" else button(page, section, "All")
    )
    sync_api.expect(everything).to_have_attribute("aria-pressed", "false")
    for chart, earlier in zip(charts, before, strict=True):
        wait_for_labels(page, chart, earlier, equal=False)


@pytest.mark.deep
@pytest.mark.parametrize(
    ("section", "group", "offer", "all_of_it"),
    [
        ("weekly", "Period", "Year", "All time"),
        ("curve", "Part shown, What you can do now", "Sprints", "All"),
    ],
)
def test_the_keyboard_zooms_as_the_mouse_does(
    browser: Browser, file: Path, section: str, group: str, offer: str, all_of_it: str
) -> None:
    charts = SECTIONS_THAT_ZOOM[section]
    page = Opened(browser, file).drawn(*charts, f"#chart-{section}-overview")
    before = labels(page, charts[0])
    buttons = page.get_by_role("group", name=group)
    part = buttons.get_by_role("button", name=offer)

    part.focus()
    page.keyboard.press("Enter")
    sync_api.expect(part).to_have_attribute("aria-pressed", "true")
    wait_for_labels(page, charts[0], before, equal=False)
    buttons.get_by_role("button", name=all_of_it, exact=True).press("Enter")
    sync_api.expect(part).to_have_attribute("aria-pressed", "false")
    wait_for_labels(page, charts[0], before, equal=True)


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
def test_a_tooltip_of_the_power_curve_names_both_bests_and_their_rides(browser: Browser, file: Path) -> None:
    page = Opened(browser, file, viewport={"width": 1200, "height": 900}).drawn(CURVE)
    page.locator(CURVE).scroll_into_view_if_needed()

    page.locator(CURVE).hover(position={"x": 300, "y": 120})

    tooltip = page.locator(".tip").inner_text()
    for part in ("Held for", "min", "Last 42 days W", "Best ever W", "Ride, best ever", "Ride of"):
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
    assert page.locator(".choices").is_hidden()
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
    page = Opened(browser, path, viewport={"width": 1200, "height": 900}).page
    for near in ("#chart-week-days", "#chart-week-total"):
        page.wait_for_selector(f"{near}[data-drawn]", state="attached")
    page.wait_for_function("new Promise(done => requestIdleCallback(() => done(true)))")
    assert page.locator(".chart:not([data-drawn])").count() > 5

    last = page.locator(".chart").last
    last.scroll_into_view_if_needed()
    sync_api.expect(last).to_have_attribute("data-drawn", "")


def chosen(page: Page, group: str, name: str) -> None:
    """Press a button of the bar."""
    page.get_by_role("group", name=group).get_by_role("button", name=name, exact=True).click()


@pytest.mark.deep
def test_what_is_chosen_stands_in_the_address_and_comes_back_with_it(browser: Browser, file: Path) -> None:
    page = Opened(browser, file).page
    chosen(page, "Units", "mi")
    chosen(page, "Period", "12 weeks")
    address = page.url

    again = open_window(browser).new_page()
    again.goto(address)

    assert address.endswith("#period=12w&units=imperial")
    for name in ("12 weeks", "mi"):
        button_ = again.get_by_role("button", name=name, exact=True)
        sync_api.expect(button_).to_have_attribute("aria-pressed", "true")
    assert again.locator("#quarterly .imperial").is_visible()
    assert again.locator("#quarterly .metric").is_hidden()


@pytest.mark.deep
def test_the_period_zooms_every_chart_of_time_to_the_same_days(browser: Browser, file: Path) -> None:
    page = Opened(browser, file).drawn(WATTS, "#chart-load-fitness")
    before = {chart: labels(page, chart) for chart in (WATTS, "#chart-load-fitness")}

    chosen(page, "Period", "4 weeks")

    for chart, earlier in before.items():
        wait_for_labels(page, chart, earlier, equal=False)
    assert not {"2022", "2023"} & set(labels(page, WATTS))


@pytest.mark.deep
def test_miles_are_drawn_after_they_are_chosen(browser: Browser, file: Path) -> None:
    page = Opened(browser, file).drawn("#chart-years-d")
    before = labels(page, "#chart-years-d")

    chosen(page, "Units", "mi")

    wait_for_labels(page, "#chart-years-d", before, equal=False)


@pytest.mark.deep
def test_a_click_on_a_week_lists_its_activities_with_links(browser: Browser, file: Path) -> None:
    page = Opened(browser, file, viewport={"width": 1200, "height": 900}).drawn(WATTS)
    page.locator(WATTS).scroll_into_view_if_needed()

    page.locator(WATTS).click(position={"x": 700, "y": 120})

    panel = page.locator(".activities")
    assert re.match(
        r"\d+ \w{3} 20\d\d to \d+ \w{3} 20\d\d: \d activit", panel.inner_text().replace("\u00a0", " ")
    )
    address = panel.get_by_role("link").first.get_attribute("href")
    assert re.fullmatch(r"https://www\.strava\.com/activities/\d+", address or "")
    panel.get_by_role("button", name="Close").click()
    assert panel.count() == 0


@pytest.mark.deep
def test_the_keyboard_lists_the_activities_of_a_week_from_its_table(browser: Browser, file: Path) -> None:
    page = Opened(browser, file).page
    page.locator("section[aria-labelledby=weekly] summary").first.press("Enter")

    page.locator("section[aria-labelledby=weekly] [data-from] button").nth(1).press("Enter")

    assert page.locator(".activities li").count() == 3
    assert page.evaluate("document.activeElement.className") == "activities"


@pytest.mark.deep
def test_one_crosshair_shows_the_same_day_in_all_charts_of_time(browser: Browser, file: Path) -> None:
    page = Opened(browser, file, viewport={"width": 1200, "height": 900}).drawn(WATTS, "#chart-weekly-hours")
    page.locator(WATTS).scroll_into_view_if_needed()

    page.locator(WATTS).hover(position={"x": 700, "y": 120})

    lines = page.locator(f"{WATTS} .cross, #chart-weekly-hours .cross")
    places = [box["x"] for line in lines.all() if (box := line.bounding_box())]
    assert len(places) == 2
    assert places[0] == pytest.approx(places[1], abs=2)


@pytest.mark.deep
def test_another_sport_is_shown_where_there_is_a_table_of_it_and_named_where_not(
    browser: Browser, read: Read, tmp_path: Path
) -> None:
    history = [activity(TODAY, "1"), activity(TODAY, "2", sport_type="Run", name="A run")]
    path = tmp_path / "sports.html"
    path.write_text(build_page(read(history), generated_at=NOW), encoding="utf-8")
    page = Opened(browser, path).page

    chosen(page, "Sport", "Runs")

    weekly = page.locator("section[aria-labelledby=weekly]")
    assert weekly.get_by_text("Shown for rides").is_visible()
    assert page.locator("section[aria-labelledby=calendar] .only").count() == 0


@pytest.mark.deep
def test_the_page_does_not_grow_while_its_charts_are_drawn(browser: Browser, file: Path) -> None:
    opened = Opened(browser, file, viewport={"width": 390, "height": 844})
    height = "document.documentElement.scrollHeight"
    before = opened.page.evaluate(height)

    after = opened.drawn().evaluate(height)

    assert after == pytest.approx(before, abs=2)


@pytest.mark.deep
def test_watts_by_weight_take_the_place_of_watts(browser: Browser, file: Path) -> None:
    page = Opened(browser, file).page

    chosen(page, "Power", "W/kg")

    assert page.locator(CURVE).is_hidden()
    assert page.locator("#chart-curve-kg").is_visible()


@pytest.mark.deep
@pytest.mark.parametrize("width", [390, 1200])
def test_axe_finds_nothing_without_a_script_either(browser: Browser, file: Path, width: int) -> None:
    """A page that has run no script of ours, as axe itself needs one."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    page = open_window(browser, viewport={"width": width, "height": 844}).new_page()
    text = re.sub(r"<script.*?</script>", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    page.set_content(text)

    results = axe.Axe().run(page).response

    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in results["violations"]] == []
    first = page.locator(".slide").nth(2)
    ends = first.evaluate("slide => [slide.scrollLeft, slide.scrollWidth - slide.clientWidth]")
    # From right to left the newest end is at zero.
    assert ends[0] == 0
    assert (ends[1] > 0) == (width == 390)


@pytest.fixture(scope="module")
def index_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index of athletes in every state, one of them with a long name."""
    week = {"moving_time_s": 36_000, "distance_m": 287_654.0, "average_watts_4w": 213.0}
    load = {"fitness_ctl": 78.4, "form_tsb": -21.0, "is_warm_up": False}
    athletes = [
        Athlete("1", NOW, "Maximiliana-Alexandrina Longname-Oberhuber", logged_in=True, shows_numbers=True),
        Athlete("2", NOW, logged_in=True),
        Athlete("3", NOW, "Export", shows_numbers=True),
        Athlete("4", NOW, "Fails", logged_in=True),
        Athlete("5", NOW, "New", logged_in=True),
    ]
    states = {
        "1": FetchState(NOW, NOW),
        "2": FetchState(NOW, NOW, refused_since=NOW, failures=4),
        "4": FetchState(NOW, failures=2),
    }
    content = AthleteOverview(
        athletes, states, {"1": SharedNumbers([week, week], [load, load])}, {"1", "3"}, findings=2
    )
    path = tmp_path_factory.mktemp("index") / "index.html"
    html = build_athlete_overview(content, generated_at=NOW, sample=True, ui_url="http://ui.example")
    path.write_text(html, encoding="utf-8")
    return path


@pytest.mark.deep
@pytest.mark.parametrize(("scheme", "width"), [("light", 1440), ("dark", 800), ("light", 390), ("dark", 390)])
def test_the_index_of_athletes_fits_the_screen_and_axe_finds_nothing(
    browser: Browser, index_file: Path, scheme: str, width: int
) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    opened = Opened(browser, index_file, viewport={"width": width, "height": 844}, color_scheme=scheme)

    assert opened.page.evaluate("document.documentElement.scrollWidth") == width
    results = axe.Axe().run(opened.page).response
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in results["violations"]] == []
    assert opened.complaints == []
    assert opened.requests == [index_file.as_uri()]
