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
REPORT = f"http://127.0.0.1:{PORT + 1}/index.html"
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


def settle(page: Page, address: str) -> None:
    """Open an address and wait until nothing is being loaded any more."""
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(1500)


def lineage(page: Page) -> None:
    """The whole graph, with its groups open."""
    settle(page, f"{UI}/asset-groups")
    page.mouse.click(1000, 700, button="right")
    page.get_by_text("Expand all groups").click()
    page.wait_for_timeout(2500)
    # The list on the left says nothing here that the graph does not.
    page.mouse.click(495, 74)
    page.wait_for_timeout(1500)
    page.mouse.dblclick(900, 640)
    page.wait_for_timeout(1500)
    page.screenshot(path=IMAGES / "lineage.png")


def asset(page: Page) -> None:
    """One mart's page."""
    settle(page, f"{UI}/assets/weekly_watts")
    page.screenshot(path=IMAGES / "weekly_watts.png")


def report(page: Page) -> None:
    """The insights page."""
    settle(page, REPORT)
    page.screenshot(path=IMAGES / "report.png")


def main() -> None:
    """Take every picture."""
    IMAGES.mkdir(exist_ok=True)
    with platform(), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
        for take, width, height in ((lineage, 1700, 800), (asset, 1500, 1100), (report, 1200, 1500)):
            take(browser.new_page(viewport={"width": width, "height": height}))
        browser.close()


if __name__ == "__main__":
    main()
