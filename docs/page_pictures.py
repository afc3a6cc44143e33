"""Pictures of every section of the page, to look at: three widths, light and dark, and on paper.

    python docs/page_pictures.py data/sample/report/index.html [--into build/page]

Each section is one file, named `390-dark-weekly.png`; `paper.pdf` is the page as it is printed. The folder is
ignored by git.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

Scheme = Literal["light", "dark"]
WIDTHS = (390, 900, 1440)
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
LIMIT_MS = 120_000


def draw_everything(page: Page) -> None:
    """Scroll through the page, so that every chart that can be seen is drawn."""
    for box in page.query_selector_all(".chart"):
        if box.is_visible():
            box.scroll_into_view_if_needed()
    page.wait_for_function(
        "[...document.querySelectorAll('.chart:not([data-drawn])')].every(box => !box.checkVisibility())",
        timeout=LIMIT_MS,
    )


def take(browser: Browser, address: str, into: Path, width: int, scheme: Scheme) -> int:
    """Take the pictures of one width and scheme; returns how many."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page.goto(address)
    draw_everything(page)
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=into / f"{width}-{scheme}-first-screen.png")
    # The bar would lie over the sections.
    page.add_style_tag(content=".bar{position:static!important}")
    sections = page.query_selector_all("main section")
    for section in sections:
        section.screenshot(path=into / f"{width}-{scheme}-{section.get_attribute('aria-labelledby')}.png")
    page.close()
    return len(sections) + 1


def main() -> None:
    """Take every picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("page", type=Path)
    parser.add_argument("--into", type=Path, default=Path("build/page"))
    options = parser.parse_args()
    options.into.mkdir(parents=True, exist_ok=True)
    address = options.page.resolve().as_uri()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM)
        taken = sum(
            take(browser, address, options.into, width, scheme) for width in WIDTHS for scheme in SCHEMES
        )
        page = browser.new_page(viewport={"width": 1200, "height": 900})
        page.goto(address)
        draw_everything(page)
        page.pdf(path=options.into / "paper.pdf", format="A4")
        browser.close()
    sys.stdout.write(f"{taken} pictures and paper.pdf are in {options.into}.\n")


if __name__ == "__main__":
    main()
