"""Streams, crops and bulk exports through months of syncs, quota stops, failures and power cuts, over HTTP.

After any course and enough ticks, every activity that should have a recording has the one that Strava has
now, or the one of its export, each stored once. `STRAVA_ASSETS_TEST_YEARS` makes it longer,
`STRAVA_ASSETS_TEST_SEED` repeats a course.
"""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from strava_assets.archive import Export
from strava_assets.history.archive_import import import_archive
from strava_assets.history.deletions import DeletionGuard
from strava_assets.history.fetch import SyncRequest
from strava_assets.history.stream_fetching import fetch_streams, wanted, write_stream_index
from strava_assets.sandbox import Fault, RateLimits, Sandbox, serve
from strava_assets.sandbox.recording import recorded_streams
from strava_assets.strava.sync import SyncMode
from strava_assets.streams.recording_table import STRAVA_KEYS, check, version_of
from strava_assets_tests.archive.devices import a_ride
from strava_assets_tests.archive.exports import exported_ride, packed, write_export
from strava_assets_tests.history.riders import Noted
from strava_assets_tests.history.stories import Story, opened
from strava_assets_tests.history.test_years_of_syncs import SEED, YEARS, Course
from strava_assets_tests.simulation.contract import start_of
from strava_assets_tests.simulation.world import EDITS
from strava_assets_tests.strava.conversation import ENVIRON, HandTime, converse
from strava_assets_tests.streams.samples import PowerCut, fragile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pyarrow as pa

    from strava_assets.streams import StreamEntry
    from strava_assets_tests.archive.devices import Ride

ROUNDS_A_YEAR = 16
FAILING = [Fault.server_error, Fault.html, Fault.cut_json, Fault.empty_body, Fault.invalid_access_token]
# Any edit of these gives another recording, and none is likely to be undone unseen.
MEASURES: dict[str, Any] = {
    "moving_time": range(0, 900, 7),
    "elapsed_time": range(400, 9_000),
    "distance": range(900, 90_000),
    "average_watts": range(80, 260),
}


