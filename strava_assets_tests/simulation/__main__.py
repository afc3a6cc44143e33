"""The command: runs seeds, prints what they went through, and makes a failing one short.

python -m strava_assets_tests.simulation --seed 7 --days 365 --athletes 4
python -m strava_assets_tests.simulation --seed 7 --days 365 --athletes 4 --shrink
python -m strava_assets_tests.simulation --seed 7 --athletes 4 --steps failed-7.jsonl
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

from strava_assets_tests.simulation.run import FailedStepError, run_steps
from strava_assets_tests.simulation.shrink import shrink
from strava_assets_tests.simulation.steps import (
    OFTEN,
    USUAL,
    Rates,
    Step,
    draw_steps,
    read_steps,
    write_steps,
)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    options = _options(arguments)
    total: Counter[str] = Counter()
    failed = []
    for seed in range(options.seed, options.seed + options.runs):
        began = time.process_time()
        steps = read_steps(options.steps) if options.steps else _drawn(options, seed)
        try:
            result = run_steps(steps, options.athletes, seed, _rates(options))
        except FailedStepError as failure:
            failed.append(seed)
            _report_failure(options, seed, failure)
            if options.shrink:
                _make_short(options, seed, steps, failure)
            continue
        seen = {
            "athlete-days": result.athlete_days,
            "seconds of the processor": round(time.process_time() - began),
            **dict(sorted(result.seen.items())),
        }
        total.update(seen)
        if options.json:
            _say(json.dumps({"seed": seed, **seen}))
    if not options.json:
        for name, count in total.items():
            _say(f"{count:>10,}  {name}")
    _say(f"{options.runs} seeds from {options.seed} on, failed: {', '.join(map(str, failed)) or 'none'}")
    return 1 if failed else 0


def _make_short(options: argparse.Namespace, seed: int, steps: list[Step], failure: FailedStepError) -> None:
    shorter = shrink(steps, failure, lambda each: run_steps(each, options.athletes, seed, _rates(options)))
    path = Path(f"failed-{seed}.jsonl")
    write_steps(path, shorter)
    _say(f"{len(shorter)} of {len(steps)} steps are enough: {path}")
    _say(f"Run them: {_command(options, seed)} --steps {path}")


def _report_failure(options: argparse.Namespace, seed: int, failure: FailedStepError) -> None:
    import traceback

    traceback.print_exception(failure)
    _say(f"FAILED with seed {seed}: {failure}")
    _say(f"Run it again: {_command(options, seed)} --days {options.days}")
    _say(f"Make it short: {_command(options, seed)} --days {options.days} --shrink")


def _command(options: argparse.Namespace, seed: int) -> str:
    often = " --often" if options.often else ""
    return f"python -m strava_assets_tests.simulation --seed {seed} --athletes {options.athletes}{often}"


def _drawn(options: argparse.Namespace, seed: int) -> list[Step]:
    return draw_steps(seed, options.days, options.athletes, _rates(options))


def _rates(options: argparse.Namespace) -> Rates:
    return OFTEN if options.often else USUAL


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m strava_assets_tests.simulation", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--runs", type=int, default=1, help="how many seeds, from the first one on")
    parser.add_argument("--days", type=int, default=90, help="days of each seed")
    parser.add_argument("--athletes", type=int, default=3, help="athletes who share a home")
    parser.add_argument("--often", action="store_true", help="let what is rare, and accidents, happen often")
    parser.add_argument("--steps", type=Path, help="run the steps of this file instead of drawn ones")
    parser.add_argument("--shrink", action="store_true", help="make a failing list of steps short")
    parser.add_argument("--json", action="store_true", help="print the counts of each seed as a line of JSON")
    return parser.parse_args(arguments)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
