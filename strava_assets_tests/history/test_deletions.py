"""What a listing's silence means, and when it means nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from strava_assets.history.deletions import DeletionGuard
from strava_assets_tests.history.stories import Story, activity

START_OF_1 = datetime(2026, 1, 2, 8, tzinfo=UTC)


def rides(*numbers: int) -> list[dict[str, object]]:
    return [activity(number) for number in numbers]


def test_what_a_complete_listing_no_longer_has_is_marked_and_kept(story: Story) -> None:
    story.sync(rides(1, 2, 3))
    story.wait(hours=6)
    listing = story.land(rides(1, 3))
    assert story.load().deleted == 1
    assert story.living() == {"1", "3"}
    assert story.rows()["2"]["deleted_at"] == listing.started_at


def test_a_deletion_keeps_its_first_date(story: Story) -> None:
    story.sync(rides(1, 2))
    story.sync(rides(1))
    first = story.rows()["2"]["deleted_at"]
    report = story.sync(rides(1))
    assert report.deleted == 0
    assert story.rows()["2"]["deleted_at"] == first


def test_an_undeleted_activity_comes_back(story: Story) -> None:
    story.sync(rides(1, 2))
    story.sync(rides(1))
    report = story.sync(rides(1, 2))
    assert report.updated == 1
    assert story.living() == {"1", "2"}


@pytest.mark.parametrize("listed", [rides(1), []], ids=["incomplete", "empty"])
def test_an_incomplete_or_empty_listing_concludes_nothing(
    story: Story, listed: list[dict[str, object]]
) -> None:
    story.sync(rides(1, 2, 3))
    story.sync(listed, complete=not listed)
    assert story.living() == {"1", "2", "3"}


def test_a_listing_of_nobody_concludes_nothing(story: Story) -> None:
    story.sync(rides(1, 2))
    story.sync([{"id": 99}], athlete=None)
    assert story.living() == {"1", "2"}


def test_a_window_says_nothing_of_what_lies_on_or_beyond_its_edges(story: Story) -> None:
    story.sync(rides(1, 2, 3, 4, 5))
    # Both ends are exclusive: 2 and 4 start in the very seconds that bound the window.
    story.sync(
        [activity(33, start_date="2026-01-04T09:00:00Z")],
        "window",
        after=START_OF_1 + timedelta(days=1),
        before=START_OF_1 + timedelta(days=3),
    )
    assert story.living() == {"1", "2", "4", "5", "33"}


def test_a_record_that_is_listed_but_unreadable_is_not_gone(story: Story) -> None:
    story.sync(rides(1, 2))
    story.sync([activity(1), activity(2, name=["garbled"])])
    assert story.living() == {"1", "2"}


def test_a_listing_with_a_record_that_does_not_say_who_it_is_concludes_nothing(story: Story) -> None:
    story.sync(rides(1, 2))
    nameless = activity(2)
    del nameless["id"]
    assert story.sync([activity(1), nameless]).deleted == 0
    assert story.living() == {"1", "2"}
    assert story.rows() == story.rebuilt()[0]


def test_archive_rows_are_not_touched_by_listings(story: Story) -> None:
    story.sync(rides(1, 2), "archive", source="archive")
    story.sync(rides(3))
    assert story.living() == {"1", "2", "3"}


def test_an_archive_batch_concludes_nothing(story: Story) -> None:
    story.sync(rides(1, 2, 3))
    story.sync(rides(1), "archive", source="archive")
    assert story.living() == {"1", "2", "3"}


class TestTheGuard:
    def test_holds_back_what_passes_both_bounds_and_says_which(self, story: Story) -> None:
        story.guard = DeletionGuard(max_share=0.2, max_count=2)
        story.sync(rides(*range(1, 11)))
        report = story.sync(rides(*range(1, 8)))
        assert report.deleted == 0
        assert report.held_back == ("10", "8", "9")
        assert len(story.living()) == 10

    @pytest.mark.parametrize("guard", [DeletionGuard(0.3, 2), DeletionGuard(0.2, 3)], ids=["share", "count"])
    def test_lets_pass_what_passes_one_bound_alone(self, story: Story, guard: DeletionGuard) -> None:
        story.guard = guard
        story.sync(rides(*range(1, 11)))
        assert story.sync(rides(*range(1, 8))).deleted == 3

    def test_believes_a_confirmed_listing(self, story: Story) -> None:
        story.guard = DeletionGuard(max_share=0, max_count=0)
        story.sync(rides(1, 2))
        assert story.sync(rides(1)).held_back == ("2",)
        story.guard = DeletionGuard(max_share=0, max_count=0, confirmed=True)
        assert story.sync(rides(1)).deleted == 1
        assert story.living() == {"1"}

    def test_counts_only_what_the_window_covers(self, story: Story) -> None:
        story.guard = DeletionGuard(max_share=0.5, max_count=1)
        story.sync(rides(*range(1, 21)))
        report = story.sync(rides(20), "incremental", after=START_OF_1 + timedelta(days=16, hours=1))
        assert report.held_back == ("18", "19")

    def test_decides_once_and_a_rebuild_repeats_the_decision(self, story: Story) -> None:
        story.sync(rides(1, 2, 3, 4))
        story.sync(rides(1, 2, 3))
        story.guard = DeletionGuard(max_share=0, max_count=0)
        story.sync(rides(1, 2))
        assert story.living() == {"1", "2", "3"}
        before = story.rows()
        story.guard = DeletionGuard(max_share=1, max_count=10_000)
        story.load(rebuild=True)
        assert story.rows() == before
