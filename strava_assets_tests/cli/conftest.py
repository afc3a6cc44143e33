"""Fixtures of the command line tests."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

import pytest

from strava_assets.sandbox import Sandbox, serve
from strava_assets_tests.cli.terminal import CREDENTIALS, Terminal, addresses, copy_home, own_environment

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


@pytest.fixture(scope="session")
def synced_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after one sync; copy it before use.

    The processes of a parallel test run share it.
    """
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    folder = shared / "synced"
    with (shared / "synced.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            folder.mkdir()
            sandbox = Sandbox.many(12)
            # The stored token is then valid in every sandbox.
            sandbox.tokens.rotate_refresh_token = False
            with pytest.MonkeyPatch.context() as patch, serve(sandbox) as server:
                own_environment(patch, folder)
                result = Terminal(folder).run("sync", **CREDENTIALS, **addresses(server))
            assert result.status == 0, result.out + result.err
    return folder / "data"


@pytest.fixture
def synced(terminal: Terminal, synced_home: Path) -> Terminal:
    """A terminal with a synced home and without a reachable Strava."""
    copy_home(synced_home, terminal.folder)
    nobody = "http://127.0.0.1:9"
    terminal.environ |= {"STRAVA_API_BASE_URL": nobody, "STRAVA_OAUTH_BASE_URL": f"{nobody}/oauth"}
    return terminal
