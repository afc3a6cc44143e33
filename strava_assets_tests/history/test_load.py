"""A load brings the table up to the landing, whatever is in it and wherever the last one stopped."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from strava_assets.history import loaded_batches
from strava_assets.history.compact import compact
from strava_assets.history.deletions import DeletionGuard, held_back
from strava_assets.history.loader import IncompleteLandingError, Loader
from strava_assets.history.retention import expire
from strava_assets.landing import Landing, LandingError, Manifest
from strava_assets.landing.names import batch_folder
from strava_assets.storage_folder import StorageFolder
from strava_assets.warehouse.duckdb import DuckDBWarehouse
from strava_assets_tests.history.stories import BEGINNING, Story, activity, rows_of

if TYPE_CHECKING:
    from strava_assets.landing.manifest import Kind


def test_a_second_load_changes_nothing(story: Story) -> None:
    first = story.sync([activity(1), activity(2)])
    before = story.rows()
    again = story.load()
    assert (first.batches, first.inserted) == (1, 2)
    assert (again.batches, again.inserted, again.updated) == (0, 0, 0)
    assert story.rows() == before


def test_the_newest_fetch_wins_and_only_changes_are_counted(story: Story) -> None:
    story.sync([activity(1), activity(2)])
    report = story.sync([activity(1, name="Renamed"), activity(2)])
    assert (report.inserted, report.updated) == (0, 1)
    assert story.rows()["1"]["name"] == "Renamed"
    assert story.rows()["2"]["fetched_at"] == story.now


@pytest.mark.parametrize("is_first_loaded_first", [True, False])
@pytest.mark.parametrize(
    ("first", "second", "winner"),
    [
        ((0, 10), (5, 9), "first"),  # began earlier, fetched later
        ((0, 10), (5, 10), "second"),  # fetched at the same moment: the batch that began later
        ((0, 10), (5, 11), "second"),
    ],
)
def test_the_later_fetch_wins_and_of_equal_ones_the_later_batch(
    story: Story,
    first: tuple[int, int],
    second: tuple[int, int],
    winner: str,
    *,
    is_first_loaded_first: bool,
) -> None:
    batches = [("first", first), ("second", second)]
    for name, (began_min, fetched_min) in batches if is_first_loaded_first else batches[::-1]:
        began, fetched = (BEGINNING + timedelta(minutes=minutes) for minutes in (began_min, fetched_min))
        batch = story.landing.begin("window", began, "7")
        batch.write_page(1, json.dumps([activity(1, name=name)]).encode(), fetched, 1)
        manifest = Manifest(
            batch_id=batch.batch_id,
            kind="window",
            source="api",
            athlete_id="7",
            started_at=began,
            finished_at=fetched,
            complete=False,
            pages=tuple(batch.pages),
            records=1,
            activity_ids=("1",),
        )
        batch.commit(manifest)
        story.load()
    assert story.rows()["1"]["name"] == winner


def test_the_api_wins_over_the_archive_whichever_came_last(story: Story) -> None:
    story.sync([activity(1, name="export"), activity(2, name="export")], "archive", source="archive")
    story.sync([activity(1, name="api")])
    story.sync([activity(1, name="newer export")], "archive", source="archive")
    assert {k: (r["name"], r["source"]) for k, r in story.rows().items()} == {
        "1": ("api", "api"),
        "2": ("export", "archive"),
    }


def test_a_record_repeated_within_a_listing_counts_once_and_its_last_form_stays(story: Story) -> None:
    report = story.sync([activity(1, name="first"), activity(1, name="last")])
    assert (report.records, report.inserted) == (2, 1)
    assert story.rows()["1"]["name"] == "last"


def test_a_record_set_aside_is_settled_when_a_later_fetch_can_be_read(story: Story) -> None:
    story.sync([activity(1), activity(2, distance="far")])
    (reject,) = story.rejects().values()
    assert (reject["activity_id"], reject["reason"]) == ("2", "distance should be a number and is text")
    assert story.living() == {"1"}
    story.sync([activity(1), activity(2)])
    assert not story.rejects()
    assert story.living() == {"1", "2"}


def test_a_record_that_stays_malformed_is_set_aside_once_and_keeps_its_earlier_row(story: Story) -> None:
    story.sync([activity(1, name="good")])
    story.sync([activity(1, name=["bad"])])
    story.sync([activity(1, name=["bad"])])
    (reject,) = story.rejects().values()
    assert reject["fetched_at"] == story.now
    assert story.rows()["1"]["name"] == "good"
    assert story.living() == {"1"}


def test_another_registry_reads_the_landing_anew(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    story.sync([activity(1)])
    before = story.rows()
    story.warehouse.execute("UPDATE bq_activities SET name = 'as an older registry read it' WHERE TRUE")
    monkeypatch.setattr(loaded_batches, "READER", "another")
    assert story.load().rebuilt
    assert story.rows() == before
    assert not story.load().rebuilt


def test_a_column_that_a_table_lacks_is_added_and_filled_from_the_landing(story: Story) -> None:
    story.sync([activity(1, average_heartrate=140.5)])
    story.warehouse.execute("ALTER TABLE bq_activities DROP COLUMN average_heartrate_bpm")
    story.warehouse.execute("UPDATE loaded_batches SET reader = 'of that time' WHERE TRUE")
    story.load()
    assert story.rows()["1"]["average_heartrate_bpm"] == 140.5


def test_another_first_day_of_the_week_moves_every_week(story: Story) -> None:
    sunday = activity(1, start_date="2026-03-01T09:00:00Z", start_date_local="2026-03-01T10:00:00Z")
    story.sync([sunday])
    assert story.rows()["1"]["week"] == date(2026, 2, 23)
    story.load(week_start="sunday")
    assert story.rows()["1"]["week"] == date(2026, 3, 1)
    story.load(week_start="monday")
    assert story.rows()["1"]["week"] == date(2026, 2, 23)


def test_a_load_sends_no_change_where_there_is_nothing_to_change(story: Story) -> None:
    story.land([activity(1)])
    story.load()
    story.warehouse.take_reports()

    story.load()
    nothing = {report.kind for report in story.warehouse.take_reports()}
    story.load(week_start="sunday")
    moved = {report.kind for report in story.warehouse.take_reports()}

    assert nothing == {"SELECT"}
    assert moved == {"SELECT", "UPDATE"}


def test_both_ways_to_a_week_agree_at_every_date(story: Story) -> None:
    days = [date(1900, 1, 1) + timedelta(days=n) for n in (*range(14), *range(44_000, 44_014), 100_000)]
    starts = [f"{day}T12:00:00Z" for day in days]
    records = [activity(n, start_date=s, start_date_local=s) for n, s in enumerate(starts, 1)]
    story.land(records)
    story.load(week_start="sunday")
    read_for_sundays = story.rows()
    story.load(week_start="monday")
    story.load(week_start="sunday")
    assert story.rows() == read_for_sundays
    assert {row["week"].isoweekday() for row in read_for_sundays.values()} == {7}


def test_waiting_batches_are_merged_at_once_and_each_is_counted(story: Story) -> None:
    story.sync([activity(1), activity(2), activity(3)])
    story.warehouse.take_reports()
    story.wait(hours=6)
    story.land([activity(1, name="Renamed"), activity(3), activity(4)], "incremental")
    story.wait(hours=6)
    story.land([activity(1, name="Renamed"), activity(4), activity(5), activity(6, distance="far")])
    report = story.load()
    kinds = Counter(report.kind for report in story.warehouse.take_reports())
    assert (kinds["MERGE"], kinds["INSERT"]) == (2, 1)
    assert (report.batches, report.inserted, report.updated, report.deleted) == (2, 2, 1, 2)
    counted = story.warehouse.query(
        "SELECT records, inserted, updated, deleted, rejected FROM loaded_batches ORDER BY batch_id"
    ).to_pylist()
    # The second of the two has the latest version of each activity that both list.
    assert [tuple(row.values()) for row in counted[1:]] == [(3, 0, 0, 1, 0), (4, 2, 1, 1, 1)]


def test_a_loaded_batch_says_whose_it_is_a_compacted_one_too(story: Story) -> None:
    for number in range(1, 10):
        story.wait(hours=6)
        story.land([activity(number, athlete=8)], "incremental", athlete="8")
    story.wait(hours=6)
    story.land([], "incremental", athlete=None)
    story.load()
    rows = "SELECT kind, athlete_id, COUNT(*) AS n FROM loaded_batches GROUP BY ALL ORDER BY n"
    before = [tuple(row.values()) for row in story.warehouse.query(rows).to_pylist()]
    story.wait(days=40)
    compact(story.landing, story.warehouse, story.now, 30)
    after = [tuple(row.values()) for row in story.warehouse.query(rows).to_pylist()]
    assert before == [("incremental", None, 1), ("incremental", "8", 9)]
    assert ("compacted", "8", 1) in after


def test_a_listing_that_waits_with_a_later_one_is_concluded_without_it(story: Story) -> None:
    story.guard = DeletionGuard(max_share=0.2, max_count=1)
    story.sync([activity(n) for n in range(1, 5)])
    story.wait(hours=6)
    story.land([activity(1)])
    story.wait(hours=6)
    story.land([activity(3), activity(4)], "incremental")
    # Of the three that are missing in the listing, two come back later; by then it is held back.
    assert story.load().deleted == 0
    assert story.living() == {"1", "2", "3", "4"}


class Stopped(Exception):  # noqa: N818 - the power going out, not a mistake
    pass


@pytest.mark.deep
@pytest.mark.parametrize(
    ("records_at_once", "stopped_at", "loaded"), [(1, 1, 0), (1, 2, 1), (1, 3, 2), (9, 2, 0), (9, 3, 2)]
)
def test_a_load_that_is_stopped_goes_on_where_it_was(
    story: Story, records_at_once: int, stopped_at: int, loaded: int
) -> None:
    for number in range(1, 4):
        story.wait(hours=6)
        story.land([activity(n, name=f"form {number}") for n in range(1, 7 - number)])
    lines = 0

    def stop_at(_line: str) -> None:
        nonlocal lines
        lines += 1
        if lines == stopped_at:
            raise Stopped

    with pytest.raises(Stopped):
        Loader(story.landing, story.warehouse, progress=stop_at, records_at_once=records_at_once).load(
            story.now
        )
    # Nine records are the first two batches; what is merged at once is kept at once.
    assert len(loaded_batches.readers(story.warehouse)) == loaded
    story.load()
    assert story.living() == {"1", "2", "3"}
    assert (story.rows(), story.rejects()) == story.rebuilt()


def test_a_rebuild_that_is_stopped_leaves_the_table_as_it_was(story: Story) -> None:
    story.sync([activity(1), activity(2)])
    story.sync([activity(1), activity(3)])
    before = story.rows()

    def stop(_line: str) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        Loader(story.landing, story.warehouse, progress=stop).load(story.now, rebuild=True)
    assert story.rows() == before
    assert story.load().batches == 0


def test_a_damaged_batch_is_told_and_those_before_it_are_loaded(story: Story) -> None:
    story.wait(hours=6)
    story.land([activity(1)])
    story.wait(hours=6)
    damaged = story.land([activity(2)])
    page = story.folder / "landing/athlete=7" / damaged.batch_id / damaged.pages[0].name
    whole = page.read_bytes()
    page.write_bytes(b"")
    with pytest.raises(LandingError, match="damaged"):
        story.load()
    assert story.living() == {"1"}
    page.write_bytes(whole)
    story.load()
    assert story.living() == {"2"}


def land_page(story: Story, body: bytes, kind: Kind = "full") -> Manifest:
    """A committed batch of one page, whatever it holds."""
    manifest = story.land([], kind)
    batch = story.landing.begin(kind, story.now, "7")
    batch.place = batch_folder(manifest.batch_id, "7")
    batch.write_page(1, body, story.now, 1)
    return batch.commit(replace(manifest, pages=tuple(batch.pages), records=1, activity_ids=("1",)))


NESTED = b"[" * 100_000
LINE = {
    "source": "api",
    "batch_id": "b",
    "fetched_at": "2026-03-02T06:00:00+00:00",
    "deleted_at": None,
    "record": activity(1),
}


@pytest.mark.deep
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("full", b""),
        ("full", b"{}"),
        ("full", b"7"),
        ("full", NESTED),
        ("compacted", NESTED),
        ("compacted", b"[]"),
        ("compacted", b"7"),
        ("compacted", b'{"record": 1}'),
        ("compacted", json.dumps(LINE | {"fetched_at": "2026-03-02T06:00:00"}).encode()),
        ("compacted", json.dumps(LINE | {"deleted_at": "yesterday"}).encode()),
        ("compacted", json.dumps(LINE | {"deleted_at": 5}).encode()),
    ],
    ids=str,
)
def test_a_page_that_holds_no_records_is_damaged(story: Story, kind: Kind, body: bytes) -> None:
    manifest = land_page(story, body, kind)
    with pytest.raises(LandingError, match=rf"{manifest.batch_id}/page-00001.json.gz is damaged: .* records"):
        story.load()
    assert not story.rows()


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "late"])
def test_of_records_set_aside_at_one_moment_the_later_batchs_stays(
    story: Story, order: tuple[int, int]
) -> None:
    story.load()
    batches = [story.landing.begin("full", story.now + timedelta(minutes=number), "7") for number in (0, 1)]
    story.wait(hours=1)
    fetched_at = story.now
    for number in order:
        batch = batches[number]
        batch.write_page(1, json.dumps([activity(1, distance="far")]).encode(), fetched_at, 1)
        manifest = Manifest(batch.batch_id, "full", "api", "7", fetched_at, fetched_at, complete=False)
        batch.commit(replace(manifest, pages=tuple(batch.pages)))
        story.load()
    (reject,) = story.rejects().values()
    assert reject["batch_id"] == batches[1].batch_id
    assert story.rejects() == story.rebuilt()[1]


def test_a_rebuild_from_a_landing_that_lost_something_is_refused(story: Story) -> None:
    story.sync([activity(1), activity(2)])
    story.sync([activity(3)], "incremental")
    before = story.rows()
    story.landing.remove(story.landing.manifests()[:1])
    with pytest.raises(IncompleteLandingError, match="lacks 2 activities"):
        story.load(rebuild=True)
    assert story.rows() == before


def test_two_athletes_in_one_landing_keep_apart(story: Story) -> None:
    story.sync([activity(1), activity(2), activity(3)])
    story.sync([activity(11, athlete=8), activity(12, athlete=8)], athlete="8")
    story.sync([activity(1)])
    assert story.living() == {"1", "11", "12"}
    story.sync([activity(12, athlete=8)], athlete="8")
    assert story.living() == {"1", "12"}
    assert (story.rows(), story.rejects()) == story.rebuilt()


_KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from strava_assets.history.loader import Loader
from strava_assets.landing import Landing
from strava_assets.landing.names import batch_folder
from strava_assets.warehouse.duckdb import DuckDBWarehouse

lines = 0
def die_at_the_second(line):
    global lines
    lines += 1
    if lines == 2:
        os.kill(os.getpid(), signal.SIGKILL)

folder = Path(sys.argv[1])
warehouse = DuckDBWarehouse(folder / "killed.duckdb", threads=1)
loader = Loader(
    Landing(str(folder / "landing")),
    warehouse,
    progress=die_at_the_second,
    records_at_once=int(sys.argv[2]),
)
loader.load(datetime.now(UTC))
"""


