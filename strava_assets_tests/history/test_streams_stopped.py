"""Fetching streams keeps its reserve, never waits, goes on where it stopped, bears what Strava fails at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.history.quota_plan import TICK, calls_a_run, expected_completion
from strava_assets.history.stream_fetching import LONGEST_RUN, NoStreamsAtAllError, StreamsReport
from strava_assets.sandbox import Fault, RateLimits
from strava_assets.sandbox.invented_streams import streams_of
from strava_assets.schedules import EVERY_SIX_HOURS
from strava_assets.strava.errors import InactiveSubscriptionError, QuotaExhaustedError, ServerError
from strava_assets.strava.limits import Quota
from strava_assets_tests.streams.samples import PowerCut, fragile

if TYPE_CHECKING:
    from strava_assets_tests.history.riders import Rider

Record = dict[str, Any]

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


# The quota


def test_the_reserve_is_left_alone_and_the_next_runs_go_on(rider: Rider) -> None:
    rides = rider.rides(*range(1, 41))
    rider.list_all()
    rider.sandbox.limits = RateLimits(read=(25, 1_000))
    report = rider.fetch(reserve_calls=10)
    assert isinstance(report.stopped, QuotaExhaustedError)
    assert not report.needs_a_person
    assert rider.sandbox.limits.read_usage[0] == 15
    assert (report.stored, report.remaining) == (15, 25)
    assert rider.time.slept_s == [], "a chain must not stand still"
    rider.has_what_strava_has(*rides[:15])
    runs = 1
    while rider.wants():
        rider.time.now += TICK
        rider.fetch(reserve_calls=10)
        assert rider.sandbox.limits.read_usage[0] <= 15
        runs += 1
    assert runs == 3
    assert rider.requested_ids() == rides
    rider.has_what_strava_has(*rides)


def test_the_day_s_limit_ends_a_run_and_the_next_day_goes_on(rider: Rider) -> None:
    rider.rides(*range(1, 8))
    rider.list_all()
    rider.sandbox.limits = RateLimits(read=(100, 4))
    assert rider.fetch().stored == 4
    rider.time.now += TICK
    # Without a header yet, one call is needed to learn that nothing is left.
    assert rider.fetch().stored == 0
    rider.time.now += timedelta(days=1)
    assert rider.fetch().remaining == 0


def quota(overall: str = "", read: str = "") -> Quota | None:
    """What headers with these limits say, nothing used yet."""
    return Quota.from_headers(
        {
            "X-RateLimit-Limit": overall,
            "X-RateLimit-Usage": "0,0",
            "X-ReadRateLimit-Limit": read,
            "X-ReadRateLimit-Usage": "0,0",
        },
        NOW,
    )


@pytest.mark.parametrize(
    ("limits", "reserve", "calls"),
    [
        (quota("200,2000", "100,1000"), 30, 70),
        (quota("", "100,200"), 30, 42),
        (quota("600,30000", ""), 30, 570),
        (quota("", "40,1000"), 30, 20),
        (quota("", "4,4"), 30, 1),
        (None, 30, None),
    ],
)
def test_the_pace_is_what_the_tightest_limit_allows_beside_the_reserve(
    limits: Quota | None, reserve: int, calls: int | None
) -> None:
    assert calls_a_run(limits, reserve) == calls


def test_when_all_will_be_there_follows_from_the_pace() -> None:
    usual = quota("200,2000", "100,1000")
    assert expected_completion(StreamsReport(remaining=0, quota=usual), 30, NOW) is None
    assert expected_completion(StreamsReport(remaining=70, quota=usual), 30, NOW) == NOW + TICK
    assert expected_completion(StreamsReport(remaining=71, quota=usual), 30, NOW) == NOW + 2 * TICK
    assert expected_completion(StreamsReport(remaining=71), 30, NOW) == NOW + TICK
    slow = StreamsReport(stored=10, remaining=40, quota=usual, out_of_time=True)
    assert expected_completion(slow, 30, NOW) == NOW + 4 * TICK


def test_the_expected_end_is_when_it_ends(rider: Rider) -> None:
    rider.rides(*range(1, 61))
    rider.list_all()
    rider.sandbox.limits = RateLimits(read=(25, 1_000))
    began = rider.time.now
    expected = expected_completion(rider.fetch(reserve_calls=5), 5, began)
    while rider.wants():
        rider.time.now += TICK
        rider.fetch(reserve_calls=5)
    assert rider.time.now == expected


# What goes wrong


def test_an_activity_strava_fails_at_does_not_keep_the_others_waiting(rider: Rider) -> None:
    first, *others = rider.rides(1, 2, 3)
    rider.list_all()
    rider.sandbox.faults.add(Fault.server_error, on="streams", times=4)
    report = rider.fetch()
    assert (report.stored, report.failed, report.remaining, report.stopped) == (2, 1, 1, None)
    assert rider.wants() == [first]
    rider.has_what_strava_has(*others)
    assert rider.fetch().remaining == 0


def test_an_outage_ends_a_run_after_a_few_tries_and_loses_nothing(rider: Rider) -> None:
    rides = rider.rides(*range(1, 12))
    rider.list_all()
    rider.sandbox.faults.add(Fault.server_error, on="streams", times=None, after=3)
    report = rider.fetch()
    assert (report.stored, report.failed, report.remaining) == (3, 5, 8)
    assert isinstance(report.stopped, ServerError)
    assert not report.needs_a_person
    rider.has_what_strava_has(*rides[:3])


def test_what_needs_a_person_ends_a_run_at_once_with_what_came(rider: Rider) -> None:
    rides = rider.rides(*range(1, 5))
    rider.list_all()
    rider.sandbox.faults.add(Fault.inactive_subscription, on="streams", times=None, after=2)
    report = rider.fetch()
    assert isinstance(report.stopped, InactiveSubscriptionError)
    assert report.needs_a_person
    assert (report.stored, report.remaining) == (2, 2)
    rider.has_what_strava_has(*rides[:2])


def test_a_strava_without_any_streams_is_not_believed(rider: Rider, monkeypatch: pytest.MonkeyPatch) -> None:
    rides = rider.rides(*range(1, 31))
    rider.list_all()
    with monkeypatch.context() as patch:
        patch.setattr("strava_assets.sandbox.invented_streams.streams_of", lambda *_: None)
        report = rider.fetch()
    assert isinstance(report.stopped, NoStreamsAtAllError)
    assert (report.none, report.remaining) == (0, 30)
    assert rider.story.streams.entries() == {}
    assert not report.needs_a_person
    rider.fetch()
    rider.has_what_strava_has(*rides)


def test_the_marts_do_not_wait_longer_than_a_few_minutes(
    rider: Rider, monkeypatch: pytest.MonkeyPatch
) -> None:
    rides = rider.rides(*range(1, 11))
    rider.list_all()

    def slow(record: Record, keys: list[str], _outing: object) -> Record | None:
        rider.time.now += LONGEST_RUN / 4
        return streams_of(record, keys)

    monkeypatch.setattr("strava_assets.sandbox.invented_streams.streams_of", slow)
    report = rider.fetch()
    assert (report.stored, report.remaining, report.out_of_time) == (4, 6, True)
    rider.has_what_strava_has(*rides[:4])


@pytest.mark.deep
def test_a_power_cut_loses_no_more_than_one_piece(rider: Rider) -> None:
    rides = rider.rides(*range(1, 61))
    rider.list_all()
    whole, rider.story.streams = rider.story.streams, fragile(rider.story.streams, 1)
    with pytest.raises(PowerCut):
        rider.fetch()
    rider.story.streams = whole
    assert len(rider.requested_ids()) == 50
    assert len(rider.wants()) == 35
    rider.fetch()
    rider.has_what_strava_has(*rides)


def test_the_pace_is_reckoned_by_the_schedule_s_own_ticks() -> None:
    assert f"0 */{TICK // timedelta(hours=1)} * * *" == EVERY_SIX_HOURS
