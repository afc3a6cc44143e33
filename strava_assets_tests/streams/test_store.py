"""A part is there whole or not at all, an activity is there once, and damage is told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from strava_assets.streams.store import StreamStore
from strava_assets_tests.streams.samples import ATHLETE, NOW, entry, recording

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
    """The power each activity was kept with."""
    return {
        found.activity_id: samples.column("watts")[0].as_py()
        for found, samples in store.read(store.entries().values())
    }


def test_what_was_added_comes_back_with_what_the_store_says_of_it(store: StreamStore) -> None:
    kept = recording("1")
    with store.writer() as writer:
        writer.add(entry("1", timezone="Europe/Paris"), kept)
        writer.add(entry("2", status="none", reason="Strava has none"), None)
    found = store.entries()
    assert found[ATHLETE, "1"].samples == 40
    assert found[ATHLETE, "1"].channels == ("t_s", "watts")
    assert found[ATHLETE, "1"].timezone == "Europe/Paris"
    assert found[ATHLETE, "2"].status == "none"
    [(read, samples)] = store.read(found.values())
    assert read == found[ATHLETE, "1"]
    assert samples.equals(kept)


def test_only_the_columns_that_are_asked_for_are_read(store: StreamStore) -> None:
    keep(store, "1")
    [(_, samples)] = store.read(store.entries().values(), ("t_s", "watts"))
    assert samples.equals(recording("1").select(["t_s", "watts"]))


def test_an_exception_leaves_nothing(store: StreamStore) -> None:
    def half_done() -> None:
        with store.writer() as writer:
            writer.add(entry("1"), recording("1"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half_done()
    assert store.entries() == {}
    assert store.read([]) is not None


def test_a_newer_recording_takes_the_older_ones_place(store: StreamStore) -> None:
    keep(store, "1", "2")
    with store.writer() as writer:
        writer.add(entry("1", LATER), recording("1", 300))
    assert watts_of(store) == {"1": 300, "2": 200}
