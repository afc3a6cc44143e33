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


@st.composite
def activities(draw: st.DrawFn, activity_id: str, week_start: str) -> Row:
    """Any activity, likely or not."""
    seconds = draw(_maybe(st.integers(60, 20_000), None, 0, -60, 1, 10_799, 10_800, 10**12))
    watts = draw(_maybe(st.integers(80, 350).map(float), None, 0.0, -50.0, 9_000.0, float("nan")))
    fields: Row = {
        "athlete_id": draw(st.sampled_from(["7", "7", "8", "9"])),
        "sport_type": draw(
            st.sampled_from(
                ["Ride", "Ride", "VirtualRide", "GravelRide", "EBikeRide", "Run", "Kabaddi", None]
            )
        ),
        "moving_time_s": seconds,
        "average_watts": watts,
        "weighted_average_watts": draw(_maybe(st.integers(80, 380).map(float), None, 0.0, -1.0, 1e300)),
        "max_watts": draw(_maybe(st.integers(300, 1500).map(float), None, 30_000.0)),
        "device_watts": draw(st.sampled_from([True, True, True, False, None])),
        "average_heartrate_bpm": draw(_maybe(st.integers(90, 180).map(float), None, 0.0, 900.0)),
        "distance_m": draw(_maybe(st.integers(0, 200_000).map(float), None, -5.0, 1e18, float("inf"))),
        "total_elevation_gain_m": draw(_maybe(st.integers(0, 3_000).map(float), None, -1.0)),
        "suffer_score": draw(_maybe(st.integers(0, 300).map(float), None)),
        "gear_id": draw(st.sampled_from(["b1", "b2", None])),
        "trainer": draw(st.sampled_from([None, False, False, True])),
        "commute": draw(st.sampled_from([None, False, False, True])),
        "manual": draw(st.sampled_from([None, False, False, False, True])),
        "flagged": draw(st.sampled_from([None, False, False, False, True])),
        "deleted_at": draw(st.sampled_from([None, None, None, None, datetime(2026, 1, 1, tzinfo=UTC)])),
    }
    if draw(st.integers(0, 9)) == 0:
        fields["kilojoules"] = draw(st.sampled_from([None, 0.0, -3.0, 1e9, float("nan")]))
    # Most rides lie near each other, some far away: full weeks as well as long gaps.
    day = MONDAY + timedelta(
        days=draw(st.one_of(st.integers(0, 30), st.integers(0, 60), st.integers(0, 500)))
    )
    return activity(day, activity_id, week_start=week_start, **fields)


@st.composite
def histories(draw: st.DrawFn, week_start: str = "monday", max_size: int = 40) -> list[Row]:
    """A history of up to three athletes, in any order."""
    size = draw(st.integers(0, max_size))
    return [draw(activities(str(number), week_start)) for number in range(size)]


@st.composite
def figures(draw: st.DrawFn) -> list[Row]:
    """The athletes' dated figures: none, one, or two that follow each other."""
    rows: list[Row] = []
    for athlete in ("7", "8", "9"):
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
