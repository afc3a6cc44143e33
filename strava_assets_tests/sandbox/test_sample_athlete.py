"""The sample athlete: a life with everything in it that a real history has."""

from __future__ import annotations

import json
import math
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets.sandbox import Sandbox
from strava_assets.sandbox.tracks import decode_polyline

if TYPE_CHECKING:
    from pathlib import Path

    from strava_assets_tests.sandbox.caller import HandClock

pytestmark = pytest.mark.xdist_group("sample athlete")

TODAY = date(2026, 11, 23)
Record = dict[str, Any]


@pytest.fixture(scope="module")
def life() -> list[Record]:
    """The whole history, oldest first."""
    return Sandbox.sample(today=TODAY).history.records()[::-1]


def start(record: Record) -> datetime:
    return datetime.fromisoformat(record["start_date"])


def local(record: Record) -> datetime:
    return datetime.fromisoformat(record["start_date_local"]).replace(tzinfo=None)


def measured_rides(records: list[Record]) -> list[Record]:
    sports = ("Ride", "VirtualRide")
    return [
        r for r in records if r.get("device_watts") and r["sport_type"] in sports and r["average_watts"] > 0
    ]


def mean_watts(records: list[Record]) -> float:
    rides = measured_rides(records)
    return float(1000 * sum(r["kilojoules"] for r in rides) / sum(r["moving_time"] for r in rides))


@pytest.mark.deep
@pytest.mark.parametrize(("seed", "today"), [(1, TODAY), (2, date(2027, 6, 30)), (3, date(2024, 2, 29))])
def test_it_is_about_four_years_and_twelve_hundred_activities_that_end_today(seed: int, today: date) -> None:
    records = Sandbox.sample(seed, today).history.records()
    first, last = start(records[-1]).date(), start(records[0]).date()
    assert 3.4 < (last - first).days / 365.25 < 4.6
    assert 950 < len(records) < 1_400
    assert timedelta() <= today - last <= timedelta(days=4)


@pytest.mark.deep
def test_the_same_seed_and_day_give_the_same_life(life: list[Record]) -> None:
    assert json.dumps(Sandbox.sample(today=TODAY).history.records()[::-1]) == json.dumps(life)
    assert json.dumps(Sandbox.sample(2, TODAY).history.records()[::-1]) != json.dumps(life)


@pytest.mark.deep
def test_tomorrow_adds_to_the_past_and_changes_none_of_it(life: list[Record]) -> None:
    tomorrow = Sandbox.sample(today=TODAY + timedelta(days=1)).history.records()[::-1]
    assert tomorrow[: len(life)] == life


def test_nothing_of_the_present_day_lies_in_the_future(clock: HandClock) -> None:
    clock.now = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
    history = Sandbox.sample(clock=clock).history
    newest = history.get(history.ids()[0])
    assert start(newest) + timedelta(seconds=newest["elapsed_time"]) <= clock.now


def test_ids_are_unique_and_grow_with_the_upload(life: list[Record]) -> None:
    ids = [record["id"] for record in life]
    assert len(set(ids)) == len(ids)
    assert 6e9 < min(ids) < max(ids) < 2e10
    late = [b for a, b in pairwise(life) if b["id"] < a["id"]]
    assert 0 < len(late) < 30


def test_every_kind_of_activity_is_there(life: list[Record]) -> None:
    sports = Counter(record["sport_type"] for record in life)
    wanted = {
        "Ride",
        "VirtualRide",
        "GravelRide",
        "MountainBikeRide",
        "EBikeRide",
        "Run",
        "TrailRun",
        "Swim",
        "Hike",
    }
    assert wanted <= sports.keys()
    assert sports["Ride"] > 500
    assert sum(record["manual"] for record in life) > 10
    assert sum(record["commute"] for record in life) > 100
    assert sum(record["visibility"] == "only_me" for record in life) > 10
    assert sum(record["flagged"] for record in life) == 1
    assert {r["type"] for r in life if r["sport_type"] == "GravelRide"} == {"Ride"}


