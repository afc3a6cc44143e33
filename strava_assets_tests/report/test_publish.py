"""Where the page goes: any address, whole or not at all."""

from __future__ import annotations

import uuid
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import fsspec
import pytest

from strava_assets.report import ReportError, write_page

if TYPE_CHECKING:
    from collections.abc import Callable


def test_a_folder_is_made_where_it_is_missing(tmp_path: Path) -> None:
    where = write_page("<p>Höhe</p>", str(tmp_path / "new" / "report"))

    assert Path(where) == tmp_path / "new" / "report" / "index.html"
    assert Path(where).read_text(encoding="utf-8") == "<p>Höhe</p>"


def test_a_second_page_replaces_the_first_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write_page("first", str(tmp_path))
    write_page("second", str(tmp_path))

    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("index.html", "second")]


def test_dated_copies_of_earlier_days_are_kept(tmp_path: Path) -> None:
    write_page("monday", str(tmp_path), dated=date(2024, 6, 10))
    write_page("tuesday", str(tmp_path), dated=date(2024, 6, 11))

    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "report-2024-06-10.html": "monday",
        "report-2024-06-11.html": "tuesday",
        "index.html": "tuesday",
    }


def test_any_fsspec_address_serves() -> None:
    folder = f"memory://{uuid.uuid4().hex}/report"

    where = write_page("page", folder, dated=date(2024, 6, 10))

    with fsspec.open(where, "r") as file:
        assert file.read() == "page"
    assert where.startswith("memory://")


def test_a_write_that_fails_leaves_the_old_page(tmp_path: Path) -> None:
    write_page("old", str(tmp_path))
    # In the way of the draft.
    (tmp_path / "index.html.partial").mkdir()

    with pytest.raises(ReportError, match="Is a directory"):
        write_page("new", str(tmp_path))

    assert (tmp_path / "index.html").read_text() == "old"


@pytest.mark.parametrize(
    "spoil", [lambda path: f"{path / 'file'}/report", lambda _: "nosuchscheme://x/report"]
)
def test_an_address_that_cannot_be_written_is_named_with_the_remedy(
    tmp_path: Path, spoil: Callable[[Path], str]
) -> None:
    (tmp_path / "file").write_text("not a folder")
    address = spoil(tmp_path)

    with pytest.raises(ReportError) as raised:
        write_page("page", address)

    assert address in str(raised.value)
    assert "What to do" in str(raised.value)
