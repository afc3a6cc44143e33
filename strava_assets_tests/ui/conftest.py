"""The platform as `make run` starts it, with the sample athlete, and a browser to look at its UI with."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests

from strava_assets_tests.chromium import chromium, open_window
from strava_assets_tests.cli.started import Up, port_is_free, processes_in, running_command

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Locator, Page


@dataclass(frozen=True)
class Platform:
    """The platform at work."""

    up: Up

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.up.port}"

    @property
    def home(self) -> Path:
        return self.up.folder / "data" / "sample"

    def ask(self, query: str) -> dict[str, Any]:
        """The data that GraphQL answers with."""
        answer = requests.post(f"{self.address}/graphql", json={"query": query}, timeout=60)
        document: dict[str, Any] = answer.json()
        assert "errors" not in document, document
        data: dict[str, Any] = document["data"]
        return data


@dataclass(frozen=True)
class Screen:
    """A window on the UI."""

    page: Page
    platform: Platform

    def open(self, path: str) -> None:
        """Go to a page of the UI."""
        self.page.goto(f"{self.platform.address}/{path}")

    def wait_for(self, locator: Locator) -> Locator:
        """The first of what is looked for, once it is seen."""
        locator.first.wait_for()
        return locator.first

    def text(self, part: str) -> Locator:
        """An element with this in its text, once it is seen."""
        return self.wait_for(self.page.get_by_text(part))

    def row(self, name: str) -> Locator:
        """The row with this name, in a table of columns or of metadata, once it is seen."""
        cell = self.page.get_by_role("cell").get_by_text(name, exact=True)
        return self.wait_for(self.page.get_by_role("row").filter(has=cell))

    def below(self, heading: str) -> str:
        """What stands below a heading of the column on the right."""
        return self.wait_for(self.page.get_by_text(heading, exact=True).last.locator("xpath=..")).inner_text()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="package")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Started in an empty folder, once for all, and stopped as a machine that shuts down does."""
    with running_command(tmp_path_factory.mktemp("platform")) as up:
        up.read_until("Ctrl-C stops everything")
        yield Platform(up)
        up.process.send_signal(signal.SIGTERM)
        assert up.wait() == 0, up.out
    assert processes_in(up.folder) == []
    assert port_is_free(up.port)


@pytest.fixture(scope="package")
def browsing(browser: Browser) -> Iterator[BrowserContext]:
    """One person's browsing: the UI's scripts are loaded once."""
    with open_window(browser, viewport={"width": 1900, "height": 1250}) as context:
        yield context


@pytest.fixture
def screen(browsing: BrowserContext, platform: Platform) -> Iterator[Screen]:
    """A window in which nothing has been opened yet."""
    with browsing.new_page() as page:
        yield Screen(page, platform)
