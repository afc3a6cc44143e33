"""The home belongs to one user; what lies elsewhere keeps the modes its owner gives it."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from strava_assets.file_modes import (
    HOME,
    OWN_ENTRIES,
    UMASK,
    close_to_others,
    modes_at,
    open_to_others,
    start_private,
)
from strava_assets.landing import Landing
from strava_assets.report import write_page
from strava_assets.settings_reader import load_settings
from strava_assets.streams.folder import Folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def open_paths(folder: Path) -> list[str]:
    """What of a folder others may use, itself included."""
    paths = [folder, *folder.rglob("*")]
    return [str(path) for path in paths if not path.is_symlink() and mode(path) & 0o077]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home as an earlier version left it, with a umask of 022."""
    before = os.umask(0o022)
    home = tmp_path / "data"
    (home / "dagster" / "history" / "runs").mkdir(parents=True)
    (home / "archive").mkdir()
    for name in (
        *("tokens.json", "warehouse.duckdb", "warehouse.duckdb.wal", "athlete.toml", "notes.txt"),
        *("dagster/dagster.yaml", "dagster/history/runs/index.db", "archive/export_1.zip"),
    ):
        (home / name).write_text("")
    yield home
    os.umask(before)


@pytest.fixture
def private(home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, in a process that has started privately."""
    monkeypatch.setenv(HOME, str(home))
    monkeypatch.delenv(UMASK, raising=False)
    start_private()
    return home


def test_an_earlier_home_is_closed_from_the_outside_to_the_inside(home: Path) -> None:
    closed = close_to_others(home)
    assert closed.paths[0] == home
    assert closed.refused == []
    assert open_paths(home) == [str(home / "notes.txt")], "which is not this project's"
    assert mode(home / "dagster") == 0o700
    assert mode(home / "dagster" / "history" / "runs" / "index.db") == 0o600
    assert close_to_others(home).paths == []


def test_what_a_link_leads_to_is_not_touched(home: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "page").write_text("")
    (home / "landing").symlink_to(outside)
    (home / "report").mkdir()
    (home / "report" / "index.html").symlink_to(outside / "page")
    close_to_others(home)
    assert (mode(outside), mode(outside / "page")) == (0o755, 0o644)


def test_a_home_behind_a_link_is_closed(home: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(home)
    close_to_others(tmp_path / "linked")
    assert mode(home) == 0o700


def test_a_folder_of_somebody_elses_is_not_taken_for_a_home(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (folder / "report").mkdir(parents=True, mode=0o755)
    folder.chmod(0o755)
    (folder / "report").chmod(0o755)
    assert list(open_to_others(folder)) == []
    assert list(open_to_others(tmp_path / "missing")) == []


@pytest.mark.parametrize("shared", ["the working directory", "above it", "sticky"])
def test_a_folder_that_is_more_than_a_home_stays_open_and_what_is_ours_in_it_does_not(
    home: Path, monkeypatch: pytest.MonkeyPatch, shared: str
) -> None:
    below = home / "below"
    below.mkdir()
    if shared == "sticky":
        home.chmod(0o1777)
    else:
        monkeypatch.chdir(home if shared == "the working directory" else below)
    before = mode(home)
    close_to_others(home)
    assert (mode(home), mode(below), mode(home / "tokens.json")) == (before, 0o755, 0o600)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to another user")
def test_what_belongs_to_another_user_is_named_and_does_not_stop_the_rest(home: Path) -> None:
    os.chown(home / "athlete.toml", 65534, 65534)
    program = (
        "import os, sys; from pathlib import Path; from strava_assets.file_modes import close_to_others\n"
        "os.setgid(1234); os.setuid(1234); closed = close_to_others(Path(sys.argv[1]))\n"
        "print(*(path.name for path in closed.refused))"
    )
    for path in (home, *home.rglob("*")):
        if path.name != "athlete.toml":
            os.chown(path, 1234, 1234)
    for parent in home.parents:
        if parent.stat().st_uid == os.geteuid() and parent != Path(tempfile.gettempdir()):
            parent.chmod(parent.stat().st_mode | 0o011)
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", program, str(home)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "HOME": "/nonexistent"},
        cwd="/",
        timeout=60,
    )
    assert done.stdout.split() == ["athlete.toml"], done.stderr
    assert mode(home / "warehouse.duckdb") == 0o600


def test_new_files_are_private_and_the_umask_from_before_is_remembered_once(private: Path) -> None:
    start_private()
    (private / "logs").mkdir()
    (private / "logs" / "daemon.log").write_text("")
    assert (mode(private / "logs"), mode(private / "logs" / "daemon.log")) == (0o700, 0o600)
    assert os.environ[UMASK] == "022"
    assert load_settings({UMASK: os.environ[UMASK]}, env_file=None).umask == "022"


def page(address: str) -> None:
    write_page("<p>", address)


def batch(address: str) -> None:
    landing = Landing(address)
    landing.check_writable()
    landing._folder.put("batch/manifest.json", b"{}")


def part(address: str) -> None:
    folder = Folder(address)
    draft = folder.draft("athlete=1/year=2026/part-1.parquet")
    with draft.open("wb") as file:
        file.write(b"PAR1")
    folder.place(draft, "athlete=1/year=2026/part-1.parquet")


@pytest.mark.parametrize("write", [page, batch, part])
@pytest.mark.parametrize("form", ["{}", "file://{}", "{}/../public"])
def test_what_is_written_outside_the_home_follows_the_users_umask(
    private: Path, tmp_path: Path, write: Callable[[str], None], form: str
) -> None:
    assert private.is_relative_to(tmp_path)
    write(form.format(tmp_path / "public"))
    made = [tmp_path / "public", *(tmp_path / "public").rglob("*")]
    assert len(made) > 1
    assert {(path.is_dir(), mode(path)) for path in made} == {(True, 0o755), (False, 0o644)}
    assert os.umask(0o077) == 0o077


@pytest.mark.parametrize("write", [page, batch, part])
def test_what_is_written_in_the_home_is_private_at_whatever_address(
    private: Path, write: Callable[[str], None]
) -> None:
    write(str(private / "here"))
    assert open_paths(private / "here") == []


@pytest.mark.parametrize("write", [page, batch, part])
def test_an_existing_folder_outside_the_home_keeps_its_mode(
    private: Path, tmp_path: Path, write: Callable[[str], None]
) -> None:
    assert private.exists()
    public = tmp_path / "public"
    public.mkdir()
    public.chmod(0o2775)
    write(str(public))
    assert mode(public) == 0o2775


def test_a_umask_of_ones_own_is_what_is_written_with(
    private: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert private.exists()
    monkeypatch.setenv(UMASK, "0002")
    page(str(tmp_path / "group"))
    assert mode(tmp_path / "group" / "index.html") == 0o664


def test_threads_that_write_at_once_leave_the_umask_as_it_was(private: Path, tmp_path: Path) -> None:
    assert private.exists()
    both = threading.Barrier(2)

    def write() -> None:
        both.wait(timeout=60)
        for _ in range(200):
            with modes_at(str(tmp_path / "public")):
                pass

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert os.umask(0o077) == 0o077


def test_an_object_stores_address_changes_nothing(private: Path) -> None:
    assert private.exists()
    with modes_at("gs://bucket/landing"):
        assert os.umask(0o077) == 0o077


def test_every_place_that_the_settings_put_in_the_home_is_known_as_its_own() -> None:
    settings = load_settings({}, env_file=None)
    assert all(
        any(Path(place).name == name for name in OWN_ENTRIES)
        for place in (
            *(settings.duckdb_path, settings.token_path, settings.dagster_home, settings.athlete_file_path),
            *(
                settings.landing_address,
                settings.streams_address,
                settings.report_target,
                settings.archive_folder,
            ),
        )
    )
