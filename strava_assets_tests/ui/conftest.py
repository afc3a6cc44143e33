"""The platform with the sample athlete as `make run` starts it, and a browser for its UI."""

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
    """The running platform."""

    up: Up

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.up.port}"

    @property
    def home(self) -> Path:
        return self.up.folder / "data" / "sample"

    def ask(self, query: str) -> dict[str, Any]:
        """The result of a GraphQL query."""
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
        """Open a page of the UI."""
        self.page.goto(f"{self.platform.address}/{path}")

    def wait_for(self, locator: Locator) -> Locator:
        """Wait for the first matching element and return it."""
        locator.first.wait_for()
        return locator.first

    def text(self, part: str) -> Locator:
        """Wait for an element with this text and return it."""
        return self.wait_for(self.page.get_by_text(part))

    def row(self, name: str) -> Locator:
        """Wait for the row with this name in a table of columns or metadata, and return it."""
        cell = self.page.get_by_role("cell").get_by_text(name, exact=True)
        return self.wait_for(self.page.get_by_role("row").filter(has=cell))

    def below(self, heading: str) -> str:
        """The text below a heading in the right column."""
        return self.wait_for(self.page.get_by_text(heading, exact=True).last.locator("xpath=..")).inner_text()


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


@pytest.fixture(scope="package")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """One platform for all tests, started in an empty folder and stopped with SIGTERM."""
    with running_command(tmp_path_factory.mktemp("platform")) as up:
        up.read_until("Ctrl-C stops everything")
        yield Platform(up)
        up.process.send_signal(signal.SIGTERM)
        assert up.wait() == 0, up.out
    assert processes_in(up.folder) == []
    assert port_is_free(up.port)


@pytest.fixture(scope="package")
def browsing(browser: Browser) -> Iterator[BrowserContext]:
    """A shared browser context, so the UI's scripts are loaded once."""
    with open_window(browser, viewport={"width": 1900, "height": 1250}) as context:
        yield context


@pytest.fixture
def screen(browsing: BrowserContext, platform: Platform) -> Iterator[Screen]:
    """An empty window."""
    with browsing.new_page() as page:
        yield Screen(page, platform)