class RecordedCourse(Course):
    """A course whose rides have recordings, fetched and imported."""

    def __init__(self, *how: Any) -> None:
        super().__init__(*how)
        self.memory = Noted(ENVIRON)
        self.exported: dict[str, Ride] = {}
        self.exports = 0

    # What the platform does

    def tick(self, which: str = "power") -> None:
        """One run of `activity_streams` with random faults, and the checks after it."""
        rng, store = self.rng, self.story.streams
        weather = rng.choices(["fair", "limited", "failing", "lasting", "power cut"], [3, 3, 2, 1, 2])[0]
        self.sandbox.limits = RateLimits(read=(rng.randrange(8, 40), 1_000)) if weather == "limited" else None
        if weather in ("failing", "lasting"):
            times = None if weather == "lasting" else rng.randrange(1, 9)
            self.sandbox.faults.add(rng.choice(FAILING), on="streams", times=times, after=rng.randrange(20))
        elif weather == "power cut":
            store = fragile(store, rng.randrange(6))
        try:
            report = self.fetch_streams(which, store)
            store.compact()
            self.seen.add("all streams" if not report.remaining else f"some streams, {weather}")
        except PowerCut:
            self.seen.add("streams cut off")
        finally:
            self.sandbox.faults.clear()
            self.sandbox.limits = None
        self.check_recordings()

    def fetch_streams(self, which: str, store: Any) -> Any:
        talk = converse(self.base_url, self.time, reserve_calls=3, max_wait_s=0)
        activities = wanted(self.story.warehouse, store.entries(), which, self.time.now)
        return fetch_streams(talk.client, self.memory, store, activities, clock=self.time.clock)

    def import_export(self) -> None:
        """Import recordings of some of the listed activities, older ones as often as new ones."""
        listed_ids = sorted(self.contract.records)
        rides = {
            activity: a_ride(60, start_of(self.contract.records[activity]), seed=self.exports)
            for activity in self.rng.sample(listed_ids, min(4, len(listed_ids)))
            if activity not in self.exported
        }
        self.exports += 1
        folder = write_export(
            self.story.folder / f"export-{self.exports}",
            [exported_ride(int(activity), ride) for activity, ride in rides.items()],
            athlete=str(self.sandbox.athlete["id"]),
        )
        path = packed(folder, folder.with_suffix(".zip"), made_at=self.time.now)
        store = fragile(self.story.streams, self.rng.choice([0, 99, 99]))
        try:
            with Export(path) as export:
                import_archive(
                    export, self.story.landing, store, clock=self.time.clock, home="Europe/Paris", processes=1
                )
        except PowerCut:
            self.seen.add("import cut off")
        else:
            self.exported |= rides
            self.seen.add("import")
        self.load()
        self.check()
        self.check_recordings()

    # What must hold

    def recordings(self) -> dict[str, tuple[StreamEntry, pa.Table]]:
        entries = self.story.streams.entries()
        recordings = self.story.streams.read(entries.values())
        return {entry.activity_id: (entry, samples) for entry, samples in recordings}

    def check_recordings(self) -> None:
        """At any time: stored recordings are valid, listed and unique, and the export's take precedence."""
        recordings = self.recordings()
        for activity, (entry, samples) in recordings.items():
            check(samples)
            assert version_of(samples) == entry.version
            assert activity in self.contract.records
        for activity, ride in self.exported.items():
            entry, samples = recordings[activity]
            assert entry.source == "archive", activity
            np.testing.assert_array_equal(samples.column("watts").to_numpy(), ride.watts)

    def check_equal_to_strava(self) -> None:
        """After enough ticks: the recordings of all activities equal those that Strava has now."""
        entries, recordings = self.story.streams.entries(), self.recordings()
        for record in self.sandbox.history.records():
            activity = str(record["id"])
            if activity in self.exported:
                continue
            streams = recorded_streams(record, list(STRAVA_KEYS))
            entry = entries[str(self.sandbox.athlete["id"]), activity]
            assert entry.source == "api"
            if streams is None:
                assert entry.status == "none", activity
                continue
            samples = recordings[activity][1]
            assert samples.column("t_s").to_pylist() == streams["time"], activity
            assert samples.column("distance_m").to_pylist() == streams["distance"], activity
            assert samples.column("watts").to_pylist() == streams.get("watts", [None] * len(samples)), (
                activity
            )


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordedCourse]:
    # A recording does not become one typed in by hand, and its power not another without its average.
    for name in ("manual", "weighted_average_watts", "max_watts"):
        monkeypatch.delitem(EDITS, name)
    for name, values in MEASURES.items():
        monkeypatch.setitem(EDITS, name, values)
    time = HandTime(datetime(2024, 2, 28, 21, 52, tzinfo=UTC))
    rng = random.Random(SEED)  # noqa: S311 - a course that can be repeated
    sandbox = Sandbox(clock=time.clock, limits=None, page_size_limit=25)
    sandbox.tokens.rotate_refresh_token = False
    for _ in range(60):
        start = time.now - timedelta(minutes=rng.randrange(900 * 1440))
        sandbox.history.add(start_date=start, moving_time=rng.randrange(60, 300))
    with serve(sandbox) as running, opened(tmp_path / "warehouse.duckdb") as warehouse:
        yield RecordedCourse(running, Story(tmp_path, warehouse), time, rng)


@pytest.mark.deep
def test_recordings_equal_strava_s_and_the_exports_after_any_course(course: RecordedCourse) -> None:
    print(f"STRAVA_ASSETS_TEST_SEED={SEED}")  # noqa: T201 - shown when it fails
    course.load()
    for number in range(1, YEARS * ROUNDS_A_YEAR + 1):
        for _ in range(course.rng.randrange(30)):
            course.edit()
            course.time.now += timedelta(minutes=course.rng.randrange(30))
        course.time.now += timedelta(hours=course.rng.choice([6, 6, 30]))
        course.sync()
        course.tick(course.rng.choice(["power", "power", "all"]))
        if number % 5 == 0:
            course.import_export()
            course.tidy()
    # An activity that was requested while it was deleted counts as having no streams for a month.
    course.time.now += timedelta(days=30)
    course.fetch(SyncRequest(SyncMode.FULL))
    course.load(DeletionGuard(0, 0, confirmed=True))
    ticks = 0
    while wanted(course.story.warehouse, course.story.streams.entries(), "all", course.time.now):
        course.time.now += timedelta(hours=6)
        course.tick("all")
        ticks += 1
        assert ticks < 60, "it must come to an end"
    course.check_equal_to_strava()
    entries = course.story.streams.entries()
    assert write_stream_index(course.story.warehouse, entries) == len(entries)
    requests = len(course.sandbox.requests)
    course.fetch_streams("all", course.story.streams)
    assert len(course.sandbox.requests) == requests
    print(f"{course.edits} edits, {ticks} ticks more; met: {', '.join(sorted(course.seen))}")  # noqa: T201 - the same
