"""Fixtures of the command line tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from strava_assets.sandbox import Sandbox, serve
from strava_assets_tests.cli.terminal import Terminal, copy_home, own_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets.sandbox import RunningSandbox


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    """A terminal in an empty folder."""
    own_environment(monkeypatch, tmp_path)
    return Terminal(tmp_path)


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox.many(12)


@pytest.fixture
def strava(sandbox: Sandbox) -> Iterator[RunningSandbox]:
    with serve(sandbox) as server:
        yield server


@pytest.fixture
def synced(terminal: Terminal, synced_home: Path) -> Terminal:
    """A terminal with a synced home and without a reachable Strava."""
    copy_home(synced_home, terminal.folder)
    nobody = "http://127.0.0.1:9"
    terminal.environ |= {"STRAVA_API_BASE_URL": nobody, "STRAVA_OAUTH_BASE_URL": f"{nobody}/oauth"}
    return terminal
