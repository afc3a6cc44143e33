"""The sample athlete's own figures, as the file that an athlete would write by hand.

How strong the legs are on a day is season.py's; this is what the athlete measured of it, and when.
"""

from __future__ import annotations

from datetime import date, timedelta

from strava_assets.sandbox.season import Career

# A test of the threshold every four months or so, when the training changes.
_TEST_EVERY = timedelta(weeks=17)
_STEADY = {
    "weight_kg": 64.5,
    "max_heartrate_bpm": 188,
    "threshold_heartrate_bpm": 169,
    "resting_heartrate_bpm": 47,
}


def figures_file(today: date) -> str:
    """The text of the sample athlete's `athlete.toml`.

    Args:
        today: the day the sample history ends.
    """
    career = Career.until(today)
    lines = ["# The sample athlete's figures; yours would stand here.", ""]
    day = career.first_monday
    while day <= today:
        figures: dict[str, float] = {"ftp_w": round(career.threshold_watts(day))}
        if day == career.first_monday:
            figures |= _STEADY
        lines += ["[[figures]]", f"from = {day}"]
        lines += [f"{name} = {value}" for name, value in figures.items()] + [""]
        day += _TEST_EVERY
    return "\n".join(lines)
