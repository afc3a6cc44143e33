"""Fixtures of the whole platform: a home in which the chain has run once."""

from __future__ import annotations

import fcntl
import os
import signal
from collections import Counter
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from strava_assets.plurals import counted
from strava_assets_tests import depth

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets_tests.chain import Chain

FIXTURES = Path(__file__).parents[2] / "shared" / "fixtures"


def pytest_addoption(parser: pytest.Parser) -> None:
    depth.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    depth.configure(config)
    # In the background a shell ignores Ctrl-C, and every process that a test starts would inherit that.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each reason for which tests were skipped."""
    reasons = Counter(report.longrepr[2] for report in terminalreporter.getreports("skipped"))
    for reason, count in sorted(reasons.items()):
        terminalreporter.write_line(f"{counted(count, 'test')} skipped: {reason.removeprefix('Skipped: ')}")


@contextmanager
def made_once(tmp_path_factory: pytest.TempPathFactory, name: str) -> Iterator[tuple[Path, bool]]:
    """A folder that the processes of a parallel test run share, and whether it has to be made."""
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    folder = shared / name
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder, not folder.exists()


@pytest.fixture(scope="session")
def a_loaded_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after a run over `riding()` with streams and without the report; copy it before use."""
    from strava_assets_tests.chain import chain, riding

    with made_once(tmp_path_factory, "loaded") as (folder, is_missing):
        home = folder / "home"
        if is_missing:
            sandbox = riding()
            sandbox.limits = None
            with chain(home, sandbox, streams="power") as platform:
                run = platform.compute()
            assert run.succeeded, run.failures()
    return home


@pytest.fixture
def loaded(a_loaded_home: Path, tmp_path: Path) -> Iterator[Chain]:
    """A platform that has run once over `riding()`."""
    from strava_assets_tests.chain import chain, copy_home, riding

    with chain(copy_home(a_loaded_home, tmp_path / "home"), riding(), streams="power") as platform:
        yield platform


@pytest.fixture(scope="session")
def synced_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after one sync; copy it before use."""
    from strava_assets.sandbox import Sandbox, serve
    from strava_assets_tests.cli.terminal import CREDENTIALS, Terminal, addresses, own_environment

    with made_once(tmp_path_factory, "synced") as (folder, is_missing):
        if is_missing:
            folder.mkdir()
            sandbox = Sandbox.many(12)
            # The stored token is then valid in every sandbox.
            sandbox.tokens.rotate_refresh_token = False
            with pytest.MonkeyPatch.context() as patch, serve(sandbox) as server:
                own_environment(patch, folder)
                result = Terminal(folder).run("sync", **CREDENTIALS, **addresses(server))
            assert result.status == 0, result.out + result.err
    return folder / "data"


@pytest.fixture(scope="session")
def recorded_list() -> Path:
    """A recorded page of the list endpoint."""
    path = FIXTURES / "recorded" / "athlete_activities.json"
    if not path.is_file():
        pytest.skip(f"{path} is not there: the recorded answers are not part of the project")
    return path
