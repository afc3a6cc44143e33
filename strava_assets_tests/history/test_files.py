"""Recordings without an export: each is imported once, and is one with Strava's when that comes."""

from __future__ import annotations

import gzip
import os
import shutil
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strava_assets.archive import ArchiveError, Export, open_import
from strava_assets.checks.streams import recordings_agree_with_activities
from strava_assets.data_checks import Subject
from strava_assets.history.adoption import LOCAL, adopt_local, athlete_of_files
from strava_assets.history.archive_import import import_archive
from strava_assets.history.compact import compact
from strava_assets.history.decoding import decode
from strava_assets.history.merged_files import recordings_by_activity
from strava_assets.history.retention import expire
from strava_assets.history.ride_power import compute_ride_power
from strava_assets.history.stream_fetching import wanted, write_stream_index
from strava_assets_tests.archive.devices import a_ride, fit, gpx, tcx
from strava_assets_tests.archive.exports import day, exported_ride, write_export
from strava_assets_tests.depth import examples
from strava_assets_tests.history.file_imports import Files
from strava_assets_tests.history.stories import activity, story
from strava_assets_tests.locked_folders import lock

if TYPE_CHECKING:
    from collections.abc import Callable


def test_copies_of_a_file_are_one_activity(files: Files) -> None:
    content = fit(a_ride(60))
    activity_id = files.put("a.fit", content)
    files.put("b/again.FIT", content)
    files.put("c.fit.gz", gzip.compress(content))

    report = files.load()

    assert (report.files, report.new) == (3, 1)
    assert report.copies == {"b/again.FIT": "a.fit", "c.fit.gz": "a.fit"}
    assert set(files.story.rows()) == {activity_id}


def test_importing_again_changes_nothing_and_new_files_are_added(files: Files) -> None:
    files.put("a.fit", fit(a_ride(60)))
    files.load()
    before = files.story.rows()

    again = files.load()
    added = files.put("b.fit", fit(a_ride(60, day(1))))
    later = files.load()

    assert (again.new, again.stored_before, again.manifest) == (0, 1, None)
    assert (later.new, later.stored_before) == (1, 1)
    assert files.story.rows() == before | {added: files.story.rows()[added]}


def test_what_is_no_activity_is_named_and_the_rest_goes_on(files: Files) -> None:
    whole = fit(a_ride(60))
    files.put("good.fit", whole)
    files.put("course.fit", fit(a_ride(60, day(1)), file_type=6))
    files.put("workout.fit", fit(a_ride(60, day(2)), file_type=5))
    files.put("course.tcx", tcx(a_ride(60, day(3))).replace(b"Activities", b"Courses"))
    files.put("empty.gpx", b"")
    files.put("attack.gpx", b'<!DOCTYPE gpx [<!ENTITY a "b">]><gpx><trk>&a;</trk></gpx>')
    files.put("twice.fit.gz", gzip.compress(gzip.compress(whole)))
    files.put("bomb.fit.gz", gzip.compress(bytes(40_000_000)))
    files.put("notes.txt", b"notes")
    files.put(".hidden.fit", whole)
    (files.folder / "link.fit").symlink_to(files.folder / "good.fit")

    report = files.load()

    assert (report.files, report.new) == (8, 1)
    assert {name: reason.split(":")[0] for name, reason in report.rejected.items()} == {
        "course.fit": "it is a course, not a recorded activity",
        "workout.fit": "it is a workout, not a recorded activity",
        "course.tcx": "it is a course, not a recorded activity",
        "empty.gpx": "it is empty",
        "attack.gpx": "it declares entities or a document type, which may be an attack (DTDForbidden)",
        "twice.fit.gz": "it is gzip within gzip, as in a gzip bomb",
        "bomb.fit.gz": "it is compressed more than 200 to 1, as in a gzip bomb",
    }
    assert sorted(report.others) == [".hidden.fit", "notes.txt"]
    assert len(files.story.rows()) == 1


