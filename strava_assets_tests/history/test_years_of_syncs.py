"""Years of an athlete's edits between syncs of every kind, limits, faults and crashes, over real HTTP.

After each sync the table is what docs/sync.md promises: equal to Strava after a full one, column by column;
after another one, different only where that contract says so. `STRAVA_ASSETS_TEST_YEARS` makes it longer,
`STRAVA_ASSETS_TEST_SEED` repeats a course.
"""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from strava_assets.history.compact import compact
from strava_assets.history.deletions import DeletionGuard
from strava_assets.history.fetch import FetchResult, SyncRequest, fetch
from strava_assets.history.loader import Loader, LoadReport
from strava_assets.landing import Landing, LandingError
from strava_assets.sandbox import Fault, RateLimits, RunningSandbox, Sandbox, serve
from strava_assets.secrets.environment import EnvironmentStore
from strava_assets.strava.errors import StravaError
from strava_assets.strava.sync import ListingWindow, SyncMode
from strava_assets_tests.history.stories import Story, opened
from strava_assets_tests.history.test_compact import Fragile, PowerCut
from strava_assets_tests.simulation.contract import Contract, Listed, start_of
from strava_assets_tests.simulation.world import EDITS
from strava_assets_tests.stores import values_of
from strava_assets_tests.strava.conversation import ENVIRON, HandTime, converse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from strava_assets_tests.simulation.contract import Record

