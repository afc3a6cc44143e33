"""The page as a run writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from strava_assets.sandbox import Sandbox
from strava_assets_tests.chain import chain

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.deep
def test_what_a_check_of_the_same_run_found_stands_in_the_page_until_it_is_cured(tmp_path: Path) -> None:
    sandbox = Sandbox(athlete={"id": 7})
    ride = sandbox.history.add(moving_time=7200, elapsed_time=3600)

    with chain(tmp_path, sandbox) as platform:
        assert platform.run().succeeded
        page = platform.home / "report" / "index.html"
        assert "Activities with more moving than elapsed time: 1." in page.read_text(encoding="utf-8")

        sandbox.history.edit(ride, moving_time=3000)
        assert platform.run(ops={"raw_activities": {"mode": "FULL"}}).succeeded
        assert "more moving than elapsed" not in page.read_text(encoding="utf-8")
