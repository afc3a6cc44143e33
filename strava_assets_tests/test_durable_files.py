"""Files that several processes write at once."""

from __future__ import annotations

import multiprocessing
from typing import TYPE_CHECKING

import pytest

from strava_assets.durable_files import PARTIAL, write
from strava_assets.storage_folder import StorageFolder

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets.errors import StravaAssetsError
    from strava_assets.storage_folder import Problem

CONTENTS = [b"a" * 200_000, b"b" * 3, b"c" * 70_000]


def put_often(folder: Path, content: bytes, start: object, way: str) -> None:
    def unusable(problem: Problem) -> StravaAssetsError:
        raise AssertionError(problem.reason)

    start.wait(60)  # type: ignore[attr-defined]  # multiprocessing's own
    for _ in range(200):
        if way == "write":
            write(folder / "index.json", content, durable=False)
        else:
            StorageFolder(str(folder), unusable).put("index.json", content)


@pytest.mark.parametrize("way", ["write", "put"])
def test_processes_that_write_one_file_take_turns(way: str, tmp_path: Path) -> None:
    target = tmp_path / "index.json"
    target.write_bytes(CONTENTS[0])
    context = multiprocessing.get_context("spawn")
    start = context.Barrier(len(CONTENTS))
    writers = [
        context.Process(target=put_often, args=(tmp_path, content, start, way)) for content in CONTENTS
    ]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert target.read_bytes() in CONTENTS

    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["index.json"]


def test_the_draft_of_a_killed_process_is_written_over(tmp_path: Path) -> None:
    (tmp_path / f"index.json{PARTIAL}").write_bytes(b"half of a long one")

    write(tmp_path / "index.json", b"new")

    assert [path.name for path in tmp_path.iterdir()] == ["index.json"]
    assert (tmp_path / "index.json").read_bytes() == b"new"
