"""The system's Chromium for browser tests, which are skipped without it."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext


LIMIT_MS = 240_000
"""The time limit of all browser actions, long enough for a busy machine."""


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """A headless browser with further command line arguments; only one at a time per process.

    Its fixture must have module or package scope, because Playwright does not allow a second one.
    """
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium on this machine")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program,
            args=[
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                *arguments,
            ],
        )
        sync_api.expect.set_options(timeout=LIMIT_MS)
        yield browser
        browser.close()


def open_window(browser: Browser, **options: Any) -> BrowserContext:
    """A separate window with the time limit."""
    context = browser.new_context(**options)
    context.set_default_timeout(LIMIT_MS)
    return context
