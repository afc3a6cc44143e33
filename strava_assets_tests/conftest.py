"""What the tests of the platform as a whole share: one history that has gone through the chain once."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets_tests.chain import Chain

FIXTURES = Path(__file__).parents[2] / "shared" / "fixtures"


@pytest.fixture(scope="session")
def a_loaded_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose chain has run over `riding()`, streams and all, the page apart; copy it before use.

    The processes of a parallel run share one.
    """
    from strava_assets_tests.chain import chain, riding

    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    home = shared / "loaded" / "home"
    with (shared / "loaded.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            sandbox = riding()
            sandbox.limits = None
            with chain(home, sandbox, streams="power") as platform:
                run = platform.compute()
            assert run.succeeded, run.failures()
    return home


@pytest.fixture
def loaded(a_loaded_home: Path, tmp_path: Path) -> Iterator[Chain]:
    """A platform of its own that has run once, over `riding()`."""
    from strava_assets_tests.chain import chain, copy_home, riding

    with chain(copy_home(a_loaded_home, tmp_path / "home"), riding(), streams="power") as platform:
        yield platform


@pytest.fixture(scope="session")
def recorded_list() -> Path:
    """A real page of the list, as it was recorded."""
    path = FIXTURES / "recorded" / "athlete_activities.json"
    if not path.is_file():
        pytest.skip(f"{path} is not there: the recorded answers are not part of the project")
    return path
