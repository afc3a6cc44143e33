"""Only the owner can open the files of a home; files of earlier versions are closed and reported."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import TYPE_CHECKING

import pytest

from strava_assets.file_modes import OWN_ENTRIES, open_to_others
from strava_assets_tests.cli.terminal import CREDENTIALS

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets.sandbox import RunningSandbox
    from strava_assets_tests.cli.terminal import Terminal


def test_a_sync_leaves_nothing_that_others_can_open(synced_home: Path) -> None:
    made = [synced_home, *synced_home.rglob("*")]
    assert len(made) > 20
    assert [str(path) for path in made if path.lstat().st_mode & 0o077] == []


def test_everything_a_sync_makes_in_the_home_is_known_as_this_projects_own(synced_home: Path) -> None:
    names = [path.name for path in synced_home.iterdir()]
    assert [name for name in names if not any(fnmatch(name, own) for own in OWN_ENTRIES)] == []


@pytest.mark.deep
def test_an_earlier_home_is_told_by_the_doctor_and_closed_by_the_next_command(
    synced: Terminal, strava: RunningSandbox
) -> None:
    for path in (synced.home, *synced.home.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    synced.at(strava)

    result = synced.run("doctor", "--offline", **CREDENTIALS)
    assert "Open to other users of this machine: " in result.out
    assert str(synced.home) in result.out

    result = synced.run("report", **CREDENTIALS)
    assert result.status == 0, result.out + result.err
    assert f"files and folders in {synced.home} to other users of this machine." in result.out
    assert list(open_to_others(synced.home)) == []

    assert "ClosedPaths" not in synced.run("report", **CREDENTIALS).out
    assert "No other user of this machine" in synced.run("doctor", "--offline", **CREDENTIALS).out


@pytest.mark.deep
def test_a_report_outside_the_home_is_as_open_as_the_shell_makes_files(synced: Terminal) -> None:
    public = synced.folder / "public"
    result = synced.run("report", STRAVA_ASSETS_REPORT_URL=str(public))
    assert result.status == 0, result.out + result.err
    assert (public.stat().st_mode & 0o777, (public / "index.html").stat().st_mode & 0o777) == (0o755, 0o644)
