"""The bulk export in the history: its data, precedence of the API, and repeated imports."""

from __future__ import annotations

import contextlib
import gzip
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from strava_assets.archive import ArchiveError, Export
from strava_assets.history import archive_import as archive_module
from strava_assets.history.archive_import import ImportReport, Progress, import_archive
from strava_assets.history.compact import compact
from strava_assets.history.retention import expire, forget
from strava_assets.history.stream_fetching import write_stream_index
from strava_assets_tests.archive.devices import RawField, a_ride, file_id, fit, fit_file, fit_messages
from strava_assets_tests.archive.exports import (
    Exported,
    day,
    exported_ride,
    packed,
    write_export,
)
from strava_assets_tests.conftest import FIXTURES
from strava_assets_tests.history.stories import Story, activity
from strava_assets_tests.processes import Child

ATHLETE = "7"
MADE_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = MADE_AT + timedelta(days=30)


class Import:
    """Imports into one landing and one store of recordings."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.store = story.streams
        self.progress: list[Progress] = []

    def of(
        self, activities: list[Exported], made_at: datetime = MADE_AT, *, processes: int = 1, **how: Any
    ) -> ImportReport:
        """Import an export of these activities."""
        number = len(list(self.story.folder.glob("export-*.zip")))
        folder = write_export(self.story.folder / f"unpacked-{number}", activities, athlete=ATHLETE)
        path = packed(folder, self.story.folder / f"export-{number}.zip", made_at=made_at)
        return self.again(path, processes=processes, **how)

    def again(
        self, path: Path, *, processes: int = 1, home: str = "Europe/Paris", **how: Any
    ) -> ImportReport:
        """Import an existing export."""
        self.story.wait(hours=1)
        self.progress.clear()
        with Export(path) as export:
            return import_archive(
                export,
                self.story.landing,
                self.store,
                clock=lambda: self.story.now,
                home=home,
                processes=processes,
                progress=self.progress.append,
                **how,
            )

    def files(self) -> dict[str, tuple[int, bytes]]:
        """Every file of the landing and of the store, with its content and when it was written."""
        places = (self.story.folder / "landing", self.story.folder / "streams")
        return {
            str(path): (path.stat().st_mtime_ns, path.read_bytes())
            for place in places
            for path in place.rglob("*")
            if path.is_file()
        }


@pytest.fixture
def imports(story: Story) -> Import:
    return Import(story)


def rides(*numbers: int, **cells: str) -> list[Exported]:
    return [exported_ride(n, a_ride(60, day(n), seed=n), **cells) for n in numbers]


def test_an_export_becomes_rows_and_recordings(imports: Import) -> None:
    manual = Exported(9, day(9))

    imported = imports.of([*rides(1, 2), manual])
    imports.story.load()

    assert (imported.activities, imported.new, imported.changed, imported.unchanged) == (3, 3, 0, 0)
    assert (imported.decoded, imported.stored, imported.without, imported.set_aside) == (2, 2, 1, {})
    rows = imports.story.rows()
    assert {n: (r["source"], r["device_watts"], r["manual"]) for n, r in rows.items()} == {
        "1": ("archive", True, False),
        "2": ("archive", True, False),
        "9": ("archive", None, True),
    }
    assert {row["fetched_at"] for row in rows.values()} == {MADE_AT}
    assert rows["1"]["start_date_local"].isoformat() == "2026-03-03T08:30:00"
    entries = imports.store.entries()
    assert {key: (e.status, e.source, e.year, e.origin) for key, e in entries.items()} == {
        ("7", "1"): ("stored", "archive", 2026, "activities/701.fit.gz"),
        ("7", "2"): ("stored", "archive", 2026, "activities/702.fit.gz"),
    }
    recordings = {entry.activity_id: samples for entry, samples in imports.store.read(entries.values())}
    np.testing.assert_array_equal(recordings["1"]["watts"], a_ride(60, day(1), seed=1).watts)
    assert imports.progress == [Progress(1, 2, 0), Progress(2, 2, 0)]


def test_the_batch_says_what_it_is(imports: Import) -> None:
    manifest = imports.of(rides(1, 2)).manifest

    assert manifest is not None
    assert (manifest.kind, manifest.source, manifest.athlete_id) == ("archive", "archive", "7")
    assert (manifest.complete, manifest.records, manifest.activity_ids) == (False, 2, ("1", "2"))
    assert (manifest.oldest_start, manifest.newest_start) == (day(1), day(2))
    assert {page.fetched_at for page in manifest.pages} == {MADE_AT}


def test_importing_twice_changes_nothing_at_all(imports: Import) -> None:
    imports.of([*rides(1, 2), Exported(9), exported_ride(4, form="fit", Activity_Date="in spring")])
    broken = Exported(5, day(5), "activities/5.fit", b"broken")
    imports.of([*rides(3), broken, Exported(6, day(6), "activities/6.fit", None)])
    imports.story.load()
    before = imports.files()

    for number in (0, 1, 0):
        imported = imports.again(imports.story.folder / f"export-{number}.zip")
        assert (imported.new, imported.changed, imported.manifest) == (0, 0, None)

    assert imports.files() == before
    assert imports.story.load().batches == 0


def test_a_zip_and_its_folder_are_the_same_export(imports: Import) -> None:
    imports.of(rides(1, 2))
    before = imports.files()

    imported = imports.again(imports.story.folder / "unpacked-0")

    assert imported.manifest is None
    assert imports.files() == before


@pytest.mark.parametrize("api_first", [True, False])
def test_the_apis_row_wins_whichever_came_first(imports: Import, *, api_first: bool) -> None:
    story = imports.story
    listed = [activity(1, name="from the API"), activity(3, name="from the API alone")]

    if api_first:
        story.sync(listed)
        imports.of(rides(1, 2), made_at=LATER)
    else:
        imports.of(rides(1, 2), made_at=LATER)
        story.sync(listed)
    story.load()

    assert {n: (row["source"], row["name"]) for n, row in story.rows().items()} == {
        "1": ("api", "from the API"),
        "2": ("archive", "Ride 2"),
        "3": ("api", "from the API alone"),
    }
    assert story.rows() == story.rebuilt()[0]


def test_a_complete_listing_that_lacks_an_exported_activity_deletes_nothing(imports: Import) -> None:
    imports.of(rides(1, 2))
    imports.story.sync([activity(5)])
    imports.story.sync([activity(5), activity(6)])

    assert imports.story.living() == {"1", "2", "5", "6"}


def test_a_broken_file_is_set_aside_with_its_reason_and_the_rest_goes_on(imports: Import) -> None:
    whole = fit(a_ride(60))
    activities = [
        *rides(1, 2),
        Exported(3, day(3), "activities/3.fit.gz", gzip.compress(whole)[:-20]),
        Exported(4, day(4), "activities/4.gpx", b"<gpx><trk>"),
        Exported(5, day(5), "activities/5.fit", None),
        Exported(6, day(6), "activities/6.fit", whole[:60]),
    ]

    imported = imports.of(activities)
    imports.story.load()

    assert (imported.new, imported.stored) == (6, 2)
    assert {name: reason.split(":")[0] for name, reason in imported.set_aside.items()} == {
        "Ride 3, 2026-03-05 (activities/3.fit.gz)": "its gzip is damaged",
        "Ride 4, 2026-03-06 (activities/4.gpx)": "the XML is damaged",
        "Ride 5, 2026-03-07 (activities/5.fit)": "the export does not contain this file",
        "Ride 6, 2026-03-08 (activities/6.fit)": "the FIT file is damaged",
    }
    unreadable = {
        e.activity_id: e.reason for e in imports.store.entries().values() if e.status == "unreadable"
    }
    assert unreadable.keys() == {"3", "4", "5", "6"}
    assert imports.progress[-1] == Progress(6, 6, 4)
    assert imports.story.living() == {"1", "2", "3", "4", "5", "6"}


def test_repairs_are_noted_with_the_recording_and_in_the_report(imports: Import) -> None:
    content = fit(a_ride(600, day(1)))
    cut_short = Exported(1, day(1), "activities/1.fit", content[: len(content) // 2])

    imported = imports.of([cut_short, *rides(2)])

    [(label, note)] = imported.repaired.items()
    assert label == "Ride 1, 2026-03-03 (activities/1.fit)"
    assert "cut short" in note
    entries = imports.store.entries()
    assert entries["7", "1"].notes == (note,)
    assert entries["7", "2"].notes == ()
    write_stream_index(imports.story.warehouse, entries)
    noted = imports.story.warehouse.query("SELECT activity_id, notes FROM activity_streams ORDER BY 1")
    assert noted.to_pylist() == [{"activity_id": "1", "notes": note}, {"activity_id": "2", "notes": None}]


def test_lengths_without_samples_are_reported_and_not_rejected(imports: Import) -> None:
    swim = fit_file(file_id(), fit_messages(2, 101, RawField(5, "uint16", [12])))

    imported = imports.of([Exported(1, day(1), "activities/1.fit", swim)])

    assert list(imported.empty) == ["Ride 1, 2026-03-03 (activities/1.fit)"]
    assert (imported.set_aside, imported.stored, imported.decoded) == ({}, 0, 0)
    [entry] = imports.store.entries().values()
    assert (entry.status, entry.source) == ("none", "archive")


def test_a_better_reader_reads_stored_recordings_again_once(
    imports: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    imports.of(rides(1, 2))
    [path] = imports.story.folder.glob("export-*.zip")
    monkeypatch.setattr("strava_assets.history.archive_import.READER_VERSION", 99)

    again = imports.again(path)
    after = imports.again(path)

    assert (again.decoded, again.new, again.changed) == (2, 0, 0)
    assert after.decoded == 0
    assert {entry.reader for entry in imports.store.entries().values()} == {99}


def test_what_was_set_aside_is_read_once_a_whole_file_comes(imports: Import) -> None:
    imports.of([Exported(3, day(3), "activities/703.fit.gz", b"broken", {"Average Watts": "180"})])
    assert imports.story.load().inserted == 1
    assert imports.story.rows()["3"]["device_watts"] is False

    imported = imports.of(rides(3), made_at=LATER)
    imports.story.load()

    assert (imported.stored, imported.changed) == (1, 1)
    assert [entry.status for entry in imports.store.entries().values()] == ["stored"]
    assert imports.story.rows()["3"]["device_watts"] is True


def test_a_reason_does_not_take_the_place_of_a_recording_that_the_api_gave(imports: Import) -> None:
    imports.of(rides(1))
    [entry] = imports.store.entries().values()
    [(_, recording)] = list(imports.store.read([entry]))
    imports.store.remove([entry.key])
    with imports.store.writer() as writer:
        fetched = replace(entry, source="api", fingerprint="f", fetched_at=MADE_AT, version="", origin=None)
        writer.add(replace(fetched, part=None, row_group=None), recording)
    before = imports.files()

    imported = imports.of([Exported(1, day(1), "activities/701.fit.gz", b"broken")], made_at=MADE_AT)

    label = "Ride 1, 2026-03-03 (activities/701.fit.gz)"
    assert imported.set_aside == {label: "it is neither FIT nor GPX nor TCX"}
    assert {path: content for path, content in imports.files().items() if "/streams/" in path} == {
        path: content for path, content in before.items() if "/streams/" in path
    }


def test_a_later_export_brings_what_has_changed_and_an_earlier_one_nothing(imports: Import) -> None:
    imports.of(rides(1, 2))
    named = imports.of([*rides(1, Activity_Name="Renamed"), *rides(2, 3)], made_at=LATER)
    imports.story.load()

    assert (named.new, named.changed, named.unchanged) == (1, 1, 1)
    assert named.decoded == 1
    before = imports.files()
    early = imports.again(imports.story.folder / "export-0.zip")
    assert early.manifest is None
    assert imports.files() == before
    assert imports.story.rows()["1"]["name"] == "Renamed"
    assert imports.story.rows() == imports.story.rebuilt()[0]


def test_another_home_moves_what_has_no_place_at_the_next_import(imports: Import) -> None:
    imports.of([*rides(1), Exported(9, day(9))], home="UTC")
    imported = imports.again(imports.story.folder / "export-0.zip")
    imports.story.load()

    assert (imported.changed, imported.unchanged, imported.decoded) == (1, 1, 0)
    assert imports.story.rows()["9"]["timezone"] == "Europe/Paris"
    assert imports.story.rows() == imports.story.rebuilt()[0]


def test_an_earlier_export_still_brings_what_the_later_one_lacks(imports: Import) -> None:
    imports.of(rides(2), made_at=LATER)
    imported = imports.of(rides(1, 2))

    assert (imported.new, imported.unchanged, imported.decoded) == (1, 1, 1)


def test_a_crop_between_two_exports_is_a_crop_of_the_recording(imports: Import) -> None:
    imports.of(rides(1))
    [ride] = rides(1)
    cropped = replace(ride, start=day(1) + timedelta(seconds=20), cells=ride.cells | {"Elapsed Time": "30.0"})

    imported = imports.of([cropped], made_at=LATER)

    assert (imported.changed, imported.decoded) == (1, 1)
    [(entry, recording)] = list(imports.store.read(imports.store.entries().values()))
    assert recording["t_s"].to_pylist() == list(range(31))
    assert entry.fetched_at == LATER
    before = imports.files()
    assert imports.again(imports.story.folder / "export-1.zip").decoded == 0
    assert imports.files() == before


@pytest.mark.deep
def test_two_processes_make_what_one_makes(imports: Import) -> None:
    activities = [*rides(*range(1, 12)), Exported(20, day(20), "activities/20.fit", b"broken")]
    imported = imports.of(activities, processes=2)
    by_two = {key: (e.version, e.status) for key, e in imports.store.entries().items()}
    imports.store.remove_athlete(ATHLETE)

    alone = imports.again(imports.story.folder / "export-0.zip", processes=1)

    assert {key: (e.version, e.status) for key, e in imports.store.entries().items()} == by_two
    assert (imported.decoded, imported.set_aside) == (alone.decoded, alone.set_aside)
    assert alone.manifest is None


@pytest.mark.deep
def test_a_decoding_process_that_dies_ends_the_import_with_what_was_kept(
    imports: Import, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "FILES_A_PART", 4)
    killed: list[int] = []

    def kill(progress: Progress) -> None:
        if progress.done == 6 and not killed:
            for child in multiprocessing.active_children():
                if child.pid:
                    killed.append(child.pid)
                    os.kill(child.pid, signal.SIGKILL)

    folder = write_export(imports.story.folder / "unpacked", rides(*range(1, 41)), athlete=ATHLETE)
    with Export(folder) as export, pytest.raises(ArchiveError, match="continues there"):
        import_archive(
            export,
            imports.story.landing,
            imports.store,
            clock=lambda: imports.story.now,
            home="UTC",
            progress=kill,
        )

    assert killed
    assert 4 <= len(imports.store.entries()) < 40
    assert not imports.story.landing.manifests()
    assert imports.again(folder).stored == 40


INTERRUPTED = """
import multiprocessing, sys, time
from datetime import UTC, datetime
from strava_assets.archive import Export
from strava_assets.history import archive_import
from strava_assets.landing import Landing
from strava_assets.streams import StreamStore

