"""Times the index of the athletes, all of whom show numbers.

    .venv/bin/python benchmarks/athlete_overview.py

Each size is written in a process of its own, so that each starts the process that draws.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from datetime import UTC, datetime

from strava_assets.landing.athlete_index import Athlete, FetchState
from strava_assets.report import AthleteOverview, build_athlete_overview
from strava_assets.report.athlete_overview import SharedNumbers

SIZES = (10, 1000, 10_000)


def measure(size: int) -> str:
    """The seconds and the size of one index."""
    now = datetime(2026, 11, 30, tzinfo=UTC)
    load = {"fitness_ctl": 50.0, "form_tsb": 1.0, "is_warm_up": False}
    athletes = [
        Athlete(str(10**8 + number), now, f"Athlete {number}", logged_in=True, shows_numbers=True)
        for number in range(size)
    ]
    numbers = {
        athlete.athlete_id: SharedNumbers(
            [
                {"moving_time_s": 3600 * (week * 7 % 11), "distance_m": 1e5, "average_watts_4w": 200.0}
                for week in range(26)
            ],
            [load, load],
        )
        for athlete in athletes
    }
    states = {athlete.athlete_id: FetchState(now, now) for athlete in athletes}
    began = time.perf_counter()
    page = build_athlete_overview(AthleteOverview(athletes, states, numbers, set(states)), generated_at=now)
    return f"{size:,} athletes: {time.perf_counter() - began:.1f} s, {len(page.encode()) / 1e6:.2f} MB"


def main() -> None:
    """Measure every size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int)
    options = parser.parse_args()
    if options.size:
        print(measure(options.size))
        return
    for size in SIZES:
        subprocess.run([sys.executable, __file__, "--size", str(size)], check=True)  # noqa: S603 - this file


if __name__ == "__main__":
    main()