def test_watts_are_measured_estimated_or_absent_each_in_its_form(life: list[Record]) -> None:
    forms: Counter[str] = Counter()
    for record in life:
        fields = {"average_watts", "weighted_average_watts", "max_watts", "device_watts", "kilojoules"}
        present = fields & record.keys()
        if not present:
            forms["absent"] += 1
        elif record["device_watts"]:
            forms["measured"] += 1
            assert present == fields
            assert isinstance(record["weighted_average_watts"], int)
            # The weighted power starts from zero, so that a short even ride can have less than its average.
            assert 0.95 * record["average_watts"] <= record["weighted_average_watts"] <= record["max_watts"]
        else:
            forms["estimated"] += 1
            assert present == {"average_watts", "device_watts", "kilojoules"}
        if present:
            expected = round(record["average_watts"] * record["moving_time"] / 1000, 1)
            assert record["kilojoules"] == expected
    assert min(forms.values()) > 100


def test_activities_last_minutes_to_hours_and_relative_effort_follows_the_heart(life: list[Record]) -> None:
    by_hand = [r["moving_time"] for r in life if r["manual"] and r["moving_time"]]
    assert len(by_hand) > 10
    assert all(1200 <= seconds <= 3 * 3600 and seconds % 300 == 0 for seconds in by_hand)
    assert all(1200 <= r["moving_time"] <= 8 * 3600 for r in life if r["moving_time"])
    efforts = [r for r in life if r.get("suffer_score") and "average_heartrate" in r]
    assert len(efforts) > 500
    for record in efforts:
        an_hour = 52 * (record["average_heartrate"] / 140) ** 4
        assert abs(record["suffer_score"] - an_hour * record["moving_time"] / 3600) <= 0.5


def test_a_sensor_that_was_not_there_leaves_its_fields_out(life: list[Record]) -> None:
    for record in life:
        assert ("average_heartrate" in record) == ("max_heartrate" in record) == record["has_heartrate"]
        assert ("suffer_score" in record) == record["has_heartrate"]
        assert None not in [
            record.get(name, 0) for name in ("average_watts", "average_cadence", "average_temp")
        ]
        assert ("elev_high" in record) == bool(record["start_latlng"])


def test_both_forms_of_nowhere_are_there(life: list[Record]) -> None:
    places = {(str(r["start_latlng"]), r["map"]["summary_polyline"]) for r in life if not r["start_latlng"]}
    assert places == {("[]", ""), ("None", None)}
    manual = next(record for record in life if record["manual"])
    assert manual["upload_id"] is None
    assert manual["external_id"] is None


def test_the_fields_are_those_of_the_recorded_page(life: list[Record], fixtures: Path) -> None:
    recorded = json.loads((fixtures / "recorded" / "athlete_activities.json").read_text())["body"][0]
    run = next(
        r
        for r in life
        if r["sport_type"] == "Run" and "average_watts" not in r and r["has_heartrate"] and r["map"]
    )
    assert list(run) == list(recorded)
    for name, value in recorded.items():
        if value is None and name != "workout_type":
            assert run[name] is None


def test_the_injury_leaves_seven_weeks_without_anything_and_a_weaker_comeback(life: list[Record]) -> None:
    gaps = [(start(b) - start(a), start(a), start(b)) for a, b in pairwise(life)]
    longest, before, after = max(gaps)
    assert timedelta(weeks=7) <= longest < timedelta(weeks=8)
    last_month = [r for r in life if before - timedelta(weeks=5) <= start(r) <= before]
    first_month = [r for r in life if after <= start(r) <= after + timedelta(weeks=5)]
    assert mean_watts(first_month) < 0.9 * mean_watts(last_month)


def test_watts_progress_over_the_seasons_and_summers_beat_winters(life: list[Record]) -> None:
    def between(year: int, first_month: int, last_month: int) -> float:
        return mean_watts(
            [r for r in life if local(r).year == year and first_month <= local(r).month <= last_month]
        )

    summers = [between(year, 5, 8) for year in (2023, 2025, 2026)]
    assert summers[0] < min(summers[1:])
    assert summers[-1] > summers[0] * 1.05
    for year in (2023, 2025, 2026):
        assert between(year, 5, 8) > between(year, 1, 2)