def on_progress(progress):
    if progress.done == 12:
        print(*(child.pid for child in multiprocessing.active_children()), flush=True)
        time.sleep(600)

if __name__ == "__main__":
    archive_import.FILES_A_PART = 5
    path, landing, streams = sys.argv[1:]
    with Export(path) as export:
        landing, store, home = Landing(landing), StreamStore(streams), "Europe/Paris"
        clock = lambda: datetime.now(UTC)
        archive_import.import_archive(
            export, landing, store, clock=clock, home=home, processes=2, progress=on_progress
        )
"""


@pytest.mark.deep
def test_an_import_that_was_killed_goes_on_where_it_was(imports: Import) -> None:
    folder = write_export(imports.story.folder / "unpacked", rides(*range(1, 31)), athlete=ATHLETE)
    program = imports.story.folder / "interrupted.py"
    program.write_text(INTERRUPTED)
    command = [
        sys.executable,
        str(program),
        str(folder),
        imports.story.landing.address,
        imports.store.address,
    ]
    environ = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    with Child(command, stdout=subprocess.PIPE, text=True, env=environ) as process:
        assert process.stdout is not None
        workers = [int(pid) for pid in process.stdout.readline().split()]
        process.kill()

    assert len(workers) == 2
    assert all(ends(pid) for pid in workers)
    assert len(imports.store.entries()) == 10
    assert not imports.story.landing.manifests()

    imported = imports.again(folder)

    assert (imported.decoded, imported.stored, imported.new) == (20, 30, 30)
    assert imports.progress[-1] == Progress(20, 20, 0)
    imports.story.load()
    assert len(imports.story.living()) == 30


def ends(pid: int) -> bool:
    """Whether a process is gone within ten seconds; a zombie is."""
    for _ in range(100):
        with contextlib.suppress(OSError):
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            if state != "Z":
                time.sleep(0.1)
                continue
        return True
    return False


def test_a_row_that_cannot_be_read_is_set_aside_with_its_reason(imports: Import) -> None:
    imports.of(
        [
            *rides(1),
            *rides(2, Activity_Date="in spring"),
            *rides(3, Activity_ID=""),
            *rides(4, Activity_ID="1.2E+10"),
        ]
    )
    imports.story.load()

    assert imports.story.living() == {"1"}
    reasons = [(reject["activity_id"], reject["reason"]) for reject in imports.story.rejects().values()]
    assert sorted(reasons, key=str) == [
        ("2", "start_date is not a valid time: 'in spring'"),
        (None, "id is missing"),
        (None, "id is missing"),
    ]
    assert "1.2E+10" in str(imports.story.rejects())
    assert (imports.story.rows(), imports.story.rejects()) == imports.story.rebuilt()


def test_activity_types_that_are_not_known_are_counted(imports: Import) -> None:
    imported = imports.of([Exported(n, day(n), sport="Moon Walk") for n in (1, 2)] + rides(3))
    imports.story.load()

    assert imported.unknown_types == {"Moon Walk": 2}
    assert imports.story.rows()["1"]["sport_type"] == "Moon Walk"


def test_the_real_export_imports(imports: Import) -> None:
    where = FIXTURES / "bulk-export"
    if not where.is_dir():
        pytest.skip(f"{where} is not there: the real export is not part of the project")

    with pytest.raises(ArchiveError, match="does not contain an athlete id"):
        imports.again(where)
    imported = imports.again(where, athlete="99")
    imports.story.load()

    assert (imported.new, imported.stored, imported.set_aside) == (1, 1, {})
    row = imports.story.rows()["12070555079"]
    assert (row["athlete_id"], row["sport_type"], row["distance_m"]) == ("99", "Run", 3322.949951171875)
    assert row["start_date_local"].isoformat() == "2022-05-29T17:53:35"
    [entry] = imports.store.entries().values()
    assert (entry.samples, entry.timezone, entry.utc_offset_s, entry.year) == (
        326,
        "Europe/Berlin",
        7200,
        2022,
    )
    assert imports.again(where, athlete="99").manifest is None


@pytest.mark.deep
def test_compaction_keeps_what_exports_brought_and_importing_again_still_changes_nothing(
    imports: Import,
) -> None:
    for number in range(1, 11):
        imports.of(rides(*range(1, number + 1)), made_at=MADE_AT + timedelta(days=number))
        imports.story.load()
    rows = imports.story.rows()
    imports.story.wait(days=40)

    report = compact(imports.story.landing, imports.story.warehouse, imports.story.now, 14)

    assert report.compacted == 10
    assert imports.story.rows() == rows == imports.story.rebuilt()[0]
    for number in (9, 3):
        assert imports.again(imports.story.folder / f"export-{number}.zip").manifest is None


def test_retention_lets_exported_rows_stay_and_brings_them_back(imports: Import) -> None:
    imports.of(rides(1, 2))
    imports.story.sync([activity(1, name="from the API"), activity(3)])
    imports.story.wait(days=60)

    story = imports.story
    assert expire(story.landing, story.warehouse, story.streams, story.now, 30) == 2
    assert {n: (row["source"], row["name"]) for n, row in imports.story.rows().items()} == {
        "1": ("archive", "Ride 1"),
        "2": ("archive", "Ride 2"),
    }
    assert imports.story.rows() == imports.story.rebuilt()[0]
    assert {entry.activity_id for entry in imports.store.entries().values()} == {"1", "2"}


def test_a_forgotten_athlete_leaves_nothing_of_the_export_behind(imports: Import) -> None:
    imports.of(rides(1, 2))
    imports.story.sync([activity(11, athlete=8)], athlete="8")

    forget(imports.story.landing, imports.story.warehouse, imports.store, ATHLETE)

    assert set(imports.story.rows()) == {"11"}
    assert not imports.store.entries()
    assert b"Ride 1" not in b"".join(content for _, content in imports.files().values())
    imported = imports.again(imports.story.folder / "export-0.zip")
    assert (imported.new, imported.decoded) == (2, 2)


def test_recordings_beside_an_export_are_named_in_the_report(imports: Import) -> None:
    folder = write_export(imports.story.folder / "unpacked", [exported_ride(1)], athlete=ATHLETE)
    (folder / "activities" / "702.fit").write_bytes(fit(a_ride(60)))

    assert imports.again(folder).beside == ["activities/702.fit"]
