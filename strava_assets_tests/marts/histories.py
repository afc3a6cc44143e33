"""Histories to run the marts on: rows of `bq_activities` by hand, and random ones that spare no absurdity."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

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
        "start_date": datetime.combine(day, time(8), UTC),
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


def _maybe(values: st.SearchStrategy[Any], *oddities: Any) -> st.SearchStrategy[Any]:
    """Mostly a usual value, sometimes an odd one."""
    return st.one_of(values, values, values, st.sampled_from(oddities))


_ODD_FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "sport_type": st.sampled_from(["VirtualRide", "GravelRide", "EBikeRide", "Run", "Kabaddi", None]),
    "moving_time_s": st.sampled_from([None, 0, -60, 1, 1799, 1800, 10_799, 10**12]),
    "average_watts": st.sampled_from([None, 0.0, -50.0, 9_000.0, float("nan")]),
    "weighted_average_watts": st.sampled_from([None, 0.0, -1.0, 1e300]),
    "kilojoules": st.sampled_from([None, 0.0, -3.0, 1e9, float("nan")]),
    "max_watts": st.sampled_from([300.0, 900.0, 30_000.0]),
    "device_watts": st.sampled_from([False, None]),
    "average_heartrate_bpm": st.sampled_from([None, 0.0, 195.0, 205.0, 900.0]),
    "distance_m": st.sampled_from([None, 0.0, -5.0, 1e18, float("inf")]),
    "total_elevation_gain_m": st.sampled_from([None, 0.0, -1.0]),
    "suffer_score": st.sampled_from([None, 12.0, 250.0]),
    "gear_id": st.sampled_from(["b1", "b2"]),
    "trainer": st.sampled_from([True, False]),
    "commute": st.sampled_from([True, False]),
    "manual": st.sampled_from([True, False]),
    "flagged": st.sampled_from([True, False]),
    "deleted_at": st.just(datetime(2026, 1, 1, tzinfo=UTC)),
}


@st.composite
def activities(draw: st.DrawFn, activity_id: str, week_start: str, days: st.SearchStrategy[int]) -> Row:
    """A measured ride with any number of oddities; few distinct values, so that there are ties."""
    fields: Row = {
        "athlete_id": draw(st.sampled_from(["7", "7", "8"])),
        "moving_time_s": draw(st.sampled_from([1800, 3600, 5400, 10_800, 12_345])),
        "average_watts": draw(st.sampled_from([120.0, 180.0, 200.0, 255.0])),
        "weighted_average_watts": draw(st.sampled_from([130.0, 190.0, 210.0, 270.0])),
        "average_heartrate_bpm": draw(st.sampled_from([118.0, 140.0, 163.0])),
        "distance_m": draw(st.sampled_from([15_000.0, 30_000.0, 84_321.9])),
        "total_elevation_gain_m": draw(st.sampled_from([55.0, 300.0, 1_234.0])),
    }
    for name in draw(st.sets(st.sampled_from(sorted(_ODD_FIELDS)), max_size=3)):
        fields[name] = draw(_ODD_FIELDS[name])
    day = MONDAY + timedelta(days=draw(days))
    return activity(day, activity_id, week_start=week_start, **fields)


@st.composite
def histories(draw: st.DrawFn, week_start: str = "monday", max_size: int = 40) -> list[Row]:
    """A history of one or two athletes, in any order: some weeks, some months, or some days of two years."""
    weeks, months = st.integers(0, 60), st.integers(0, 250)
    days = draw(st.sampled_from([weeks, weeks, months, st.one_of(st.integers(0, 20), st.integers(360, 400))]))
    size = draw(st.sampled_from([0, 1, 2, *[max_size] * 7]))
    return [draw(activities(str(number), week_start, days)) for number in range(size)]


@st.composite
def todays(draw: st.DrawFn, history: list[Row]) -> date:
    """A day to look at the history from: soon after one of its activities, or long after the last."""
    days: list[date] = sorted(row["activity_date"] for row in history) or [MONDAY]
    seen_from = draw(st.sampled_from([days[-1], days[-1], draw(st.sampled_from(days))]))
    later = draw(st.one_of(st.integers(0, 5), st.integers(0, 9), st.integers(0, 200)))
    return seen_from + timedelta(days=later)


@st.composite
def figures(draw: st.DrawFn) -> list[Row]:
    """The athletes' dated figures: none, one, or two that follow each other."""
    rows: list[Row] = []
    for athlete in ("7", "8"):
        for start in draw(st.sampled_from([[], [0], [0, 40]])):
            valid_to = draw(st.sampled_from([None, MONDAY + timedelta(days=start + 60)]))
            rows.append(
                {
                    "athlete_id": athlete,
                    "valid_from": MONDAY + timedelta(days=start),
                    "valid_to": valid_to,
                    "ftp_w": draw(_maybe(st.integers(150, 400).map(float), None, 0.0)),
                    "weight_kg": draw(_maybe(st.integers(45, 110).map(float), None, 0.0)),
                    "max_heartrate_bpm": draw(_maybe(st.integers(170, 205).map(float), None)),
                    "threshold_heartrate_bpm": draw(_maybe(st.integers(140, 169).map(float), None, 30.0)),
                    "resting_heartrate_bpm": draw(_maybe(st.integers(38, 70).map(float), None, 160.0)),
                }
            )
    return rows