def test_weeks_look_like_a_diary(life: list[Record]) -> None:
    hours: Counter[date] = Counter()
    weekdays: Counter[int] = Counter()
    for record in life:
        day = local(record).date()
        hours[day - timedelta(days=day.weekday())] += record["moving_time"] / 3600
        weekdays[day.weekday()] += record["moving_time"]
    assert 5 < sum(hours.values()) / len(hours) < 12
    assert max(hours.values()) < 32
    assert weekdays[5] > 2 * weekdays[2]
    assert weekdays[0] == min(weekdays.values())


def test_nobody_is_in_two_places_at_once_but_for_a_ride_two_devices_recorded(life: list[Record]) -> None:
    overlapping = [
        (a["name"], b["name"])
        for a, b in pairwise(life)
        if start(b) < start(a) + timedelta(seconds=a["moving_time"])
    ]
    assert len(overlapping) == 1


def test_the_clock_changes_and_new_year_are_ridden_through(life: list[Record]) -> None:
    nights = [record for record in life if record["name"] == "Night ride into summer time"]
    assert len(nights) == 4
    for ride in nights:
        assert ride["utc_offset"] == 3600.0
        ends_s = start(ride).timestamp() + ride["elapsed_time"]
        assert datetime.fromtimestamp(ends_s, UTC).hour >= 1
    doubled = [record for record in life if "comes twice" in record["name"]]
    assert {(local(ride).hour, local(ride).minute, ride["utc_offset"]) for ride in doubled} == {
        (2, 30, 3600.0)
    }
    new_years = [record for record in life if record["name"] == "Into the new year"]
    assert {(local(r).month, local(r).day) for r in new_years} == {(12, 31)}
    assert sum((local(r).month, local(r).day) == (1, 1) for r in life) >= 4


def test_journeys_keep_the_local_clock(life: list[Record]) -> None:
    zones = {record["timezone"]: record["utc_offset"] for record in life}
    assert zones["(GMT+05:45) Asia/Kathmandu"] == 20_700.0
    assert zones["(GMT+09:30) Australia/Adelaide"] == 37_800.0
    assert zones["(GMT-07:00) America/Denver"] == -21_600.0
    assert len(zones) >= 6
    for record in life:
        assert (local(record) - start(record).replace(tzinfo=None)).total_seconds() == record["utc_offset"]


def test_the_traps_of_real_histories_are_there(life: list[Record]) -> None:
    assert any(r["moving_time"] > r["elapsed_time"] > 0 for r in life)
    assert any(r["moving_time"] == 0 < r["elapsed_time"] for r in life)
    assert any(r["elapsed_time"] > 3 * 86_400 for r in life)
    assert any(local(r).time().isoformat() == "00:00:01" for r in life)
    assert any(r.get("device_watts") and r["average_watts"] == 0 for r in life)
    assert any(r["sport_type"] == "Run" and r.get("device_watts") for r in life)
    assert any(r["sport_type"] == "EBikeRide" and r.get("device_watts") for r in life)
    assert {type(r["distance"]) for r in life} == {int, float}


def test_tracks_are_loops_in_open_country_and_the_way_to_work_goes_there_and_back(life: list[Record]) -> None:
    for record in life[::20]:
        points = decode_polyline(record["map"]["summary_polyline"] or "")
        if not points:
            continue
        north_m, east_m = (111_320 * (a - b) for a, b in zip(points[0], points[-1], strict=True))
        apart_m = math.hypot(north_m, east_m * math.cos(math.radians(points[0][0])))
        if record["commute"]:
            assert 4_000 < apart_m < record["distance"]
        elif not record["trainer"] and not record["flagged"]:
            assert apart_m < 400
        assert record["start_latlng"] == [round(value, 2) for value in points[0]]
    ways = {record["start_latlng"][0] for record in life if record["commute"] and record["start_latlng"]}
    assert len(ways) == 2
