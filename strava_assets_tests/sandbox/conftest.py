"""Fixtures of the sandbox tests."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import date
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


@pytest.fixture(scope="module")
def sandbox() -> Sandbox:
    """The sample athlete of one day, without rate limits; a module may define another."""
    sandbox = Sandbox.sample(today=date(2026, 11, 23), limits=None)
    sandbox.tokens.rotate_refresh_token = False
    return sandbox


@pytest.fixture
def caller(call: Calling, sandbox: Sandbox) -> Iterator[Caller]:
    """A client with a token at the sample athlete's sandbox."""
    with call(sandbox) as caller:
        yield caller


@pytest.fixture
def fixtures() -> Path:
    if not FIXTURES.is_dir():
        pytest.skip(f"{FIXTURES} is not there: the recorded answers are not part of the project")
    return FIXTURES