def test_a_file_beyond_the_limit_is_named(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("strava_assets.history.file_import.MAX_BYTES", 1_000)
    files.put("long.fit", fit(a_ride(600)))

    report = files.load()

    assert "more than the limit" in report.rejected["long.fit"]


def test_a_file_that_is_still_being_written_waits(files: Files) -> None:
    whole = fit(a_ride(60))
    files.put("a.fit", whole[:-300], fresh=True)
    files.put("b.gpx", gpx(a_ride(60, day(1)))[:-50], fresh=True)
    files.put("c.fit.gz", gzip.compress(whole)[:-20], fresh=True)
    files.put("d.fit", fit(a_ride(60, day(2))), fresh=True)

    report = files.load()

    assert report.new == 1
    assert {name: reason.rpartition(";")[2] for name, reason in report.rejected.items()} == dict.fromkeys(
        ("a.fit", "b.gpx", "c.fit.gz"), " it may still be being written, so import it again later"
    )
    files.put("a.fit", whole)
    files.put("b.gpx", gpx(a_ride(60, day(1))))
    assert files.load().new == 2


def test_a_folder_that_vanishes_during_the_import_loses_only_what_was_not_read(files: Files) -> None:
    for number in range(4):
        files.put(f"{number}.fit", fit(a_ride(60, day(number))))
    files.story.wait(hours=1)

    def vanish(progress: Any) -> None:
        if progress.done == 2:
            for path in files.folder.iterdir():
                path.unlink()
            files.folder.rmdir()

    report = files.import_only(progress=vanish)
    files.story.load()

    assert report.new == 2
    assert set(report.rejected.values()) == {"it cannot be read: No such file or directory"}
    assert len(files.story.rows()) == 2


def test_an_import_that_is_stopped_lands_what_was_decoded(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("strava_assets.history.file_import.FILES_A_PART", 2)
    for number in range(5):
        files.put(f"{number}.fit", fit(a_ride(60, day(number))))

    def stop(progress: Any) -> None:
        if progress.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.import_only(progress=stop)
    files.story.load()

    assert len(files.story.rows()) == 2
    assert files.load().new == 3
    assert len(files.story.rows()) == 5


@pytest.mark.deep
def test_two_processes_make_what_one_makes(files: Files) -> None:
    for number in range(6):
        files.put(f"{number}.fit", fit(a_ride(60, day(number))))
    files.put("bad.fit", b"bad")
    by_two = files.load(processes=2)

    assert (by_two.new, by_two.rejected) == (6, {"bad.fit": "it is neither FIT nor GPX nor TCX"})


STRAVA = activity(
    1, start_date="2026-03-02T07:33:00Z", start_date_local="2026-03-02T08:33:00Z", moving_time=600
)


@pytest.mark.parametrize("file_first", [True, False])
def test_strava_wins_whichever_came_first(files: Files, *, file_first: bool) -> None:
    file_id = files.put("a.fit", fit(a_ride(900)))
    steps: list[Callable[[], object]] = [files.load, lambda: files.story.sync([STRAVA])]
    for step in steps if file_first else reversed(steps):
        step()

    rows = files.story.rows()
    assert {key: row["merged_into"] for key, row in rows.items()} == {file_id: "1", "1": None}
    assert rows == files.story.rebuilt()[0]


def test_a_ride_that_overlaps_by_half_or_less_is_another_one(files: Files) -> None:
    file_id = files.put("a.fit", fit(a_ride(900)))
    files.load()
    files.story.sync(
        [
            activity(1, start_date="2026-03-02T07:37:30Z", moving_time=900),
            activity(2, start_date="2026-03-02T07:30:00Z", moving_time=900, manual=True),
            activity(3, start_date="2026-03-02T07:30:00Z", moving_time=900, athlete=8),
        ]
    )

    assert files.story.rows()[file_id]["merged_into"] is None


def test_a_file_counts_again_when_strava_no_longer_has_its_ride(files: Files) -> None:
    file_id = files.put("a.fit", fit(a_ride(900)))
    files.load()
    files.story.sync([STRAVA, activity(50)])
    assert files.story.rows()[file_id]["merged_into"] == "1"

    files.story.sync([activity(50)])

    assert files.story.rows()[file_id]["merged_into"] is None
    assert files.story.rows() == files.story.rebuilt()[0]


def test_a_file_counts_again_when_strava_row_expires(files: Files) -> None:
    file_id = files.put("a.fit", fit(a_ride(900)))
    files.load()
    files.story.sync([STRAVA])
    files.story.wait(days=60)

    expire(files.story.landing, files.story.warehouse, files.story.streams, files.story.now, 30)

    assert {key: row["merged_into"] for key, row in files.story.rows().items()} == {file_id: None}
    assert files.story.rows() == files.story.rebuilt()[0]


def test_an_export_with_the_same_ride_wins_too(files: Files) -> None:
    ride = a_ride(900)
    file_id = files.put("a.fit", fit(ride))
    files.load()
    folder = write_export(files.story.folder / "export", [exported_ride(5, ride)], athlete="7")
    with Export(folder) as export:
        import_archive(
            export,
            files.story.landing,
            files.story.streams,
            clock=lambda: files.story.now,
            home="UTC",
            processes=1,
        )
    files.story.load()

    assert files.story.rows()[file_id]["merged_into"] == "5"
    own = files.story.streams.entries()
    # The export's own recording stays before the file's, and power is computed once.
    assert recordings_by_activity(files.story.warehouse, own) == own
    assert compute_ride_power(files.story.warehouse, files.story.streams, files.story.now).computed == 1


def test_a_merged_recording_serves_stravas_activity_and_is_not_fetched(files: Files) -> None:
    file_id = files.put("a.fit", fit(a_ride(900)))
    files.put("watch.gpx", gpx(replace(a_ride(900), watts=None)))
    files.load()
    compute_ride_power(files.story.warehouse, files.story.streams, files.story.now)
    files.story.sync([STRAVA, activity(2)])

    warehouse, store = files.story.warehouse, files.story.streams
    recordings = recordings_by_activity(warehouse, store.entries())
    assert recordings["7", "1"].key == ("7", file_id)
    assert [each.activity_id for each in wanted(warehouse, recordings, "power", files.story.now)] == ["2"]
    report = compute_ride_power(warehouse, store, files.story.now)
    # The watch's recording is without power, and has zones of its own until its activity is merged.
    assert (report.computed, report.removed) == (1, 2)
    [row] = warehouse.query("SELECT activity_id, source FROM ride_power").to_pylist()
    assert row == {"activity_id": "1", "source": "file"}
    [bests] = warehouse.query("SELECT DISTINCT activity_id FROM ride_bests").to_pylist()
    assert bests == {"activity_id": "1"}
    assert compute_ride_power(warehouse, store, files.story.now).computed == 0


def test_whose_files_are(files: Files) -> None:
    landing = files.story.landing
    assert athlete_of_files(landing, None) == LOCAL
    assert athlete_of_files(landing, "9") == "9"
    files.put("a.fit", fit(a_ride(60)))
    files.load(athlete_id=LOCAL)
    assert athlete_of_files(landing, None) == LOCAL
    files.story.sync([activity(1)])
    assert athlete_of_files(landing, None) == "7"
    files.story.sync([activity(2, athlete=8)], athlete="8")
    with pytest.raises(ArchiveError, match="Several athletes have data here: 7, 8"):
        athlete_of_files(landing, None)


def test_the_first_athlete_adopts_what_was_imported_before(files: Files) -> None:
    file_id = files.put("a.fit", fit(a_ride(900)))
    files.load(athlete_id=LOCAL)
    assert files.story.rows()[file_id]["athlete_id"] == LOCAL
    files.put("b.fit", fit(a_ride(60, day(1))))
    files.load(athlete_id=LOCAL)
    files.story.sync([STRAVA])

    assert adopt_local(files.story.landing, files.story.streams) == "7"
    files.story.load()

    rows = files.story.rows()
    assert {row["athlete_id"] for row in rows.values()} == {"7"}
    assert rows[file_id]["merged_into"] == "1"
    assert files.story.streams.athletes() == {"7"}
    [(_, recording)] = files.story.streams.read([files.story.streams.entries()["7", file_id]])
    assert set(recording["athlete_id"].to_pylist()) == {"7"}
    assert rows == files.story.rebuilt()[0]
    assert adopt_local(files.story.landing, files.story.streams) is None
    assert files.load().stored_before == 2


def test_an_adoption_that_was_stopped_is_completed(files: Files) -> None:
    file_id = files.put("a.fit", fit(a_ride(900)))
    files.load(athlete_id=LOCAL)
    files.story.sync([activity(50)])
    with (
        patch("strava_assets.history.adoption._adopt_batches", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        adopt_local(files.story.landing, files.story.streams)

    adopt_local(files.story.landing, files.story.streams)
    files.story.load()

    assert files.story.rows()[file_id]["athlete_id"] == "7"
    assert set(files.story.streams.entries()) == {("7", file_id)}


def test_a_folder_without_anything_to_import_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("notes")

    with pytest.raises(ArchiveError, match=r"neither activities\.csv nor a FIT, GPX or TCX file") as refused:
        open_import(tmp_path)

    assert "It contains notes.txt." in str(refused.value)


def test_a_single_file_is_imported_alone(files: Files) -> None:
    files.put("a.fit", fit(a_ride(60)))
    files.put("b.fit", fit(a_ride(60, day(1))))

    assert files.load(path=files.folder / "a.fit").new == 1


RIDES = range(3)
orders = st.lists(
    st.one_of(
        st.tuples(st.just("file"), st.sampled_from(RIDES)),
        st.tuples(st.just("sync"), st.lists(st.sampled_from(RIDES), max_size=3, unique=True)),
        st.tuples(st.just("load"), st.none()),
        st.tuples(st.just("compact"), st.integers(0, 5)),
    ),
    min_size=3,
    max_size=12,
)


def ride_on_strava(number: int) -> dict[str, Any]:
    start = day(number) + timedelta(seconds=20)
    return activity(number + 1, start_date=f"{start:%Y-%m-%dT%H:%M:%SZ}", moving_time=60)


@settings(
    max_examples=examples(10), deadline=None, derandomize=False, suppress_health_check=[HealthCheck.too_slow]
)
@given(st.sampled_from(["7", LOCAL]), orders)
def test_in_every_order_a_rebuild_decides_the_same_and_nothing_counts_twice(
    athlete_id: str, course: list[tuple[str, Any]]
) -> None:
    with (
        TemporaryDirectory() as folder,
        story(Path(folder)) as history,
        patch("strava_assets.history.compact._MIN_BATCHES_TO_MERGE", 2),
    ):
        files = Files(history)
        history.load()
        on_strava: set[str] = set()
        for what, how in [*course, ("load", None)]:
            history.wait(hours=1)
            if what == "file":
                files.put(f"{how}.fit", fit(a_ride(60, day(how), seed=how), with_crc=False))
                files.import_only(athlete_id=athlete_id)
            elif what == "sync":
                # Not complete, so that nothing is concluded to be deleted.
                history.land([ride_on_strava(number) for number in how], complete=False)
                on_strava |= {str(number + 1) for number in how}
            elif what == "load":
                adopt_local(history.landing, history.streams)
                history.load()
            else:
                compact(history.landing, history.warehouse, history.now, how)
        rows = history.rows()
        assert rows == history.rebuilt()[0]
        counted = [row["start_date"].date() for row in rows.values() if row["merged_into"] is None]
        assert len(counted) == len({*counted})
        assert on_strava <= {row["activity_id"] for row in rows.values() if row["merged_into"] is None}


def test_a_zip_of_recordings_is_read_and_an_attack_is_refused(files: Files) -> None:
    path = files.story.folder / "device.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Activities/a.fit", fit(a_ride(60)))
        archive.writestr("Activities/bomb.fit", bytes(40_000_000))
        archive.writestr("__MACOSX/Activities/._a.fit", b"x")

    report = files.load(path=path)

    assert (report.new, report.others) == (1, ["__MACOSX/Activities/._a.fit"])
    assert "as in a zip bomb" in report.rejected["Activities/bomb.fit"]
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../outside.fit", fit(a_ride(60, day(1))))
    with pytest.raises(ArchiveError, match="outside of the zip"):
        open_import(path)


def test_names_that_cannot_be_stored_or_shown_are_escaped(files: Files) -> None:
    try:
        files.put(os.fsdecode(b"caf\xe9.fit"), fit(a_ride(60)))
    except OSError:
        pytest.skip("this file system has only names in UTF-8")
    files.put("two\nlines\x1b[31m.fit", fit(a_ride(90, day(1))))
    files.put(r"two\nlines\x1b[31m.fit", fit(a_ride(90, day(2))))

    report = files.load(processes=2)

    assert (report.new, report.others) == (3, [])
    assert {row["name"] for row in files.story.rows().values()} == {
        r"caf\udce9",
        r"two\nlines\x1b[31m",
        r"two\\nlines\\x1b[31m",
    }
    assert len(files.story.streams.entries()) == 3


def test_repairs_are_named(files: Files) -> None:
    files.put("cut.fit", fit(a_ride(60))[:-300])

    report = files.load()

    assert "cut short" in report.repaired["cut.fit"]


def test_a_clock_that_was_never_set_makes_no_activity(files: Files) -> None:
    files.put("old.gpx", gpx(a_ride(60, datetime(1990, 7, 9, tzinfo=UTC))))

    report = files.load()

    assert report.new == 0
    assert "never set" in report.rejected["old.gpx"]


def test_a_file_in_a_zip_is_not_still_being_written(files: Files, tmp_path: Path) -> None:
    path = tmp_path / "files.zip"
    with zipfile.ZipFile(path, "w") as packed:
        later = zipfile.ZipInfo("cut.fit", (2098, 1, 1, 0, 0, 0))
        packed.writestr(later, fit(a_ride(60))[:-300])

    assert files.load(path=path).new == 1


def test_a_device_that_writes_the_size_last_is_still_writing(files: Files) -> None:
    content = bytearray(fit(a_ride(60)))
    content[4:8] = bytes(4)
    files.put("growing.fit", bytes(content), fresh=True)

    assert "may still be being written" in files.load().rejected["growing.fit"]


@pytest.mark.parametrize("processes", [1, 2])
def test_a_folder_that_vanishes_before_decoding_is_named(
    files: Files, monkeypatch: pytest.MonkeyPatch, processes: int
) -> None:
    for number in range(2):
        files.put(f"{number}.fit", fit(a_ride(60, day(number))))

    def vanish_and_decode(*args: Any) -> Any:
        shutil.rmtree(files.folder)
        return decode(*args)

    monkeypatch.setattr("strava_assets.history.file_import.decode", vanish_and_decode)

    report = files.import_only(processes=processes)

    assert (report.new, sorted(report.rejected)) == (0, ["0.fit", "1.fit"])


def test_a_file_is_not_compared_with_the_activity_that_is_made_of_it(files: Files) -> None:
    story = files.story
    files.put("positions.gpx", gpx(a_ride(60)))
    activity_id = files.put("short.fit", fit(replace(a_ride(60), watts=np.full(60, 250.0))))
    files.load()
    write_stream_index(story.warehouse, story.streams.entries())

    finding = recordings_agree_with_activities(Subject(story.warehouse, story.landing, story.streams))

    assert finding.passed
    # Rounded to 0.1 kJ, the work of a short ride would not agree with its power.
    assert story.rows()[activity_id]["kilojoules"] == 14.75


def test_a_file_that_is_replaced_during_the_import_is_counted_once(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.put("ride.fit", fit(a_ride(60)))

    def replace_and_decode(*args: Any) -> Any:
        files.put("ride.fit", fit(a_ride(90, day(3))))
        return decode(*args)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("strava_assets.history.file_import.decode", replace_and_decode)
        during = files.load()
    after = files.load()

    assert "changed during the import" in during.rejected["ride.fit"]
    assert (during.new, after.new, len(files.story.rows())) == (0, 1, 1)


def test_a_folder_that_cannot_be_read_is_named_and_the_rest_imported(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.put("ride.fit", fit(a_ride(60)))
    files.put("2019/ride.fit", fit(a_ride(60, day(-1))))
    lock(files.folder / "2019", monkeypatch)

    report = files.load()

    assert report.new == 1
    assert report.rejected == {"2019/": "the folder cannot be read: Permission denied"}
