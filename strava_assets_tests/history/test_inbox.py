"""The inbox: which files are ready, and that each version of a file is handed over once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import fsspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strava_assets.archive import ArchiveError
from strava_assets.history import inbox
from strava_assets.history.inbox import InboxLook, look_at, open_inbox
from strava_assets_tests.depth import examples

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Looks:
    """Successive looks at one inbox."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.cursor: str | None = None
        self.done: frozenset[str] = frozenset()

    def look(self, *, may_hand_over: bool = True) -> InboxLook:
        result = look_at(self.address, self.cursor, self.done, may_hand_over=may_hand_over)
        assert result is not None
        self.cursor, self.done = result.cursor, result.done
        return result


@pytest.fixture
def looks(tmp_path: Path) -> Looks:
    return Looks(str(tmp_path))


def put(folder: Path, name: str, content: bytes, written: int = 1) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content)
    os.utime(folder / name, (written, written))


def test_a_file_is_ready_once_it_has_stopped_growing(looks: Looks, tmp_path: Path) -> None:
    put(tmp_path, "a/ride.fit", b"12")
    put(tmp_path, "notes.txt", b"1")
    assert (looks.look().ready, looks.look().ready) == ((), ("a/ride.fit",))

    put(tmp_path, "b.gpx", b"1")
    first = looks.look()
    put(tmp_path, "b.gpx", b"12")
    second = looks.look()
    third = looks.look()

    assert (first.ready, first.growing) == ((), 1)
    assert (second.ready, second.growing) == ((), 1)
    assert (third.ready, third.growing) == (("b.gpx",), 0)
    assert looks.look().ready == ()


def test_a_file_that_is_written_anew_is_handed_over_again(looks: Looks, tmp_path: Path) -> None:
    put(tmp_path, "a.fit", b"1")
    looks.look()
    first = looks.look()
    put(tmp_path, "a.fit", b"1", written=2)
    looks.look()
    second = looks.look()

    assert first.ready == second.ready == ("a.fit",)
    assert first.run_key != second.run_key
    assert first.data_version != second.data_version


def test_the_same_files_make_the_same_run_key(tmp_path: Path) -> None:
    put(tmp_path, "a.fit", b"1")
    one, other = Looks(str(tmp_path)), Looks(str(tmp_path))
    one.look(), other.look()

    assert one.look().run_key == other.look().run_key


def test_a_look_whose_run_was_not_stored_hands_its_files_over_again(looks: Looks, tmp_path: Path) -> None:
    put(tmp_path, "a.fit", b"1")
    looks.look()
    cursor = looks.cursor
    lost = looks.look()
    looks.cursor = cursor

    assert looks.look().ready == lost.ready == ("a.fit",)


def test_the_cursor_stays_small(looks: Looks, tmp_path: Path) -> None:
    for number in range(200):
        put(tmp_path, f"{number}.fit", b"1")
    for _ in range(3):
        looks.look()

    assert looks.cursor == '{"seen":[],"handed_over":[]}'
    assert len(looks.done) == 200
    for number in range(200):
        (tmp_path / f"{number}.fit").unlink()
    assert looks.look().done == frozenset()


def test_what_comes_while_an_import_runs_is_in_the_next_one(looks: Looks, tmp_path: Path) -> None:
    put(tmp_path, "a.fit", b"1")
    looks.look()
    waiting = looks.look(may_hand_over=False)

    assert (waiting.ready, waiting.waiting) == ((), 1)
    assert looks.look().ready == ("a.fit",)


def test_a_large_inbox_is_handed_over_in_parts(looks: Looks, tmp_path: Path) -> None:
    for number in range(5):
        put(tmp_path, f"{number}.fit", b"1")
    looks.look()
    with patch.object(inbox, "MOST_FILES_A_RUN", 2):
        parts = [looks.look() for _ in range(4)]

    assert [part.ready for part in parts] == [("0.fit", "1.fit"), ("2.fit", "3.fit"), ("4.fit",), ()]
    assert [part.waiting for part in parts] == [3, 1, 0, 0]


def test_an_inbox_that_does_not_exist_is_no_error(tmp_path: Path) -> None:
    assert look_at(str(tmp_path / "absent"), None, frozenset()) is None
    with (
        pytest.raises(ArchiveError, match="cannot be opened"),
        open_inbox(str(tmp_path / "absent"), ()),
    ):
        pass


