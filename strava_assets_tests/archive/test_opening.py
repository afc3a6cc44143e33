"""An export that is not one, is damaged or was made to do harm is refused, in words a person can follow."""

from __future__ import annotations

import gzip
import os
import stat
import struct
import zipfile
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from strava_assets.archive import (
    ArchiveError,
    Export,
    Recordings,
    UnreadableFileError,
    athlete_of,
    newest_export,
    open_import,
    read_activities,
)
from strava_assets_tests.archive.exports import ATHLETE, Exported, exported_ride, packed, write_export
from strava_assets_tests.locked_folders import lock
from strava_assets_tests.peak_memory import with_peak_bytes

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 10_000_000


def a_zip(path: Path, *files: tuple[str | zipfile.ZipInfo, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("activities.csv", "Activity ID,Activity Date,Activity Type,Filename\n")
        for name, content in files:
            archive.writestr(name, content)
    return path


def test_a_zip_and_the_folder_it_was_unpacked_to_read_the_same(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "unpacked", [exported_ride(1), Exported(2)])
    path = packed(folder, tmp_path / "export_4711.zip")

    with Export(folder) as unpacked, Export(path) as zipped:
        for export in (unpacked, zipped):
            assert [row.text("Activity ID") for row in read_activities(export)] == ["1", "2"]
            assert athlete_of(export) == ATHLETE
        name = "activities/701.fit.gz"
        assert unpacked.read(name, LIMIT) == zipped.read(name, LIMIT)


def test_an_export_within_a_folder_of_the_zip_is_found(tmp_path: Path) -> None:
    write_export(tmp_path / "all" / "export_4711", [exported_ride(1)])

    with Export(packed(tmp_path / "all", tmp_path / "again.zip")) as export:
        assert export.read("activities/701.fit.gz", LIMIT)
        assert len(read_activities(export)) == 1


def test_a_zip_packed_anew_on_windows_is_read(tmp_path: Path) -> None:
    entry = zipfile.ZipInfo("activities/1.fit.gz")
    entry.filename = "activities\\1.fit.gz"

    with Export(a_zip(tmp_path / "export.zip", (entry, b"x"))) as export:
        assert export.read("activities/1.fit.gz", LIMIT) == b"x"


def test_when_it_was_made_stands_in_the_zip(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "unpacked", [])
    made_at = datetime(2025, 4, 5, 6, 7, 8, tzinfo=UTC)
    os.utime(folder / "activities.csv", (made_at.timestamp(), made_at.timestamp()))
    path = packed(folder, tmp_path / "export.zip", made_at=made_at)

    for where in (folder, path):
        with Export(where) as export:
            assert export.made_at == made_at


def test_a_zip_without_a_date_or_with_one_of_the_future_counts_as_old_as_its_file(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "unpacked", [])
    for year in (1980, 2100):
        path = packed(folder, tmp_path / f"{year}.zip", made_at=datetime(year, 1, 1, tzinfo=UTC))
        os.utime(path, (1_700_000_000, 1_700_000_000))
        with Export(path) as export:
            assert export.made_at.timestamp() == 1_700_000_000


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/../../b", "..\\..\\b", "C:\\b"])
def test_a_zip_that_would_write_elsewhere_is_refused_whole(tmp_path: Path, name: str) -> None:
    path = a_zip(tmp_path / "export.zip", (name, b"x"))

    with pytest.raises(ArchiveError, match="outside of the zip"):
        Export(path)


def test_a_zip_with_a_link_is_refused_whole(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("activities/1.fit")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16

    with pytest.raises(ArchiveError, match="is a link"):
        Export(a_zip(tmp_path / "export.zip", (link, b"/etc/passwd")))


def test_links_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.fit"
    secret.write_bytes(b"secret")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "2.fit").write_bytes(b"secret")
    folder = write_export(tmp_path / "unpacked", [Exported(1)])
    (folder / "activities" / "1.fit").symlink_to(secret)
    (folder / "linked").symlink_to(tmp_path / "elsewhere", target_is_directory=True)

    with Export(folder) as export:
        for name in ("activities/1.fit", "linked/2.fit", "../secret.fit"):
            with pytest.raises(UnreadableFileError):
                export.read(name, LIMIT)


def test_a_file_that_is_not_there_is_a_reason(tmp_path: Path) -> None:
    with (
        Export(write_export(tmp_path, [])) as export,
        pytest.raises(UnreadableFileError, match="does not contain"),
    ):
        export.read("activities/1.fit", LIMIT)


def test_a_bomb_is_refused_by_what_it_says_of_itself(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "export.zip", ("activities/1.fit", bytes(9_000_000)))

    with Export(path) as export, pytest.raises(UnreadableFileError, match="as in a zip bomb"):
        export.read("activities/1.fit", LIMIT)


def test_a_huge_file_is_refused_by_its_size(tmp_path: Path) -> None:
    noise = os.urandom(300_000)
    folder = write_export(tmp_path / "unpacked", [])
    (folder / "activities" / "1.fit").write_bytes(noise)

    for where in (folder, packed(folder, tmp_path / "export.zip")):
        with Export(where) as export, pytest.raises(UnreadableFileError, match="the limit of 0 MB"):
            export.read("activities/1.fit", 200_000)


def test_a_size_that_is_a_lie_does_not_let_more_through(tmp_path: Path) -> None:
    path = a_zip(tmp_path / "export.zip", ("activities/1.fit", os.urandom(50_000)))
    content = bytearray(path.read_bytes())
    # The size in the central directory, which is the one that counts.
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 100)
    path.write_bytes(content)

    with Export(path) as export, pytest.raises(UnreadableFileError):
        export.read("activities/1.fit", 10_000)


def test_a_damaged_file_of_a_zip_is_a_reason_and_the_others_are_read(tmp_path: Path) -> None:
    first = os.urandom(5_000)
    path = a_zip(tmp_path / "export.zip", ("activities/1.fit", first), ("activities/2.fit", b"fine"))
    content = bytearray(path.read_bytes())
    at = content.index(first[:50])
    content[at : at + 10] = b"0123456789"
    path.write_bytes(content)

    with Export(path) as export:
        with pytest.raises(UnreadableFileError, match="damaged"):
            export.read("activities/1.fit", LIMIT)
        assert export.read("activities/2.fit", LIMIT) == b"fine"


@pytest.mark.parametrize("content", [b"", b"no zip at all", gzip.compress(b"a", mtime=0)])
def test_what_is_no_zip_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "export.zip"
    path.write_bytes(content)

    with pytest.raises(ArchiveError, match="not a readable zip file"):
        Export(path)


def test_a_download_cut_short_is_told(tmp_path: Path) -> None:
    path = packed(write_export(tmp_path / "unpacked", [exported_ride(1)]), tmp_path / "export.zip")
    path.write_bytes(path.read_bytes()[:-200])

    with pytest.raises(ArchiveError, match="Download it again"):
        Export(path)


def test_a_path_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="cannot be opened"):
        Export(tmp_path / "export_1.zip")