@pytest.mark.deep
@pytest.mark.parametrize(("records_at_once", "loaded"), [(1, {"form 1"}), (100, set())])
def test_a_killed_load_keeps_whole_merges_and_the_next_one_finishes(
    story: Story, tmp_path: Path, records_at_once: int, loaded: set[str]
) -> None:
    for number in range(1, 4):
        story.wait(hours=6)
        story.land([activity(n, name=f"form {number}") for n in range(1, 7 - number)])
    story.load()
    killed = subprocess.run(  # noqa: S603 - this very test
        [sys.executable, "-c", _KILLED, str(tmp_path), str(records_at_once)], check=False
    )
    assert killed.returncode == -signal.SIGKILL
    with DuckDBWarehouse(tmp_path / "killed.duckdb") as survivor:
        assert {row["name"] for row in rows_of(survivor).values()} == loaded
        Loader(story.landing, survivor).load(story.now)
        assert rows_of(survivor) == story.rows()


class ReadFiles(StorageFolder):
    """A folder that notes which files are read."""

    def __init__(self, landing: Landing) -> None:
        super().__init__(landing.address, landing._unusable)
        self.paths: list[str] = []

    @override
    def read(self, path: str) -> bytes:
        self.paths.append(path)
        return super().read(path)


def test_a_load_reads_the_batches_that_are_not_loaded_and_those_that_overlap(story: Story) -> None:
    for _ in range(5):
        for athlete in (7, 8, 9):
            story.sync([activity(n, athlete=athlete) for n in (athlete, 10 * athlete)], athlete=str(athlete))
    slow_start = story.now
    story.wait(minutes=2)
    overlapping = story.land([activity(7)])
    story.land([activity(8, athlete=8)], athlete="8")
    story.load()
    assert story.living() == {"7", "8", "9", "90"}
    story.landing._folder = noted = ReadFiles(story.landing)
    assert story.load().batches == 0
    assert compact(story.landing, story.warehouse, story.now, 0).compacted == 0
    assert expire(story.landing, story.warehouse, story.streams, story.now, 30) == 0
    assert noted.paths == []
    story.now = slow_start
    slow = story.land([activity(7), activity(70)])
    story.wait(hours=1)
    assert story.load().batches == 1
    read = {Path(path).parent.name for path in noted.paths}
    assert read == {slow.batch_id, overlapping.batch_id}
    # 70 was gone when the other listing began.
    assert story.living() == {"7", "8", "9", "90"}
    assert story.rebuilt()[0] == story.rows()


def test_what_is_held_back_of_one_athlete_is_not_hidden_by_the_listing_of_another(story: Story) -> None:
    story.guard = DeletionGuard(max_share=0, max_count=0)
    story.sync([activity(1), activity(2)])
    story.sync([activity(1)])
    story.sync([activity(8, athlete=8)], athlete="8")
    assert held_back(story.landing, story.landing.manifests()) == ["2"]