def test_links_and_hidden_files_are_no_recordings(looks: Looks, tmp_path: Path) -> None:
    put(tmp_path / "elsewhere", "a.fit", b"1")
    folder = tmp_path / "inbox"
    folder.mkdir()
    (folder / "link.fit").symlink_to(tmp_path / "elsewhere" / "a.fit")
    put(folder, ".part.fit", b"1")
    looks.address = str(folder)

    looks.look()
    assert looks.look().ready == ()


@pytest.fixture
def bucket() -> Iterator[str]:
    fs = fsspec.filesystem("memory")
    yield "memory://inbox-of-tests"
    if fs.exists("/inbox-of-tests"):
        fs.rm("/inbox-of-tests", recursive=True)


def test_a_bucket_is_watched_and_its_files_are_copied(bucket: str) -> None:
    fs = fsspec.filesystem("memory")
    fs.pipe("/inbox-of-tests/2026/a.fit", b"one")
    fs.pipe("/inbox-of-tests/b.gpx", b"two")
    looks = Looks(bucket)
    looks.look()

    assert looks.look().ready == ("2026/a.fit", "b.gpx")
    with open_inbox(bucket, ["2026/a.fit"]) as recordings:
        assert recordings.names == ["2026/a.fit"]
        assert recordings.read("2026/a.fit", 10) == b"one"
        copies = recordings.path
    assert not copies.exists()
    with open_inbox(bucket, ()) as recordings:
        assert recordings.names == ["2026/a.fit", "b.gpx"]


def test_only_the_named_files_of_a_folder_are_opened(tmp_path: Path) -> None:
    put(tmp_path, "a.fit", b"1")
    put(tmp_path, "b.fit", b"1")

    with open_inbox(str(tmp_path), ["b.fit", "absent.fit"]) as recordings:
        assert recordings.names == ["b.fit"]


writes = st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 3)), max_size=4)


@settings(max_examples=examples(20), deadline=None)
@given(st.lists(st.tuples(writes, st.booleans()), max_size=8))
def test_every_version_that_stays_is_handed_over_once(
    tmp_path_factory: pytest.TempPathFactory, course: list[tuple[list[tuple[str, int]], bool]]
) -> None:
    folder = tmp_path_factory.mktemp("inbox")
    looks = Looks(str(folder))
    current: dict[str, int] = {}
    handed: list[tuple[str, int]] = []
    for written, may_hand_over in [*course, ([], True), ([], True)]:
        for name, size in written:
            put(folder, f"{name}.fit", b"x" * size)
            current[f"{name}.fit"] = size
        handed += [(name, current[name]) for name in looks.look(may_hand_over=may_hand_over).ready]

    assert set(current.items()) <= set(handed)
    assert looks.look().ready == ()


def test_a_name_that_is_not_utf8_does_not_stop_the_inbox(looks: Looks, tmp_path: Path) -> None:
    try:
        (tmp_path / os.fsdecode(b"caf\xe9.fit")).write_bytes(b"a")
    except OSError:
        pytest.skip("this file system has only names in UTF-8")

    looks.look()

    assert looks.look().ready == (r"caf\udce9.fit",)
    with open_inbox(str(tmp_path), [r"caf\udce9.fit"]) as recordings:
        assert recordings.read(recordings.names[0], 10) == b"a"


def test_an_inbox_that_is_a_file_is_no_folder(tmp_path: Path) -> None:
    put(tmp_path, "ride.fit", b"a")

    assert look_at(str(tmp_path / "ride.fit"), None, frozenset()) is None


def test_a_file_that_goes_before_it_is_copied_is_left_out(bucket: str) -> None:
    fs = fsspec.filesystem("memory")
    fs.pipe_file(f"{bucket}/stays.fit", b"1")
    fs.pipe_file(f"{bucket}/goes.fit", b"2")
    listed = inbox._files

    def then_removed(*place: Any) -> Any:
        infos = listed(*place)
        fs.rm_file(f"{bucket}/goes.fit")
        return infos

    with patch.object(inbox, "_files", then_removed), open_inbox(bucket, []) as recordings:
        assert recordings.names == ["stays.fit"]
