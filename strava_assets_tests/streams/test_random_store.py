"""After any writes, removals, compactions and crashes, each activity is stored once and correctly."""

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

Streams = dict[str, StreamEntry]

activities = st.sampled_from([str(number) for number in range(6)])
stream_fields = st.fixed_dictionaries(
    {
        "status": st.sampled_from(["stored", "stored", "stored", "none", "unreadable"]),
        "source": st.sampled_from(["api", "api", "archive"]),
        "year": st.sampled_from([2025, 2026]),
        "late_h": st.integers(0, 3),
    }
)
# The number of changes of the folder before a power cut; most sequences have none.
cuts = st.sampled_from([99, 99, 99, 0, 1, 2, 3])
steps = st.one_of(
    st.tuples(st.just("keep"), st.dictionaries(activities, stream_fields, min_size=1, max_size=4), cuts),
    st.tuples(st.just("keep"), st.dictionaries(activities, stream_fields, min_size=1, max_size=4), cuts),
    st.tuples(st.just("remove"), st.sets(activities, max_size=2), cuts),
    st.tuples(st.just("compact"), st.none(), cuts),
)


def rank(stream: StreamEntry) -> tuple[int, Any]:
    """The order of precedence: the archive's recording, the API's latest response, the archive's failure."""
    if stream.source == "archive":
        return (2 if stream.status == "stored" else 0), stream.fetched_at
    return 1, stream.fetched_at


def same(one: StreamEntry, other: StreamEntry) -> bool:
    facts = ("status", "source", "fetched_at", "year", "reason")
    return all(getattr(one, name) == getattr(other, name) for name in facts)


def streams_in(store: StreamStore) -> Streams:
    return {key[1]: stream for key, stream in store.entries().items()}


class Course:
    """A store and its expected content."""

    def __init__(self, store: StreamStore) -> None:
        self.store = store
        self.streams: Streams = {}
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
        new: Streams = {}
        for activity, fields in how.items():
            at = NOW + timedelta(hours=self.steps - fields["late_h"])
            facts = {name: fields[name] for name in ("status", "source", "year")}
            new[activity] = entry(activity, at, reason=f"step {self.steps}", **facts)

        def write() -> None:
            with store.writer() as writer:
                for activity, stream in new.items():
                    samples = recording(activity, self.steps) if stream.status == "stored" else None
                    writer.add(stream, samples)

        winning = {
            activity: stream
            for activity, stream in new.items()
            if activity not in self.streams or rank(stream) >= rank(self.streams[activity])
        }
        self._try(write, winning)

    def _try(self, act: Callable[[], object], change: Mapping[str, StreamEntry | None]) -> None:
        """Act. After a power cut each activity is as before or as wanted, otherwise as wanted."""
        try:
            act()
        except PowerCut:
            now = streams_in(self.store)
            for activity, wanted in change.items():
                stream, before = now.get(activity), self.streams.get(activity)
                options = [one for one in (wanted, before) if one is not None]
                assert any(stream and same(stream, one) for one in options) or (
                    stream is None and None in (wanted, before)
                )
                self._note(activity, stream)
        else:
            for activity, wanted in change.items():
                self._note(activity, wanted)

    def _note(self, activity: str, stream: StreamEntry | None) -> None:
        if stream is None:
            self.streams.pop(activity, None)
        else:
            self.streams[activity] = stream

    def check(self) -> None:
        now = streams_in(self.store)
        assert now.keys() == self.streams.keys()
        for activity, stream in now.items():
            assert same(stream, self.streams[activity]), activity
        for stream, samples in self.store.read(now.values()):
            assert f"step {samples.column('watts')[0].as_py():.0f}" == stream.reason
            assert set(samples.column("activity_id").to_pylist()) == {stream.activity_id}


@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(steps, min_size=4, max_size=20))
def test_each_activity_is_there_once_and_in_its_right_form(course: list[tuple[str, Any, int]]) -> None:
    # Merging starts at two parts, so that it happens often.
    with TemporaryDirectory() as folder, patch("strava_assets.streams.stream_store._MIN_PARTS_TO_MERGE", 2):
        model = Course(StreamStore(folder))
        for step in course:
            model.take(*step)
        model.store.compact()
        model.check()
        stored = {activity: 40 for activity, stream in model.streams.items() if stream.status == "stored"}
        parts = list(Path(folder).rglob("*.parquet"))
        assert (_samples_in_files(folder) if parts else {}) == stored
        assert len({part.parent for part in parts}) == len(parts)


def _samples_in_files(folder: str) -> dict[str, int]:
    sql = "SELECT activity_id, COUNT(*) FROM read_parquet(?) GROUP BY ALL"
    with duckdb.connect() as connection:
        return dict(connection.execute(sql, [f"{folder}/**/*.parquet"]).fetchall())
