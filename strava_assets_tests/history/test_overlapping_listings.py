"""Listings that overlap, loaded in any order: the table is what records and deletions say, and no more.

A listing that began earlier may be loaded later, and a page of it may have been fetched later than one of a
listing that began after it. `STRAVA_ASSETS_TEST_OVERLAPS` tries more random courses.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Literal, NamedTuple
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from strava_assets.history.compact import compact
from strava_assets.history.deletions import DeletionGuard
from strava_assets.landing import Manifest, OpenBatch
from strava_assets_tests.depth import examples
from strava_assets_tests.history.stories import Record, Story, activity, story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

COURSES = int(os.environ.get("STRAVA_ASSETS_TEST_OVERLAPS", "8"))
BELIEVE_ALL = DeletionGuard(max_share=1, max_count=10**6)

What = Literal["begin", "fetch", "commit", "commit stopped", "load", "compact"]


class Event(NamedTuple):
    """A thing that happens: to the listing of this name, or to the whole landing."""

    what: What
    who: str = ""
    minutes: int = 1

    def __str__(self) -> str:
        return f"{self.what} {self.who}".strip()


@dataclass(frozen=True)
class Fate:
    """An activity's life on Strava: whether it is there at a step of the course, and on which page."""

    deleted_at_step: int
    restored_at_step: int
    page: int

    def exists(self, step: int) -> bool:
        return not self.deleted_at_step <= step < self.restored_at_step


def every_fate(steps: int, pages: int) -> dict[int, Fate]:
    """An activity for every pair of steps at which it may be deleted and restored, on every page."""
    pairs = list(combinations(range(1, steps + 2), 2))
    fates = [Fate(deleted, restored, page) for deleted, restored in pairs for page in range(pages)]
    return dict(enumerate(fates, 1))


@dataclass
class Listing:
    """A listing on its way, and what has been seen of it."""

    batch: OpenBatch
    started_at: datetime
    complete: bool = True
    seen: dict[int, tuple[str, datetime]] = field(default_factory=dict)


@dataclass
class Course:
    """Listings between one full listing at the start and one at the end, event by event."""

    story: Story
    fates: dict[int, Fate]
    pages: int
    step: int = 0
    open: dict[str, Listing] = field(default_factory=dict)
    waiting: list[Listing] = field(default_factory=list)
    loaded: list[Listing] = field(default_factory=list)
    deletions: dict[int, list[datetime]] = field(default_factory=dict)

    def take(self, event: Event) -> None:
        self.step += 1
        self.story.wait(minutes=event.minutes)
        if event.what == "load":
            self.load()
        elif event.what == "compact":
            assert self.story.rows() == self.story.rebuilt()[0]
            compact(self.story.landing, self.story.warehouse, self.story.now, 0)
        elif event.what == "begin":
            batch = self.story.landing.begin("full", self.story.now, "7")
            self.open[event.who] = Listing(batch, self.story.now)
        elif event.what == "fetch":
            self.fetch(self.open[event.who])
        else:
            listing = self.open.pop(event.who)
            listing.complete = event.what == "commit"
            self.commit(listing)

    def fetch(self, listing: Listing) -> None:
        """The next page, as Strava shows it now: every activity that is there has just been renamed."""
        page = len(listing.batch.pages)
        records = [
            self.record(number)
            for number, fate in self.fates.items()
            if fate.page == page and fate.exists(self.step)
        ]
        listing.batch.write_page(page + 1, json.dumps(records).encode(), self.story.now, len(records))
        listing.seen |= {record["id"]: (record["name"], self.story.now) for record in records}

    def record(self, number: int) -> Record:
        return activity(number, name=f"as of step {self.step}")

    def commit(self, listing: Listing) -> None:
        listing.batch.commit(
            Manifest(
                batch_id=listing.batch.batch_id,
                kind="full",
                source="api",
                athlete_id="7",
                started_at=listing.started_at,
                finished_at=self.story.now,
                complete=listing.complete,
                pages=tuple(listing.batch.pages),
                records=len(listing.seen),
                activity_ids=tuple(map(str, listing.seen)),
            )
        )
        self.waiting.append(listing)

    def load(self) -> None:
        """Load what is committed, and hold the table and the conclusions to what they must be."""
        manifests = {manifest.batch_id: manifest for manifest in self.story.landing.manifests()}
        self.story.load()
        for listing in sorted(self.waiting, key=lambda waiting: waiting.batch.batch_id):
            before = self.expected()
            self.loaded.append(listing)
            missing = [
                number
                for number, (_, fetched_at, deleted_at) in before.items()
                if number not in listing.seen and deleted_at is None and fetched_at < listing.started_at
            ]
            if not listing.complete:
                continue
            concluded = self.story.landing.conclusion(manifests[listing.batch.batch_id])
            if listing.seen:
                assert concluded
                assert sorted(map(int, concluded.deleted)) == missing
                for number in missing:
                    self.deletions.setdefault(number, []).append(listing.started_at)
        self.waiting.clear()
        assert self.table() == self.expected()

    def expected(self) -> dict[int, tuple[str, datetime, datetime | None]]:
        """Name, time of fetching and time of deletion, from what was seen alone, in no order of loading."""
        rows = {}
        for number in self.fates:
            forms = [
                (fetched_at, listing.batch.batch_id, name)
                for listing in self.loaded
                for name, fetched_at in [listing.seen.get(number, ("", None))]
                if fetched_at
            ]
            if forms:
                fetched_at, _, name = max(forms)
                since = [began for began in self.deletions.get(number, ()) if fetched_at < began]
                rows[number] = name, fetched_at, max(since, default=None)
        return rows

    def table(self) -> dict[int, tuple[str, datetime, datetime | None]]:
        return {
            int(number): (row["name"], row["fetched_at"], row["deleted_at"])
            for number, row in self.story.rows().items()
        }

    def list_undisturbed(self, who: str) -> None:
        for event in (*of_listing(who, pages=self.pages), LOAD):
            self.take(event)

    def end(self) -> None:
        """The table is its rebuild, compacted or not, and an undisturbed listing makes it what Strava has."""
        assert self.story.rows() == self.story.rebuilt()[0]
        compact(self.story.landing, self.story.warehouse, self.story.now, 0)
        assert self.story.rows() == self.story.rebuilt()[0]
        self.list_undisturbed("last")
        on_strava = {str(number) for number, fate in self.fates.items() if fate.exists(self.step)}
        assert self.story.living() == on_strava
        assert self.story.rows() == self.story.rebuilt()[0]


