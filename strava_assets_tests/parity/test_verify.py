"""Overlapping listings on BigQuery: in whatever order they are loaded, the table is as on DuckDB."""

from __future__ import annotations

from contextlib import closing, nullcontext
from typing import TYPE_CHECKING

import pytest

from strava_assets.history.verify import HistoryVerifier
from strava_assets_tests.history.stories import Story, activity, opened
from strava_assets_tests.history.test_overlapping_listings import (
    BELIEVE_ALL,
    Course,
    every_fate,
    spelled,
)
from strava_assets_tests.warehouse.bigquery_engine import BigQueryEngine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("bigquery_emulator")


@pytest.fixture
def story(emulator: str, tmp_path: Path) -> Iterator[Story]:
    """A landing and a table in a dataset of its own."""
    with closing(BigQueryEngine(emulator)) as engine, engine.open() as warehouse:
        own = Story(tmp_path, warehouse)
        own.guard = BELIEVE_ALL
        yield own


def differences(story: Story) -> dict[str, tuple[str, ...]]:
    verifier = HistoryVerifier(
        story.landing,
        lambda: nullcontext(story.warehouse),
        week_start="monday",
        expires=False,
        progress=lambda _what, _done, _all: None,
    )
    with opened(story.folder / "scratch.duckdb") as scratch:
        return {result.place: result.named for result in verifier.verify(scratch, story.now)}


WHOLE = {"landing": (), "bq_activities": (), "rejected_records": ()}


@pytest.mark.deep
@pytest.mark.parametrize(
    "course",
    [
        pytest.param("AABBBlAl", id="a deletion is loaded before an older listing"),
        pytest.param("ABBABlAl", id="a listing that began later was fetched earlier"),
        pytest.param("ABBABAl", id="the same, loaded together"),
    ],
)
def test_overlapping_listings_give_the_same_table_as_on_duckdb(story: Story, course: str) -> None:
    taking = Course(story, every_fate(len(course) + 4, 1), 1)
    taking.list_undisturbed("first")
    for event in spelled(course):
        taking.take(event)
    taking.load()
    assert differences(story) == WHOLE


@pytest.mark.deep
def test_a_row_that_differs_in_bigquery_is_named(story: Story) -> None:
    story.sync([activity(1, map={"id": "a1", "deep": [1, 2.5, 10**18]}), activity(2, distance=-0.0)])
    story.sync([activity(1), activity(3, distance="far")])
    assert differences(story) == WHOLE
    story.warehouse.execute("UPDATE bq_activities SET name = 'x', kudos_count = 7 WHERE activity_id = '1'")
    assert differences(story) == WHOLE | {
        "bq_activities": ("Activity 1 of athlete 7 differs in name, kudos_count.",)
    }
