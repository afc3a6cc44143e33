"""Compares strategies for many athletes under one quota: calls, delay, fairness and loss.

Up to some hundred athletes are played with the sandbox, the real client and the real fetch, on a clock of the
simulation. `--model` replaces these by a model of the calls; the planner is the real one in both.

    python -m benchmarks.quota_strategies [--athletes 10] [--limits 100 1000] [--days 10] [--model [--loaded]]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from strava_assets_tests.many_athletes.model_fleet import ModelFleet
from strava_assets_tests.many_athletes.real_fleet import RealFleet
from strava_assets_tests.many_athletes.strategies import Strategy, measure

START = datetime(2026, 11, 2, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--athletes", type=int, default=10)
    parser.add_argument("--limits", type=int, nargs=2, default=(100, 1_000), metavar=("QUARTER", "DAY"))
    parser.add_argument("--days", type=int, default=10, help="How many days are measured.")
    parser.add_argument("--from-day", type=int, default=2, help="The first day that is measured.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--model", action="store_true", help="A model of the calls instead of the sandbox.")
    parser.add_argument("--loaded", action="store_true", help="With --model: all histories are complete.")
    parser.add_argument("--strategies", nargs="+", choices=[each.name for each in Strategy])
    options = parser.parse_args()
    for strategy in Strategy:
        if options.strategies and strategy.name not in options.strategies:
            continue
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            acting = options.from_day + options.days
            limits = (options.limits[0], options.limits[1])
            fleet: ModelFleet | RealFleet
            webhooks = strategy is Strategy.WEBHOOKS
            if options.model:
                fleet = ModelFleet(
                    options.athletes,
                    limits,
                    START,
                    acting,
                    options.seed,
                    webhooks=webhooks,
                    loaded=options.loaded,
                )
            else:
                fleet = RealFleet(
                    options.athletes, limits, Path(folder), START, acting, options.seed, webhooks=webhooks
                )
            figures = measure(fleet, strategy, days=options.days, from_day=options.from_day)
        loaded = "never" if figures.loaded_at is None else f"{figures.loaded_at:.2f}"
        print(
            f"{options.athletes} athletes, {figures.pages:.1f} pages each, {limits}; {strategy.value}: "
            f"{figures.calls_per_athlete_and_day:.1f} calls per athlete and day; minutes from upload to "
            f"landing: median {figures.delay(0.5):.0f}, p95 {figures.delay(0.95):.0f}, "
            f"worst {figures.delay(1):.0f}; "
            f"an athlete's median {figures.typical(0):.0f} to {figures.typical(1):.0f}; "
            f"{figures.not_landed} uploads waiting at the end; first loads done after {loaded} days; "
            f"lost {figures.lost}, not deleted {figures.undeleted} ({time.monotonic() - began:.0f} s)",
            flush=True,
        )


if __name__ == "__main__":
    main()