def run(course: list[Event], pages: int) -> None:
    with (
        TemporaryDirectory() as folder,
        story(Path(folder)) as own,
        patch("strava_assets.history.compact._MIN_BATCHES_TO_MERGE", 2),
    ):
        own.guard = BELIEVE_ALL
        first = pages + 3
        taking = Course(own, every_fate(len(course) + first, pages), pages)
        taking.list_undisturbed("first")
        for event in course:
            taking.take(event)
        taking.take(LOAD)
        taking.end()


def interleaved(*lines: list[Event]) -> Iterator[list[Event]]:
    """Every order of the events in which each line keeps its own."""
    if not any(lines):
        yield []
    for at, line in enumerate(lines):
        if line:
            rest = [other[1:] if number == at else other for number, other in enumerate(lines)]
            yield from ([line[0], *later] for later in interleaved(*rest))


def of_listing(who: str, *, pages: int = 1, last: What = "commit") -> list[Event]:
    return [Event("begin", who), *[Event("fetch", who)] * pages, Event(last, who)]


LOAD, COMPACT = Event("load"), Event("compact")
# A begins first, since the two are alike.
OF_TWO = [[Event("begin", "A"), *order] for order in interleaved(of_listing("A")[1:], of_listing("B"))]


def after_commits(course: list[Event], *then: Event) -> list[Event]:
    return [
        event
        for taken in course
        for event in ([taken, *then] if taken.what.startswith("commit") else [taken])
    ]


def name_of(course: list[Event]) -> str:
    return ", ".join(map(str, course))


@pytest.mark.deep
@pytest.mark.parametrize("course", OF_TWO, ids=name_of)
def test_two_listings_in_every_order_loaded_as_they_come(course: list[Event]) -> None:
    run(after_commits(course, LOAD), pages=1)


@pytest.mark.deep
@pytest.mark.parametrize("course", OF_TWO, ids=name_of)
def test_two_listings_in_every_order_loaded_together(course: list[Event]) -> None:
    run(course, pages=1)


@pytest.mark.deep
@pytest.mark.parametrize("course", OF_TWO, ids=name_of)
def test_two_listings_in_every_order_compacted_after_each(course: list[Event]) -> None:
    run(after_commits(course, LOAD, COMPACT), pages=1)


def test_listings_of_one_moment_are_ordered_by_their_batches() -> None:
    course = [*of_listing("A"), *of_listing("B"), *of_listing("C")]
    at_once = [event._replace(minutes=0) for event in course]
    run(at_once, pages=1)


@st.composite
def courses(draw: st.DrawFn) -> tuple[list[Event], int]:
    """Two or three listings of one or two pages, complete or stopped; loads and compactions in between."""
    pages = draw(st.sampled_from([1, 2]))
    lines = [
        of_listing(who, pages=pages, last=draw(st.sampled_from(["commit", "commit", "commit stopped"])))
        for who in "ABC"[: draw(st.sampled_from([2, 3, 3]))]
    ]
    course: list[Event] = []
    while any(lines):
        line = draw(st.sampled_from([line for line in lines if line]))
        course.append(line.pop(0)._replace(minutes=draw(st.sampled_from([1, 1, 1, 0]))))
        if course[-1].what.startswith("commit") and draw(st.sampled_from([True, True, False])):
            course.append(LOAD)
            if draw(st.booleans()):
                course.append(COMPACT)
    return course, pages


def spelled(text: str) -> list[Event]:
    """A course from letters: a listing's own in turn begin, fetch and commit it, `l` loads, `c` compacts.

    A listing whose last letter is lower case was stopped.
    """
    begun: Counter[str] = Counter()
    course = []
    for letter in text:
        if letter in "lc":
            course.append(LOAD if letter == "l" else COMPACT)
            continue
        who = letter.upper()
        begun[who] += 1
        last: What = "commit" if letter.isupper() else "commit stopped"
        course.append(Event(("begin", "fetch", last)[begun[who] - 1], who))
    return course


@settings(max_examples=examples(COURSES), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example((spelled("AABBBlCCCA"), 1)).via("of two that wait, one overlapped a loaded one")
@example((spelled("ABBblcAA"), 1)).via("a deletion from a listing that is older than what was compacted")
@given(courses())
def test_listings_overlap_in_any_order_with_loads_and_compactions_in_between(
    drawn: tuple[list[Event], int],
) -> None:
    run(*drawn)
