"""The plan of turns: limits, order, shares, pauses, and that nobody waits forever."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strava_assets.strava import errors
from strava_assets.strava.limits import Allowance, Quota, next_midnight, next_quarter
from strava_assets.strava.sync import Listing, ListingWindow, SyncMode
from strava_assets.strava.turns import (
    AthleteState,
    Purpose,
    Turn,
    TurnRules,
    after_turn,
    calls_for_streams,
    expected_completion,
    may_stop_everyone,
    plan_turns,
    share_calls,
    stops_everyone,
    summary,
)

NOW = datetime(2026, 11, 30, 10, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
RULES = TurnRules(reserve_calls=10)
WITH_WEBHOOKS = TurnRules(reserve_calls=10, webhooks_alive=True, full_every_hours=168)
UP_TO_DATE = AthleteState(
    "1", last_listing_at=NOW, last_full_listing_at=NOW, history_complete=True, expected_pages=8
)


def quota(limit: tuple[int, int] = (100, 1000), used: tuple[int, int] = (0, 0), at: datetime = NOW) -> Quota:
    quarter, day = (Allowance(*pair) for pair in zip(limit, used, strict=True))
    return Quota(at, read_15min=quarter, read_daily=day)


def listing(kind: SyncMode = SyncMode.FULL, pages: int = 1, **fields: object) -> Listing:
    whole = {
        "kind": kind,
        "window": ListingWindow(),
        "started_at": NOW,
        "finished_at": NOW,
        "complete": True,
        "pages": pages,
        "records": pages,
        "ids": ["1"],
        "newest_start": NOW,
        "oldest_start": NOW,
        "athlete_id": "1",
        "descending": True,
        "calls": {},
        "quota": None,
    } | fields
    return Listing(**whole)  # type: ignore[arg-type]


times = st.one_of(st.none(), st.integers(-2, 400).map(lambda hours: NOW - hours * HOUR))


@st.composite
def athletes(draw: st.DrawFn) -> list[AthleteState]:
    ids = draw(st.lists(st.integers(1, 99).map(str), min_size=2, max_size=25, unique=True))
    return [
        AthleteState(
            athlete_id,
            events_waiting=draw(st.integers(0, 3)),
            events_since=draw(times),
            last_listing_at=draw(times),
            last_full_listing_at=draw(times),
            history_complete=draw(st.booleans()),
            expected_pages=draw(st.integers(0, 60)),
            loaded_pages=draw(st.integers(0, 60)),
            last_turn_at=draw(times),
            refused_since=draw(times),
            failures=draw(st.integers(0, 3)),
            cut_short=draw(st.integers(0, 3)),
        )
        for athlete_id in ids
    ]


quotas = st.builds(
    lambda quarter, day, used: quota((quarter, day), (min(used, quarter), used)),
    st.integers(1, 600),
    st.integers(1, 30_000),
    st.integers(0, 2_000),
)
rules = st.builds(TurnRules, st.integers(0, 50), st.booleans(), st.just(6), st.sampled_from([24, 168]))


@given(athletes(), quotas, rules)
def test_a_plan_needs_no_more_calls_than_are_left_beside_the_reserve(
    states: list[AthleteState], quota: Quota, rules: TurnRules
) -> None:
    turns = plan_turns(states, quota, NOW, rules)
    left, day, whole = (
        quota.calls_left("15min", NOW, rules.reserve_calls) or 0,
        quota.calls_left("daily", NOW, rules.reserve_calls) or 0,
        quota.capacity("15min", rules.reserve_calls) or 0,
    )
    calls = [turn.calls or 0 for turn in turns]
    assert sum(calls) <= day
    if sum(calls) > left:
        # Only a full listing that no quarter hour has calls for, the last one, may wait for the next ones.
        *others, long = calls
        assert turns[-1].purpose is Purpose.FULL
        assert sum(others) <= left
        assert long > min(whole, day) - 40 or long > left - sum(others)
    assert all(count >= 1 for count in calls)


@given(athletes(), quotas, rules, st.randoms())
def test_the_order_does_not_depend_on_the_order_of_the_athletes(
    states: list[AthleteState], quota: Quota, rules: TurnRules, rng: random.Random
) -> None:
    turns = plan_turns(states, quota, NOW, rules)
    shuffled = rng.sample(states, len(states))
    assert plan_turns(shuffled, quota, NOW, rules) == turns
    assert len({turn.athlete_id for turn in turns}) == len(turns)
    order = list(Purpose)
    short = [turn for turn in turns if turn.calls and turn.purpose is not Purpose.FULL]
    assert short == sorted(short, key=lambda turn: order.index(turn.purpose))


@given(athletes(), rules)
def test_events_come_first(states: list[AthleteState], rules: TurnRules) -> None:
    ready = replace(UP_TO_DATE, athlete_id="event", events_waiting=1, events_since=NOW - 500 * HOUR)
    turns = plan_turns([*states, ready], quota(), NOW, rules)
    assert turns[0].athlete_id == "event"
    assert turns[0].purpose is Purpose.EVENTS


@pytest.mark.parametrize("rules", [RULES, WITH_WEBHOOKS])
@pytest.mark.parametrize(
    "state",
    [
        UP_TO_DATE,
        AthleteState("1"),
        replace(UP_TO_DATE, events_waiting=2),
        replace(UP_TO_DATE, refused_since=NOW, last_turn_at=NOW),
        replace(UP_TO_DATE, failures=3, last_turn_at=NOW),
    ],
)
@pytest.mark.parametrize("left", [None, quota(), quota(used=(100, 1000))])
def test_one_athlete_gets_one_turn_as_without_a_plan(
    state: AthleteState, rules: TurnRules, left: Quota | None
) -> None:
    [turn] = plan_turns([state], left, NOW, rules)
    assert (turn.athlete_id, turn.calls, turn.mode) == ("1", None, SyncMode.AUTO)


def test_without_limits_the_first_turn_alone_is_planned() -> None:
    states = [AthleteState("2"), AthleteState("1"), replace(UP_TO_DATE, athlete_id="3", events_waiting=1)]
    assert [turn.athlete_id for turn in plan_turns(states, None, NOW, RULES)] == ["3"]
    assert [turn.athlete_id for turn in plan_turns(states, Quota(NOW), NOW, RULES)] == ["3"]
    assert plan_turns([replace(UP_TO_DATE, athlete_id=name) for name in "12"], None, NOW, RULES) == []


def test_a_long_history_leaves_most_of_a_quarter_hour_to_the_others() -> None:
    states = [
        replace(AthleteState("long"), expected_pages=60),
        *(replace(UP_TO_DATE, athlete_id=str(number), events_waiting=1) for number in range(3)),
        AthleteState("short", expected_pages=4),
    ]
    turns = plan_turns(states, quota(), NOW, WITH_WEBHOOKS)
    assert [(turn.athlete_id, turn.calls) for turn in turns] == [
        ("0", 12),
        ("1", 12),
        ("2", 12),
        ("long", 30),
        ("short", 6),
    ]


def test_first_loads_leave_the_rest_of_the_day_to_others() -> None:
    states = [AthleteState(str(number), expected_pages=60) for number in range(9)]
    for now, left, allowed in [
        (NOW.replace(hour=0, minute=0), 1000, 90),
        (NOW.replace(hour=0, minute=0), 520, 15),
        (NOW.replace(hour=0, minute=0), 500, 0),
        (NOW.replace(hour=12, minute=0), 320, 60),
        (NOW.replace(hour=23, minute=45), 100, 84),
    ]:
        rates = quota(used=(0, 1000 - left), at=now)
        turns = plan_turns(states, rates, now, WITH_WEBHOOKS)
        assert sum(turn.calls or 0 for turn in turns) == allowed


def test_a_full_listing_serves_as_routine_listing_and_waits_for_a_quarter_hour_that_holds_it() -> None:
    due = replace(UP_TO_DATE, last_listing_at=NOW - 7 * HOUR, last_full_listing_at=NOW - 25 * HOUR)
    states = [due, replace(UP_TO_DATE, athlete_id="2")]
    [turn] = plan_turns(states, quota(), NOW, RULES)
    assert (turn.purpose, turn.calls, turn.mode) == (Purpose.FULL, 18, SyncMode.FULL)
    assert plan_turns(states, quota(used=(80, 80)), NOW, RULES) == []
    late = replace(due, last_listing_at=NOW - 13 * HOUR)
    [turn] = plan_turns([late, states[1]], quota(used=(80, 80)), NOW, RULES)
    assert (turn.purpose, turn.calls, turn.mode) == (Purpose.ROUTINE, 4, SyncMode.INCREMENTAL)


def test_a_listing_longer_than_a_quarter_hour_comes_last_if_late_or_alone() -> None:
    due = replace(UP_TO_DATE, last_listing_at=NOW - 7 * HOUR, last_full_listing_at=NOW - 25 * HOUR)
    long = replace(due, expected_pages=100)
    idle, busy = replace(UP_TO_DATE, athlete_id="2"), replace(UP_TO_DATE, athlete_id="2", events_waiting=1)
    assert [turn.calls for turn in plan_turns([long, idle], quota(), NOW, RULES)] == [110]
    assert [turn.purpose for turn in plan_turns([long, busy], quota(), NOW, RULES)] == [Purpose.EVENTS]
    late = replace(long, last_full_listing_at=NOW - 50 * HOUR)
    turns = plan_turns([late, busy], quota(), NOW, RULES)
    assert [turn.purpose for turn in turns] == [Purpose.EVENTS, Purpose.FULL]


def test_with_webhooks_only_events_and_the_weekly_listing_are_due() -> None:
    old = replace(UP_TO_DATE, last_listing_at=NOW - 100 * HOUR, last_full_listing_at=NOW - 100 * HOUR)
    states = [old, replace(old, athlete_id="2", last_full_listing_at=NOW - 168 * HOUR)]
    assert [turn.athlete_id for turn in plan_turns(states, quota(), NOW, WITH_WEBHOOKS)] == ["2"]


def test_an_athlete_who_is_refused_is_tried_once_a_day() -> None:
    refused = replace(UP_TO_DATE, events_waiting=5, refused_since=NOW - 50 * HOUR, last_turn_at=NOW - HOUR)
    other = replace(UP_TO_DATE, athlete_id="2")
    assert plan_turns([refused, other], quota(), NOW, RULES) == []
    [turn] = plan_turns([refused, other], quota(), NOW + 23 * HOUR, RULES)[:1]
    assert (turn.athlete_id, turn.calls) == ("1", 4)
    assert "once a day" in turn.reason


def test_failures_in_a_row_pause_longer_and_longer() -> None:
    state, other = replace(UP_TO_DATE, events_waiting=1), replace(UP_TO_DATE, athlete_id="2")
    pauses = []
    for failures in range(1, 12):
        failed = replace(state, failures=failures, last_turn_at=NOW)
        minutes = next(
            minutes
            for minutes in range(0, 2000, 15)
            if any(
                turn.athlete_id == "1"
                for turn in plan_turns([failed, other], quota(), NOW + timedelta(minutes=minutes), RULES)
            )
        )
        pauses.append(minutes)
    assert pauses == [15, 30, 60, 120, 240, 480, 960, 1440, 1440, 1440, 1440]


TURN = Turn("1", Purpose.EVENTS, 12, SyncMode.INCREMENTAL, "")


def test_results_change_the_state() -> None:
    later = NOW + HOUR
    over = errors.TurnOverError(12, later)
    first = replace(TURN, purpose=Purpose.FIRST)
    new = AthleteState("1")
    part = after_turn(new, first, later, listing=listing(pages=12, complete=False, stopped=over))
    assert (part.loaded_pages, part.history_complete, part.last_listing_at) == (12, False, later)
    rest = listing(pages=5, window=ListingWindow(before=1))
    whole = after_turn(part, first, later, listing=rest)
    assert (whole.history_complete, whole.expected_pages, whole.last_full_listing_at) == (True, 17, None)
    assert after_turn(new, first, later, listing=listing(pages=3)).last_full_listing_at == later
    empty = after_turn(new, first, later, listing=listing(pages=0, ids=[]))
    assert empty.history_complete
    short = after_turn(UP_TO_DATE, TURN, later, error=over)
    assert (short.cut_short, short.failures, short.last_listing_at) == (1, 0, NOW)
    assert after_turn(short, TURN, later, listing=listing(SyncMode.INCREMENTAL)).cut_short == 0
    refused = after_turn(UP_TO_DATE, TURN, later, error=errors.InvalidRefreshTokenError("No."))
    assert refused.refused_since == later
    assert after_turn(refused, TURN, later, listing=listing(SyncMode.INCREMENTAL)).refused_since is None
    assert after_turn(UP_TO_DATE, TURN, later, error=errors.ServerError("No.")).failures == 1
    assert after_turn(UP_TO_DATE, TURN, later, listing=listing(complete=False)).failures == 1
    spent = errors.QuotaExhaustedError("daily", later, "")
    assert after_turn(UP_TO_DATE, TURN, later, error=spent) == replace(UP_TO_DATE, last_turn_at=later)


def test_only_failures_of_the_application_or_the_machine_stop_everyone() -> None:
    assert stops_everyone(errors.QuotaExhaustedError("daily", NOW, ""))
    assert stops_everyone(errors.InactiveSubscriptionError("No."))
    assert not stops_everyone(errors.TurnOverError(3, NOW))
    assert not stops_everyone(errors.InvalidRefreshTokenError("No."))
    assert not stops_everyone(errors.ServerError("No."))
    # One athlete's store may hold an old client secret.
    assert not stops_everyone(errors.InvalidClientError("No."))
    assert may_stop_everyone(errors.InvalidClientError("No."))
    assert not may_stop_everyone(errors.InvalidRefreshTokenError("No."))


def test_a_turn_that_was_too_short_gets_more_calls() -> None:
    other = replace(UP_TO_DATE, athlete_id="2")

    def calls_after(state: AthleteState) -> list[tuple[str, int | None]]:
        states = [replace(state, cut_short=count) for count in range(4)]
        plans = [plan_turns([each, other], quota(), NOW, RULES) for each in states]
        return [(turn.purpose.value, turn.calls) for [turn] in plans]

    # An event that takes more than a few calls is about an old activity, which a full listing has.
    assert calls_after(replace(UP_TO_DATE, events_waiting=1)) == [
        ("events", 12),
        ("full listing", 18),
        ("full listing", 36),
        ("full listing", 72),
    ]
    routine = replace(UP_TO_DATE, last_listing_at=NOW - 7 * HOUR)
    assert [calls for _, calls in calls_after(routine)] == [4, 8, 16, 16]
    full = replace(routine, last_full_listing_at=NOW - 25 * HOUR)
    assert [calls for _, calls in calls_after(full)] == [18, 36, 72, 144]


@settings(max_examples=30)
@given(
    seed=st.integers(0, 1000),
    count=st.integers(2, 12),
    limit=st.sampled_from([(60, 300), (100, 1000), (200, 2000)]),
    rules=st.sampled_from([RULES, WITH_WEBHOOKS]),
)
def test_nobody_waits_forever_while_events_never_end(
    seed: int, count: int, limit: tuple[int, int], rules: TurnRules
) -> None:
    """Half of the athletes always have an event; the others still get every listing within four days."""
    rng = random.Random(seed)  # noqa: S311 - a sample
    noisy = {str(number) for number in range(count)}
    quiet = {f"q{number}" for number in range(count)}
    states = {name: replace(UP_TO_DATE, athlete_id=name) for name in noisy}
    for name in quiet:
        # What takes more calls than a day has takes more days than one.
        pages = rng.choice([0, 1, 8, 30]) if limit[0] < 100 else rng.choice([0, 1, 8, 30, 60])
        done = rng.random() < 0.5
        at = NOW - 200 * HOUR if done else None
        states[name] = AthleteState(name, 0, None, at, at, done, pages)
    used, now, window, served = [0, 0], NOW, (next_quarter(NOW), next_midnight(NOW)), set[str]()
    while now < NOW + timedelta(days=4) and quiet - served:
        for name in noisy:
            states[name] = replace(states[name], events_waiting=1, events_since=NOW)
        windows = (next_quarter(now), next_midnight(now))
        used = [0 if windows[i] != window[i] else used[i] for i in range(2)]
        window = windows
        turns = plan_turns(states.values(), quota(limit, (used[0], used[1]), now), now, rules)
        for turn in turns:
            calls = min(turn.calls or 0, _actual_calls(states[turn.athlete_id], turn, rng))
            used = [count + calls for count in used]
            states[turn.athlete_id] = _played(states[turn.athlete_id], turn, now)
            if turn.athlete_id in quiet and turn.purpose in (Purpose.FULL, Purpose.FIRST):
                served.add(turn.athlete_id)
        if not turns:
            now = next_quarter(now)
    assert quiet == served


def _actual_calls(state: AthleteState, turn: Turn, rng: random.Random) -> int:
    if turn.purpose is Purpose.EVENTS:
        return rng.randint(2, 12)
    return 2 if turn.purpose is Purpose.ROUTINE else state.expected_pages - state.loaded_pages + 1


def _played(state: AthleteState, turn: Turn, now: datetime) -> AthleteState:
    state = replace(state, events_waiting=0)
    if turn.purpose is Purpose.FIRST:
        missing = state.expected_pages - state.loaded_pages + 1
        calls = turn.calls or 0
        if missing > calls:
            stopped = errors.TurnOverError(calls, now)
            return after_turn(state, turn, now, listing=listing(pages=calls, complete=False, stopped=stopped))
    kind = SyncMode.FULL if turn.purpose in (Purpose.FULL, Purpose.FIRST) else SyncMode.INCREMENTAL
    return after_turn(state, turn, now, listing=listing(kind, pages=state.expected_pages))


def test_recordings_get_what_is_left_of_the_day() -> None:
    midnight = NOW.replace(hour=0, minute=0)
    assert calls_for_streams(quota(), NOW, RULES, athletes=1) is None
    assert calls_for_streams(None, NOW, RULES, athletes=9) is None
    assert calls_for_streams(quota(used=(0, 0), at=midnight), midnight, RULES, athletes=9) == 90
    assert calls_for_streams(quota(used=(0, 400), at=midnight), midnight, RULES, athletes=9) == 0


@given(st.integers(0, 500), st.dictionaries(st.text("abc", min_size=1), st.integers(0, 100), max_size=9))
def test_calls_are_divided_evenly_and_all_of_them(calls: int, wanted: dict[str, int]) -> None:
    shares = share_calls(calls, wanted)
    assert sum(shares.values()) == min(calls, sum(wanted.values()))
    assert all(shares[name] <= most for name, most in wanted.items())
    short = [shares[name] for name, most in wanted.items() if shares[name] < most]
    assert not short or max(shares.values()) <= max(short)
    assert not short or max(short) - min(short) <= 1


def test_completion_is_told_as_a_time_and_a_sentence() -> None:
    states = [
        UP_TO_DATE,
        replace(UP_TO_DATE, athlete_id="2", events_waiting=1),
        replace(UP_TO_DATE, athlete_id="3", refused_since=NOW, last_turn_at=NOW),
        replace(UP_TO_DATE, athlete_id="4", failures=1, last_turn_at=NOW),
        *(AthleteState(f"new{number:03}", expected_pages=60) for number in range(100)),
    ]
    completions = expected_completion(states, quota(), NOW, WITH_WEBHOOKS)
    assert completions["1"].sentence == "Up to date."
    assert completions["2"].sentence == "New events are fetched with the next turns."
    assert completions["3"].at is None
    assert completions["4"].at == NOW + timedelta(minutes=15)
    # 6,100 calls, at 990 a day less half of a weekly listing of everybody.
    last = completions["new099"].at
    assert last is not None
    assert timedelta(days=10) < last - NOW < timedelta(days=12)
    assert completions["new099"].sentence.startswith("The history is complete by about 2026-12-1")


def test_a_plan_is_summed_up() -> None:
    turns = plan_turns(
        [AthleteState("1"), replace(UP_TO_DATE, athlete_id="2", events_waiting=1)], quota(), NOW, RULES
    )
    assert summary(turns) == (
        "Turns by purpose: events: 1, at most 12 calls; first load: 1, at most 30 calls."
    )
    assert summary([]) == "Nobody is due."
