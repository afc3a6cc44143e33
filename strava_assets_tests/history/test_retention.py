"""What is to go goes from table and landing, stays away at a rebuild, and takes nothing else along."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from strava_assets.history.compact import compact
from strava_assets.history.retention import expire, forget
from strava_assets_tests.history.stories import Story, activity
from strava_assets_tests.history.test_compact import Fragile, PowerCut

if TYPE_CHECKING:
    from strava_assets.landing.manifest import Kind


def everything_landed(story: Story) -> str:
    pages = Path(story.landing.address).rglob("*.gz")
    return "\n".join(gzip.decompress(page.read_bytes()).decode() for page in pages)


def a_life_with_loose_ends(story: Story) -> None:
    """Of ride 1 to 4, Strava has last confirmed 4 alone; the export holds 2, 3 and 9."""
    exported = [activity(n, name=f"exported {n}") for n in (2, 3, 9)]
    story.sync([activity(n, name=f"fetched {n}") for n in (1, 2, 3, 4)])
    story.sync([activity(1), activity(77, name="secret", distance="odd")], "incremental")
    story.sync(exported, "archive", source="archive")
    story.sync([activity(n, name=f"fetched {n}") for n in (1, 3, 4)])  # 2 is deleted
    story.wait(days=40)
    story.sync([activity(4, name="fetched 4")], complete=False)
    story.record(1, 2, 4)
    story.record(3, 9, source="archive")


def check_only_what_may_stay_stays(story: Story) -> None:
    rows = story.rows()
    assert {n: (row["name"], row["source"]) for n, row in rows.items()} == {
        "2": ("exported 2", "archive"),
        "3": ("exported 3", "archive"),
        "4": ("fetched 4", "api"),
        "9": ("exported 9", "archive"),
    }
    assert story.living() == {"3", "4", "9"}
    assert not story.rejects()
    assert story.recorded() == {"3": "archive", "4": "api", "9": "archive"}
    landed = everything_landed(story)
    assert "fetched 4" in landed
    assert not any(word in landed for word in ("fetched 1", "fetched 2", "fetched 3", "secret"))
    assert (rows, {}) == story.rebuilt()
    assert story.load().batches == 0


def test_rows_that_strava_has_not_confirmed_leave_table_and_landing(story: Story) -> None:
    a_life_with_loose_ends(story)
    assert (
        expire(story.landing, story.warehouse, story.streams, story.now, 30) == 4
    )  # 1, 2, 3 and the set-aside 77
    check_only_what_may_stay_stays(story)
    assert expire(story.landing, story.warehouse, story.streams, story.now, 30) == 0


def test_old_versions_in_a_compacted_batch_that_began_later_expire_as_well(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("strava_assets.history.compact._MIN_BATCHES_TO_MERGE", 2)
    a_life_with_loose_ends(story)
    compact(story.landing, story.warehouse, story.now, 0)
    assert expire(story.landing, story.warehouse, story.streams, story.now, 30) == 4
    check_only_what_may_stay_stays(story)


def test_nothing_leaves_before_its_time(story: Story) -> None:
    a_life_with_loose_ends(story)
    before, landed, recorded = story.rows(), everything_landed(story), story.recorded()
    assert expire(story.landing, story.warehouse, story.streams, story.now, 60) == 0
    assert (story.rows(), everything_landed(story), story.recorded()) == (before, landed, recorded)


def test_an_expired_activity_that_strava_shows_again_comes_back(story: Story) -> None:
    a_life_with_loose_ends(story)
    expire(story.landing, story.warehouse, story.streams, story.now, 30)
    story.sync([activity(n) for n in (1, 2, 4)])
    assert story.living() == {"1", "2", "3", "4", "9"}
    assert {row["source"] for n, row in story.rows().items() if n in {"1", "2", "4"}} == {"api"}
    assert story.rows() == story.rebuilt()[0]


def test_rows_that_come_back_from_the_export_keep_the_weeks_that_are_set(story: Story) -> None:
    a_life_with_loose_ends(story)
    story.load(week_start="sunday")
    expire(story.landing, story.warehouse, story.streams, story.now, 30, week_start="sunday")
    assert {row["week"].isoweekday() for row in story.rows().values()} == {7}


@pytest.mark.deep
def test_an_expiry_that_is_cut_short_is_completed_by_the_next(story: Story) -> None:
    a_life_with_loose_ends(story)
    survived = 0
    while True:
        try:
            fragile = Fragile(story.landing.address, survived)
            expire(fragile, story.warehouse, story.streams, story.now, 30)
        except PowerCut:
            survived += 1
        else:
            break
    assert survived > 2
    story.landing.sweep(story.now)
    check_only_what_may_stay_stays(story)


def two_lives(story: Story) -> None:
    for _ in range(2):
        story.sync([activity(1), activity(2), activity(3, distance="odd", name="mine")])
        story.sync(
            [activity(11, athlete=8, name="theirs"), activity(12, athlete=8, distance="odd", name="theirs")],
            athlete="8",
        )
    story.record(1, 2)
    story.record(11, 12, athlete="8")


def test_a_forgotten_athlete_leaves_nothing_behind_and_others_keep_all(story: Story) -> None:
    two_lives(story)
    mine = {n: row for n, row in story.rows().items() if row["athlete_id"] == "7"}
    died = story.landing.begin("full", story.now, None)
    died.write_page(1, b'[{"id": 11, "athlete": {"id": 8}, "name": "theirs"}]', story.now, 1)
    running = story.landing.begin("full", story.now, "7")
    running.write_page(1, b'[{"id": 1, "athlete": {"id": 7}}]', story.now, 1)
    forget(story.landing, story.warehouse, story.streams, "8")
    assert story.rows() == mine
    assert [reject["activity_id"] for reject in story.rejects().values()] == ["3"]
    assert "theirs" not in everything_landed(story)
    assert set(story.recorded()) == {"1", "2"}
    assert not list(Path(story.streams.address).glob("athlete=8*"))
    assert story.landing.uncommitted() == [running.place]
    assert story.load().batches == 0
    assert (story.rows(), story.rejects()) == story.rebuilt()


@pytest.mark.deep
@pytest.mark.parametrize("body", [b"", b"{", b"7", b"[" * 100_000, b'[{"id": 1}'], ids=len)
def test_a_damaged_page_of_a_dead_sync_does_not_keep_an_athlete_from_being_forgotten(
    story: Story, body: bytes
) -> None:
    two_lives(story)
    theirs = b'{"id": 11, "athlete": {"id": 8}, "name": "theirs"}'
    pages: dict[Kind, bytes] = {
        "full": b"[%s]" % theirs,
        "compacted": b'%s\n{"record": %s}' % (body, theirs),
    }
    for kind, page in pages.items():
        died = story.landing.begin(kind, story.now, None)
        died.write_page(1, body, story.now, 1)
        died.write_page(2, page, story.now, 1)
    forget(story.landing, story.warehouse, story.streams, "8")
    assert "theirs" not in everything_landed(story)
    assert set(story.rows()) == {"1", "2"}


def test_what_was_compacted_is_forgotten_too(story: Story) -> None:
    two_lives(story)
    story.wait(days=40)
    story.sync([activity(1), activity(2)])
    story.sync([activity(11, athlete=8, name="theirs")], athlete="8")
    expire(story.landing, story.warehouse, story.streams, story.now, 30)  # folds what is old
    story.sync([activity(12, athlete=8, distance="odd", name="theirs")], "incremental", athlete="8")
    forget(story.landing, story.warehouse, story.streams, "8")
    assert set(story.rows()) == {"1", "2"}
    assert not story.rejects()
    assert "theirs" not in everything_landed(story)


@pytest.mark.deep
@pytest.mark.parametrize("cut_at", range(4))
def test_a_forgetting_that_is_cut_short_can_be_repeated(story: Story, cut_at: int) -> None:
    two_lives(story)
    with pytest.raises(PowerCut):
        forget(Fragile(story.landing.address, cut_at), story.warehouse, story.streams, "8")
    forget(story.landing, story.warehouse, story.streams, "8")
    assert set(story.rows()) == {"1", "2"}
    assert (story.rows(), story.rejects()) == story.rebuilt()
