"""A home whose path holds what SQLite, DuckDB, fsspec and addresses treat specially, wherever it can work."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.request import url2pathname

import pytest

from strava_assets.sandbox import serve
from strava_assets_tests.chain import riding
from strava_assets_tests.cli.terminal import CREDENTIALS

if TYPE_CHECKING:
    from strava_assets_tests.cli.terminal import Terminal

ODD = "a #%b {c,d} ü'q\"$x;& @:h"


@pytest.mark.deep
def test_a_home_with_odd_characters_is_synced_and_reported_like_any_other(terminal: Terminal) -> None:
    with serve(riding(9)) as strava:
        terminal.at(strava)
        home = {"STRAVA_ASSETS_HOME": ODD}
        synced = terminal.run("sync", **CREDENTIALS, **home)
        examined = terminal.run("doctor", **home)
        reported = terminal.run("report", **home)

    assert synced.status == 0, synced.out + synced.err
    assert "bq_activities: 3 activities: 3 new" in synced.out
    assert "activity_streams: 3 rows" in synced.out
    assert "3 activities until" in examined.out
    assert "3 recordings" in examined.out
    assert reported.status == 0, reported.out
    [address] = [
        line.removeprefix("The page: file://") for line in reported.out.splitlines() if "file:" in line
    ]
    assert url2pathname(address) == str(terminal.folder / ODD / "report" / "index.html")
    assert [path.name for path in terminal.folder.iterdir()] == [ODD]