def test_a_zip_of_something_else_is_told(tmp_path: Path) -> None:
    path = tmp_path / "photos.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("beach.jpg", b"x")

    with pytest.raises(ArchiveError, match=r"does not contain activities\.csv") as refused:
        Export(path)
    assert "beach.jpg" in str(refused.value)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "it is empty"),
        ("Activity ID,Activity Date\nTöpfe".encode("cp1252"), "not UTF-8"),
        (b'Activity ID,Activity Date,Activity Type,Filename\n1,"never closed', "not valid CSV"),
    ],
)
def test_an_unusable_table_is_reported(tmp_path: Path, content: bytes, why: str) -> None:
    folder = write_export(tmp_path, [])
    (folder / "activities.csv").write_bytes(content)

    with Export(folder) as export, pytest.raises(ArchiveError, match=why):
        read_activities(export)


def test_whose_it_is_stands_in_its_name_too(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "unpacked", [], athlete=None)

    with Export(packed(folder, tmp_path / "export_99.zip")) as export:
        assert athlete_of(export) == "99"
    with Export(packed(folder, tmp_path / "mine.zip")) as export:
        assert athlete_of(export, "5") == "5"
        with pytest.raises(ArchiveError, match="--athlete ID"):
            athlete_of(export)
        with pytest.raises(ArchiveError, match="not a Strava athlete id"):
            athlete_of(export, "me")


