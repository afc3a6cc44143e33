"""The story every test of this room may tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from strava_assets_tests.history import stories

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def story(tmp_path: Path) -> Iterator[stories.Story]:
    with stories.story(tmp_path) as told:
        yield told
