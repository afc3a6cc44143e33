"""Fixtures of the history tests: a story of syncs, a folder of files, and a rider with streams."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from strava_assets.sandbox import Sandbox, serve
from strava_assets_tests.history import stories
from strava_assets_tests.history.file_imports import Files
from strava_assets_tests.history.riders import Rider
from strava_assets_tests.strava.conversation import HandTime

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def story(tmp_path: Path) -> Iterator[stories.Story]:
    with stories.story(tmp_path) as opened:
        yield opened


@pytest.fixture
def files(story: stories.Story) -> Files:
    return Files(story)


@pytest.fixture
def rider(story: stories.Story) -> Iterator[Rider]:
    time = HandTime(datetime(2026, 11, 23, 10, 2, tzinfo=UTC))
    sandbox = Sandbox(clock=time.clock, limits=None, athlete={"id": 7})
    sandbox.tokens.rotate_refresh_token = False
    with serve(sandbox) as running:
        yield Rider(running, story, time)
