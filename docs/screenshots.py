"""Takes the pictures of the README and the docs from the running platform: `make screenshots`.

Starts everything with the sample athlete in a folder of its own, looks at it in Chromium, and stops it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import requests
from playwright.sync_api import Page, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

IMAGES = Path(__file__).parent / "images"
PORT = 3470
UI = f"http://127.0.0.1:{PORT}"
REPORT = f"{UI}/report/index.html"
MARGIN = 4  # of the graph; more of it would show the buttons beside it
# The dots behind the graph say nothing and are a third of the picture's bytes; buttons lie over its corner.
PLAIN_GROUND = """
[style*="data:image/svg"] { background-image: none !important }
button, [class*="slider"], [class*="Slider"] { visibility: hidden !important }
"""
_BOXES = "nodes => nodes.map(node => node.getBoundingClientRect().toJSON()).filter(box => box.width)"
CHROMIUM = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def platform() -> Iterator[None]:
    """Everything that `make run` starts, with the sample athlete, until the block ends."""
    with tempfile.TemporaryDirectory() as home:
        environ = {name: value for name, value in os.environ.items() if not name.startswith("STRAVA_")}
        process = subprocess.Popen(  # noqa: S603 - our own command
            [str(Path(sys.executable).parent / "strava-assets"), "up", "--port", str(PORT)],
            cwd=home,
            env=environ | {"COLUMNS": "100"},
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            for line in process.stdout or ():
                sys.stdout.write(line)
                if "Ctrl-C stops everything" in line:
                    break
            requests.get(f"{UI}/server_info", timeout=10).raise_for_status()
            yield
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def settle(page: Page, path: str = "") -> None:
    """Open a page of the UI, if one is named, and wait until nothing is being loaded any more."""
    if path:
        page.goto(f"{UI}/{path}")
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(2000)


def story(page: Page) -> None:
    """The groups, which form a line."""
    _graph(page, (), "foreignObject", "lineage.png")


def lineage(page: Page) -> None:
    """The whole graph with its groups open, but for published tables: each is a mart once more."""
    groups = ("sources", "ingest", "warehouse", "recordings", "marts", "report")
    _graph(page, groups, "foreignObject", "lineage_assets.png")


def _graph(page: Page, expanded: tuple[str, ...], nodes: str, name: str) -> None:
    """The graph of assets and nothing around it."""
    settle(page, f"asset-groups?expanded={','.join(f'global@global:{group}' for group in expanded)}")
    page.get_by_text("Hide navigation").click()
    page.get_by_role("button").filter(has=page.get_by_label("panel_show_right")).first.click()
    settle(page)
    page.mouse.dblclick(100, 400)  # on the ground beside the nodes: fits the graph to the window
    page.mouse.move(100, 200)
    settle(page)
    # All at once: the graph is drawn anew while it settles.
    boxes = page.eval_on_selector_all(nodes, _BOXES)
    left, top = (min(box[side] for box in boxes) - MARGIN for side in ("x", "y"))
    right = max(box["x"] + box["width"] for box in boxes) + MARGIN
    bottom = max(box["y"] + box["height"] for box in boxes) + MARGIN
    page.screenshot(
        path=IMAGES / name,
        style=PLAIN_GROUND,
        clip={"x": left, "y": top, "width": right - left, "height": bottom - top},
    )


def asset(page: Page) -> None:
    """One mart's page: how fresh it is, and columns of different units."""
    settle(page, "assets/weekly_watts")
    page.get_by_placeholder("Filter columns").fill("_4w")
    page.get_by_text("Fails if more than").wait_for()
    settle(page)
    page.screenshot(path=IMAGES / "weekly_watts.png")


def glance(page: Page) -> None:
    """Further down on the same page: the newest rows and the line of the last two years."""
    settle(page, "assets/weekly_watts")
    page.get_by_text("line of average_watts_4w").scroll_into_view_if_needed()
    settle(page)
    page.screenshot(path=IMAGES / "weekly_watts_glance.png")


def report(page: Page) -> None:
    """The insights page."""
    page.goto(REPORT)
    settle(page)
    page.screenshot(path=IMAGES / "report.png")


def curve(page: Page) -> None:
    """The report's power curve, as far as the first sync's seconds go."""
    page.goto(REPORT)
    section = page.locator("section[aria-labelledby=curve]")
    section.scroll_into_view_if_needed()
    settle(page)
    section.screenshot(path=IMAGES / "power_curve.png")


def main() -> None:
    """Take every picture."""
    IMAGES.mkdir(exist_ok=True)
    with platform(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
        for take, width, height, sharpness in (
            (story, 1500, 600, 1),
            # The height at which all of it fits without being drawn too small to be read.
            (lineage, 1500, 2600, 1),
            (asset, 1500, 1100, 1),
            (glance, 1600, 1000, 1),
            (report, 1200, 1500, 1),
            (curve, 1200, 900, 1),
        ):
            take(browser.new_page(viewport={"width": width, "height": height}, device_scale_factor=sharpness))
        browser.close()


if __name__ == "__main__":
    main()
