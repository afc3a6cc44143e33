"""Which events a run gets, and when they are removed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from strava_assets.webhooks.event_store import MORE
from strava_assets.webhooks.hand_over import LONG_SPACING, RUNS_A_DAY, SPACING, PastRun, hand_over
from strava_assets_tests.borders import around

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
OLD = int(NOW.timestamp()) - 600


def name(number: int, event_time: int = OLD) -> str:
    return f"{event_time:012d}-{number:016x}.json"


def past(
    *names: str, ago: timedelta = timedelta(hours=2), unfinished: bool = False, settled: bool = True
) -> PastRun:
    return PastRun(f"run {ago}", names, NOW - ago, unfinished, settled)


def test_several_events_are_one_run() -> None:
    decided = hand_over([name(1), name(2), MORE], [], NOW)
    assert decided.names == (name(1), name(2), MORE)
    assert decided.run_key
    assert decided.settled == ()


def test_without_events_there_is_no_run() -> None:
    assert hand_over([], [past(name(1))], NOW).names == ()


def test_events_of_a_run_that_goes_on_stay_and_new_ones_wait() -> None:
    decided = hand_over([name(1), name(2)], [past(name(1), unfinished=True, settled=False)], NOW)
    assert (decided.names, decided.settled) == ((), ())


def test_events_of_a_successful_run_are_removed_and_the_others_get_the_next_one() -> None:
    decided = hand_over([name(1), name(2)], [past(name(1))], NOW)
    assert (decided.names, decided.settled) == ((name(2),), (name(1),))


@pytest.mark.parametrize(("settled", "spacing_s"), [(True, 60), (False, 1800)])
def test_runs_start_a_minute_apart_and_half_an_hour_after_a_failed_one(
    *, settled: bool, spacing_s: int
) -> None:
    below, at, above = around(spacing_s)

    def is_handed_over(ago_s: float) -> bool:
        last = past(name(1), ago=timedelta(seconds=ago_s), settled=settled)
        return bool(hand_over([name(2)], [last], NOW).names)

    assert [is_handed_over(below), is_handed_over(at), is_handed_over(above)] == [False, True, True]


def test_events_of_a_failed_run_get_another_one_with_another_key_after_a_while() -> None:
    first = hand_over([name(1)], [], NOW)
    failed = past(name(1), ago=LONG_SPACING - timedelta(seconds=1), settled=False)
    assert hand_over([name(1)], [failed], NOW).names == ()
    later = hand_over([name(1)], [failed], NOW + timedelta(seconds=1))
    assert (later.names, later.settled) == ((name(1),), ())
    assert later.run_key != first.run_key


def test_the_same_decision_has_the_same_key_so_that_a_crash_launches_no_second_run() -> None:
    assert hand_over([name(1)], [past()], NOW).run_key == hand_over([name(1)], [past()], NOW).run_key


def test_an_event_waits_a_moment_for_others() -> None:
    fresh = name(1, int(NOW.timestamp()) - 5)
    assert hand_over([fresh], [], NOW).names == ()
    assert hand_over([fresh, name(2)], [], NOW).names == (fresh, name(2))


def test_an_event_from_the_future_does_not_wait_for_it() -> None:
    assert hand_over([name(1, 10**11 - 1)], [], NOW).names


@pytest.mark.parametrize("hours", [24, pytest.param(7 * 24, marks=pytest.mark.deep)])
def test_a_flood_of_forged_events_starts_a_bounded_number_of_runs(hours: int) -> None:
    runs: list[PastRun] = []
    for minute in range(hours * 60):
        now = NOW + timedelta(minutes=minute)
        recent = [run for run in runs if now - run.started_at < timedelta(days=1)]
        decided = hand_over([name(minute, int(now.timestamp()) - 60)], recent or runs[:1], now)
        if decided.names:
            runs.insert(0, PastRun(f"{minute}", decided.names, now, unfinished=False, settled=True))
    last_day = [run for run in runs if now - run.started_at < timedelta(days=1)]
    assert len(last_day) <= RUNS_A_DAY + timedelta(days=1) // LONG_SPACING
    assert SPACING < LONG_SPACING
