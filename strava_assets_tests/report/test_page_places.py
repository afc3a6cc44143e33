"""Where pages lie with one athlete and with several: moved when a second one comes, and back."""

from __future__ import annotations

import uuid
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from strava_assets.landing.athlete_index import Athlete
from strava_assets.report import (
    AthleteOverview,
    Figures,
    ReportError,
    arrange_pages,
    athlete_folder,
    athletes_with_page,
    build_athlete_overview,
    build_page,
    page_files,
    remove_pages,
    write_page,
)
from strava_assets.report.page_files import foreign_paths, is_own_path, is_page, own_paths, write_picture
from strava_assets.storage_folder import StorageFolder
from strava_assets_tests.report.conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

MONDAY, TUESDAY = date(2024, 6, 10), date(2024, 6, 11)


def page(athlete_id: str, remark: str = "") -> str:
    """A page with no rides, as it is built."""
    return build_page(Figures(athlete_id=athlete_id), generated_at=NOW, title=f"of {athlete_id} {remark}")


INDEX = build_athlete_overview(AthleteOverview([Athlete("7", NOW)], {}, {}, ()), generated_at=NOW)


class Place:
    """An address of a report, and what lies there."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.folder = StorageFolder(address, lambda problem: ReportError(problem.reason))

    def write(self, athlete_id: str, *, several: bool) -> None:
        """A page, two dated copies and a picture."""
        address = athlete_folder(self.address, athlete_id) if several else self.address
        write_picture(f"picture of {athlete_id}", address, "year-2023.svg")
        for day in (MONDAY, TUESDAY):
            write_page(page(athlete_id, f"on {day}"), address, dated=day)

    def contents(self) -> dict[str, str]:
        """Every file: its first line that says whose it is."""
        texts = {path: self.folder.read(path).decode() for path in self.folder.files()}
        return {path: _title_or_text(text) for path, text in sorted(texts.items())}


def _title_or_text(text: str) -> str:
    title = text.partition("<title>")[2].partition("</title>")[0]
    return title or text


def pages_of(athlete_id: str, below: str = "") -> dict[str, str]:
    return {
        f"{below}index.html": f"of {athlete_id} on {TUESDAY}",
        f"{below}report-{MONDAY}.html": f"of {athlete_id} on {MONDAY}",
        f"{below}report-{TUESDAY}.html": f"of {athlete_id} on {TUESDAY}",
        f"{below}year-2023.svg": f"picture of {athlete_id}",
    }


@pytest.fixture(params=["folder", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """A folder on a disk, and one without folders of its own."""
    is_folder = request.param == "folder"
    return Place(str(tmp_path / "report") if is_folder else f"memory://{uuid.uuid4().hex}/report")


def test_with_one_athlete_everything_stays_where_it_is(place: Place) -> None:
    place.write("7", several=False)
    before = place.contents()

    arrange_pages(place.address, ["7"])

    assert place.contents() == before == pages_of("7")


def test_when_the_second_comes_the_pages_of_the_first_move_into_their_folder(place: Place) -> None:
    place.write("7", several=False)

    arrange_pages(place.address, ["7", "8"])

    assert place.contents() == pages_of("7", "athlete=7/")
    assert athletes_with_page(place.address) == {"7"}


def test_with_several_nothing_moves_and_the_index_stays(place: Place) -> None:
    for athlete_id in ("7", "8"):
        place.write(athlete_id, several=True)
    write_page(INDEX, place.address)
    before = place.contents()

    arrange_pages(place.address, ["7", "8"])

    assert place.contents() == before
    assert before["index.html"] == "Athletes"
    assert athletes_with_page(place.address) == {"7", "8"}


def test_when_one_is_left_the_pages_go_back_and_nothing_of_the_others_stays(place: Place) -> None:
    for athlete_id in ("7", "8", "9"):
        place.write(athlete_id, several=True)
    write_page(INDEX, place.address)

    arrange_pages(place.address, ["8"])

    assert place.contents() == pages_of("8")
    if local := place.folder.local_path():
        assert [path for path in local.iterdir() if path.is_dir()] == []


def test_the_index_goes_where_the_one_who_is_left_has_no_page(place: Place) -> None:
    place.write("7", several=True)
    write_page(INDEX, place.address)

    arrange_pages(place.address, ["8"])

    assert place.contents() == {}


def test_a_page_goes_to_the_athlete_that_it_names_and_not_to_the_first(place: Place) -> None:
    place.write("8", several=False)

    arrange_pages(place.address, ["7", "8"])

    assert place.contents() == pages_of("8", "athlete=8/")


def test_the_pages_of_somebody_who_is_gone_are_removed(place: Place) -> None:
    place.write("9", several=False)

    arrange_pages(place.address, ["7"])

    assert place.contents() == {}


def test_pages_of_an_earlier_version_are_those_of_the_first(place: Place) -> None:
    write_page("<html lang=en><title>before</title>", place.address, dated=MONDAY)

    arrange_pages(place.address, ["7", "8"])

    assert place.contents() == {
        "athlete=7/index.html": "before",
        f"athlete=7/report-{MONDAY}.html": "before",
    }


def test_where_nobody_is_known_nothing_is_changed(place: Place) -> None:
    place.write("7", several=False)

    arrange_pages(place.address, [])

    assert place.contents() == pages_of("7")


class KilledError(BaseException):
    """Stands for a signal that nothing handles."""


class KillingFolder(StorageFolder):
    """Ends the program before the change with this number, counted from zero."""

    changes = 0
    killed_at = -1

    def _change(self) -> None:
        if type(self).changes == type(self).killed_at:
            raise KilledError
        type(self).changes += 1

    @override
    def put(self, path: str, content: bytes, *, durable: bool = True) -> None:
        self._change()
        super().put(path, content, durable=durable)

    @override
    def remove(self, paths: Sequence[str], *, durable: bool = True) -> None:
        for path in paths:
            self._change()
            super().remove([path], durable=durable)

    @override
    def remove_if_empty(self, path: str = "") -> None:
        self._change()
        super().remove_if_empty(path)


WAYS = {
    "a second one comes": (["7"], ["7", "8"]),
    "one is left": (["7", "8"], ["8"]),
    "one of three goes": (["7", "8", "9"], ["7", "9"]),
    "somebody else comes instead": (["7"], ["8"]),
}


@pytest.mark.parametrize("way", WAYS)
def test_killed_anywhere_the_next_call_completes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    before, after = WAYS[way]

    def prepared(name: str) -> Place:
        place = Place(str(tmp_path / name))
        for athlete_id in before:
            place.write(athlete_id, several=len(before) > 1)
        if len(before) > 1:
            write_page(INDEX, place.address)
        return place

    whole = prepared("whole")
    arrange_pages(whole.address, after)
    killed = 0
    while True:
        place = prepared(f"killed-{killed}")
        with monkeypatch.context() as patched:
            patched.setattr(page_files, "StorageFolder", KillingFolder)
            patched.setattr(KillingFolder, "changes", 0)
            patched.setattr(KillingFolder, "killed_at", killed)
            try:
                arrange_pages(place.address, after)
            except KilledError:
                pass
            else:
                break
        # At no moment does a page lie in the folder of another athlete.
        for path, text in place.contents().items():
            if path.startswith("athlete="):
                assert f"of {path[8]}" in text
        arrange_pages(place.address, after)
        assert place.contents() == whole.contents()
        killed += 1
    assert killed >= 4


@pytest.mark.parametrize("forgotten", ["7", "8"])
def test_of_two_athletes_one_is_removed_and_the_index_with_them(place: Place, forgotten: str) -> None:
    for athlete_id in ("7", "8"):
        place.write(athlete_id, several=True)
    write_page(INDEX, place.address)

    assert remove_pages(place.address, forgotten, alone=False)

    other = {"7": "8", "8": "7"}[forgotten]
    assert place.contents() == pages_of(other, f"athlete={other}/")
    assert not remove_pages(place.address, forgotten, alone=False)
    arrange_pages(place.address, [other])
    assert not remove_pages(place.address, forgotten, alone=False)
    assert place.contents() == pages_of(other)


def test_the_only_athletes_pages_go_wherever_they_are(place: Place) -> None:
    place.write("7", several=False)
    place.write("8", several=True)

    assert remove_pages(place.address, "7", alone=True)

    assert place.contents() == {}


def test_a_page_that_does_not_say_whose_it_is_is_removed_with_anybody(place: Place) -> None:
    write_page("<html><title>before</title>", place.address, dated=MONDAY)

    assert remove_pages(place.address, "7", alone=False)

    assert place.contents() == {}


def test_a_draft_that_was_left_behind_is_removed_too(place: Place) -> None:
    for path in ("index.html.partial", "athlete=7/report-2024-06-10.html.partial"):
        place.folder.put(path, b"half a page")

    assert remove_pages(place.address, "7", alone=True)

    assert place.contents() == {}


FOREIGN = (
    *("notes.txt", "report-draft.html", "report-2024-06-10-final.html", "year-23.svg", "pictures/index.html"),
    *("athlete=7/notes.txt", "athlete=7/more/index.html", "athlete=/index.html", "athlete=7 8/index.html"),
)


def test_what_is_not_ours_is_named_and_stays(place: Place) -> None:
    place.write("7", several=True)
    for path in FOREIGN:
        place.folder.put(path, b"mine")

    assert foreign_paths(place.address) == [
        *("athlete=/", "athlete=7/more/", "athlete=7/notes.txt", "athlete=7 8/"),
        *("notes.txt", "pictures/", "report-2024-06-10-final.html", "report-draft.html", "year-23.svg"),
    ]
    arrange_pages(place.address, ["8"])
    remove_pages(place.address, "7", alone=True)
    assert set(place.contents()) == set(FOREIGN)
    assert own_paths(place.address) == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("index.html", (True, True)),
        ("athlete=7/index.html", (True, True)),
        ("athlete=local/report-2024-06-10.html", (True, True)),
        ("athlete=7/year-2024.svg", (False, True)),
        ("athlete=7/index.html.partial", (False, True)),
        ("athlete=../index.html", (False, False)),
        ("athlete=7/../index.html", (False, False)),
        ("athlete=7//index.html", (False, False)),
        ("athlete=7/athlete=8/index.html", (False, False)),
        ("x/athlete=7/index.html", (False, False)),
        ("athlete=7", (False, False)),
        ("athlete=7/index.html\n", (False, False)),
    ],
)
def test_only_the_forms_of_our_own_names_count(path: str, expected: Any) -> None:
    assert (is_page(path), is_own_path(path)) == expected
