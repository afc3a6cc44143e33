"""The sample athlete's `athlete.toml`, as an athlete would write it.

season.py defines the FTP of each day; this file contains what the athlete measured.
"""

from __future__ import annotations

from datetime import date, timedelta

from strava_assets.sandbox.season import Career

# About every four months, when the training phase changes.
_TEST_EVERY = timedelta(weeks=17)
_STEADY = {
    "weight_kg": 64.5,
    "max_heartrate_bpm": 188,
    "threshold_heartrate_bpm": 169,
    "resting_heartrate_bpm": 47,
}


def figures_file(today: date) -> str:
    """The text of the sample athlete's `athlete.toml` for a history that ends today."""
    career = Career.until(today)
    lines = ["# The sample athlete's figures. Put yours here.", ""]
    day = career.first_monday
    while day <= today:
        figures: dict[str, float] = {"ftp_w": round(career.threshold_watts(day))}
        if day == career.first_monday:
            figures |= _STEADY
        lines += ["[[figures]]", f"from = {day}"]
        lines += [f"{name} = {value}" for name, value in figures.items()] + [""]
        day += _TEST_EVERY
    return "\n".join(lines)
