"""Verifying finds nothing in what is whole, names everything in what is not, and changes neither."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from strava_assets.history import loaded_batches
from strava_assets.history.compact import compact
from strava_assets.history.loader import Loader
from strava_assets.history.retention import expire
from strava_assets.history.verify import (
    MOST_NAMED,
    ChangedMeanwhileError,
    HistoryVerifier,
    PlaceResult,
    verify_streams,
)
from strava_assets.landing import LandingError
from strava_assets.landing.names import batch_folder
from strava_assets.streams.part import FOOTER_KEY
from strava_assets_tests.history.stories import Story, activity, opened
from strava_assets_tests.history.test_compact import an_eventful_life
from strava_assets_tests.history.test_retention import a_life_with_loose_ends

if TYPE_CHECKING:
    from collections.abc import Callable


def verify(
    story: Story, *, expires: bool = False, on_progress: Callable[[str], None] | None = None
) -> dict[str, PlaceResult]:
    """The results by place; nothing in the landing may be another afterwards."""
    before = contents(Path(story.landing.address))
    verifier = HistoryVerifier(
        story.landing,
        lambda: nullcontext(story.warehouse),
        week_start="monday",
        expires=expires,
        progress=lambda what, _done, _all: on_progress(what) if on_progress else None,
    )
    with opened(story.folder / "scratch.duckdb") as scratch:
        results = {result.place: result for result in verifier.verify(scratch, story.now)}
    if on_progress is None:
        assert contents(Path(story.landing.address)) == before
    return results


def contents(folder: Path) -> dict[Path, tuple[bytes, int]]:
    return {
        path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file()
    }


def differences(results: dict[str, PlaceResult]) -> dict[str, tuple[str, ...]]:
    return {place: result.named for place, result in results.items() if result.differences}


def file_of(story: Story, name: str, batch: int = -1) -> Path:
    return Path(story.landing.address, "athlete=7", story.landing.manifests()[batch].batch_id, name)


@pytest.mark.deep
def test_a_life_of_edits_deletions_and_compactions_is_whole(story: Story) -> None:
    an_eventful_life(story)
    results = verify(story)
    assert differences(results) == {}
    assert {place: result.checked for place, result in results.items()} == {
        "landing": "22 pages read from 11 batches.",
        "bq_activities": "10 rows compared with a rebuild from the landing.",
        "rejected_records": "1 row compared with a rebuild from the landing.",
    }
    compact(story.landing, story.warehouse, story.now, 14)
    assert differences(verify(story)) == {}


def test_what_has_expired_and_come_back_from_the_export_is_whole(story: Story) -> None:
    a_life_with_loose_ends(story)
    expire(story.landing, story.warehouse, story.streams, story.now, 30)
    assert differences(verify(story, expires=True)) == {}


def test_a_set_aside_record_whose_later_form_has_expired_is_no_difference(story: Story) -> None:
    story.sync([activity(1), activity(3, distance="far")])
    story.warehouse.execute("DELETE FROM rejected_records WHERE TRUE")
    assert differences(verify(story, expires=True)) == {}
    [named] = differences(verify(story))["rejected_records"]
    assert named.endswith("is missing from rejected_records.")


@pytest.mark.deep
@pytest.mark.parametrize(
    ("change", "named"),
    [
        (
            "UPDATE bq_activities SET name = 'x', distance_m = 1 WHERE activity_id = '2'",
            "differs in name, distance_m.",
        ),
        ("UPDATE bq_activities SET distance_m = NULL WHERE activity_id = '2'", "differs in distance_m."),
        (
            "UPDATE bq_activities SET deleted_at = fetched_at WHERE activity_id = '2'",
            "differs in deleted_at.",
        ),
        ("UPDATE bq_activities SET extra = '{}' WHERE activity_id = '2'", "differs in extra."),
        ("UPDATE bq_activities SET batch_id = 'x' WHERE activity_id = '2'", "differs in batch_id."),
        ("DELETE FROM bq_activities", "is missing from bq_activities."),
        (
            "INSERT INTO bq_activities SELECT * FROM bq_activities",
            "is in bq_activities and not in its rebuild.",
        ),
    ],
)
def test_a_row_that_differs_is_named_with_its_columns(story: Story, change: str, named: str) -> None:
    story.sync([activity(1), activity(2), activity(3)])
    story.warehouse.execute(f"{change} WHERE activity_id = '2'")
    results = verify(story)
    assert differences(results) == {"bq_activities": (f"Activity 2 of athlete 7 {named}",)}
    assert "strava-assets rebuild" in results["bq_activities"].remedy


def test_a_row_that_nothing_landed_for_is_named(story: Story) -> None:
    story.sync([activity(1)])
    for number in ("0", "9"):
        story.warehouse.execute(
            f"INSERT INTO bq_activities SELECT * REPLACE ('{number}' AS activity_id) FROM bq_activities"  # noqa: S608 - ours
            " WHERE activity_id = '1'"
        )
    assert differences(verify(story))["bq_activities"] == (
        "Activity 0 of athlete 7 is in bq_activities and not in its rebuild.",
        "Activity 9 of athlete 7 is in bq_activities and not in its rebuild.",
    )


def test_of_many_differences_the_first_are_named_and_all_are_counted(story: Story) -> None:
    story.sync([activity(number) for number in range(1, 31)])
    story.warehouse.execute("UPDATE bq_activities SET name = 'x' WHERE TRUE")
    result = verify(story)["bq_activities"]
    assert (result.differences, len(result.named)) == (30, MOST_NAMED)


def test_records_set_aside_are_compared_too(story: Story) -> None:
    story.sync([activity(1), activity(2, distance="far")])
    story.warehouse.execute("UPDATE rejected_records SET reason = 'another' WHERE TRUE")
    [named] = differences(verify(story))["rejected_records"]
    assert named.endswith("differs in reason.")


def test_a_damaged_page_is_named_and_the_table_is_not_compared(story: Story) -> None:
    story.sync([activity(1), activity(2), activity(3), activity(4)])
    story.sync([activity(1)])
    page, other = file_of(story, "page-00002.json.gz", 0), file_of(story, "page-00001.json.gz")
    page.write_bytes(page.read_bytes()[:-9])
    other.unlink()
    results = verify(story)
    assert results["landing"].differences == 2
    assert str(page) in results["landing"].named[0]
    assert str(other) in results["landing"].named[1]
    assert differences(results)["bq_activities"] == (
        "It was not compared, because landed files are damaged.",
    )
    assert "Restore" in results["landing"].remedy


@pytest.mark.parametrize("name", ["manifest.json", "concluded.json"])
def test_a_damaged_document_is_named(story: Story, name: str) -> None:
    story.sync([activity(1)])
    file = file_of(story, name)
    file.write_text("[]")
    results = verify(story)
    [named] = results["landing"].named
    assert str(file) in named
    assert "It was not compared" in differences(results)["bq_activities"][0]


def test_a_page_that_holds_no_records_though_its_digest_fits_is_named(story: Story) -> None:
    manifest = story.land([activity(1)], complete=False)
    story.load()
    batch = story.landing.begin("full", story.now, "7")
    batch.place = batch_folder(manifest.batch_id, "7")
    batch.write_page(1, b'{"not": "a list"}', story.now, 1)
    batch.commit(replace(manifest, pages=tuple(batch.pages)))
    results = verify(story)
    assert "does not contain records" in results["landing"].named[0]
    assert "It was not compared" in differences(results)["bq_activities"][0]


def test_a_conclusion_that_is_gone_is_named_and_not_made_anew(story: Story) -> None:
    story.sync([activity(1), activity(2)])
    story.sync([activity(1)])
    file = file_of(story, "concluded.json")
    file.unlink()
    [named] = differences(verify(story))["landing"]
    assert file.parent.name in named
    assert not file.exists()


def test_what_is_not_loaded_yet_is_left_out(story: Story) -> None:
    story.sync([activity(1)])
    story.land([activity(1, name="new"), activity(2)])
    results = verify(story)
    assert differences(results) == {}
    assert "left out: 1." in results["bq_activities"].checked
    assert not file_of(story, "concluded.json").exists()


def test_a_table_that_another_version_read_is_said_to_be_rebuilt_next(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.sync([activity(1)])
    monkeypatch.setattr(loaded_batches, "READER", "another")
    [named] = differences(verify(story))["bq_activities"]
    assert "the next sync rebuilds it" in named


def test_a_table_whose_landing_another_warehouse_compacted_is_said_to_be_rebuilt_next(
    story: Story, tmp_path: Path
) -> None:
    for _ in range(8):
        story.sync([activity(1)])
    with opened(tmp_path / "other.duckdb") as other:
        Loader(story.landing, other).load(story.now)
        compact(story.landing, other, story.now, 0)
    [named] = differences(verify(story))["bq_activities"]
    assert "Batches of the landing were replaced" in named


def test_a_table_that_is_gone_is_named(story: Story) -> None:
    story.sync([activity(1)])
    story.warehouse.execute("DROP TABLE bq_activities")
    assert "The table bq_activities does not exist" in differences(verify(story))["bq_activities"][0]


def test_nothing_at_all_is_whole(story: Story) -> None:
    assert differences(verify(story)) == {}


@pytest.mark.deep
@pytest.mark.parametrize("stage", ["pages", "batches", "rows"])
@pytest.mark.parametrize("change", ["land", "load", "compact"])
def test_a_sync_that_runs_meanwhile_is_told_from_a_difference(story: Story, stage: str, change: str) -> None:
    for number in range(8):
        story.sync([activity(1, name=f"form {number}")])
    if change == "load":
        story.land([activity(1, name="meanwhile")])

    def run_meanwhile(what: str) -> None:
        if what == stage and not done:
            done.append(what)
            if change == "land":
                story.land([activity(2)])
            elif change == "load":
                story.load()
            else:
                compact(story.landing, story.warehouse, story.now, 0)

    done: list[str] = []
    with pytest.raises((ChangedMeanwhileError, LandingError)) as failure:
        verify(story, on_progress=run_meanwhile)
    assert isinstance(failure.value, ChangedMeanwhileError)


def test_recordings_that_are_whole_are_counted(story: Story) -> None:
    story.record(1, 2, 3)
    story.record(11, athlete="8")
    result = verify_streams(story.streams, lambda _what, _done, _all: None)
    assert (result.differences, result.checked) == (0, "4 recordings read from 2 files.")


def rewrite(
    part: Path, change: Callable[[Any], Any], footer: Callable[[Any], Any] = lambda entries: entries
) -> None:
    table, metadata = pq.read_table(part), pq.read_metadata(part).metadata
    entries = json.dumps(footer(json.loads(metadata[FOOTER_KEY])))
    with pq.ParquetWriter(part, table.schema) as writer:
        writer.write_table(change(table))
        writer.add_key_value_metadata({FOOTER_KEY: entries})


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda part: part.write_bytes(part.read_bytes()[:-7]), "is damaged"),
        (
            lambda part: rewrite(part, lambda table: table.slice(1)),
            "its samples differ from those that were stored",
        ),
        (
            lambda part: rewrite(part, lambda table: table.take(list(range(39, -1, -1)))),
            "t_s does not increase",
        ),
        (
            lambda part: rewrite(
                part, lambda table: table, lambda entries: [entries[0] | {"activity_id": "2"}]
            ),
            "it contains samples of another activity",
        ),
        (
            lambda part: rewrite(
                part, lambda table: table, lambda entries: [entries[0] | {"athlete_id": "2"}]
            ),
            "is in the wrong folder",
        ),
    ],
)
def test_a_recording_that_is_not_what_was_stored_is_named(
    story: Story, damage: Callable[[Path], object], named: str
) -> None:
    story.record(1)
    [part] = Path(story.streams.address).rglob("*.parquet")
    story.record(11, athlete="8")
    damage(part)
    result = verify_streams(story.streams, lambda _what, _done, _all: None)
    assert result.differences == 1
    assert part.name in result.named[0]
    assert named in result.named[0]
