"""The system's Chromium, for the tests of what a person sees; without it they skip and say so."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext


LIMIT_MS = 240_000
"""What anything in the browser may take: a guard against hanging, for a machine whose every core is busy."""


@contextmanager
def chromium(*arguments: str) -> Iterator[Browser]:
    """A browser without a window; one at a time in a process.

    Its fixture must end with its module or package: Playwright refuses a second one beside it.

    Args:
        arguments: further options of its command line.
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
    """A window of its own, in which nothing is waited for without a limit."""
    context = browser.new_context(**options)
    context.set_default_timeout(LIMIT_MS)
    return context
