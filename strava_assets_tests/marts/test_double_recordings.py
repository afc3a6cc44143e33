"""A ride that two devices recorded counts once, in every mart, and it is the better recording that counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strava_assets_tests.depth import examples
from strava_assets_tests.marts.every_sport import some
from strava_assets_tests.marts.histories import MONDAY, activity, histories
from strava_assets_tests.marts.judged import Settings, duplicates
from strava_assets_tests.marts.seconds import random_seconds
from strava_assets_tests.marts.test_random_histories import differences

if TYPE_CHECKING:
    from strava_assets.marts import Mart
    from strava_assets_tests.marts.conftest import Marts

Row = dict[str, Any]
EIGHT = datetime(2023, 12, 25, 8, tzinfo=UTC)
LATER = MONDAY + timedelta(days=700)
NO_POWER: Row = {"device_watts": None, "average_watts": None, "weighted_average_watts": None}


def recording(activity_id: str, *, minutes: float = 0, **fields: Any) -> Row:
    """An hour's measured ride that began so many minutes after eight."""
    return activity(MONDAY, activity_id, start_date=EIGHT + timedelta(minutes=minutes), **fields)


def counted(marts: Marts, *history: Row, **settings: Any) -> list[str]:
    """The ids that count."""
    [rows] = marts(history, "activity_measures", as_of=LATER, **settings)
    assert all(row["is_duplicate"] == (row["duplicate_of"] is not None) for row in rows)
    return [row["activity_id"] for row in rows if row["is_counted"]]


@pytest.mark.deep
@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ({"average_heartrate_bpm": None}, NO_POWER),
        ({"moving_time_s": 3000}, NO_POWER | {"moving_time_s": 3600}),
        ({}, {"device_watts": False}),
        ({}, {"average_watts": 9000.0}),
        ({"moving_time_s": 3000}, {"moving_time_s": 3600, "average_heartrate_bpm": None}),
        ({"moving_time_s": 3601}, {}),
        ({"sport_type": "VirtualRide"}, NO_POWER),
        ({}, {"sport_type": "EBikeRide"} | NO_POWER),
    ],
    ids=["power", "power before time", "measured", "possible", "heart", "time", "indoors", "motor"],
)
def test_the_better_recording_counts(marts: Marts, better: Row, worse: Row) -> None:
    assert counted(marts, recording("2", **better), recording("1", minutes=3, **worse)) == ["2"]
    assert counted(marts, recording("1", **worse), recording("2", minutes=3, **better)) == ["2"]


def test_a_file_that_strava_has_too_never_counts(marts: Marts) -> None:
    file = recording("file-1", source="file", merged_into="2", moving_time_s=3900)
    # The file is the better recording, but Strava's id wins, whatever its sport.
    strava = recording("2", sport_type="Run", **NO_POWER)

    assert counted(marts, file, strava) == ["2"]
    [rows] = marts([file, strava], "activity_measures", as_of=LATER)
    assert {row["activity_id"]: row["duplicate_of"] for row in rows} == {"file-1": "2", "2": None}


def test_of_equal_recordings_the_smaller_id_counts(marts: Marts) -> None:
    assert counted(marts, recording("2"), recording("1"), recording("3", minutes=1)) == ["1"]


def test_half_of_the_shorter_one_is_not_yet_the_same_ride(marts: Marts) -> None:
    assert counted(marts, recording("1"), recording("2", minutes=30)) == ["1", "2"]
    assert counted(marts, recording("1"), recording("2", minutes=29.98)) == ["1"]
    assert counted(marts, recording("1"), recording("2", minutes=50, moving_time_s=900)) == ["1"]


def test_rides_that_follow_each_other_all_count(marts: Marts) -> None:
    assert counted(marts, *[recording(str(n), minutes=60 * n) for n in range(4)]) == ["0", "1", "2", "3"]


def test_a_recording_in_two_parts_displaces_the_poor_one_of_the_whole(marts: Marts) -> None:
    whole = recording("1", moving_time_s=7200, **NO_POWER)
    assert counted(marts, whole, recording("2"), recording("3", minutes=60)) == ["2", "3"]


