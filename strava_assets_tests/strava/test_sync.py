"""Which listing a sync makes, and what may be concluded from one."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.errors import ConfigurationError
from strava_assets.sandbox import Fault, RateLimits, Sandbox, serve
from strava_assets.strava import errors
from strava_assets.strava.sync import KnownHistory, ListingWindow, SyncMode, plan, run
from strava_assets_tests.strava.conversation import FolderSink, HandTime, converse
from strava_assets_tests.strava.scripted import listing

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
NEWEST = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
WHOLE = ListingWindow()


def synced(
    newest: datetime | None = NEWEST,
    full_h_ago: float | None = 1,
    *,
    complete: bool = True,
    resume: int | None = None,
) -> KnownHistory:
    full_at = None if full_h_ago is None else NOW - timedelta(hours=full_h_ago)
    return KnownHistory(newest, full_at, complete, resume)


@pytest.mark.parametrize(
    ("mode", "history", "kind", "window"),
    [
        (SyncMode.AUTO, KnownHistory(), SyncMode.FULL, WHOLE),
        (SyncMode.INCREMENTAL, KnownHistory(), SyncMode.FULL, WHOLE),
        (SyncMode.AUTO, synced(), SyncMode.INCREMENTAL, ListingWindow(after=1792569600)),
        (SyncMode.AUTO, synced(full_h_ago=23), SyncMode.INCREMENTAL, ListingWindow(after=1792569600)),
        (SyncMode.AUTO, synced(full_h_ago=23.9), SyncMode.FULL, WHOLE),
        (SyncMode.AUTO, synced(full_h_ago=-1), SyncMode.FULL, WHOLE),
        (SyncMode.AUTO, synced(full_h_ago=None), SyncMode.FULL, WHOLE),
        (SyncMode.AUTO, synced(complete=False), SyncMode.FULL, WHOLE),
        (SyncMode.AUTO, synced(complete=False, resume=1500), SyncMode.FULL, ListingWindow(before=1500)),
        (SyncMode.INCREMENTAL, synced(full_h_ago=900), SyncMode.INCREMENTAL, ListingWindow(after=1792569600)),
        (SyncMode.FULL, synced(), SyncMode.FULL, WHOLE),
        (SyncMode.FULL, synced(complete=False, resume=1500), SyncMode.FULL, WHOLE),
    ],
)
def test_the_history_decides_what_is_listed(
    mode: SyncMode, history: KnownHistory, kind: SyncMode, window: ListingWindow
) -> None:
    decided = plan(mode, history, NOW)
    assert (decided.kind, decided.window) == (kind, window)
    assert decided.reason.endswith(".")


def test_an_activity_dated_in_the_future_does_not_blind_the_incremental_sync() -> None:
    decided = plan(SyncMode.AUTO, synced(NOW + timedelta(days=4000)), NOW, overlap_days=7)
    assert decided.window == ListingWindow(after=int((NOW - timedelta(days=7)).timestamp()))


def test_a_chosen_window_is_taken_as_it_is() -> None:
    window = ListingWindow(after=10, before=20)
    assert plan(SyncMode.WINDOW, synced(), NOW, window=window).window == window


@pytest.mark.parametrize("window", [None, WHOLE, ListingWindow(20, 10), ListingWindow(10, 10)])
def test_a_window_that_is_none_is_refused_with_a_remedy(window: ListingWindow | None) -> None:
    with pytest.raises(ConfigurationError) as refused:
        plan(SyncMode.WINDOW, synced(), NOW, window=window)
    assert "`after`" in refused.value.remedy


def test_a_complete_listing_holds_everything_and_says_what_it_saw(tmp_path: Path) -> None:
    time = HandTime(NOW)
    sandbox = Sandbox.many(450, clock=time.clock)
    reports: list[tuple[int, int]] = []
    with serve(sandbox) as server:
        client = converse(server.base_url, time).client
        sink = FolderSink(tmp_path)
        listed = run(
            client,
            plan(SyncMode.AUTO, KnownHistory(), time.now),
            sink,
            progress=lambda pages, records, _: reports.append((pages, records)),
            clock=time.clock,
        )
    landed: list[dict[str, Any]] = [record for body in sink.bodies() for record in json.loads(body)]
    assert landed == sandbox.history.records()
    assert listed.ids == [str(record["id"]) for record in landed]
    assert (listed.complete, listed.stopped, listed.descending) == (True, None, True)
    assert (listed.pages, listed.records) == (3, 450)
    assert listed.athlete_id == str(sandbox.athlete["id"])
    assert listed.calls == {"list": 4, "token": 1}
    assert reports == [(1, 200), (2, 400), (3, 450)]
    starts = sorted(record["start_date"] for record in landed)
    assert listed.oldest_start == datetime.fromisoformat(starts[0])
    assert listed.newest_start == datetime.fromisoformat(starts[-1])
    assert listed.resume_before is None


def test_a_quiet_incremental_sync_takes_two_calls(tmp_path: Path) -> None:
    time = HandTime(NOW)
    with serve(Sandbox.many(450, clock=time.clock)) as server:
        client = converse(server.base_url, time).client
        first = run(
            client, plan(SyncMode.AUTO, KnownHistory(), time.now), FolderSink(tmp_path), clock=time.clock
        )
        history = KnownHistory(first.newest_start, first.finished_at, history_complete=True)
        second = run(client, plan(SyncMode.AUTO, history, time.now), FolderSink(tmp_path), clock=time.clock)
    assert second.kind is SyncMode.INCREMENTAL
    assert second.calls == {"list": 2, "token": 0}
    assert not second.descending
    assert second.complete


def test_a_first_listing_stopped_by_the_quota_goes_on_where_it_stopped(tmp_path: Path) -> None:
    time = HandTime(NOW)
    sandbox = Sandbox.many(900, clock=time.clock, limits=RateLimits(read=(100, 3)))
    with serve(sandbox) as server:
        client = converse(server.base_url, time).client
        stopped = run(
            client, plan(SyncMode.AUTO, KnownHistory(), time.now), FolderSink(tmp_path), clock=time.clock
        )
        assert isinstance(stopped.stopped, errors.QuotaExhaustedError)
        assert stopped.stopped.resume_at == datetime(2026, 11, 24, tzinfo=UTC)
        assert (stopped.complete, stopped.pages) == (False, 3)
        assert stopped.resume_before is not None
        assert len(list(tmp_path.iterdir())) == 3

        time.now = stopped.stopped.resume_at + timedelta(seconds=5)
        history = KnownHistory(
            stopped.newest_start, None, history_complete=False, resume_before=stopped.resume_before
        )
        resumed = plan(SyncMode.AUTO, history, time.now)
        assert resumed.window.before == stopped.resume_before
        rest = run(client, resumed, FolderSink(tmp_path), clock=time.clock)
    assert rest.complete
    everything = [str(record["id"]) for record in sandbox.history.records()]
    assert set(stopped.ids) | set(rest.ids) == set(everything)
    # Only the activities that share the second of the stop are listed twice.
    assert len(stopped.ids) + len(rest.ids) <= len(everything) + 1


def test_a_stopped_listing_in_another_order_claims_no_place_to_go_on(tmp_path: Path) -> None:
    time = HandTime(NOW)
    sandbox = Sandbox.many(900, clock=time.clock, limits=RateLimits(read=(100, 2)))
    window = ListingWindow(after=1)
    with serve(sandbox) as server:
        client = converse(server.base_url, time).client
        listed = run(
            client,
            plan(SyncMode.WINDOW, synced(), time.now, window=window),
            FolderSink(tmp_path),
            clock=time.clock,
        )
    assert (listed.complete, listed.descending, listed.resume_before) == (False, False, None)


def test_any_other_failure_goes_through_and_what_was_written_stays(tmp_path: Path) -> None:
    time = HandTime(NOW)
    sandbox = Sandbox.many(900, clock=time.clock)
    sandbox.faults.add(Fault.inactive_subscription, on="list", after=2)
    with serve(sandbox) as server, pytest.raises(errors.InactiveSubscriptionError):
        run(
            converse(server.base_url, time).client,
            plan(SyncMode.AUTO, KnownHistory(), time.now),
            FolderSink(tmp_path),
            clock=time.clock,
        )
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("full_at", [1, 2, 3])
def test_a_sink_that_fails_stops_the_listing_at_any_page(tmp_path: Path, full_at: int) -> None:
    class FullDisk(FolderSink):
        def write_page(self, number: int, body: bytes, fetched_at: datetime, records: int) -> None:
            if number == full_at:
                raise OSError(28, "No space left on device")
            super().write_page(number, body, fetched_at, records)

    with listing([[{"id": 1}], [{"id": 2}], [{"id": 3}]]) as client, pytest.raises(OSError, match="No space"):
        run(client, plan(SyncMode.FULL, KnownHistory(), NOW), FullDisk(tmp_path))
    assert len(list(tmp_path.iterdir())) == full_at - 1


@pytest.mark.parametrize("start", [None, 5, "yesterday", "", [], "2026-13-01T00:00:00Z"])
def test_an_unreadable_start_is_passed_over(tmp_path: Path, start: Any) -> None:
    records = [{"id": 1, "start_date": "2026-11-01T08:00:00Z"}, {"id": 2, "start_date": start}]
    with listing([records]) as client:
        listed = run(client, plan(SyncMode.FULL, KnownHistory(), NOW), FolderSink(tmp_path))
    assert listed.newest_start == listed.oldest_start == datetime(2026, 11, 1, 8, tzinfo=UTC)
    assert listed.ids == ["1", "2"]
