"""A copy is the same history in another warehouse, once, and one that was interrupted goes on."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from strava_assets.history.compact import compact
from strava_assets.history.copying import NothingToCopyError, TargetHasHistoryError, copy_history
from strava_assets.schema.mart_inputs import ATHLETE_OBSERVATIONS
from strava_assets.warehouse.arrow import arrow_schema
from strava_assets_tests.history.stories import Story, opened
from strava_assets_tests.history.test_compact import an_eventful_life

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from strava_assets.history.verify import PlaceResult
    from strava_assets.warehouse import Warehouse

TABLES = ("bq_activities", "rejected_records", "athlete_observations")


@pytest.fixture
def target(story: Story) -> Iterator[Warehouse]:
    with opened(story.folder / "target.duckdb") as warehouse:
        yield warehouse


def copy(
    story: Story, target: Warehouse, *, on_progress: Callable[[str, int], None] = lambda _what, _done: None
) -> dict[str, PlaceResult]:
    """The results of a copy by place."""
    results = copy_history(
        story.landing,
        lambda: nullcontext(story.warehouse),
        target,
        story.now,
        week_start="monday",
        expires=False,
        progress=lambda what, done, _all: on_progress(what, done),
    )
    return {result.place: result for result in results}


def observe(warehouse: Warehouse, *weights_kg: float) -> None:
    """What Strava's profile showed on as many days; the landing does not hold it."""
    warehouse.ensure(ATHLETE_OBSERVATIONS)
    rows = [
        {"athlete_id": "7", "observed_on": date(2026, 1, day), "ftp_w": None, "weight_kg": weight}
        for day, weight in enumerate(weights_kg, 1)
    ]
    schema = arrow_schema(ATHLETE_OBSERVATIONS.columns)
    warehouse.replace(ATHLETE_OBSERVATIONS, pa.Table.from_pylist(rows, schema=schema))


def contents(warehouse: Warehouse) -> dict[str, list[str]]:
    """Every row of the copied tables, as text."""
    return {
        name: sorted(map(repr, warehouse.query(f"SELECT * FROM {name}").to_pylist()))  # noqa: S608 - ours
        for name in TABLES
        if warehouse.exists(name)
    }


def named(results: dict[str, PlaceResult]) -> dict[str, tuple[str, ...]]:
    return {place: result.named for place, result in results.items() if result.differences}


@pytest.mark.deep
def test_a_life_of_edits_deletions_and_compactions_arrives_whole(story: Story, target: Warehouse) -> None:
    an_eventful_life(story)
    observe(story.warehouse, 70.5, 70.1)

    results = copy(story, target)

    assert named(results) == {}
    assert {place: result.checked for place, result in results.items()} == {
        "athlete_observations": "2 rows copied and compared.",
        "landing": "22 pages read from 11 batches.",
        "bq_activities": "10 rows compared with a rebuild from the landing.",
        "rejected_records": "1 row compared with a rebuild from the landing.",
    }
    assert contents(target) == contents(story.warehouse)


@pytest.mark.deep
def test_a_copy_that_was_interrupted_goes_on(story: Story, target: Warehouse) -> None:
    an_eventful_life(story)

    def interrupt(what: str, done: int) -> None:
        if what == "batches" and done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy(story, target, on_progress=interrupt)
    [loaded] = target.query("SELECT COUNT(*) AS batches FROM loaded_batches").to_pylist()
    batches = []
    copy(story, target, on_progress=lambda what, done: batches.append(done) if what == "batches" else None)

    # So few batches are one merge, which is kept whole or not at all.
    assert loaded["batches"] == 0
    assert len(batches) == 11
    assert contents(target) == contents(story.warehouse)


@pytest.mark.deep
def test_a_second_copy_brings_what_came_since(story: Story, target: Warehouse) -> None:
    an_eventful_life(story)
    observe(story.warehouse, 70.5)
    copy(story, target)
    compact(story.landing, story.warehouse, story.now, 14)
    observe(story.warehouse, 70.5, 69.8)

    assert named(copy(story, target)) == {}
    assert contents(target) == contents(story.warehouse)


@pytest.mark.deep
@pytest.mark.parametrize(
    ("change", "place", "sentence"),
    [
        ("UPDATE bq_activities SET name = 'x' WHERE activity_id = '2'", "bq_activities", "differs in name."),
        ("DELETE FROM bq_activities WHERE activity_id = '2'", "bq_activities", "is missing from"),
    ],
)
def test_what_differs_is_named_with_what_to_do(
    story: Story, target: Warehouse, change: str, place: str, sentence: str
) -> None:
    an_eventful_life(story)
    story.warehouse.execute(change)

    results = copy(story, target)

    assert [sentence in text for text in results[place].named] == [True]
    assert "strava-assets rebuild" in results[place].remedy


@pytest.mark.deep
def test_an_observation_that_only_the_target_has_is_named_and_stays(story: Story, target: Warehouse) -> None:
    an_eventful_life(story)
    observe(story.warehouse, 70.5)
    observe(target, 70.5, 69.8)

    results = copy(story, target)

    assert results["athlete_observations"].named == ("The row of 7, 2026-01-02 differs.",)
    assert len(contents(target)["athlete_observations"]) == 2


@pytest.mark.deep
def test_a_target_with_a_history_of_its_own_is_not_touched(story: Story, target: Warehouse) -> None:
    an_eventful_life(story)
    copy(story, target)
    target.execute("UPDATE loaded_batches SET batch_id = CONCAT('another-', batch_id) WHERE TRUE")
    before = contents(target)
    observe(story.warehouse, 70.5)

    with pytest.raises(TargetHasHistoryError, match="11 batches that"):
        copy(story, target)

    assert contents(target) == before


def test_where_there_is_no_history_nothing_is_made(story: Story, target: Warehouse) -> None:
    story.warehouse.drop("bq_activities")
    with pytest.raises(NothingToCopyError, match="no history"):
        copy(story, target)

    assert contents(target) == {}
