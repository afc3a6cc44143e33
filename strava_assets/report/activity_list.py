"""The activities that a click on a day, a week or a month lists: one line each, newest first.

What a line shows is decided here; which lines are shown, a reader chooses in the browser.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from strava_assets.report.section import is_strava_id, short_name

if TYPE_CHECKING:
    from strava_assets.report.report_figures import Figures, Row

_NAMES = {"ride": "Rides", "run": "Runs", "walk": "Walks", "swim": "Swims", "ski": "Skiing"}
_CHOICES = 4


def listed_activities(figures: Figures) -> list[list[str | int]]:
    """A short list an activity: day, name, id for Strava, family of sports, minutes, meters and watts.

    The id is empty where Strava has none, the watts are zero where they were not measured.
    """
    return [_line(row) for row in reversed(figures.activities)]


def _line(row: Row) -> list[str | int]:
    return [
        str(row["activity_date"]),
        short_name(row),
        row["activity_id"] if is_strava_id(row["activity_id"]) else "",
        row["family"],
        round(row["moving_time_s"] / 60),
        round(row["distance_m"]),
        round(row["average_watts"] or 0),
    ]


def sport_choices(figures: Figures) -> list[tuple[str, str]]:
    """The families of sports that a reader can choose, by key and name, the most frequent first."""
    counts = Counter(row["family"] for row in figures.activities)
    counts.pop("other", None)
    largest = sorted(counts, key=lambda family: (-counts[family], family))[:_CHOICES]
    return [(family, _NAMES.get(family, family.capitalize())) for family in largest]
