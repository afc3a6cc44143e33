"""Weeks, quarters and gaps: New Year, leap days, nights of summer time, the date line, Sunday weeks."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from strava_assets.history.landed_records import Origin, read_record
from strava_assets_tests.marts.histories import activity

if TYPE_CHECKING:
    from strava_assets_tests.marts.conftest import Marts

FIXTURES = Path(__file__).parents[3] / "shared" / "fixtures" / "power" / "calendar"
ORIGIN = Origin("api", "b", datetime(2026, 11, 1, tzinfo=UTC))
with_fixtures = pytest.mark.skipif(not FIXTURES.exists(), reason="the calendar fixtures are not here")


def table(name: str) -> list[dict[str, str]]:
    with (FIXTURES / name).open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def landed(start: datetime, zone: str, number: int, local: str | None = None) -> dict[str, Any]:
    """A row as the loader makes it of what Strava would send for a ride that began then and there."""
    local_start = start.astimezone(ZoneInfo(zone))
    return read_record(
        {
            "id": number,
            "athlete": {"id": 7},
            "sport_type": "Ride",
            "start_date": start.isoformat(),
            "start_date_local": local or f"{local_start:%Y-%m-%dT%H:%M:%S}Z",
            "timezone": f"(GMT+00:00) {zone}",
            "moving_time": 3600,
            "average_watts": 200.0,
            "kilojoules": 720.0,
            "device_watts": True,
        },
        ORIGIN,
    )


@pytest.mark.deep
@with_fixtures
@pytest.mark.parametrize("week_start", ["monday", "sunday"])
def test_every_day_around_every_turn_of_a_year_or_quarter_is_where_the_table_puts_it(
    marts: Marts, week_start: str
) -> None:
    days = table("iso_week_quarter.csv")
    history = [
        activity(date.fromisoformat(day["date"]), str(number), week_start=week_start)
        for number, day in enumerate(days)
    ]
    weeks, quarters = marts(
        history,
        "weekly_watts",
        "quarterly_overview",
        week_start=week_start,
        as_of=date.fromisoformat(days[-1]["date"]),
    )
    rides = Counter(day[f"week_start_{week_start}"] for day in days)
    assert {f"{row['week']}": row["rides"] for row in weeks if row["rides"]} == rides
    named = {f"{row['week']}": (f"{row['iso_year']}", f"{row['iso_week']}") for row in weeks}
    for day in days:
        # A Sunday week bears the number of its Thursday: that of all its days but the first.
        if week_start == "monday" or date.fromisoformat(day["date"]).isoweekday() != 7:
            assert named[day[f"week_start_{week_start}"]] == (day["iso_year"], day["iso_week"]), day
    per_quarter = Counter((day["date"][:4], day["quarter"]) for day in days)
    by_quarter = {(f"{r['year']}", f"{r['quarter_of_year']}"): r["rides"] for r in quarters if r["rides"]}
    assert by_quarter == per_quarter


@pytest.mark.deep
@with_fixtures
@pytest.mark.parametrize(
    "case", table("local_time.csv") if FIXTURES.exists() else [], ids=lambda case: case["note"]
)
def test_a_ride_belongs_to_the_day_week_and_quarter_on_its_own_clock(
    marts: Marts, case: dict[str, str]
) -> None:
    zone = case["timezone_string"].split(" ")[1]
    start = datetime.fromisoformat(case["start_date_utc"])
    row = landed(start, zone, 1, local=case["start_date_local"])
    week, quarter = marts(
        [row], "weekly_watts", "quarterly_overview", as_of=date.fromisoformat(case["local_date"])
    )
    assert [f"{r['iso_year']}-W{r['iso_week']:02}" for r in week] == [case["iso_year_week"]]
    assert [f"{r['year']}Q{r['quarter_of_year']}" for r in quarter] == [case["quarter"]]


@pytest.mark.deep
@pytest.mark.parametrize(
    ("day", "week_start", "week", "iso", "quarter"),
    [
        (date(2021, 1, 3), "monday", date(2020, 12, 28), (2020, 53), date(2021, 1, 1)),
        (date(2021, 1, 3), "sunday", date(2021, 1, 3), (2021, 1), date(2021, 1, 1)),
        (date(2021, 12, 31), "monday", date(2021, 12, 27), (2021, 52), date(2021, 10, 1)),
        (date(2024, 12, 30), "monday", date(2024, 12, 30), (2025, 1), date(2024, 10, 1)),
        (date(2024, 2, 29), "monday", date(2024, 2, 26), (2024, 9), date(2024, 1, 1)),
        (date(2024, 2, 29), "sunday", date(2024, 2, 25), (2024, 9), date(2024, 1, 1)),
        (date(2027, 1, 1), "monday", date(2026, 12, 28), (2026, 53), date(2027, 1, 1)),
        (date(1991, 12, 31), "monday", date(1991, 12, 30), (1992, 1), date(1991, 10, 1)),
    ],
)
def test_the_turn_of_a_year_is_a_week_of_one_year_and_a_quarter_of_another(
    marts: Marts, day: date, week_start: str, week: date, iso: tuple[int, int], quarter: date
) -> None:
    weeks, quarters = marts(
        [activity(day, "1", week_start=week_start)],
        "weekly_watts",
        "quarterly_overview",
        week_start=week_start,
        as_of=day,
    )
    assert [(r["week"], (r["iso_year"], r["iso_week"]), r["rides"]) for r in weeks] == [(week, iso, 1)]
    assert [(r["quarter"], r["rides"]) for r in quarters] == [(quarter, 1)]


def test_weeks_without_a_ride_are_rows_of_nothing(marts: Marts) -> None:
    [weeks] = marts(
        [activity(date(2024, 1, 1), "1"), activity(date(2024, 3, 11), "2")],
        "weekly_watts",
        as_of=date(2024, 3, 31),
    )
    assert [row["week"] for row in weeks] == [date(2024, 1, 1) + timedelta(weeks=n) for n in range(13)]
    rest = weeks[5]
    assert (rest["rides"], rest["moving_time_s"], rest["distance_m"], rest["work_kj"]) == (0, 0, 0, 0)
    assert (rest["average_watts"], rest["average_heartrate_bpm"], rest["power_coverage"]) == (
        None,
        None,
        None,
    )
    assert (weeks[10]["average_watts_previous"], weeks[10]["weeks_since_power"]) == (None, 10)


def test_quarters_without_a_ride_are_rows_of_nothing(marts: Marts) -> None:
    [quarters] = marts([activity(date(2023, 2, 1), "1")], "quarterly_overview", as_of=date(2024, 1, 1))
    assert [(row["quarter_end"], row["rides"], row["average_watts"]) for row in quarters] == [
        (date(2023, 3, 31), 1, 200),
        (date(2023, 6, 30), 0, None),
        (date(2023, 9, 30), 0, None),
        (date(2023, 12, 31), 0, None),
        (date(2024, 3, 31), 0, None),
    ]
    assert [(row["is_partial"], row["days_elapsed"]) for row in quarters[-2:]] == [(False, 92), (True, 1)]


@pytest.mark.parametrize(
    "start", [datetime(2026, 3, 29, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)]
)
def test_a_night_of_summer_time_neither_loses_nor_doubles_seconds(marts: Marts, start: datetime) -> None:
    night = [landed(start + timedelta(hours=n), "Europe/Berlin", n) for n in range(3)]
    [weeks] = marts(night, "weekly_watts", as_of=start.date())
    assert [(row["rides"], row["moving_time_s"], row["ride_days"]) for row in weeks] == [(3, 10_800, 1)]


def test_across_the_date_line_the_athletes_own_calendar_holds(marts: Marts) -> None:
    flight = [
        landed(datetime(2026, 7, 6, 8, tzinfo=UTC), "Pacific/Auckland", 1),  # Monday evening there
        landed(datetime(2026, 7, 6, 9, tzinfo=UTC), "Pacific/Honolulu", 2),  # an hour later, Sunday evening
    ]
    [weeks] = marts(flight, "weekly_watts", as_of=date(2026, 7, 6))
    assert [(row["week"], row["rides"]) for row in weeks] == [(date(2026, 6, 29), 1), (date(2026, 7, 6), 1)]


@pytest.mark.deep
def test_another_time_zone_moves_days_and_no_figure(marts: Marts) -> None:
    starts = [datetime(2026, 6, 1, 3, tzinfo=UTC) + timedelta(hours=7 * n) for n in range(60)]
    totals, days = [], []
    for zone in ("UTC", "Asia/Tokyo", "America/Los_Angeles"):
        rows = [landed(start, zone, n) for n, start in enumerate(starts)]
        weeks, activities = marts(rows, "weekly_watts", "activity_measures", as_of=date(2026, 6, 30))
        totals.append([sum(row[name] for row in weeks) for name in ("rides", "moving_time_s", "work_kj")])
        days.append({row["activity_id"]: row["activity_date"] for row in activities})
    assert totals[0] == totals[1] == totals[2]
    moved = {
        zone: {n for n, start in enumerate(starts) if start.astimezone(ZoneInfo(zone)).date() != start.date()}
        for zone in ("Asia/Tokyo", "America/Los_Angeles")
    }
    for other, zone in zip(days[1:], moved, strict=True):
        assert {int(key) for key in other if other[key] != days[0][key]} == moved[zone]
        assert moved[zone]


def test_today_decides_what_is_unfinished_and_a_later_activity_moves_it(marts: Marts) -> None:
    history = [activity(date(2024, 1, 1), "1"), activity(date(2024, 1, 9), "2")]
    [weeks] = marts(history, "weekly_watts", as_of=date(2024, 1, 8))
    assert [(row["is_partial"], row["days_elapsed"]) for row in weeks] == [(False, 7), (True, 2)]
    [weeks] = marts(history, "weekly_watts", as_of=date(2024, 1, 14))
    assert [(row["is_partial"], row["days_elapsed"]) for row in weeks] == [(False, 7), (True, 7)]
    [weeks] = marts(history, "weekly_watts", as_of=date(2024, 1, 15))
    assert [(row["is_partial"], row["days_elapsed"]) for row in weeks] == [(False, 7), (False, 7), (True, 1)]
