"""Athletes who share a quota, played with the sandbox, the real client and the real fetch."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from strava_assets.strava.limits import Allowance, Quota
from strava_assets.strava.turns import AthleteState, expected_completion
from strava_assets_tests.many_athletes.athletes_life import Delivery, history_sizes
from strava_assets_tests.many_athletes.model_fleet import ModelFleet
from strava_assets_tests.many_athletes.real_fleet import RealFleet
from strava_assets_tests.many_athletes.strategies import Strategy, measure, play, rules_of

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 11, 2, tzinfo=UTC)
DAY = timedelta(days=1)
LIMITS = (40, 400)
SEED = 5


def small_fleet(
    folder: Path, *, webhooks: bool, count: int = 5, limits: tuple[int, int] = LIMITS
) -> RealFleet:
    """Short histories, and one of 12 pages."""
    sizes = history_sizes(count, SEED, long_history=2_300, median=120)
    # So many events are lost that one of the few is.
    delivery = Delivery(lost=0.2, doubled=0.2)
    return RealFleet(count, limits, folder, START, 3, SEED, webhooks=webhooks, sizes=sizes, delivery=delivery)


@pytest.mark.parametrize("strategy", [Strategy.PLANNED, Strategy.WEBHOOKS])
def test_nothing_is_lost_and_the_quota_is_not_exceeded(strategy: Strategy, tmp_path: Path) -> None:
    fleet = small_fleet(tmp_path, webhooks=strategy is Strategy.WEBHOOKS)
    settling = 8 if strategy is Strategy.WEBHOOKS else 1
    figures = measure(fleet, strategy, days=2, from_day=1, settling_days=settling)
    assert (figures.lost, figures.undeleted) == (0, 0)
    assert figures.loaded_at is not None
    assert figures.loaded_at < 1
    assert fleet.refused_calls == 0
    if strategy is Strategy.WEBHOOKS:
        assert figures.delay(0.5) < 3
    else:
        # Six hours, and the run.
        assert figures.delay(1) < 6.5 * 60


def test_one_long_history_does_not_hold_the_others_up(tmp_path: Path) -> None:
    fleet = small_fleet(tmp_path, webhooks=False, limits=(24, 400))
    [long] = [name for name, athlete in fleet.athletes.items() if len(athlete.sandbox.history) > 2_000]
    loaded: dict[str, datetime] = {}
    while len(loaded) < len(fleet.states) and fleet.now < START + DAY:
        play(fleet, Strategy.PLANNED, fleet.now + timedelta(minutes=1))
        for name, state in fleet.states.items():
            if state.history_complete:
                loaded.setdefault(name, fleet.now)
    assert len(loaded) == len(fleet.states)
    assert all(at < loaded[long] for name, at in loaded.items() if name != long)


def test_an_athlete_who_revokes_access_does_not_hold_the_others_up(tmp_path: Path) -> None:
    fleet = small_fleet(tmp_path, webhooks=True)
    play(fleet, Strategy.WEBHOOKS, START + timedelta(hours=2))
    revoked, *others = fleet.athletes.values()
    revoked.sandbox.tokens.revoke()
    added = [other.sandbox.history.add() for other in others]
    play(fleet, Strategy.WEBHOOKS, START + timedelta(hours=3))
    assert fleet.states[revoked.athlete_id].refused_since is not None
    for other, activity in zip(others, added, strict=True):
        landed = {each for manifest in other.landing.manifests() for each in manifest.activity_ids}
        # An event may have been lost.
        assert str(activity) in landed or not fleet.was_announced(other.athlete_id, activity)


@pytest.mark.deep
def test_the_model_takes_as_many_calls_as_the_real_fetch(tmp_path: Path) -> None:
    """Over some days, so that first loads, full listings and events are among them."""
    sizes = history_sizes(5, SEED, long_history=2_300, median=120)
    for strategy in (Strategy.PLANNED, Strategy.WEBHOOKS):
        webhooks = strategy is Strategy.WEBHOOKS
        real = RealFleet(5, LIMITS, tmp_path / strategy.name, START, 3, SEED, webhooks=webhooks, sizes=sizes)
        model = ModelFleet(5, LIMITS, START, 3, SEED, webhooks=webhooks, sizes=sizes)
        calls = []
        for fleet in (real, model):
            fleet.begin_measuring()
            play(fleet, strategy, START + 3 * DAY)
            calls.append(fleet.figures.calls)
        assert calls[1] == pytest.approx(calls[0], rel=0.15)


def test_first_loads_end_when_expected() -> None:
    """With 200 athletes, whose first loads take two days of the quota."""
    fleet = ModelFleet(200, (100, 1000), START, 0, SEED, webhooks=True)
    sizes = history_sizes(200, SEED)
    rules = rules_of(Strategy.WEBHOOKS)
    states = [
        replace(AthleteState(str(number)), expected_pages=-(-size // 200))
        for number, size in enumerate(sizes)
    ]
    unused = Quota(START, read_15min=Allowance(100, 0), read_daily=Allowance(1000, 0))
    completions = expected_completion(states, unused, START, rules).values()
    expected = max(completion.at for completion in completions if completion.at)
    play(fleet, Strategy.WEBHOOKS, START + 4 * DAY)
    assert fleet.figures.loaded_at is not None
    assert fleet.figures.loaded_at == pytest.approx((expected - START) / DAY, rel=0.35)


@pytest.mark.deep
def test_a_hundred_athletes_on_the_smallest_quota_lose_nothing_with_webhooks(tmp_path: Path) -> None:
    fleet = RealFleet(100, (100, 1000), tmp_path, START, 4, 1, webhooks=True)
    figures = measure(fleet, Strategy.WEBHOOKS, days=2, from_day=2)
    assert (figures.lost, figures.undeleted) == (0, 0)
    assert figures.loaded_at is not None
    assert figures.loaded_at < 1.5
    assert figures.calls_per_athlete_and_day < 5
    assert figures.delay(0.5) < 3
    assert fleet.refused_calls == 0
