"""Batches of the root are moved into their athletes' folders; readers see each of them once all the time."""

from __future__ import annotations

import shutil
import threading
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from strava_assets.history.fetch import known_history
from strava_assets.landing import Conclusion, Landing, LandingError
from strava_assets_tests.history.stories import story as new_story
from strava_assets_tests.history.test_compact import Fragile, PowerCut, an_eventful_life
from strava_assets_tests.landing.test_landing import NOW, PAGES, commit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from strava_assets_tests.history.stories import Story


@pytest.fixture
def on_disk(tmp_path: Path) -> Landing:
    return Landing(str(tmp_path / "landing"))


@pytest.fixture
def old_home(tmp_path: Path) -> Iterator[Story]:
    """An eventful life, landed and loaded before athletes had folders."""
    with new_story(tmp_path) as story:
        story.lands_in_root = True
        an_eventful_life(story)
        yield story


def concluded(landing: Landing) -> dict[str, Conclusion | None]:
    return {manifest.batch_id: landing.conclusion(manifest) for manifest in landing.manifests()}


def names_in_root(landing: Landing) -> set[str]:
    return {path.name for path in Path(landing.address).iterdir()}


def test_an_old_home_is_read_and_moved_and_stays_the_same(old_home: Story) -> None:
    landing = old_home.landing
    manifests, conclusions = landing.manifests(), concluded(landing)
    before = old_home.rows(), old_home.rejects()
    assert before == old_home.rebuilt()
    assert len(names_in_root(landing)) == len(manifests)
    assert landing.move_to_athletes() == len(manifests)
    assert names_in_root(landing) == {"athlete=7"}
    assert landing.manifests() == manifests
    assert concluded(landing) == conclusions
    assert any(conclusion and conclusion.held_back for conclusion in conclusions.values())
    assert known_history(landing.manifests("7"), "7") == known_history(manifests, "7")
    assert old_home.load().batches == 0
    assert (old_home.rows(), old_home.rejects()) == before == old_home.rebuilt()


@pytest.mark.deep
def test_a_power_cut_at_any_change_loses_and_doubles_nothing(old_home: Story) -> None:
    landing = old_home.landing
    manifests, conclusions = landing.manifests(), concluded(landing)
    before = old_home.rows(), old_home.rejects()
    untouched = shutil.copytree(landing.address, old_home.folder / "untouched")
    files = old_home.files()
    changes = 0
    while True:
        shutil.rmtree(landing.address)
        shutil.copytree(untouched, landing.address)
        try:
            Fragile(landing.address, changes).move_to_athletes()
        except PowerCut:
            changes += 1
        else:
            break
        cut = Landing(landing.address)
        assert cut.manifests() == manifests, f"after {changes} changes"
        assert concluded(cut) == conclusions, f"after {changes} changes"
        if changes % 10 == 0:
            assert old_home.rebuilt() == before, f"after {changes} changes"
        cut.move_to_athletes()
        assert names_in_root(cut) == {"athlete=7"}, f"repeated after {changes} changes"
        assert (cut.manifests(), concluded(cut)) == (manifests, conclusions)
        assert (old_home.files(), cut.uncommitted()) == (files, [])
    # Each file is written, and each batch is removed in two steps, the empty listing in one.
    assert changes == files + 2 * len(manifests) - 1
    assert (old_home.load().batches, old_home.rows()) == (0, before[0])


def test_a_sweep_removes_a_copy_that_was_not_completed_and_not_its_original(on_disk: Landing) -> None:
    manifest = commit(on_disk, NOW - timedelta(days=9), in_root=True)
    with pytest.raises(PowerCut):
        Fragile(on_disk.address, 1).move_to_athletes()
    assert [folder.athlete_id for folder in on_disk.uncommitted()] == ["7"]
    assert on_disk.sweep(NOW) == [manifest.batch_id]
    assert on_disk.uncommitted() == []
    assert [page.body for page in on_disk.pages(on_disk.manifests()[0])] == list(PAGES)


def test_a_batch_at_both_places_is_removed_from_both(on_disk: Landing) -> None:
    manifest = commit(on_disk, in_root=True)
    with pytest.raises(PowerCut):
        Fragile(on_disk.address, len(PAGES) + 1).move_to_athletes()
    assert names_in_root(on_disk) == {"athlete=7", manifest.batch_id}
    assert on_disk.manifests() == [manifest] == on_disk.manifests("7")
    on_disk.remove([manifest])
    assert names_in_root(on_disk) == set()


def test_a_conclusion_is_stored_beside_the_copy_that_is_read(on_disk: Landing) -> None:
    manifest = commit(on_disk, in_root=True)
    with pytest.raises(PowerCut):
        Fragile(on_disk.address, len(PAGES) + 1).move_to_athletes()
    conclusion = Conclusion(deleted=("1",), held_back=())
    [listed] = on_disk.manifests()
    on_disk.conclude(listed, conclusion)
    on_disk.move_to_athletes()
    assert names_in_root(on_disk) == {"athlete=7"}
    assert on_disk.conclusion(manifest) == conclusion


def test_a_batch_that_is_moved_while_it_is_read_is_found(on_disk: Landing) -> None:
    manifests = [commit(on_disk, NOW + timedelta(hours=number), in_root=True) for number in range(3)]
    moved: list[str] = []
    read = on_disk._folder.read

    def move_before_the_second(path: str) -> bytes:
        moved.append(path)
        if len(moved) == 2:
            Landing(on_disk.address).move_to_athletes()
        return read(path)

    on_disk._folder.read = move_before_the_second  # type: ignore[method-assign]  # another process, just then
    assert on_disk.manifests() == manifests


def test_whoever_reads_while_batches_are_moved_sees_each_once(on_disk: Landing) -> None:
    manifests = [commit(on_disk, NOW + timedelta(hours=number), in_root=True) for number in range(60)]
    mover = threading.Thread(target=Landing(on_disk.address).move_to_athletes)
    mover.start()
    reads = 0
    while mover.is_alive() or not reads:
        reader = Landing(on_disk.address)
        for listed in (reader.manifests(), reader.manifests("7")):
            assert listed == manifests
            assert all(len(list(reader.pages(manifest))) == len(PAGES) for manifest in listed)
        reads += 1
    mover.join()
    assert names_in_root(on_disk) == {"athlete=7"}


def test_a_batch_in_the_folder_of_another_athlete_is_damage(on_disk: Landing) -> None:
    manifest = commit(on_disk)
    Path(on_disk.address, "athlete=7").rename(Path(on_disk.address, "athlete=8"))
    with pytest.raises(LandingError, match=f"{manifest.batch_id}/manifest.json cannot be read: .*athlete 7"):
        on_disk.manifests()


def test_an_athlete_whose_id_cannot_be_a_folder_stays_in_the_root(on_disk: Landing) -> None:
    manifest = commit(on_disk, athlete="../elsewhere")
    assert on_disk.move_to_athletes() == 0
    assert names_in_root(on_disk) == {manifest.batch_id}
    assert on_disk.manifests("../elsewhere") == [manifest]


def test_an_old_landing_is_loaded_by_a_new_warehouse_while_it_is_moved(old_home: Story) -> None:
    before = old_home.rows(), old_home.rejects()
    mover = threading.Thread(target=Landing(old_home.landing.address).move_to_athletes)
    mover.start()
    assert old_home.rebuilt() == before
    mover.join()
    assert old_home.rebuilt() == before
