"""`suspicious_activities`: each reason on rows that give it and on rows that just do not."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from strava_assets_tests.marts.every_sport import judge
from strava_assets_tests.marts.histories import MONDAY, activity, random_activity
from strava_assets_tests.marts.judged import Settings, family
from strava_assets_tests.marts.seconds import measured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from strava_assets_tests.marts.conftest import Marts

Row = dict[str, Any]
START = datetime(2024, 1, 8, 17, tzinfo=UTC)
DAY = date(2024, 1, 8)


def at(name: str, minutes: float = 0, **fields: Any) -> Row:
    """An hour's ride that begins so many minutes after 17:00."""
    return activity(DAY, name, start_date=START + timedelta(minutes=minutes), **fields)


def reasons(
    marts: Marts, *history: Row, power: Sequence[Row] = (), today: date = DAY
) -> list[tuple[Any, ...]]:
    """Activity, reason and the other activity of each row."""
    [rows] = marts(history, "suspicious_activities", power=power, as_of=today)
    return [(row["activity_id"], row["reason"], row["other_activity_id"]) for row in rows]


WATCH: Row = {"sport_type": "Workout", "average_watts": None, "device_watts": None, "distance_m": 0.0}


@pytest.mark.parametrize(("minutes", "is_pair"), [(0, True), (29, True), (31, False)])
def test_a_trainer_ride_and_the_watchs_workout_of_the_same_hour_are_a_pair(
    marts: Marts, minutes: float, is_pair: bool
) -> None:
    rows = reasons(marts, at("1", sport_type="VirtualRide"), at("2", minutes, **WATCH))
    assert rows == ([("2", "two_sports_at_once", "1")] if is_pair else [])


@pytest.mark.parametrize("began", [0, 5, 9, 13])
@pytest.mark.parametrize("hours", [1, 7, 13, 14])
def test_a_wrong_clock_is_seen_at_any_hour_of_the_day(marts: Marts, began: int, hours: int) -> None:
    rows = reasons(marts, at("1", 60 * began), at("2", 60 * (began + hours)))
    assert rows == [("2", "clock_hours_off", "1")]


def test_a_pair_says_both_sports_and_links_both(marts: Marts) -> None:
    [[row]] = marts([at("1"), at("2", 5, **WATCH)], "suspicious_activities", as_of=DAY)
    assert (row["sport_type"], row["other_sport_type"]) == ("Workout", "Ride")
    assert row["activity_url"] == "https://www.strava.com/activities/2"
    assert row["other_activity_url"] == "https://www.strava.com/activities/1"


def test_two_recordings_of_one_sport_are_no_pair_because_one_counts(marts: Marts) -> None:
    assert reasons(marts, at("1"), at("2", 5)) == []


@pytest.mark.parametrize(
    ("minutes", "fields", "is_pair"),
    [
        (120, {}, True),
        (121, {}, True),  # one minute beside a whole hour
        (122, {}, False),
        (14 * 60, {}, True),
        (15 * 60, {}, False),  # no zone is so far away
        (120, {"distance_m": 30_290.0}, True),
        (120, {"distance_m": 30_310.0}, False),
        (120, {"moving_time_s": 3637}, False),
        (120, {"distance_m": 0.0}, False),
        (120, {"sport_type": "Run"}, False),
    ],
)
def test_the_same_ride_again_whole_hours_later_is_a_wrong_clock(
    marts: Marts, minutes: float, fields: Row, is_pair: bool
) -> None:
    first = at("1", distance_m=fields.get("distance_m", 30_000.0) and 30_000.0)
    rows = reasons(marts, first, at("2", minutes, **fields))
    assert rows == ([("2", "clock_hours_off", "1")] if is_pair else [])


@pytest.mark.parametrize(("first", "second", "hours"), [("1", "2", 5), ("2", "1", 2)])
def test_the_hours_are_those_to_the_other_activity_of_the_link(
    marts: Marts, first: str, second: str, hours: int
) -> None:
    history = [at(first), at(second, 180), at("3", 300)]
    [rows] = marts(history, "suspicious_activities", as_of=DAY)
    [last] = [row for row in rows if row["activity_id"] == "3"]
    assert (last["other_activity_id"], last["detail"]) == ("1", f"{hours} h apart")


