"""The rate-limit headers with all their oddities, and the pacer across quarter hours and midnight."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strava_assets.sandbox import Fault, RateLimits, Sandbox, serve
from strava_assets.strava.errors import QuotaExhaustedError, TurnOverError
from strava_assets.strava.limits import Pacer, Quota, next_midnight, next_quarter
from strava_assets.strava.sync import ListingWindow, Plan, SyncMode, run
from strava_assets_tests.strava.conversation import FolderSink, HandTime, converse

if TYPE_CHECKING:
    from pathlib import Path

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PAIR = {"X-RateLimit-Limit": "200,2000", "X-RateLimit-Usage": "8,151"}


@pytest.mark.parametrize(
    ("headers", "figures"),
    [
        (PAIR, (200, 8, 2000, 151)),
        ({"x-ratelimit-limit": "200,2000", "x-ratelimit-usage": "8,151"}, (200, 8, 2000, 151)),
        ({"X-RATELIMIT-LIMIT": "200, 2000", "X-Ratelimit-Usage": " 8 ,151 "}, (200, 8, 2000, 151)),
        ({"X-RateLimit-Limit": "200,2000", "X-RateLimit-Usage": ","}, (200, None, 2000, None)),
        ({"X-RateLimit-Limit": "200,2000"}, (200, None, 2000, None)),
        ({"X-RateLimit-Limit": "200", "X-RateLimit-Usage": "8"}, (200, 8, None, None)),
        ({"X-RateLimit-Limit": "many,2000", "X-RateLimit-Usage": "-8,1e3"}, (None, None, 2000, None)),
        ({"X-RateLimit-Limit": "9" * 5000, "X-RateLimit-Usage": "٣,3"}, (None, None, None, 3)),
        ({"X-RateLimit-Limit": "200,2000, 200,2000", "X-RateLimit-Usage": "1,2,3"}, (200, 1, 2000, 2)),
    ],
)
def test_headers_are_read_as_far_as_they_can_be(
    headers: dict[str, str], figures: tuple[int | None, ...]
) -> None:
    quota = Quota.from_headers(headers, NOON)
    assert quota is not None
    overall = (quota.overall_15min.limit, quota.overall_15min.usage, quota.overall_daily.limit)
    assert (*overall, quota.overall_daily.usage) == figures


@pytest.mark.parametrize(
    "headers", [{}, {"X-RateLimit-Limit": ",", "X-RateLimit-Usage": ""}, {"Date": "now"}]
)
def test_headers_without_a_figure_say_nothing(headers: dict[str, str]) -> None:
    assert Quota.from_headers(headers, NOON) is None


def test_metadata_is_what_is_left_as_numbers_and_leaves_out_the_unknown() -> None:
    quota = Quota.from_headers(PAIR, NOON)
    assert quota is not None
    assert quota.as_metadata() == {
        "overall calls left this quarter hour": 192,
        "overall calls left this day": 1849,
        "calls used": "overall 8 of 200 a quarter hour; overall 151 of 2,000 a day",
    }


def test_an_answer_without_headers_does_not_wipe_out_what_is_known() -> None:
    time = HandTime(NOON)
    pacer = Pacer(clock=time.clock, sleep=time.sleep)
    pacer.after_answer(200, PAIR)
    pacer.after_answer(404, {})
    assert pacer.quota is not None
    assert pacer.quota.overall_daily.usage == 151


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - bounds are naive there
def test_windows_turn_at_natural_quarter_hours_and_at_midnight(now: datetime) -> None:
    quarter = next_quarter(now)
    assert timedelta(0) < quarter - now <= timedelta(minutes=15)
    assert (quarter.minute % 15, quarter.second, quarter.microsecond) == (0, 0, 0)
    midnight = next_midnight(now)
    assert timedelta(0) < midnight - now <= timedelta(days=1)
    assert (midnight.hour, midnight.minute, midnight.second, midnight.microsecond) == (0, 0, 0, 0)


class StrictServer:
    """Counts as Strava does, by its own clock, and remembers whether it was ever overrun or hammered."""

    def __init__(self, time: HandTime, limit: tuple[int, int], other_apps: int) -> None:
        self.time = time
        self.limit = limit
        self.other_apps = other_apps
        self.used = [0, 0]
        self.windows: tuple[datetime, datetime] | None = None
        self.refusals: list[tuple[datetime, datetime]] = []

    def call(self) -> tuple[int, dict[str, str]]:
        now = self.time.clock()
        windows = (next_quarter(now), next_midnight(now))
        if self.windows != windows:
            same = (
                (False, False)
                if self.windows is None
                else (self.windows[0] == windows[0], self.windows[1] == windows[1])
            )
            self.used = [
                used if is_same else self.other_apps for used, is_same in zip(self.used, same, strict=True)
            ]
            self.windows = windows
        self.used = [used + 1 for used in self.used]
        refused = any(used > limit for used, limit in zip(self.used, self.limit, strict=True))
        if refused:
            self.refusals.append(windows)
        headers = {
            "X-ReadRateLimit-Limit": f"{self.limit[0]},{self.limit[1]}",
            "X-ReadRateLimit-Usage": f"{self.used[0]},{self.used[1]}",
        }
        return 429 if refused else 200, headers


@given(
    start=st.datetimes(datetime(2026, 11, 23, 22), datetime(2026, 11, 24, 2), timezones=st.just(UTC)),  # noqa: DTZ001 - as above
    limit=st.tuples(st.integers(1, 12), st.integers(1, 40)),
    usage=st.tuples(st.integers(0, 6), st.integers(0, 5)),
    seconds_a_call=st.floats(0, 400),
    calls=st.integers(1, 60),
)
def test_the_pacer_never_sends_into_a_window_that_refused_it(
    start: datetime, limit: tuple[int, int], usage: tuple[int, int], seconds_a_call: float, calls: int
) -> None:
    other_apps, reserve = usage
    time = HandTime(start)
    server = StrictServer(time, limit, other_apps)
    pacer = Pacer(clock=time.clock, sleep=time.sleep, reserve_calls=reserve, max_waits=100)
    stops: list[tuple[str, datetime]] = []
    while not stops and calls:
        calls -= 1
        try:
            pacer.before_call()
        except QuotaExhaustedError as stopped:
            stops.append((stopped.window, stopped.resume_at))
        else:
            pacer.after_answer(*server.call())
            time.now += timedelta(seconds=seconds_a_call)
    assert stops in ([], [("daily", next_midnight(time.now))])
    assert len({quarter for quarter, _ in server.refusals}) == len(server.refusals)
    assert all(0 < seconds <= 902 for seconds in time.slept_s)


def test_it_waits_for_the_quarter_hour_and_says_so() -> None:
    time = HandTime(NOON + timedelta(minutes=7))
    sandbox = Sandbox.many(5, clock=time.clock, limits=RateLimits(read=(2, 1000)))
    with serve(sandbox) as server:
        conversation = converse(server.base_url, time)
        assert sum(len(page.records) for page in conversation.client.pages(per_page=2)) == 5
    (seconds, until, reason), *_ = conversation.waits
    assert (seconds, until) == (482, NOON + timedelta(minutes=15))
    assert reason == "read: 2 of 2 calls used"
    assert time.slept_s == [482]


def test_a_reserve_is_left_to_the_athletes_other_apps() -> None:
    time = HandTime(NOON)
    limits = RateLimits(read=(100, 1000), read_usage=(60, 60))
    with serve(Sandbox.many(50, clock=time.clock, limits=limits)) as server:
        conversation = converse(server.base_url, time, reserve_calls=30, max_wait_s=0)
        with pytest.raises(QuotaExhaustedError, match="70 of 100 calls used, 30 kept in reserve"):
            list(conversation.client.pages(per_page=1))
    assert limits.read_usage == (70, 70)


def test_a_reserve_larger_than_a_limit_does_not_stop_everything() -> None:
    time = HandTime(NOON)
    with serve(Sandbox.many(3, clock=time.clock, limits=RateLimits(read=(8, 1000)))) as server:
        pages = list(converse(server.base_url, time, reserve_calls=500, max_wait_s=0).client.pages())
    assert len(pages) == 1


def test_a_turn_ends_at_its_calls_and_the_listing_continues_in_the_next(tmp_path: Path) -> None:
    time = HandTime(NOON)
    sandbox = Sandbox.many(1_000, clock=time.clock)
    # A retry is a call of the turn, too.
    sandbox.faults.add(Fault.unavailable, on="list")
    (tmp_path / "1").mkdir()
    (tmp_path / "2").mkdir()
    with serve(sandbox) as server:
        conversation = converse(server.base_url, time)
        everything = Plan(SyncMode.FULL, ListingWindow(), "")
        with conversation.pacer.turn(4):
            part = run(conversation.client, everything, FolderSink(tmp_path / "1"), clock=time.clock)
        rest = Plan(SyncMode.FULL, ListingWindow(before=part.resume_before), "")
        listing = run(conversation.client, rest, FolderSink(tmp_path / "2"), clock=time.clock)
    assert (part.complete, part.pages, part.calls["list"]) == (False, 3, 4)
    assert isinstance(part.stopped, TurnOverError)
    assert part.stopped.resume_at == NOON + timedelta(minutes=15)
    assert (listing.complete, listing.pages) == (True, 3)
    assert len(set(part.ids) | set(listing.ids)) == 1_000
    assert conversation.waits == []


@pytest.mark.parametrize(
    ("fault", "window", "resume_at"),
    [
        (Fault.rate_limit_15min, "15min", NOON + timedelta(minutes=15)),
        (Fault.rate_limit_daily, "daily", NOON + timedelta(hours=12)),
    ],
)
def test_a_429_says_which_window_it_was(fault: Fault, window: str, resume_at: datetime) -> None:
    time = HandTime(NOON)
    sandbox = Sandbox.many(3, clock=time.clock)
    sandbox.faults.add(fault, on="list")
    with serve(sandbox) as server, pytest.raises(QuotaExhaustedError) as raised:
        list(converse(server.base_url, time, max_wait_s=0).client.pages())
    assert (raised.value.window, raised.value.resume_at) == (window, resume_at)
    assert sandbox.calls("/athlete/activities") == 1


def test_after_a_429_the_same_page_is_asked_again_in_the_next_quarter_hour() -> None:
    time = HandTime(NOON)
    sandbox = Sandbox.many(3, clock=time.clock)
    sandbox.faults.add(Fault.rate_limit_15min, on="list")
    with serve(sandbox) as server:
        pages = list(converse(server.base_url, time).client.pages())
    assert [page.number for page in pages] == [1]
    assert time.slept_s == [902]


def test_a_429_that_never_ends_is_not_waited_for_all_day() -> None:
    time = HandTime(NOON)
    sandbox = Sandbox.many(3, clock=time.clock)
    sandbox.faults.add(Fault.rate_limit_15min, on="list", times=None)
    with serve(sandbox) as server, pytest.raises(QuotaExhaustedError):
        list(converse(server.base_url, time, max_waits=3).client.pages())
    assert sandbox.calls("/athlete/activities") == 4
