"""Histories to run the marts on: rows of `bq_activities` by hand, and random ones that spare no absurdity."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from typing import Any
from zlib import crc32

from hypothesis import strategies as st

Row = dict[str, Any]
MONDAY = date(2023, 12, 25)
"""A Monday a week before New Year, so that short histories cross a year's and a quarter's end."""


def week_of(day: date, week_start: str = "monday") -> date:
    """The first day of the day's week, told without the code under test."""
    return day - timedelta(days=day.weekday() if week_start == "monday" else day.isoweekday() % 7)


def activity(day: date, activity_id: str, *, week_start: str = "monday", **fields: Any) -> Row:
    """One row of `bq_activities`: an hour's measured ride, unless the fields say otherwise.

    Args:
        day: the local calendar date of the start.
        activity_id: Strava's id.
        week_start: what the loader was told.
        fields: columns that differ; `kilojoules` follows from watts and seconds unless given.
    """
    row: Row = {
        "athlete_id": "7",
        "activity_id": activity_id,
        # Days away from any other's instant: nobody recorded it twice unless a test says so.
        "start_date": datetime(1990, 1, 1, tzinfo=UTC) + timedelta(seconds=crc32(activity_id.encode()) // 4),
        "start_date_local": datetime.combine(day, time(9)),
        "activity_date": day,
        "week": week_of(day, week_start),
        "quarter": date(day.year, 3 * ((day.month - 1) // 3) + 1, 1),
        "year": day.year,
        "sport_type": "Ride",
        "distance_m": 30_000.0,
        "moving_time_s": 3600,
        "total_elevation_gain_m": 300.0,
        "device_watts": True,
        "average_watts": 200.0,
        "weighted_average_watts": 210.0,
        "average_heartrate_bpm": 140.0,
        "source": "api",
        "fetched_at": datetime(2026, 1, 1, tzinfo=UTC),
        "batch_id": "b",
        "content_hash": "h",
    } | fields
    if "kilojoules" not in fields and row["average_watts"] and row["moving_time_s"]:
        row["kilojoules"] = round(row["average_watts"] * row["moving_time_s"] / 1000, 1)
    return row


_ODDITIES: dict[str, list[Any]] = {
    "sport_type": ["VirtualRide", "GravelRide", "EBikeRide", "Run", "Kabaddi", None],
    "moving_time_s": [None, 0, -60, 1, 1799, 1800, 10_799, 10**12],
    "average_watts": [None, 0.0, -50.0, 9_000.0, float("nan")],
    "weighted_average_watts": [None, 0.0, -1.0, 1e300],
    "kilojoules": [None, 0.0, -3.0, 1e9, float("nan")],
    "max_watts": [300.0, 900.0, 30_000.0],
    "device_watts": [False, None],
    "average_heartrate_bpm": [None, 0.0, 195.0, 205.0, 900.0],
    "distance_m": [None, 0.0, -5.0, 1e18, float("inf")],
    "total_elevation_gain_m": [None, 0.0, -1.0],
    "suffer_score": [None, 12.0, 250.0],
    "gear_id": ["b1", "b2"],
    "trainer": [True, False],
    "commute": [True, False],
    "manual": [True, False],
    "flagged": [True, False],
    "deleted_at": [datetime(2026, 1, 1, tzinfo=UTC)],
    # Recordings that begin within a few hours of each other, on the same day or another one's clock.
    "start_date": [datetime(2024, 1, 1, 8, tzinfo=UTC) + timedelta(minutes=20 * n) for n in range(12)],
}


def random_activity(chance: Random, activity_id: str, week_start: str, days: int) -> Row:
    """A measured ride with up to three oddities; few distinct values, so that there are ties."""
    fields: Row = {
        "athlete_id": chance.choice(["7", "7", "8"]),
        "moving_time_s": chance.choice([1800, 3600, 5400, 10_800, 12_345]),
        "average_watts": chance.choice([120.0, 180.0, 200.0, 255.0]),
        "weighted_average_watts": chance.choice([130.0, 190.0, 210.0, 270.0]),
        "average_heartrate_bpm": chance.choice([118.0, 140.0, 163.0]),
        "distance_m": chance.choice([15_000.0, 30_000.0, 84_321.9]),
        "total_elevation_gain_m": chance.choice([55.0, 300.0, 1_234.0]),
    }
    for name in chance.sample(sorted(_ODDITIES), chance.choice([0, 0, 1, 1, 2, 3])):
        fields[name] = chance.choice(_ODDITIES[name])
    # Some of a long history lies in the same weeks a year later.
    year_later = chance.choice([0, 364]) if days > 60 else 0
    day = MONDAY + timedelta(days=chance.randrange(days) + year_later)
    return activity(day, activity_id, week_start=week_start, **fields)


@st.composite
def histories(draw: st.DrawFn, week_start: str = "monday", max_size: int = 80) -> list[Row]:
    """A history of up to two athletes, in any order, over some weeks, months or two years.

    Its activities follow from one drawn seed, so that a failing history shrinks to its first few.
    """
    chance = Random(draw(st.integers(0, 2**32)))  # noqa: S311 - a history, not a secret
    days = chance.choice([14, 40, 40, 90, 250])
    size = draw(st.sampled_from([max_size, max_size // 2, 2, 1, 0]))
    return [random_activity(chance, str(number), week_start, days) for number in range(size)]


def todays(history: list[Row], seed: int) -> date:
    """A day to look at the history from: soon after one of its activities, or long after the last."""
    chance = Random(seed)  # noqa: S311 - a date, not a secret
    days: list[date] = sorted(row["activity_date"] for row in history) or [MONDAY]
    return chance.choice([days[-1], days[-1], chance.choice(days)]) + timedelta(
        chance.choice([0, 1, 2, 3, 9, 120])
    )


def _random_figures(seed: int) -> list[Row]:
    """The athletes' dated figures: none, one, or two that follow each other."""
    chance = Random(seed)  # noqa: S311 - figures, not a secret
    return [
        {
            "athlete_id": athlete,
            "valid_from": MONDAY + timedelta(days=start),
            "valid_to": chance.choice([None, None, MONDAY + timedelta(days=start + 20)]),
            "ftp_w": chance.choice([190.0, 250.0, 333.0, None, 0.0]),
            "weight_kg": chance.choice([52.5, 71.0, 98.0, None, 0.0]),
            "max_heartrate_bpm": chance.choice([172.0, 190.0, 201.0, None]),
            "threshold_heartrate_bpm": chance.choice([151.0, 168.0, None, 30.0]),
            "resting_heartrate_bpm": chance.choice([39.0, 50.0, 66.0, None, 160.0]),
            "run_threshold_heartrate_bpm": chance.choice([None, 160.0, 171.0, 20.0]),
            "sex": chance.choice([None, "female", "male"]),
        }
        for athlete in ("7", "8")
        for start in chance.choice([[], [0], [0, 7], [0, 30]])
    ]


def figures() -> st.SearchStrategy[list[Row]]:
    """Any figures of both athletes."""
    return st.integers(0, 2**32).map(_random_figures)
