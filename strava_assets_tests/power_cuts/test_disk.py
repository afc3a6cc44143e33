"""The disk that stops: what a power cut may undo, and what it may not."""

from __future__ import annotations

import errno
import os
from random import Random
from typing import TYPE_CHECKING

import pytest

from strava_assets import durable_files
from strava_assets_tests.power_cuts.disk import Disk, PowerCut, Stop, Survival, read_tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CHANCE = Random(1)  # noqa: S311 - not a secret


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    folder = tmp_path / "disk"
    folder.mkdir()
    (folder / "old").write_bytes(b"old")
    return folder


def after_cut(folder: Path, act: Callable[[], None], survival: Survival) -> dict[str, bytes | None]:
    """What a power cut right after some calls leaves."""
    with Disk(folder, Stop.power_cut) as disk:
        act()
        with pytest.raises(PowerCut):
            disk.cut_now()
    disk.restore(survival, CHANCE)
    return read_tree(folder)


def careless(folder: Path) -> None:
    """Replace a file as most programs do it."""
    (folder / "draft").write_bytes(b"new")
    (folder / "draft").replace(folder / "old")


def careful(folder: Path) -> None:
    (folder / "draft").write_bytes(b"new")
    durable_files.replace(folder / "draft", folder / "old")


def test_what_was_not_synced_may_be_lost_or_half(disk: Path) -> None:
    assert after_cut(disk, lambda: careless(disk), Survival.nothing) == {"old": b"old"}
    assert after_cut(disk, lambda: careless(disk), Survival.names) == {"old": b""}


@pytest.mark.parametrize("survival", Survival)
def test_what_was_synced_stays(disk: Path, survival: Survival) -> None:
    assert after_cut(disk, lambda: careful(disk), survival) == {"old": b"new"}


def test_a_file_needs_its_folder(disk: Path) -> None:
    def write_in_a_new_folder() -> None:
        (disk / "folder").mkdir()
        (disk / "folder" / "draft").write_bytes(b"new")
        durable_files.replace(disk / "folder" / "draft", disk / "folder" / "file")

    assert after_cut(disk, write_in_a_new_folder, Survival.nothing) == {"old": b"old"}


def test_a_folder_that_was_made_durably_stays(disk: Path) -> None:
    def make() -> None:
        durable_files.make_folder(disk / "a" / "b")

    assert after_cut(disk, make, Survival.nothing) == {"a": None, "a/b": None, "old": b"old"}


def test_a_removal_may_survive_alone_or_be_undone(disk: Path) -> None:
    def remove() -> None:
        (disk / "new").touch()
        (disk / "old").unlink()

    assert after_cut(disk, remove, Survival.nothing) == {"old": b"old"}
    (disk / "new").unlink(missing_ok=True)
    assert after_cut(disk, remove, Survival.removals) == {}


def test_chance_draws_every_content(disk: Path) -> None:
    contents = set()
    for _ in range(200):
        (disk / "old").write_bytes(b"old")
        contents.add(after_cut(disk, lambda: careless(disk), Survival.chance).get("old"))
    assert contents == {b"old", b"new", b"", b"n", b"ne", b"\0\0\0"}


@pytest.mark.parametrize("at", [1, 2, 3, 4, 5])
def test_each_call_can_be_the_last(disk: Path, at: int) -> None:
    with Disk(disk, Stop.kill, at) as stopping, pytest.raises(PowerCut):
        careful(disk)
    assert stopping.calls[-1].split()[0] == ["create", "write", "sync", "rename", "sync"][at - 1]
    stopping.restore(None, CHANCE)
    assert (
        read_tree(disk)
        == [
            {"old": b"old"},
            {"old": b"old", "draft": b""},
            {"old": b"old", "draft": b"new"},
            {"old": b"old", "draft": b"new"},
            {"old": b"new"},
        ][at - 1]
    )


def test_a_full_disk_stays_full_and_a_broken_one_fails_once(disk: Path) -> None:
    for stop, code, works_again in ((Stop.full, errno.ENOSPC, False), (Stop.broken, errno.EIO, True)):
        with Disk(disk, stop, 2):
            with pytest.raises(OSError, match=os.strerror(code)) as failure:
                careless(disk)
            assert failure.value.errno == code
            if works_again:
                careless(disk)
            else:
                with pytest.raises(OSError, match=os.strerror(code)):
                    careless(disk)


def test_other_folders_are_left_alone(disk: Path, tmp_path: Path) -> None:
    with Disk(disk, Stop.full, 1):
        (tmp_path / "other").write_bytes(b"whole")
    assert (tmp_path / "other").read_bytes() == b"whole"
