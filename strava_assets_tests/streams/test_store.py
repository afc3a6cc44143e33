"""A part is there whole or not at all, an activity is there once, and nothing is lost on the way.

Tests that take a `store` alone are promises of any address; the bucket's tests repeat them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from strava_assets.streams import StreamStore
from strava_assets.streams.part import StreamsChangedError
from strava_assets_tests.streams.samples import ATHLETE, NOW, PowerCut, entry, fragile, recording

if TYPE_CHECKING:
    from pathlib import Path

LATER = NOW + timedelta(hours=6)


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> StreamStore:
    return StreamStore(
        str(tmp_path / "streams") if request.param == "file" else f"memory://streams-{uuid4().hex}"
    )


def keep(store: StreamStore, *activities: str, watts: float = 200.0) -> None:
    with store.writer() as writer:
        for activity in activities:
            writer.add(entry(activity), recording(activity, watts))


def watts_of(store: StreamStore) -> dict[str, float]:
    """The power that is stored for each activity."""
    return {
        stream.activity_id: samples.column("watts")[0].as_py()
        for stream, samples in store.read(store.entries().values())
    }


def parts_of(store: StreamStore) -> list[str]:
    return store._folder.parts()


def test_what_was_added_comes_back_with_what_the_store_says_of_it(store: StreamStore) -> None:
    table = recording("1")
    with store.writer() as writer:
        stream = entry("1", timezone="Europe/Paris", utc_offset_s=3600, origin="activities/1.fit.gz")
        writer.add(stream, table)
        writer.add(entry("2", status="none", reason="Strava has none"), None)
    entries = store.entries()
    assert entries[ATHLETE, "1"].samples == 40
    assert entries[ATHLETE, "1"].channels == ("t_s", "watts")
    assert entries[ATHLETE, "1"].fetched_at == NOW
    assert (entries[ATHLETE, "1"].timezone, entries[ATHLETE, "1"].origin) == (
        "Europe/Paris",
        "activities/1.fit.gz",
    )
    assert entries[ATHLETE, "2"].status == "none"
    assert entries[ATHLETE, "2"].part
    [(read, samples)] = store.read(entries.values())
    assert read == entries[ATHLETE, "1"]
    assert samples.equals(table)


def test_an_empty_place_holds_nothing(store: StreamStore) -> None:
    assert store.entries() == {}
    assert list(store.read([])) == []
    assert store.compact() == 0
    with store.writer():
        pass
    assert parts_of(store) == []


def test_an_activity_is_in_the_part_of_its_athlete_and_year(store: StreamStore) -> None:
    with store.writer() as writer:
        writer.add(entry("1"), recording("1"))
        writer.add(entry("2", year=2025), recording("2"))
        writer.add(entry("3"), recording("3"))
        writer.add(entry("3", athlete_id="8"), recording("3", athlete_id="8"))
    assert [part.rpartition("/")[0] for part in parts_of(store)] == [
        *("athlete=7/year=2025", "athlete=7/year=2026", "athlete=8/year=2026")
    ]
    assert store.athletes() == {"7", "8"}
    assert len(store.entries()) == 4


def test_an_exception_leaves_nothing(store: StreamStore) -> None:
    def half_done() -> None:
        with store.writer() as writer:
            writer.add(entry("1"), recording("1"))
            writer.add(entry("2", year=2025), recording("2"))
            raise PowerCut

    with pytest.raises(PowerCut):
        half_done()
    assert store.entries() == {}
    assert parts_of(store) == []


def test_a_newer_recording_takes_the_older_ones_place(store: StreamStore) -> None:
    keep(store, "1", "2")
    with store.writer() as writer:
        writer.add(entry("1", LATER), recording("1", 300))
    assert watts_of(store) == {"1": 300, "2": 200}


def test_a_recording_that_is_gone_on_strava_takes_the_older_ones_place(store: StreamStore) -> None:
    keep(store, "1")
    with store.writer() as writer:
        writer.add(entry("1", LATER, status="none"), None)
    assert store.entries()[ATHLETE, "1"].status == "none"
    assert len(parts_of(store)) == 1


def test_an_older_answer_that_comes_late_does_not_count(store: StreamStore) -> None:
    with store.writer() as writer:
        writer.add(entry("1", LATER), recording("1", 300))
    keep(store, "1")
    assert watts_of(store) == {"1": 300}


def test_of_one_activity_added_twice_the_last_counts(store: StreamStore) -> None:
    with store.writer() as writer:
        writer.add(entry("1"), recording("1", 100))
        writer.add(entry("1"), recording("1", 300))
    assert watts_of(store) == {"1": 300}


def test_the_archive_s_recording_comes_before_a_newer_one_of_the_api(store: StreamStore) -> None:
    with store.writer() as writer:
        writer.add(entry("1", source="archive"), recording("1", 100))
    with store.writer() as writer:
        writer.add(entry("1", LATER), recording("1", 300))
    assert watts_of(store) == {"1": 100}


def test_a_file_of_the_archive_that_cannot_be_read_does_not_displace_the_api_s_recording(
    store: StreamStore,
) -> None:
    keep(store, "1")
    with store.writer() as writer:
        writer.add(entry("1", LATER, source="archive", status="unreadable", reason="cut short"), None)
        writer.add(entry("2", LATER, source="archive", status="unreadable", reason="cut short"), None)
    assert watts_of(store) == {"1": 200}
    assert store.entries()[ATHLETE, "2"].reason == "cut short"


def test_an_activity_whose_year_has_changed_is_there_once(store: StreamStore) -> None:
    keep(store, "1", "2")
    with store.writer() as writer:
        writer.add(entry("1", LATER, year=2025), recording("1", 300))
    assert watts_of(store) == {"1": 300, "2": 200}
    assert [stream.activity_id for part in store._by_part().values() for stream in part] == ["2", "1"]


def test_what_is_removed_is_gone_and_the_rest_stays(store: StreamStore) -> None:
    keep(store, "1", "2")
    keep(store, "3")
    assert store.remove([(ATHLETE, "1"), (ATHLETE, "3"), (ATHLETE, "99")]) == 2
    assert watts_of(store) == {"2": 200}
    assert len(parts_of(store)) == 1
    assert store.remove([(ATHLETE, "1")]) == 0


def test_the_entries_of_one_athlete_are_theirs_alone(store: StreamStore) -> None:
    keep(store, "1")
    with store.writer() as writer:
        writer.add(entry("1", athlete_id="77"), recording("1", athlete_id="77"))
    assert set(store.entries()) == {("7", "1"), ("77", "1")}
    assert [set(store.entries(each)) for each in ("7", "77", "8")] == [{("7", "1")}, {("77", "1")}, set()]


def test_an_athlete_who_is_removed_leaves_no_file(store: StreamStore) -> None:
    with store.writer() as writer:
        writer.add(entry("1"), recording("1"))
        writer.add(entry("1", athlete_id="77"), recording("1", athlete_id="77"))
        writer.add(entry("2", year=2025, athlete_id="77"), recording("2", athlete_id="77"))
    assert store.remove_athlete("77") == 2
    assert store.remove_athlete("77") == 0
    assert store.athletes() == {"7"}
    assert watts_of(store) == {"1": 200}


def test_many_small_parts_become_one_and_hold_the_same(store: StreamStore) -> None:
    for number in range(9):
        keep(store, str(number), watts=100 + number)
    keep(store, "3", watts=300)
    with store.writer() as writer:
        writer.add(entry("99", year=2025), recording("99"))
    before = watts_of(store)
    assert store.compact() == 9
    assert len(parts_of(store)) == 2
    assert watts_of(store) == before
    assert store.compact() == 0


def test_a_few_parts_are_left_as_they_are(store: StreamStore) -> None:
    for number in range(7):
        keep(store, str(number))
    before = parts_of(store)
    assert store.compact() == 0
    assert parts_of(store) == before


def test_a_crash_before_the_old_part_was_rewritten_is_made_up_for(store: StreamStore) -> None:
    keep(store, "1", "2")
    with pytest.raises(PowerCut), fragile(store, 1).writer() as writer:
        writer.add(entry("1", LATER), recording("1", 300))
    assert len(parts_of(store)) == 2
    assert watts_of(store) == {"1": 300, "2": 200}
    store.compact()
    assert sorted(stream.activity_id for part in store._by_part().values() for stream in part) == ["1", "2"]


def test_a_crash_while_parts_are_folded_loses_nothing(store: StreamStore) -> None:
    for number in range(8):
        keep(store, str(number), watts=100 + number)
    before = watts_of(store)
    for changes in (0, 1, 4):
        with pytest.raises(PowerCut):
            fragile(store, changes).compact()
        assert watts_of(store) == before
    keep(store, "8", watts=108)
    assert watts_of(store) == before | {"8": 108}
    assert len(store._by_part()) < 8


def test_a_part_that_changed_between_listing_and_reading_is_told_and_not_mixed_up(
    store: StreamStore,
) -> None:
    keep(store, "1", "2", "3")
    listed = store.entries()
    store.remove([(ATHLETE, "1")])
    # The row groups have moved; the rides are found all the same.
    read = {stream.activity_id: samples for stream, samples in store.read([listed[ATHLETE, "3"]])}
    assert set(read["3"].column("activity_id").to_pylist()) == {"3"}
    with pytest.raises(StreamsChangedError, match="was changed while it was being read") as failure:
        list(store.read([listed[ATHLETE, "1"]]))
    assert failure.value.transient


def test_a_part_that_was_removed_between_listing_and_reading_is_told(store: StreamStore) -> None:
    keep(store, "1")
    listed = store.entries()
    store.remove([(ATHLETE, "1")])
    with pytest.raises(StreamsChangedError, match="was changed while it was being read"):
        list(store.read(listed.values()))


def test_a_place_that_can_be_written_is_left_as_it_was_by_the_check(store: StreamStore) -> None:
    keep(store, "1")
    before = parts_of(store)
    store.check_writable()
    assert parts_of(store) == before
    assert watts_of(store) == {"1": 200}
