"""How the doctor says how long ago something was."""

from __future__ import annotations

from datetime import timedelta

import pytest

from strava_assets.cli.checkups.finding import spoken


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=-5), "0 min"),
        (timedelta(seconds=59), "0 min"),
        (timedelta(seconds=60), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h 0 min"),
        (timedelta(hours=47, minutes=59), "47 h 59 min"),
        (timedelta(hours=48), "2 days"),
        (timedelta(hours=71, minutes=59), "2 days"),
        (timedelta(hours=72), "3 days"),
    ],
)
def test_an_age_is_in_minutes_hours_or_days(age: timedelta, words: str) -> None:
    assert spoken(age) == words
