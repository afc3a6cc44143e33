"""Any course of keeping, removing, compacting and crashing leaves each activity once, in its right form."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import duckdb
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strava_assets.streams import StreamEntry, StreamStore
from strava_assets_tests.depth import examples
from strava_assets_tests.streams.samples import ATHLETE, NOW, PowerCut, entry, fragile, recording

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Known = dict[str, StreamEntry]

activities = st.sampled_from([str(number) for number in range(6)])
kept = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["stored", "stored", "stored", "none", "unreadable"]),
        "source": st.sampled_from(["api", "api", "archive"]),
        "year": st.sampled_from([2025, 2026]),
        "late_h": st.integers(0, 3),
    }
)
# After how many changes of the folder the power goes out; most courses stay fair.
cuts = st.sampled_from([99, 99, 99, 0, 1, 2, 3])
steps = st.one_of(
    st.tuples(st.just("keep"), st.dictionaries(activities, kept, min_size=1, max_size=4), cuts),
    st.tuples(st.just("keep"), st.dictionaries(activities, kept, min_size=1, max_size=4), cuts),
    st.tuples(st.just("remove"), st.sets(activities, max_size=2), cuts),
    st.tuples(st.just("compact"), st.none(), cuts),
)


def rank(told: StreamEntry) -> tuple[int, Any]:
    """By the contract: the archive's recording, then what the API said last, then the archive's failure."""
    if told.source == "archive":
        return (2 if told.status == "stored" else 0), told.fetched_at
    return 1, told.fetched_at


def same(one: StreamEntry, other: StreamEntry) -> bool:
    facts = ("status", "source", "fetched_at", "year", "reason")
    return all(getattr(one, name) == getattr(other, name) for name in facts)


def told(store: StreamStore) -> Known:
    return {key[1]: found for key, found in store.entries().items()}


class Course:
    """A store, and what it should hold."""

    def __init__(self, store: StreamStore) -> None:
        self.store = store
        self.known: Known = {}
        self.steps = 0

    def take(self, what: str, how: Any, cut: int) -> None:
        self.steps += 1
        store = fragile(self.store, cut)
        if what == "keep":
            self._keep(store, how)
        elif what == "remove":
            self._try(lambda: store.remove([(ATHLETE, activity) for activity in how]), dict.fromkeys(how))
        else:
            self._try(store.compact, {})
        self.check()

    def _keep(self, store: StreamStore, how: dict[str, dict[str, Any]]) -> None:
        new: Known = {}
        for activity, fields in how.items():
            at = NOW + timedelta(hours=self.steps - fields["late_h"])
            facts = {name: fields[name] for name in ("status", "source", "year")}
            new[activity] = entry(activity, at, reason=f"step {self.steps}", **facts)

        def write() -> None:
            with store.writer() as writer:
                for activity, found in new.items():
                    samples = recording(activity, self.steps) if found.status == "stored" else None
                    writer.add(found, samples)

        winning = {
            activity: found
            for activity, found in new.items()
            if activity not in self.known or rank(found) >= rank(self.known[activity])
        }
        self._try(write, winning)

    def _try(self, act: Callable[[], object], change: Mapping[str, StreamEntry | None]) -> None:
        """Act; each activity it is about is as before or as wanted if the power goes out, else as wanted."""
        try:
            act()
        except PowerCut:
            now = told(self.store)
            for activity, wanted in change.items():
                found, before = now.get(activity), self.known.get(activity)
                options = [one for one in (wanted, before) if one is not None]
                assert any(found and same(found, one) for one in options) or (
                    found is None and None in (wanted, before)
                )
                self._note(activity, found)
        else:
            for activity, wanted in change.items():
                self._note(activity, wanted)

    def _note(self, activity: str, found: StreamEntry | None) -> None:
        if found is None:
            self.known.pop(activity, None)
        else:
            self.known[activity] = found

    def check(self) -> None:
        now = told(self.store)
        assert now.keys() == self.known.keys()
        for activity, found in now.items():
            assert same(found, self.known[activity]), activity
        for found, samples in self.store.read(now.values()):
            assert f"step {samples.column('watts')[0].as_py():.0f}" == found.reason
            assert set(samples.column("activity_id").to_pylist()) == {found.activity_id}


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, min_size=4, max_size=20))
def test_each_activity_is_there_once_and_in_its_right_form(course: list[tuple[str, Any, int]]) -> None:
    # Folding from two parts on, so that it is met often.
    with TemporaryDirectory() as folder, patch("strava_assets.streams.stream_store._MIN_PARTS_TO_MERGE", 2):
        told_of = Course(StreamStore(folder))
        for step in course:
            told_of.take(*step)
        told_of.store.compact()
        told_of.check()
        stored = {activity: 40 for activity, found in told_of.known.items() if found.status == "stored"}
        parts = list(Path(folder).rglob("*.parquet"))
        assert (_samples_in_files(folder) if parts else {}) == stored
        assert len({part.parent for part in parts}) == len(parts)


def _samples_in_files(folder: str) -> dict[str, int]:
    sql = "SELECT activity_id, COUNT(*) FROM read_parquet(?) GROUP BY ALL"
    with duckdb.connect() as connection:
        return dict(connection.execute(sql, [f"{folder}/**/*.parquet"]).fetchall())