def test_two_who_say_differently_whose_it_is_stop_the_import(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "unpacked", [])

    with (
        Export(packed(folder, tmp_path / "export_99.zip")) as export,
        pytest.raises(ArchiveError, match="disagree"),
    ):
        athlete_of(export)


def test_a_folder_of_several_exports_is_refused(tmp_path: Path) -> None:
    for number in (1, 2):
        write_export(tmp_path / f"export_{number}", [exported_ride(number)])

    with pytest.raises(ArchiveError, match="contains several exports: export_1"):
        Export(tmp_path)


@pytest.mark.parametrize("folder", ["", "export_4711/"])
def test_what_is_not_imported_with_an_export_is_named(tmp_path: Path, folder: str) -> None:
    write_export(tmp_path / folder, [exported_ride(1)])
    others = ["a.gpx", "garmin/ride.fit", "old/export/activities.csv", folder + "activities/9.tcx.gz"]
    ignored = [folder + "routes/1.gpx", folder + "media/1.jpg", "notes.txt"]
    for name in [*others, *ignored]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")

    with Export(tmp_path) as export:
        beside = export.recordings_beside({"activities/701.fit.gz"})

    assert sorted(beside) == sorted(name.removeprefix(folder) for name in others)


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_files_of_a_zip_that_have_the_same_name_are_all_there(tmp_path: Path) -> None:
    path = tmp_path / "rides.zip"
    names = {"first": "ride.fit", "second": "ride.fit", "third": "(1)/ride.fit", "last": "ride.fit"}
    with zipfile.ZipFile(path, "w") as archive:
        for content, name in names.items():
            archive.writestr(name, content)

    with Recordings(path) as recordings:
        assert {name: recordings.read(name, 10) for name in recordings.names} == {
            "(3)/ride.fit": b"first",
            "(2)/ride.fit": b"second",
            "(1)/ride.fit": b"third",
            "ride.fit": b"last",
        }


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "2019").mkdir()
    (tmp_path / "ride.fit").write_bytes(b"x")
    lock(tmp_path / "2019", monkeypatch)

    with Recordings(tmp_path) as recordings:
        assert recordings.names == ["ride.fit"]
        assert recordings.unreadable_folders == {"2019/": "the folder cannot be read: Permission denied"}
    (tmp_path / "ride.fit").unlink()
    with pytest.raises(ArchiveError, match="It contains 2019/"):
        open_import(tmp_path)


def test_a_folder_that_cannot_be_opened_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock(tmp_path, monkeypatch)

    with pytest.raises(ArchiveError, match="cannot be opened: Permission denied"):
        open_import(tmp_path)


def test_one_emoji_does_not_make_a_large_table_four_times_as_large(tmp_path: Path) -> None:
    path = tmp_path / "export.zip"
    description = "x" * 4_000_000
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "activities.csv",
            f"Activity ID,Activity Date,Activity Type,Filename\n1,🚴,Ride,\n2,,Ride,\n3,,,{description}\n",
        )

    with Export(path) as export:
        rows, peak_bytes = with_peak_bytes(lambda: read_activities(export))

    assert len(rows) == 3
    assert peak_bytes < 8 * len(description)


@pytest.mark.parametrize("name", ["export_1.zip", "ride.fit"])
def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)

    with pytest.raises(ArchiveError, match="is neither a file nor a folder"):
        open_import(tmp_path / name)


def test_the_newest_export_is_a_file_whatever_its_letters(tmp_path: Path) -> None:
    folder = write_export(tmp_path / "unpacked", [exported_ride(1)])
    path = packed(folder, tmp_path / "Export_4711 (1).ZIP")
    os.mkfifo(tmp_path / "export_1.zip")
    (tmp_path / "export_2.zip").mkdir()

    assert newest_export(tmp_path) == path