YEARS = int(os.environ.get("STRAVA_ASSETS_TEST_YEARS", "1"))
SEED = int(os.environ.get("STRAVA_ASSETS_TEST_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
# As good a test as fourteen hundred: the edits between the syncs matter.
SYNCS_A_YEAR = 45
GUARD = DeletionGuard(max_share=0.1, max_count=5)

PASSING = [Fault.server_error, Fault.bad_gateway, Fault.connection_reset, Fault.invalid_access_token]
LASTING = [
    Fault.server_error,
    Fault.html,
    Fault.empty_body,
    Fault.truncated_body,
    Fault.cut_json,
    Fault.error_object_with_200,
    Fault.json_not_a_list,
    Fault.repeated_page,
    Fault.inactive_subscription,
    Fault.missing_scope,
]


class Course:
    """Years of one athlete: the sandbox, the platform's stores, and the expected content."""

    def __init__(self, running: RunningSandbox, story: Story, time: HandTime, rng: random.Random) -> None:
        self.sandbox = running.sandbox
        self.base_url = running.base_url
        self.story = story
        self.time = time
        self.rng = rng
        self.contract = Contract()
        self.waiting: list[tuple[FetchResult, dict[str, Record]]] = []
        self.edits = 0
        self.seen: set[str] = set()

    # What the athlete does

    def edit(self) -> None:
        history, rng = self.sandbox.history, self.rng
        self.edits += 1
        ids = history.ids()
        what = rng.choices(
            ["new", "late", "edit", "crop", "delete", "restore", "privacy", "move"],
            [4, 2, 10, 2, 2, 2, 2, 1],
        )[0]
        if what == "new" or len(ids) < 10:
            history.add(start_date=self.time.now - timedelta(minutes=rng.randrange(60, 600)))
        elif what == "late":
            history.add(start_date=self.time.now - timedelta(days=rng.randrange(1, 900)))
        elif what == "edit":
            names = rng.sample(list(EDITS), rng.randrange(1, 4))
            history.edit(rng.choice(ids), **{name: rng.choice(EDITS[name]) for name in names})
        elif what == "crop":
            record = history.get(rng.choice(ids))
            if record.get("average_watts") is not None:
                history.crop(record["id"], rng.randrange(120), rng.randrange(120))
        elif what == "delete":
            history.delete(rng.choice(ids))
        elif what == "restore":
            deleted_ids = sorted(self.contract.records.keys() - {str(n) for n in ids})
            if deleted_ids:
                history.restore(int(rng.choice(deleted_ids)))
        elif what == "privacy":
            history.edit(rng.choice(ids), visibility="only_me" if rng.random() < 0.5 else "everyone")
        else:
            moved = rng.choice(ids)
            by = timedelta(days=rng.randrange(-60, 60))
            history.edit(moved, start_date=min(start_of(history.get(moved)) + by, self.time.now))

    def on_strava(self) -> dict[str, Record]:
        return {str(record["id"]): record for record in self.sandbox.history.records()}

    # What the platform does

    def fetch(
        self, request: SyncRequest, landing: Landing | None = None, *, uploads: bool = False
    ) -> FetchResult:
        """Sync once with a new client, as a run does; the athlete may upload between pages."""

        def upload(_pages: int, _records: int, _quota: object) -> None:
            if uploads:
                self.sandbox.history.add(start_date=self.time.now - timedelta(hours=1))

        talk = converse(self.base_url, self.time)
        store = EnvironmentStore(values_of(ENVIRON))
        fetched = fetch(
            talk.client,
            store,
            landing or self.story.landing,
            request,
            clock=self.time.clock,
            progress=upload,
        )
        self.waiting.append((fetched, self.on_strava()))
        return fetched

    def load(self, guard: DeletionGuard = GUARD) -> LoadReport:
        loader = Loader(self.story.landing, self.story.warehouse, guard=guard)
        report = loader.load(self.time.now)
        for fetched, on_strava in self.waiting:
            self.contract.after(Listed(fetched.manifest, on_strava), guard)
        self.waiting.clear()
        return report

    def random_request(self) -> SyncRequest:
        mode = self.rng.choices(
            [SyncMode.AUTO, SyncMode.INCREMENTAL, SyncMode.FULL, SyncMode.WINDOW], [6, 3, 2, 2]
        )[0]
        window = None
        if mode is SyncMode.WINDOW:
            end = int(self.time.now.timestamp()) - self.rng.randrange(200) * 86_400
            window = ListingWindow(end - self.rng.randrange(1, 300) * 86_400, self.rng.choice([None, end]))
        return SyncRequest(mode, window, full_every_hours=72)

    def sync(self) -> None:
        """One sync with random faults, and the checks after it."""
        rng = self.rng
        weather = rng.choices(
            ["fair", "passing", "lasting", "limited", "uploads", "power cut", "crash"], [10, 2, 2, 3, 2, 2, 2]
        )[0]
        self.seen.add(weather)
        request = self.random_request()
        self.sandbox.limits = None
        if weather == "passing":
            self.sandbox.faults.add(rng.choice(PASSING), on="list", after=rng.randrange(4))
        elif weather == "lasting":
            self.sandbox.faults.add(rng.choice(LASTING), on="list", times=None, after=rng.randrange(4))
        elif weather == "limited":
            left = rng.randrange(1, 8)
            self.sandbox.limits = rng.choice(
                [
                    RateLimits(read=(left, 1_000)),
                    RateLimits(read=(100, left)),
                    RateLimits(overall=(200, left)),
                ]
            )
        try:
            landing: Landing = self.story.landing
            if weather == "power cut":
                landing = Fragile(landing.address, rng.randrange(12))
            fetched = self.fetch(request, landing, uploads=weather == "uploads")
        except (StravaError, LandingError, PowerCut):
            self.seen.add("failed")
            self.load()
            self.check()
            return
        finally:
            self.sandbox.faults.clear()
        self.seen.add(f"{fetched.plan.kind} {'complete' if fetched.listing.complete else 'stopped'}")
        if weather == "crash":
            self._crash_while_loading()
        self.load()
        self.check()
        if fetched.plan.kind is SyncMode.FULL and fetched.listing.complete and weather != "uploads":
            self._settle(fetched)

    def _crash_while_loading(self) -> None:
        landing = Fragile(self.story.landing.address, 0)
        try:
            Loader(landing, self.story.warehouse, guard=GUARD).load(self.time.now)
        except PowerCut:
            self.seen.add("crashed load")

    def _settle(self, fetched: FetchResult) -> None:
        """After a full listing the table equals Strava, unless deletions wait for confirmation."""
        if fetched.plan.window.before is not None:
            return
        if self.contract.held_back:
            self.seen.add("held back")
            self.fetch(SyncRequest(SyncMode.FULL))
            self.load(DeletionGuard(0, 0, confirmed=True))
            self.check()
        assert self.story.living() == {str(n) for n in self.sandbox.history.ids()}
        assert self.contract.living == self.story.living()

    def tidy(self) -> None:
        """Compact, sometimes with a power cut."""
        cut = self.rng.random() < 0.5
        changes = self.rng.randrange(25) if cut else 10_000
        try:
            report = compact(
                Fragile(self.story.landing.address, changes), self.story.warehouse, self.time.now, 3
            )
            self.seen.add("compacted" if report.compacted else "nothing to compact")
        except PowerCut:
            self.seen.add("cut compaction")
        assert self.load().batches == 0
        self.check()

    def check(self) -> None:
        """Check that every column of the registry is what the contract expects."""
        rows = self.story.rows()
        assert rows.keys() == self.contract.records.keys()
        for activity_id, expected in self.contract.rows().items():
            row = rows[activity_id]
            assert {name: row[name] for name in expected} == expected
            assert (row["deleted_at"] is not None) == (activity_id in self.contract.deleted), activity_id
        assert not self.story.rejects()


@pytest.fixture
def course(tmp_path: Path) -> Iterator[Course]:
    time = HandTime(datetime(2024, 2, 28, 21, 52, tzinfo=UTC))
    rng = random.Random(SEED)  # noqa: S311 - a course that can be repeated
    # Short pages, so that a small history has many of them.
    sandbox = Sandbox(clock=time.clock, limits=None, page_size_limit=25)
    sandbox.tokens.rotate_refresh_token = False
    for _ in range(120):
        sandbox.history.add(start_date=time.now - timedelta(minutes=rng.randrange(900 * 1440)))
    with serve(sandbox) as running, opened(tmp_path / "warehouse.duckdb") as warehouse:
        yield Course(running, Story(tmp_path, warehouse), time, rng)


@pytest.mark.deep
def test_the_table_keeps_to_the_contract_through_years_of_edits_faults_and_crashes(course: Course) -> None:
    print(f"STRAVA_ASSETS_TEST_SEED={SEED}")  # noqa: T201 - shown when it fails
    course.load()
    for number in range(1, YEARS * SYNCS_A_YEAR + 1):
        for _ in range(course.rng.randrange(100)):
            course.edit()
            course.time.now += timedelta(minutes=course.rng.randrange(30))
        course.time.now += timedelta(hours=course.rng.choice([6, 6, 6, 30, 200]))
        course.sync()
        if number % 6 == 0:
            course.tidy()
    course.sandbox.limits = None
    course.fetch(SyncRequest(SyncMode.FULL))
    course.load(DeletionGuard(0, 0, confirmed=True))
    course.check()
    assert course.story.living() == {str(n) for n in course.sandbox.history.ids()}
    course.story.now = course.time.now
    assert (course.story.rows(), course.story.rejects()) == course.story.rebuilt()
    print(f"{course.edits} edits; met: {', '.join(sorted(course.seen))}")  # noqa: T201 - the same


def test_a_quiet_incremental_sync_takes_two_calls(course: Course) -> None:
    course.sandbox.page_size_limit = 200
    first = course.fetch(SyncRequest())
    assert first.listing.calls["list"] == 2
    course.load()
    quiet = course.fetch(SyncRequest())
    assert quiet.plan.kind is SyncMode.INCREMENTAL
    assert quiet.listing.calls["list"] == 2


def test_a_first_listing_that_the_day_s_limit_stops_goes_on_the_next_day(course: Course) -> None:
    days = 0
    while not course.contract.records.keys() >= course.on_strava().keys():
        course.sandbox.limits = RateLimits(read=(100, 2))
        course.fetch(SyncRequest())
        course.load()
        course.check()
        course.time.now += timedelta(days=1)
        days += 1
        assert days < 10
    assert days > 2
    assert course.story.living() == course.on_strava().keys()