def test_a_recording_that_does_not_count_displaces_nothing(marts: Marts) -> None:
    """A watch recorded the whole ride, the head unit both halves, of which the second is without power."""
    first, second = recording("1"), recording("3", minutes=61, **NO_POWER)
    watch = recording("2", moving_time_s=7200, **NO_POWER)

    assert counted(marts, first, watch, second) == ["1", "3"]
    assert counted(marts, watch, second) == ["2"]
    [rows] = marts([first, watch, second], "activity_measures", as_of=LATER)
    assert {row["activity_id"]: row["duplicate_of"] for row in rows} == {"1": None, "2": "1", "3": None}


def test_of_four_recordings_in_a_row_every_second_one_counts(marts: Marts) -> None:
    row = [recording(str(n), minutes=25 * n, moving_time_s=3600 - n) for n in range(4)]
    assert counted(marts, *row) == ["0", "2"]


def test_short_rides_beside_a_long_one_are_found_behind_each_other(marts: Marts) -> None:
    long = recording("1", moving_time_s=4 * 3600)
    short = [recording(str(n), minutes=60 * n, moving_time_s=1200) for n in (2, 3)]
    assert counted(marts, long, *short) == ["1"]


@pytest.mark.parametrize(
    "fields",
    [
        {"athlete_id": "8"},
        {"sport_type": "Run"},
        {"manual": True},
        {"moving_time_s": 0},
        {"moving_time_s": 20 * 86400},
    ],
    ids=["another athlete", "another sport", "typed in", "no time", "weeks long"],
)
def test_what_is_no_second_recording_counts(marts: Marts, fields: Row) -> None:
    assert counted(marts, recording("1"), recording("2", **fields)) == ["1", "2"]


def test_a_deleted_recording_displaces_nothing(marts: Marts) -> None:
    deleted = recording("1", deleted_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert counted(marts, deleted, recording("2", **NO_POWER)) == ["2"]


def test_what_the_settings_leave_out_displaces_nothing_that_counts(marts: Marts) -> None:
    virtual, computer = recording("1", sport_type="VirtualRide"), recording("2", trainer=True, **NO_POWER)
    assert counted(marts, virtual, computer) == ["1"]
    assert counted(marts, virtual, computer, count_virtual=False) == ["2"]


def test_the_long_pause_of_one_ride_hides_no_other(marts: Marts) -> None:
    paused = recording("1", elapsed_time_s=27 * 86400)
    assert counted(marts, paused, recording("2", minutes=120)) == ["1", "2"]


@pytest.mark.deep
@some(max_examples=examples(4))
@given(history=histories(), which=st.integers(0, 1000))
def test_a_second_recording_changes_no_mart(
    marts: Marts, catalog: dict[str, Mart], history: list[Row], which: int
) -> None:
    recorded = [row for row in history if not row.get("manual") and 0 < (row["moving_time_s"] or 0) < 86400]
    if not recorded:
        return
    # Poorer, of the same time: by a device that knows neither watts nor heart, uploaded later.
    first = recorded[which % len(recorded)]
    second = first | NO_POWER | {"activity_id": "~", "average_heartrate_bpm": None, "kilojoules": None}
    names = [name for name, mart in catalog.items() if mart.kind == "mart"]
    power, bests = random_seconds(which, [*history, second])
    before = marts(history, *names, power=power, bests=bests, as_of=LATER)
    after = marts([*history, second], *names, power=power, bests=bests, as_of=LATER)
    # What is odd about a recording is listed whether it counts or not.
    others = [[row for row in rows if row.get("activity_id") != "~"] for rows in after]
    changed = dict(zip(names, map(differences, others, before), strict=True))
    assert changed == {name: [] for name in names}


@some(max_examples=examples(12))
@given(history=histories(), commutes=st.booleans(), virtual=st.booleans())
def test_duplicates_are_those_that_every_pair_compared_gives(
    marts: Marts, *, history: list[Row], commutes: bool, virtual: bool
) -> None:
    # All within one day: recordings in one long chain.
    crowd = [
        row | {"start_date": EIGHT + timedelta(minutes=11 * (n % 70))} if n % 2 else row
        for n, row in enumerate(history)
    ]
    settings = Settings(LATER, commutes, virtual)
    [rows] = marts(crowd, "activity_measures", **vars(settings))
    marked = {(row["athlete_id"], row["activity_id"]) for row in rows if row["is_duplicate"]}
    assert marked == duplicates(crowd, settings)
