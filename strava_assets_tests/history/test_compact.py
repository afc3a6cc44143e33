"""Compaction: fewer files, the same table from them, at every moment of it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from strava_assets.history import loaded_batches
from strava_assets.history.compact import CompactionReport, compact
from strava_assets.history.deletions import DeletionGuard
from strava_assets.history.fetch import known_history
from strava_assets.landing import Landing
from strava_assets.landing.names import batch_folder
from strava_assets.storage_folder import StorageFolder
from strava_assets_tests.history.stories import Story, activity, opened, rejects_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from strava_assets.landing.manifest import Kind


def an_eventful_life(story: Story) -> None:
    """Ten syncs with edits, deletions, an un-delete, a held-back listing, rejects open and settled."""
    story.guard = DeletionGuard(max_share=0.3, max_count=2)
    rides = {n: activity(n) for n in range(1, 9)}
    story.sync([activity(1, name="export"), activity(99, name="export")], "archive", source="archive")
    story.sync(list(rides.values()))
    story.sync([*rides.values(), activity(20, distance="far"), activity(21, distance="too far")])
    rides[20] = activity(20)
    story.sync([rides[n] for n in (2, 3, 4, 5, 6, 7, 8, 20)])  # 1 and 21 are gone
    story.sync([activity(8, name="edited"), rides[20]], "incremental", after=datetime(2026, 1, 8, tzinfo=UTC))
    story.sync([rides[n] for n in (1, 2, 3, 4, 5, 6, 7, 8)])  # 1 is back, 20 is gone
    story.sync([rides[1]])  # held back
    story.sync([rides[2]], complete=False)
    story.sync([], "incremental", after=datetime(2026, 3, 1, tzinfo=UTC))
    story.sync([activity(n, name="last") for n in (1, 2, 3, 4, 5, 6, 7)])  # 8 is gone
    story.wait(days=20)
    story.sync([activity(n, name="recent") for n in (1, 2, 3, 4, 5, 6)])  # kept apart; 7 is gone


@pytest.mark.deep
def test_the_table_can_be_rebuilt_from_what_compaction_leaves(story: Story) -> None:
    an_eventful_life(story)
    before = story.rows(), story.rejects()
    assert before == story.rebuilt()
    assert compact(story.landing, story.warehouse, story.now, 14) == CompactionReport(9, 10, 0)
    assert {m.kind for m in story.landing.manifests()} == {"archive", "compacted", "full"}
    assert (story.rows(), story.rejects()) == before == story.rebuilt()
    assert story.load().batches == 0
    story.load(rebuild=True)
    assert (story.rows(), story.rejects()) == before


def test_the_story_of_these_tests_has_everything_in_it(story: Story) -> None:
    an_eventful_life(story)
    rows = story.rows()
    assert story.living() == {"1", "2", "3", "4", "5", "6", "99"}
    assert rows["99"]["source"] == "archive"
    assert rows["8"]["name"] == "Ride 8"
    assert [reject["activity_id"] for reject in story.rejects().values()] == ["21"]


class PowerCut(Exception):  # noqa: N818 - nobody's mistake
    pass


class FragileFolder(StorageFolder):
    """A folder whose power is cut before the change of it that comes after so many."""

    changes_left = 0

    def _change(self) -> None:
        self.changes_left -= 1
        if self.changes_left < 0:
            raise PowerCut

    @override
    def put(self, path: str, content: bytes, *, durable: bool = True) -> None:
        self._change()
        super().put(path, content, durable=durable)

    @override
    def remove(self, paths: Sequence[str], *, durable: bool = True) -> None:
        if paths:
            self._change()
        super().remove(paths, durable=durable)


class Fragile(Landing):
    """A landing in such a folder."""

    def __init__(self, address: str, changes: int) -> None:
        super().__init__(address)
        self._folder = FragileFolder(address, self._unusable)
        self._folder.changes_left = changes


@pytest.mark.deep
def test_a_power_cut_at_any_change_loses_nothing(story: Story) -> None:
    an_eventful_life(story)
    before = story.rows(), story.rejects()
    untouched = shutil.copytree(story.landing.address, story.folder / "untouched")
    changes = 0
    while True:
        shutil.rmtree(story.landing.address)
        shutil.copytree(untouched, story.landing.address)
        try:
            compact(Fragile(story.landing.address, changes), story.warehouse, story.now, 14)
        except PowerCut:
            changes += 1
        else:
            break
        # Every cut up to the commit, and of the removals, all alike, some.
        if changes < 5 or changes % 5 == 0:
            assert before == story.rebuilt(), f"after {changes} changes"
            assert story.load().batches == 0
            compact(story.landing, story.warehouse, story.now, 14)
            assert before == story.rebuilt(), f"repeated after {changes} changes"
            assert story.landing.uncommitted() == []
            assert story.files() == 2 + 2 + 4  # the export, the compacted batch, the recent one
    # A page and a manifest, then two removals for each batch, one for that of the empty listing.
    assert changes == 2 + 2 * 9 - 1


@pytest.mark.deep
def test_compactions_follow_one_another(story: Story) -> None:
    an_eventful_life(story)
    compact(story.landing, story.warehouse, story.now, 14)
    for number in range(10):
        story.sync([activity(n, name=f"later {number}") for n in range(1, 6 + number % 2)])
    story.wait(days=15)
    before = story.rows(), story.rejects()
    report = compact(story.landing, story.warehouse, story.now, 14)
    assert report.compacted == 12
    assert before == (story.rows(), story.rejects()) == story.rebuilt()
    assert sum(m.kind == "compacted" for m in story.landing.manifests()) == 1


def test_what_is_set_aside_in_the_export_stays_so_while_the_api_s_row_stands_before_it(story: Story) -> None:
    story.sync([activity(1, name="fetched")], complete=False)
    story.sync([activity(1, distance="far")], "archive", source="archive")
    for _ in range(8):
        story.sync([activity(1, name="export")], "archive", source="archive")
    story.wait(days=15)
    before = story.rows(), story.rejects()
    assert len(before[1]) == 1
    compact(story.landing, story.warehouse, story.now, 14)
    assert before == story.rebuilt()


def test_few_old_batches_stay_as_they_are(story: Story) -> None:
    for _ in range(7):
        story.sync([activity(1)])
    story.wait(days=15)
    manifests = story.landing.manifests()
    assert compact(story.landing, story.warehouse, story.now, 14) == CompactionReport()
    assert story.landing.manifests() == manifests


def test_batches_that_are_not_loaded_or_not_old_stay_as_they_are(story: Story) -> None:
    for _ in range(9):
        story.sync([activity(1)])
    assert compact(story.landing, story.warehouse, story.now, 14).compacted == 0
    story.wait(days=15)
    with opened(story.folder / "new.duckdb") as empty:
        Story(story.folder / "elsewhere", empty).load()
        assert compact(story.landing, empty, story.now, 14).compacted == 0
    assert compact(story.landing, story.warehouse, story.now, 14).compacted == 9


@pytest.mark.deep
def test_athletes_are_folded_apart(story: Story) -> None:
    for _ in range(8):
        story.sync([activity(1), activity(2)])
        story.sync([activity(11, athlete=8)], athlete="8")
    story.sync([activity(2)])
    story.wait(days=15)
    before = story.rows(), story.rejects()
    assert compact(story.landing, story.warehouse, story.now, 14).compacted == 17
    assert {m.athlete_id for m in story.landing.manifests()} == {"7", "8"}
    assert before == story.rebuilt()


def test_another_warehouse_of_the_same_landing_starts_anew_from_it(story: Story, tmp_path: Path) -> None:
    story.sync([activity(1), activity(2)])
    with opened(tmp_path / "other.duckdb") as other:
        second = Story(tmp_path, other)
        second.load()
        for _ in range(8):
            story.sync([activity(1)])
        story.wait(days=15)
        compact(story.landing, story.warehouse, story.now, 14)
        story.sync([activity(1, name="new")])
        second.now = story.now
        assert second.load().rebuilt
        assert (rows_of(other), rejects_of(other)) == (story.rows(), story.rejects())
        assert not second.load().rebuilt


def history_facts(landing: Landing) -> Any:
    return known_history([m for m in landing.manifests() if m.source == "api"], "7")


def test_what_the_next_plan_needs_survives(story: Story) -> None:
    an_eventful_life(story)
    before = history_facts(story.landing)
    assert before.history_complete
    story.wait(days=20)
    assert compact(story.landing, story.warehouse, story.now, 14).compacted == 10
    assert history_facts(story.landing) == before


def commit_changed(story: Story, **changes: Any) -> None:
    """Land a stopped or resumed listing as `fetch` would note it."""
    manifest = story.land([activity(n) for n in range(1, 4)])
    batch = story.landing.begin("full", story.now, "7")
    batch.place = batch_folder(manifest.batch_id, "7")
    batch.commit(replace(manifest, **changes))
    story.load()
    story.wait(hours=6)


def test_where_a_stopped_first_listing_goes_on_survives(story: Story) -> None:
    for _ in range(8):
        commit_changed(story, complete=False, resume_before=1_770_000_000, history_complete_at=None)
    story.wait(days=15)
    before = history_facts(story.landing)
    assert before.resume_before == 1_770_000_000
    compact(story.landing, story.warehouse, story.now, 14)
    assert history_facts(story.landing) == before


def test_a_history_listed_in_pieces_is_not_taken_for_one_listed_in_one_go(story: Story) -> None:
    for _ in range(7):
        commit_changed(story, complete=False, resume_before=1_770_000_000, history_complete_at=None)
    commit_changed(story, before=1_770_000_000, history_complete_at=story.now)
    story.wait(days=15)
    before = history_facts(story.landing)
    assert (before.history_complete, before.last_complete_full_at) == (True, None)
    compact(story.landing, story.warehouse, story.now, 14)
    assert history_facts(story.landing) == before


@pytest.mark.deep
def test_the_landing_grows_with_the_history_and_not_with_the_syncs(story: Story) -> None:
    rides = [activity(n) for n in range(1, 11)]
    story.load()
    most_files, most_batches = 0, 0
    for number in range(200):
        story.wait(hours=6)
        kind: Kind = "incremental" if number % 4 else "full"
        batch = story.land(rides[:2] if number % 4 else rides, kind)
        loaded_batches.insert(
            story.warehouse, [loaded_batches.LoadedBatch(batch.batch_id, kind, "7")], story.now
        )
        compact(story.landing, story.warehouse, story.now, 2)
        most_files = max(most_files, story.files())
        most_batches = max(most_batches, len(story.landing.manifests()))
    # Two days of syncs, those not yet worth folding, and one compacted batch.
    assert most_batches <= 8 + 8 + 1
    assert most_files <= most_batches * 4
    story.wait(days=3)
    compact(story.landing, story.warehouse, story.now, 2)
    assert story.files() == 2
    rows, _ = story.rebuilt()
    assert {row["fetched_at"] for n, row in rows.items() if n in {"1", "2"}} == {batch.finished_at}
    assert len(rows) == 10


@pytest.mark.deep
def test_pages_of_a_compacted_batch_stay_small(story: Story) -> None:
    for _ in range(8):
        story.wait(hours=6)
        story.land([activity(n) for n in range(1, 1_102)], per_page=200)
    story.load()
    story.wait(days=15)
    compact(story.landing, story.warehouse, story.now, 14)
    (manifest,) = story.landing.manifests()
    assert [page.records for page in manifest.pages] == [1_000, 101]
    assert len(manifest.activity_ids) == 1_101
    assert story.rows() == story.rebuilt()[0]


def test_leftovers_of_a_dead_sync_are_swept(story: Story) -> None:
    story.sync([activity(1)])
    story.landing.begin("full", story.now - timedelta(days=3), "7").write_page(1, b"[]", story.now, 0)
    assert compact(story.landing, story.warehouse, story.now, 14).leftovers == 1
    assert story.landing.uncommitted() == []
