"""Fixtures of the sandbox tests."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from strava_assets.sandbox import Sandbox, serve
from strava_assets_tests.sandbox.caller import Caller, Calling, HandClock

if TYPE_CHECKING:
    from collections.abc import Iterator

FIXTURES = Path(__file__).parents[3] / "shared" / "fixtures"


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def call() -> Calling:
    @contextmanager
    def open_caller(sandbox: Sandbox, *, authorized: bool = True) -> Iterator[Caller]:
        with serve(sandbox) as server, requests.Session() as session:
            caller = Caller(sandbox, server.base_url, session)
            if authorized:
                caller.token()
            yield caller

    return open_caller


@pytest.fixture
def fixtures() -> Path:
    if not FIXTURES.is_dir():
        pytest.skip(f"{FIXTURES} is not there: the recorded answers are not part of the project")
    return FIXTURES