def test_an_activity_typed_in_by_hand_is_no_recording(marts: Marts) -> None:
    assert reasons(marts, at("1"), at("2", 120, manual=True)) == []


def test_dates_that_cannot_be_are_listed(marts: Marts) -> None:
    history = [at("now"), *(activity(day, f"{day.year}") for day in (date(1970, 1, 1), date(2099, 1, 1)))]
    assert reasons(marts, *history) == [
        ("1970", "date_before_recorders", None),
        ("2099", "date_in_the_future", None),
    ]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"spikes": 5}, "power_spikes"),
        ({"spikes": 4}, None),
        ({"quality": "gappy"}, "power_missing"),
        ({"quality": "short"}, None),
        ({"quality": "no_power"}, "power_missing"),
        ({"work_j": 500_000}, "summary_contradicted"),
        ({"work_j": 720_000, "xpower_w": 260.0}, "summary_contradicted"),
        ({"work_j": 720_000, "xpower_w": 215.0}, None),
        ({"recorded_s": 3200}, "longer_than_its_seconds"),
        ({"recorded_s": 3300}, None),
    ],
)
def test_a_recording_that_disagrees_or_lacks_readings_is_listed(
    marts: Marts, fields: Row, reason: str | None
) -> None:
    rows = reasons(marts, at("1"), power=[measured("1", **fields)])
    assert rows == ([("1", reason, None)] if reason else [])


def test_the_detail_says_what_was_found(marts: Marts) -> None:
    power = [
        measured("1", work_j=500_000, spikes=7),
        measured("4", recorded_s=3000),
        measured("2", quality="gappy"),
        measured("3", quality="no_power"),
    ]
    history = [at("1"), *(activity(DAY, name) for name in "234")]
    [rows] = marts(history, "suspicious_activities", power=power, as_of=DAY)
    assert {row["detail"]: row["reason"] for row in rows} == {
        "60 min in motion, 50 recorded": "longer_than_its_seconds",
        "a tenth of the readings or more": "power_missing",
        "nothing but zeros": "power_missing",
        "7 readings rejected": "power_spikes",
        "720 kJ, by its seconds 500": "summary_contradicted",
    }


@pytest.mark.parametrize("seed", range(3))
def test_random_pairs_are_those_that_every_two_activities_give(marts: Marts, seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - a history, not a secret
    history = [random_activity(chance, str(number), "monday", 14) for number in range(50)]
    for row in history:
        row["start_date"] = START + timedelta(
            minutes=chance.choice([0, 20, 60, 180, 181, 600]), days=chance.choice([0, 1])
        )
    [rows] = marts(history, "suspicious_activities", as_of=MONDAY + timedelta(20))
    wanted: dict[tuple[str, str, str], str] = {}
    for activities in judge(history, Settings(MONDAY + timedelta(20))).values():
        able = [
            a
            for a in activities
            if a.is_counted and not a.row.get("manual") and 0 < a.ride.seconds <= 172_800
        ]
        for pair in combinations(able, 2):
            earlier, later = sorted(pair, key=lambda a: (a.row["start_date"], a.ride.id))
            if reason := _reason(earlier.row, later.row, earlier.ride.seconds, later.ride.seconds):
                key = (later.row["athlete_id"], later.ride.id, reason)
                wanted[key] = min(earlier.ride.id, wanted.get(key, earlier.ride.id))
    pairs = {(r["athlete_id"], r["activity_id"], r["reason"]): r["other_activity_id"] for r in rows}
    assert {key: other for key, other in pairs.items() if other} == wanted
    assert wanted


def _reason(earlier: Row, later: Row, seconds: int, later_s: int) -> str | None:
    apart_seconds = int((later["start_date"] - earlier["start_date"]).total_seconds())
    if apart_seconds > 14 * 3600:
        return None
    if family(earlier) != family(later):
        shared = min(seconds, apart_seconds + later_s) - apart_seconds
        return "two_sports_at_once" if shared > min(seconds, later_s) / 2 else None
    meters, later_m = (row["distance_m"] or 0 for row in (earlier, later))
    alike = abs(seconds - later_s) <= 0.01 * min(seconds, later_s) and 0 < later_m < 2e7 and meters == later_m
    is_whole_hours = apart_seconds >= 1800 and min(apart_seconds % 3600, -apart_seconds % 3600) <= 60
    return "clock_hours_off" if is_whole_hours and alike else None
